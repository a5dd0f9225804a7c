//! Which process of a pool holds what: none more than its own work takes.

use std::fs;

use testkit::{PATIENCE, ServerBuilder, Signal, eventually, processes};

use crate::records::Records;

fn fileserver(records: &Records, port: u16) -> ServerBuilder {
    ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["--mode", "process", "--workers", "2", "--port", &port.to_string()])
        .args(records.everything())
        .without_defaults()
        .env("FILESERVER_DIR", ".")
}

/// Where the descriptors of a process lead.
fn descriptors(pid: u32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    entries.map(|entry| fs::read_link(entry.path()).unwrap().display().to_string()).collect()
}

#[test]
fn workers_hold_nothing_of_the_log_and_of_sockets_the_listener_and_the_way_to_the_supervisor() {
    let records = Records::new();
    let server = fileserver(&records, 0).start();
    for pid in server.workers() {
        let held = descriptors(pid);
        let log = records.dir().to_str().unwrap();
        assert!(!held.iter().any(|path| path.starts_with(log)), "{held:?}");
        let sockets = held.iter().filter(|path| path.starts_with("socket:")).count();
        assert_eq!(sockets, 2, "{held:?}");
    }
}

/// A process that was stopped, which goes on when this is dropped.
struct Stopped(u32);

impl Stopped {
    fn new(pid: u32) -> Self {
        processes::send_signal(pid, Signal::SIGSTOP);
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        processes::send_signal(self.0, Signal::SIGCONT);
    }
}

#[test]
fn the_port_of_a_killed_server_is_free_when_its_workers_are_gone() {
    let records = Records::new();
    let server = fileserver(&records, 0).start();
    let (workers, monitor) = (server.workers(), server.monitor().unwrap());
    // It cannot read the journal to its end, and so stays a while.
    let stopped = Stopped::new(monitor);
    server.kill(Signal::SIGKILL);
    eventually(PATIENCE, "the workers are gone", || {
        !workers.iter().any(|pid| processes::is_running(*pid))
    });
    let again = fileserver(&Records::new(), server.address().port()).start();
    assert_eq!(again.ask("PING").outcome(), "OK");
    drop(stopped);
    eventually(PATIENCE, "the old monitor ends", || !processes::is_running(monitor));
}
