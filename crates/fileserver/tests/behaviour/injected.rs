//! `--inject`: a server that is slow or wrong because a test wants it to be, and says so.

use std::time::{Duration, Instant};

use testkit::{PATIENCE, Peer, Server, eventually};

use crate::Model;

for_every_model_and_store!(
    a_service_time_is_the_least_that_a_transfer_or_an_echo_takes,
    a_stalled_server_stops_at_the_end_of_the_grace_period,
    a_flipped_byte_is_one_byte_of_what_is_sent,
    a_server_without_faults_mentions_none,
);

const SERVICE_TIME: Duration = Duration::from_millis(150);

fn a_service_time_is_the_least_that_a_transfer_or_an_echo_takes(model: Model) {
    let server = model.server().args(["--inject", "service-time=150"]).start();
    let mut peer = server.connect();
    for request in ["UPLOAD a.txt aGVsbG8=", "GET a.txt", "ECHO halo"] {
        let began = Instant::now();
        assert_eq!(peer.request(request).outcome(), "OK");
        assert!(began.elapsed() >= SERVICE_TIME, "{request} took {:?}", began.elapsed());
    }
    drop(peer);
    assert_eq!(server.stats().injected.as_deref(), Some("service-time=150"));
}

/// A server with one worker, which an ECHO has, and another client.
fn with_a_busy_worker(model: Model, fault: &str) -> (Server, Peer, Peer) {
    let server = model.server().args(["--workers", "1", "--inject", fault]).start();
    let (mut busy, other) = (server.connect(), server.connect());
    busy.send("ECHO halo\r\n\r\n");
    busy.await_taken();
    (server, busy, other)
}

#[cfg(target_os = "linux")]
#[test]
fn in_event_mode_a_service_time_keeps_its_worker_to_the_end() {
    // Longer than a driver sleeps at a time.
    let (_server, busy, mut other) = with_a_busy_worker(Model::named("event"), "service-time=1500");
    assert_eq!(other.request("PING").outcome(), "OK");
    assert!(busy.has_received(), "PING was served in the middle of an ECHO");
}

#[test]
fn in_async_mode_a_service_time_keeps_nobody_waiting() {
    let (_server, busy, mut other) =
        with_a_busy_worker(Model::named("async"), "service-time=3600000");
    assert_eq!(other.request("PING").outcome(), "OK");
    assert!(!busy.has_received());
}

fn a_stalled_server_stops_at_the_end_of_the_grace_period(model: Model) {
    let mut server =
        model.server().args(["--inject", "service-time=3600000", "--drain", "0.1"]).start();
    server.place("a.txt", b"hello");
    let mut peer = server.connect();
    peer.send("GET a.txt\r\n\r\n");
    // STATS would not do: in async mode it tells of the connection that spoke last, which is its own.
    peer.await_taken();
    let stopped = server.stop();
    assert_eq!(stopped.exit_code, Some(1), "{}", stopped.stderr);
    assert!(peer.read_to_end().is_empty());
}

fn a_flipped_byte_is_one_byte_of_what_is_sent(model: Model) {
    let server = model.server().env("FILESERVER_INJECT", "service-time=0,flip-byte").start();
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    let sent = server.ask("GET a.txt").content();
    let wrong: Vec<_> = (0..5).filter(|&index| sent[index] != b"hello"[index]).collect();
    assert_eq!((sent.len(), wrong), (5, vec![0]));
    assert_eq!(server.stored("a.txt").unwrap(), b"hello");
    eventually(PATIENCE, "the log warns of the faults", || {
        let log = server.stderr();
        let mut warnings = log.lines().filter(|line| line.contains("faults are injected"));
        warnings.any(|line| line.contains("WARN") && line.ends_with("service-time=0,flip-byte"))
    });
}

fn a_server_without_faults_mentions_none(model: Model) {
    let mut server = model.start();
    assert!(!server.ask("STATS").text().contains("injected"));
    assert!(!server.stop().stderr.contains("injected"));
}
