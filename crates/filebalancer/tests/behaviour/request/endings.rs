//! Requests that end as clients end them, not as they should.

use std::time::Instant;

use protocol::Verb;
use testkit::{PATIENCE, Peer, base64, content, eventually, wrapped_base64};

use super::{Shared, async_server, expect_logged};

#[test]
fn requests_without_an_ending_are_answered() {
    let shared = Shared::start([async_server()]);
    shared.place("a.txt", b"hello");
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    for (request, data) in [("LIST", "data"), ("GET a.txt", "data_file"), ("ECHO hello", "data")] {
        peer.send(request);
        assert!(!peer.read_reply()[data].is_null(), "{request}");
    }
    peer.send("UPLOAD q.txt \"aGVsbG8=\"");
    assert_eq!(peer.read_reply()["data_size"], 5);
    peer.send("UPLOAD p.txt aGVsbG8=");
    assert_eq!(peer.read_reply()["data_size"], 5);
    assert_eq!(shared.stored("q.txt"), shared.stored("p.txt"));
}

#[test]
fn content_is_stored_however_its_text_was_cut() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    let content = content(5, 3000);
    for (name, text) in [
        ("wrapped", format!("UPLOAD wrapped {}\r\n\r\n", wrapped_base64(&content, 76, "\r\n"))),
        ("below", format!("UPLOAD below\n{}\n\n", wrapped_base64(&content, 64, " \n"))),
        ("quoted", format!("UPLOAD quoted '{}'", wrapped_base64(&content, 57, "\n"))),
    ] {
        peer.send(text);
        assert_eq!(peer.read_reply()["data_size"], 3000, "{name}");
        assert!(shared.stored(name).as_ref() == Some(&content), "{name}");
    }
    peer.send_slowly(format!("UPLOAD slow {}\r\n\r\n", base64(&content)));
    assert_eq!(peer.read_reply()["data_size"], 3000);
    assert!(shared.stored("slow").as_ref() == Some(&content));
}

#[test]
fn an_upload_that_ends_with_a_half_close_is_stored_if_its_client_stays() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    let mut stays = balancer.connect();
    stays.send("UPLOAD stays.txt Zm9v");
    stays.half_close();
    assert_eq!(stays.read_reply()["data_size"], 3);
    stays.expect_closed();
    assert_eq!(shared.stored("stays.txt").as_deref(), Some(&b"foo"[..]));

    let mut gone = balancer.connect();
    gone.send("UPLOAD gone.txt Zm9v");
    gone.await_taken();
    drop(gone);
    eventually(PATIENCE, "the upload is counted", || {
        balancer.stats().requests[Verb::Upload].failed == 1
    });
    eventually(PATIENCE, "the server has heard of it", || {
        shared.servers[0].stats().connections.active == 1
    });
    assert_eq!(shared.stored("gone.txt"), None);
}

#[test]
fn an_upload_that_stalls_is_told_so_and_nothing_is_stored() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().args(["--idle-timeout", "0.5"]).start();
    let mut peer = balancer.connect();
    peer.send("UPLOAD stalls.txt Zm9vYmFy");
    assert_eq!(peer.read_reply().outcome(), "unended");
    peer.expect_closed();
    assert_eq!(shared.stored("stalls.txt"), None);
    expect_logged(&balancer, &["nothing moved for 0.5 s"]);
}

#[test]
fn a_client_may_take_no_longer_than_it_could_at_a_server() {
    let shared = Shared::start([async_server()]);
    let limits = ["--idle-timeout", "1", "--head-timeout", "0.5"];
    let balancer = shared.balancer().args(limits).start();
    let (mut idle, mut drips) = (balancer.connect(), balancer.connect());
    let start = Instant::now();
    drips.send("UPLOAD a");
    assert_eq!(drips.read_reply().outcome(), "timeout");
    drips.expect_closed();
    assert_eq!(idle.read_reply().outcome(), "timeout");
    idle.expect_closed();
    assert!(start.elapsed() < PATIENCE / 2);
}

