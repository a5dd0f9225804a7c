//! Connections to backends that stay open between requests.

use std::{
    io::{Read, Write},
    time::Instant,
};

use testkit::{
    PATIENCE, Signal,
    fake_server::{self, FakeServer},
};

use super::{Shared, async_server};
use crate::{balancer, fileserver, named};

const PONG: &[u8] = b"{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n";

/// As a file server says that a connection was idle for too long, before it closes it.
const TIMEOUT: &[u8] =
    b"{\"status\":\"ERROR\",\"data\":\"no request came for 60 s\",\"code\":\"timeout\"}\r\n\r\n";

#[test]
fn a_connection_is_used_again_by_whoever_comes_next() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().args(["--check-interval", "3600"]).start();
    for _ in 0..20 {
        assert_eq!(balancer.ask("LIST").outcome(), "OK");
    }
    // One who comes at once may be too early for the last.
    assert!(balancer.stats().backend[0].connections.ok < 10);
}

#[test]
fn an_idle_connection_keeps_nobody_from_the_workers_of_a_backend() {
    let shared = Shared::start([fileserver().args(["--workers", "2"])]);
    let balancer = shared.balancer().start();
    let start = Instant::now();
    let mut peers: Vec<_> = (0..20).map(|_| balancer.connect()).collect();
    for _ in 0..5 {
        for peer in &mut peers {
            assert_eq!(peer.request("LIST").outcome(), "OK");
        }
    }
    assert!(start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
    let backend = &balancer.stats().backend[0];
    assert_eq!((backend.in_flight_max, backend.requests.failed), (Some(2), 0));
}

#[test]
fn a_backend_that_was_started_again_gets_its_requests_on_new_connections() {
    let mut shared = Shared::start([async_server()]);
    let balancer = shared.balancer().args(["--check-interval", "3600"]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("LIST").outcome(), "OK");
    let port = shared.servers[0].address().port().to_string();
    shared.servers[0].kill(Signal::SIGKILL);
    shared.servers[0].wait(PATIENCE);
    let again = async_server().without_defaults().args(["--dir", ".", "--port", &port]).start();
    for request in ["UPLOAD a.txt aGVsbG8=", "DELETE a.txt", "LIST"] {
        assert_eq!(peer.request(request).outcome(), "OK", "{request}");
    }
    drop(again);
}

#[test]
fn a_timeout_of_the_connection_is_no_answer_to_a_request() {
    let well = async_server().start();
    let fake = FakeServer::start(2, |index, stream| {
        let first = fake_server::read_request(stream);
        stream.write_all(PONG).unwrap();
        if index == 0 {
            // The backend gives up waiting just when the next request is on its way.
            let second = fake_server::read_request(stream);
            stream.write_all(TIMEOUT).unwrap();
            return vec![first, second];
        }
        vec![first]
    });
    let backend = format!("fake={},check={}", fake.address, well.address());
    let balancer = balancer([backend]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("ECHO first")["data"], "pong");
    assert_eq!(peer.request("DELETE a.txt")["data"], "pong");
    let asked = fake.finish().concat();
    assert_eq!(
        asked,
        ["ECHO first", "DELETE a.txt", "DELETE a.txt"].map(|it| format!("{it}\r\n\r\n"))
    );
    assert_eq!(balancer.stats().backend[0].retries, 0);
}

#[test]
fn a_backend_that_falls_silent_is_waited_for_once() {
    let well = async_server().start();
    let fake = FakeServer::start(1, |_, stream| {
        fake_server::read_request(stream);
        stream.write_all(PONG).unwrap();
        // The reply to the next request never comes.
        stream.read_to_end(&mut Vec::new()).is_err()
    });
    let backends =
        [format!("fake={},check={}", fake.address, well.address()), named("well", &well)];
    let balancer = balancer(backends).args(["--idle-timeout", "1"]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("ECHO a")["data"], "pong");
    assert_eq!(peer.request("ECHO b")["data"], "b");
    assert_eq!(peer.request("ECHO c")["data"], "c");
    assert_eq!(fake.finish(), [true]);
    assert_eq!(balancer.stats().backend[0].retries, 1);
}

#[test]
fn a_reply_that_breaks_off_on_a_connection_used_before_is_not_begun_again() {
    let well = async_server().start();
    let fake = FakeServer::forever(|_, stream| {
        fake_server::read_request(stream);
        stream.write_all(PONG).unwrap();
        fake_server::read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data\":\"hal").unwrap();
    });
    let balancer = balancer([format!("fake={fake},check={}", well.address())]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("ECHO a")["data"], "pong");
    peer.send("ECHO halo\r\n\r\n");
    let part = peer.read_to_end();
    assert_eq!(part.escape_ascii().to_string(), r#"{\"status\":\"OK\",\"data\":\"hal"#);
}
