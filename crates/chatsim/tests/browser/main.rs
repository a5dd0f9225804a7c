//! The page of `chatsim serve`, and the reports of all programs, in a real browser.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod chat;
mod driver;
mod experiments;
mod page;
mod refusals;
mod reports;
mod watch;

use testkit::{Server, ServerBuilder};

use self::{driver::Driver, page::Page};

/// On a port of its own, whatever its name.
const ANY_PORT: u16 = 0;

#[track_caller]
fn serve(port: u16) -> Server {
    serve_with(&["--port", &port.to_string()])
}

#[track_caller]
fn serve_with(args: &[&str]) -> Server {
    let server = ServerBuilder::new(env!("CARGO_BIN_EXE_chatsim")).without_defaults();
    server.args(["serve"]).args(args).start()
}
