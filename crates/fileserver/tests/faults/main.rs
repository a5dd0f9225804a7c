//! Faults of every kind, in every model: clients that vanish, crowds that do nothing, workers and
//! servers that are killed, disks and descriptors that run out, files that change while they are
//! sent. After each of them other clients are served, no wrong byte was moved or stored, and the
//! server holds no more than before.
//!
//! `KOLAM_FAULT=full` makes them as large as a server must bear (`just fault`); without it they are
//! small enough for every `cargo test`.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    reason = "claims are test code, which the lint sees only inside of #[test] functions"
)]

use std::{
    env,
    io::Write,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use protocol::stats::Connections;
use testkit::{Footprint, PATIENCE, Server, ServerBuilder, content, eventually, upload_request};

use model::Model;

#[macro_use]
#[path = "../behaviour/model.rs"]
mod model;

mod bystanders;
mod changing_files;
mod crowds;
mod departures;
mod descriptors;
mod full_disk;
mod killed_servers;
mod killed_workers;

/// A server whose allocator gives the buffers of transfers back as soon as they are freed. Left to
/// itself it keeps some for later, more in each thread that ever ran many transfers at once, and what
/// it keeps would hide what the server loses.
fn fileserver(model: Model) -> ServerBuilder {
    model.server().env("MALLOC_MMAP_THRESHOLD_", "65536")
}

/// By how much the memory of a server may grow for each of its workers: smaller pieces that were freed
/// stay with the allocator. One buffer of a transfer is as large as this.
const KEPT_KIB_PER_WORKER: u64 = 256;

fn is_full_scale() -> bool {
    env::var("KOLAM_FAULT").is_ok_and(|scale| scale == "full")
}

fn scaled<T>(small: T, full: T) -> T {
    if is_full_scale() { full } else { small }
}

/// Says, also where the output of tests is captured, that a test could not do its work here.
fn not_run(why: &str) {
    let test = thread::current().name().unwrap_or_default().to_owned();
    assert!(!is_full_scale(), "{test} cannot run: {why}");
    let _ = writeln!(std::io::stderr(), "NOT RUN: {test}: {why}");
}

/// Has all of `workers` of a server that was just started move content in both directions; returns
/// what it held before, but with the memory that workers keep once they have worked.
#[track_caller]
fn warm_up(server: &Server, workers: usize) -> Footprint {
    let fresh = server.footprint();
    let content = content(1, 300_000);
    let mut peers = Vec::new();
    // Each comes at its turn: one that waited for the others could be idle for too long.
    for _ in 0..workers {
        let mut peer = server.connect();
        peer.send(upload_request("warm.bin", &content));
        assert_eq!(peer.read_long_reply().outcome(), "OK");
        peer.send("GET warm.bin\r\n\r\n");
        assert!(peer.read_long_reply().content() == content);
        peers.push(peer);
    }
    let last = peers.last_mut().expect("a server has a worker");
    assert_eq!(last.request("DELETE warm.bin").outcome(), "OK");
    drop(peers);
    expect_balanced_counts(server);
    Footprint { memory_kib: server.footprint().memory_kib, ..fresh }
}

/// Every connection that was made is booked once, and nothing is left of the ended ones.
#[track_caller]
fn expect_balanced_counts(server: &Server) {
    let deadline = Instant::now() + PATIENCE;
    // One that is ending may for a moment count as both active and ended.
    loop {
        let Connections { active, succeeded, failed, .. } = server.stats().connections;
        let made = server.connections_made();
        if active == 1 && active + succeeded + failed == made {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "of {made} connections {active} are active, {succeeded} succeeded, {failed} failed"
        );
        thread::sleep(BOOKS_PAUSE);
    }
    eventually(PATIENCE, "no temporary file is left", || server.temporary_files() == 0);
}

/// Between two looks at the books, each of which is a connection itself.
const BOOKS_PAUSE: Duration = Duration::from_millis(10);

/// The server is what it was before the fault: in what it holds, in its books, in what it does.
#[track_caller]
fn expect_recovery(server: &Server, before: &Footprint, workers: u64) {
    expect_balanced_counts(server);
    server.expect_back_at(before, workers * KEPT_KIB_PER_WORKER);
    expect_service(server);
}

/// A client is served, and no session has ended in a panic.
#[track_caller]
fn expect_service(server: &Server) {
    assert_eq!(server.ask("UPLOAD after.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.ask("GET after.txt").content(), b"hello");
    let log = server.stderr();
    assert!(!log.contains("panicked"), "{log}");
}

/// Ends what goes on until the flag is set, also when the test panics.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
