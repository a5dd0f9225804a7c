//! What people install: the Debian package and the image of a container.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

mod debian;
mod image;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Where the workspace is.
fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What a command prints that succeeds.
#[track_caller]
fn stdout(command: &mut Command) -> String {
    let output = output(command);
    assert!(output.status.success(), "{command:?}: {}", both(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What a command says that has nothing to complain of.
#[track_caller]
fn expect_silence(command: &mut Command) {
    let output = output(command);
    assert!(output.status.success() && both(&output).is_empty(), "{command:?}: {}", both(&output));
}

#[track_caller]
fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|err| panic!("cannot run {command:?}: {err}"))
}

fn both(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

fn can_run(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output();
    found.is_ok_and(|output| output.status.success())
}
