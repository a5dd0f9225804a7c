//! `stress-run load` against real servers, and against one that stands still for a second.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod balancer;
mod echo_server;
mod failures;
mod loops;
mod output;
mod questions;
mod watch;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use client::Verb;
use serde_json::Value;
use testkit::{Server, ServerBuilder};

fn stress_run() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stress-run"))
}

/// Cargo builds all programs of the workspace into one directory.
fn fileserver() -> PathBuf {
    let path = stress_run().with_file_name("fileserver");
    assert!(path.is_file(), "build the whole workspace first: cargo test --workspace does");
    path
}

/// How often a server has been sent an ECHO.
fn echoes(server: &Server) -> u64 {
    server.stats().requests[Verb::Echo].ok
}

fn server(args: &[&str]) -> Server {
    ServerBuilder::new(fileserver()).args(args).start()
}

/// A load to this address; the options are divided by blanks.
fn load(address: &str, options: &str) -> Command {
    let mut command = Command::new(stress_run());
    command.args(["load", "--connect", address]).args(options.split_whitespace());
    command.stdin(Stdio::null());
    command
}

/// A load that has ended.
#[derive(Debug)]
struct Finished {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Finished {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it printed with `--json`.
    #[track_caller]
    fn summary(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|err| panic!("{err}: {self:?}"))
    }
}

fn finish(address: &str, options: &str) -> Finished {
    Finished::of(load(address, options).output().unwrap())
}

/// A load that goes on while the test does something; killed when dropped.
struct Running(Option<Child>);

impl Running {
    fn start(address: &str, options: &str) -> Self {
        let mut command = load(address, options);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Self(Some(child.unwrap()))
    }

    fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    fn finish(mut self) -> Finished {
        Finished::of(self.0.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A number of a row, or of any other object.
#[track_caller]
fn number(object: &Value, name: &str) -> f64 {
    object[name].as_f64().unwrap_or_else(|| panic!("no {name}: {object}"))
}

/// How many requests of a row succeeded and failed.
#[track_caller]
fn counts(row: &Value) -> (u64, u64) {
    (number(row, "requests_succeeded") as u64, number(row, "requests_failed") as u64)
}
