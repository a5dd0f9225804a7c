//! A file server whose files are in a bucket, as its clients and its operator see it.
//!
//! The bucket is s3s-fs, within the test. `KOLAM_BUCKET=full` asks for the long way of what is done a shorter
//! way otherwise.
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::{env, ffi::OsString, thread};

use testkit::{Server, ServerBuilder, s3::S3Server};

mod away;
mod files;
mod memory;
mod shared;
mod slow;
mod start;
mod stores;

/// Whichever of them runs the connections.
const MODES: [&str; 5] = ["legacy", "thread", "process", "async", "event"];

/// A server of files below `s3://kolam/files` that would say everything.
fn builder(s3: &S3Server, mode: &str) -> ServerBuilder {
    let at = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")).without_defaults();
    with_environment(at, s3).args(["--mode", mode, "--port", "0", "--dir", "s3://kolam/files"])
}

fn with_environment(mut builder: ServerBuilder, s3: &S3Server) -> ServerBuilder {
    for (name, value) in s3.environment() {
        builder = builder.env(name, value);
    }
    builder
}

fn start(s3: &S3Server, mode: &str) -> Server {
    builder(s3, mode).start()
}

/// Does something with a bucket and a server of its own for each mode, at once: much of it is waiting.
fn in_every_mode(claim: impl Fn(&S3Server, &Server) + Sync) {
    thread::scope(|scope| {
        for mode in MODES {
            let claim = &claim;
            scope.spawn(move || {
                let s3 = S3Server::start();
                claim(&s3, &start(&s3, mode));
            });
        }
    });
}

fn is_full() -> bool {
    env::var_os("KOLAM_BUCKET") == Some(OsString::from("full"))
}
