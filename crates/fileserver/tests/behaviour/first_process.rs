//! The first process of a container: the kernel gives it no signal that it does not catch.
#![cfg(target_os = "linux")]

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::Command,
};

use nix::libc::O_NONBLOCK;
use testkit::{PATIENCE, ServerBuilder, Signal, eventually, processes, skip};

use crate::{Model, await_temporary_files};

for_every_model_and_store!(
    a_signal_that_comes_while_the_first_process_starts_stops_it;
    in_a_directory:
    the_first_process_lets_an_open_upload_finish_and_ends,
);

fn first_process(model: Model) -> Option<ServerBuilder> {
    let builder = model.server().as_first_process();
    if builder.is_none() {
        skip("no process can be the first of a namespace here");
    }
    builder
}

fn the_first_process_lets_an_open_upload_finish_and_ends(model: Model) {
    let Some(builder) = first_process(model) else { return };
    let mut server = builder.args(["--drain", "60"]).start();
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt Zm9v");
    await_temporary_files(&server, 1);
    server.kill(Signal::SIGTERM);
    eventually(PATIENCE, "no more connections are accepted", || server.refuses_connections());
    peer.send("YmFy\r\n\r\n");
    assert_eq!(peer.read_reply()["data_size"], 6);
    peer.expect_closed();
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert_eq!(server.stored("a.txt").unwrap(), b"foobar");
}

fn a_signal_that_comes_while_the_first_process_starts_stops_it(model: Model) {
    let Some(builder) = first_process(model) else { return };
    let secrets = tempfile::tempdir().unwrap();
    let tokens = secrets.path().join("tokens");
    assert!(Command::new("mkfifo").arg(&tokens).status().unwrap().success());
    let builder = builder.args(["--auth-file", tokens.to_str().unwrap()]);
    let stopped = builder.run_to_end_while(|pid| {
        let mut writer = await_reader(&tokens);
        processes::send_signal(pid, Signal::SIGTERM);
        writeln!(writer, "alice:rw:{}", "0".repeat(64)).unwrap();
    });
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("stopped after"), "{}", stopped.stderr);
}

/// Opens a FIFO for writing once the server has opened it, which then waits for what is written.
fn await_reader(fifo: &Path) -> File {
    let mut writer = None;
    eventually(PATIENCE, "the server reads the file of tokens", || {
        writer = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(fifo).ok();
        writer.is_some()
    });
    writer.unwrap()
}
