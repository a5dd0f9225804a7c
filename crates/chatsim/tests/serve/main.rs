//! `chatsim serve` as pages see it: raw WebSockets to a server that is a process of its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chat;
mod experiments;
mod hostile;
mod http;
mod limits;
mod page;

use testkit::{Server, ServerBuilder};

/// A server with these arguments on a free port, ten times as fast as real time.
fn serve(args: &[&str]) -> Server {
    let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_chatsim")).without_defaults();
    builder.args(["serve", "--port", "0", "--speed", "10"]).args(args).start()
}
