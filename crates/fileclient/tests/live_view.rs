//! `fileclient top` on a real server.
#![cfg(target_os = "linux")]

use std::{path::PathBuf, process::Command};

use testkit::{PATIENCE, ServerBuilder, Signal, eventually, processes};

/// Cargo builds all programs of the workspace into one directory.
fn fileserver() -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_fileclient")).with_file_name("fileserver");
    assert!(path.is_file(), "build the whole workspace first: cargo test --workspace does");
    path
}

#[test]
fn a_worker_that_was_killed_is_shown_as_replaced() {
    let builder = ServerBuilder::new(fileserver()).args(["--mode", "process", "--workers", "2"]);
    let server = builder.start();
    let killed = server.stats().worker[1].pid;
    processes::send_signal(killed, Signal::SIGKILL);
    // While it dies it may still take a connection, and never answer.
    eventually(PATIENCE, "it is dead", || !processes::is_running(killed));
    let mut pid = killed;
    eventually(PATIENCE, "another takes its place", || {
        pid = server.stats().worker[1].pid;
        ![0, killed].contains(&pid)
    });
    let output = Command::new(env!("CARGO_BIN_EXE_fileclient"))
        .args(["--server", &server.address().to_string(), "top", "--once"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let heads = rows.iter().find(|row| row.first() == Some(&"worker")).unwrap();
    assert_eq!((heads[1], heads.last()), ("pid", Some(&"restarts")));
    let pid = pid.to_string();
    let worker = rows.iter().find(|row| row.get(1) == Some(&pid.as_str())).unwrap();
    assert_eq!((worker[0], worker.last()), ("2", Some(&"1")), "{text}");
}
