//! SIGHUP: the log is opened again under its name, and nothing is lost in between.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    thread,
};

use testkit::{PATIENCE, Signal, eventually};

use crate::{
    Model,
    records::{Records, await_events, events, of_kind},
};

for_every_model!(
    a_log_that_is_rotated_under_load_has_every_request_in_one_of_its_files,
    a_hangup_stops_a_server_that_has_no_log_file,
    a_log_that_cannot_be_opened_again_is_written_on,
    a_log_that_is_deleted_is_made_again,
);

const CLIENTS: usize = 3;

fn a_log_that_is_rotated_under_load_has_every_request_in_one_of_its_files(model: Model) {
    let records = Records::new();
    let mut server = model.server().args(records.json_log()).start();
    let rotated = ["log.1", "log.2", "log.3"].map(|name| records.dir().join(name));
    let (made, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut peer = server.connect();
                while !over.load(Relaxed) {
                    assert_eq!(peer.request("PING").outcome(), "OK");
                    made.fetch_add(1, Relaxed);
                }
            });
        }
        let _end = End(&over);
        for old in &rotated {
            let grown = fs::metadata(records.log()).unwrap().len() + 10_000;
            eventually(PATIENCE, "the log grows", || len(&records.log()) > grown);
            fs::rename(records.log(), old).unwrap();
            server.kill(Signal::SIGHUP);
            eventually(PATIENCE, "there is a new log", || len(&records.log()) > 0);
        }
    });
    let stopped = server.stop();
    assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
    let mut requests = 0;
    for (index, file) in rotated.iter().chain([&records.log()]).enumerate() {
        assert_eq!(fs::read(file).unwrap().last(), Some(&b'\n'));
        let events = events(file);
        requests += of_kind(&events, "request").len() as u64;
        assert_eq!(events[0]["event"] == "log-reopened", index > 0, "{}", events[0]);
    }
    assert_eq!(requests, made.load(Relaxed));
}

fn a_hangup_stops_a_server_that_has_no_log_file(model: Model) {
    let mut server = model.start();
    let mut peer = server.connect();
    assert_eq!(peer.request("PING").outcome(), "OK");
    server.kill(Signal::SIGHUP);
    peer.expect_closed();
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("stopped after "), "{}", stopped.stderr);
}

fn a_log_that_cannot_be_opened_again_is_written_on(model: Model) {
    let records = Records::new();
    let server = model.server().args(records.json_log()).start();
    let old = records.dir().join("log.1");
    fs::rename(records.log(), &old).unwrap();
    fs::create_dir(records.log()).unwrap();
    server.kill(Signal::SIGHUP);
    eventually(PATIENCE, "the server says so", || {
        server.stderr().contains("the file that is open is written on")
    });
    assert_eq!(server.ask("GET a.txt").outcome(), "not-found");
    await_events(&old, "the request is in the old file", |events| {
        !of_kind(events, "request").is_empty()
    });
}

fn a_log_that_is_deleted_is_made_again(model: Model) {
    let records = Records::new();
    let server = model.server().args(records.json_log()).start();
    fs::remove_file(records.log()).unwrap();
    assert_eq!(server.ask("GET a.txt").outcome(), "not-found");
    await_events(&records.log(), "the request is in a new file", |events| {
        !of_kind(events, "request").is_empty()
    });
    assert_eq!(server.stats().events_lost, 0);
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Ends the load, also when the test panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
