//! A file server whose files are in a bucket, as its clients and its operator see it.
//!
//! The bucket is s3s-fs, within the test; where Garage is installed, it is Garage too. `KOLAM_BUCKET=full` asks for
//! the long way of what is done a shorter way otherwise.
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::{env, ffi::OsString, thread};

use testkit::{
    Garage, Server, ServerBuilder,
    s3::{Environment, S3Server},
};

mod away;
mod files;
mod garage;
mod memory;
mod shared;
mod slow;
mod start;
mod stores;

/// Whichever of them runs the connections.
const MODES: [&str; 5] = ["legacy", "thread", "process", "async", "event"];

/// What servers serve where nothing else is said.
const DIR: &str = "s3://kolam/files";

fn builder(s3: &S3Server, mode: &str) -> ServerBuilder {
    builder_at(&s3.environment(), DIR, mode)
}

fn builder_at(environment: &Environment, dir: &str, mode: &str) -> ServerBuilder {
    with_environment(
        ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")).without_defaults(),
        environment,
    )
    .args(["--mode", mode, "--port", "0", "--dir", dir])
}

fn with_environment(mut builder: ServerBuilder, environment: &Environment) -> ServerBuilder {
    for (name, value) in environment {
        builder = builder.env(name, value);
    }
    builder
}

fn start(s3: &S3Server, mode: &str) -> Server {
    builder(s3, mode).start()
}

/// Does something with a bucket and a server of its own for each mode, at once: much of it is waiting.
fn in_every_mode(claim: impl Fn(&S3Server, &mut Server) + Sync) {
    thread::scope(|scope| {
        for mode in MODES {
            let claim = &claim;
            scope.spawn(move || {
                let s3 = S3Server::start();
                claim(&s3, &mut start(&s3, mode));
            });
        }
    });
}

/// The same where the claim is of the server alone: with Garage too.
fn in_every_mode_of_any_bucket(claim: impl Fn(&Server) + Sync) {
    in_every_mode(|_, server| claim(server));
    let Some(garage) = Garage::start() else { return };
    thread::scope(|scope| {
        for mode in MODES {
            let (claim, environment) = (&claim, garage.environment());
            let dir = format!("s3://kolam/{mode}");
            scope.spawn(move || claim(&builder_at(&environment, &dir, mode).start()));
        }
    });
}

fn is_full() -> bool {
    env::var_os("KOLAM_BUCKET") == Some(OsString::from("full"))
}