#[test]
fn whoever_speaks_something_else_is_answered_once() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    peer.send("POST / HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n");
    assert_eq!(peer.read_reply().outcome(), "unknown-request");
    peer.expect_closed();
    let mut endless = balancer.connect();
    let _ = endless.try_send("x".repeat(1 << 20));
    assert_eq!(endless.read_reply().outcome(), "unknown-request");
    endless.expect_closed();
    let mut lost = balancer.connect();
    lost.send("UPLOAD a.txt \"Zm9v");
    lost.half_close();
    assert_eq!(lost.read_reply().outcome(), "unended");
    lost.expect_closed();
    assert_eq!(shared.stored("a.txt"), None);
}

#[test]
fn a_half_close_in_every_state_ends_the_connection() {
    let shared = Shared::start([async_server()]);
    shared.place("a.txt", b"hello");
    let balancer = shared.balancer().start();
    Peer::half_close_in_every_state(|| balancer.connect());
}

#[test]
fn garbage_is_answered_or_cut_off_and_costs_no_backend_its_place() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    for seed in 0..30 {
        let mut peer = balancer.connect();
        // The balancer may hang up before it has read all.
        let _ = peer.try_send(content(seed, 50_000));
        let _ = peer.try_send("\r\n\r\n");
    }
    for start in ["", "GET ", "UPLOAD ", "UPLOAD \"", "UPLOAD 'a' "] {
        let mut peer = balancer.connect();
        let _ = peer.try_send(format!("{start}{}\r\n", "x ".repeat(100_000)));
        assert_ne!(peer.read_reply().outcome(), "OK", "{start}");
    }
    let backend = || balancer.stats().backend.remove(0);
    eventually(PATIENCE, "nothing is in flight", || backend().in_flight == 0);
    assert_eq!((backend().state.as_str(), backend().retries), ("up", 0));
    assert!(!balancer.stderr().contains("panicked"), "{}", balancer.stderr());
}

#[test]
fn one_connection_may_make_so_many_requests() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().args(["--max-requests", "3"]).start();
    let mut peer = balancer.connect();
    for _ in 0..3 {
        assert_eq!(peer.request("LIST").outcome(), "OK");
    }
    assert_eq!(peer.request("LIST").outcome(), "too-many-requests");
    peer.expect_closed();
}

#[test]
fn a_client_that_never_reads_is_cut_off_and_its_backend_is_not_blamed() {
    let shared = Shared::start([async_server()]);
    shared.place("down.bin", &content(1, 20 << 20));
    let balancer = shared.balancer().args(["--idle-timeout", "1"]).start();
    let mut deaf = balancer.connect();
    deaf.send("GET down.bin\r\n\r\n");
    eventually(PATIENCE, "the deaf client is cut off", || {
        balancer.stats().requests[Verb::Get].failed == 1
    });
    assert!(!deaf.read_to_end().ends_with(b"}\r\n\r\n"));
    eventually(PATIENCE, "its place is free", || balancer.stats().backend[0].in_flight == 0);
    let log = balancer.stderr();
    assert!(!log.contains("too slow") && !log.contains("ejected"), "{log}");
}

#[test]
fn clients_that_read_late_have_no_backend_taken_for_ill() {
    const CLIENTS: u64 = 12;
    let impatient = || async_server().args(["--idle-timeout", "1"]);
    let shared = Shared::start([impatient(), impatient()]);
    shared.place("down.bin", &content(1, 20 << 20));
    let balancer = shared.balancer().start();
    let mut late: Vec<_> = (0..CLIENTS).map(|_| balancer.connect()).collect();
    late.iter_mut().for_each(|peer| peer.send("GET down.bin\r\n\r\n"));
    eventually(PATIENCE, "the backends have enough of them", || {
        let failed = shared.servers.iter().map(|it| it.stats().requests[Verb::Get].failed);
        failed.sum::<u64>() == CLIENTS
    });
    for peer in &mut late {
        assert!(!peer.read_to_end().ends_with(b"}\r\n\r\n"));
    }
    eventually(PATIENCE, "all are counted", || {
        balancer.stats().requests[Verb::Get].failed == CLIENTS
    });
    let states: Vec<_> = balancer.stats().backend.into_iter().map(|row| row.state).collect();
    assert_eq!(states, ["up", "up"]);
}
