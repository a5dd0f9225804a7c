//! Backends that do not do what a server should: each is bounded, and named in the log.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use testkit::{
    PATIENCE, Server,
    fake_server::{self, FakeServer},
};

use super::{async_server, expect_logged};
use crate::{backend, balancer, named};

/// How a backend treats a connection.
type Play = fn(&mut TcpStream);

/// Waits until the balancer has closed, whatever it still sends.
fn await_close(stream: &mut TcpStream) {
    let mut room = [0; 4096];
    while stream.read(&mut room).is_ok_and(|len| len > 0) {}
}

fn never_answers(stream: &mut TcpStream) {
    await_close(stream);
}

fn closes_at_once(_stream: &mut TcpStream) {}

fn closes_instead_of_a_reply(stream: &mut TcpStream) {
    fake_server::read_request(stream);
}

fn closes_within_the_status(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    stream.write_all(b"{\"sta").unwrap();
}

fn talks_another_protocol(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    await_close(stream);
}

fn talks_json_that_is_no_object(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    let _ = stream.write_all(b"[\"OK\"]\r\n\r\n");
    await_close(stream);
}

fn answers_more_than_was_asked(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    let _ = stream.write_all(b"{\"status\":\"OK\",\"data\":\"\r\n\r\n{\"}\r\n\r\n");
    await_close(stream);
}

fn drips_before_its_status(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    drip(stream, b"{\"data\":\"");
}

fn begins_and_closes(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    stream.write_all(b"{\"status\":\"OK\",\"data_file\":\"aGVs").unwrap();
}

fn begins_and_drips(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    drip(stream, b"{\"status\":\"OK\",\"data_file\":\"");
}

fn begins_and_goes_on_with_nonsense(stream: &mut TcpStream) {
    fake_server::read_request(stream);
    // More than is read at once, so that some of it is passed on.
    let start = format!("{{\"status\":\"OK\",\"data\":\"{}\",", "A".repeat(1 << 20));
    let _ = stream.write_all(start.as_bytes());
    let _ = stream.write_all(b"<b>\r\n\r\n");
    await_close(stream);
}

/// A few bytes a second, as long as they are taken.
fn drip(stream: &mut TcpStream, start: &[u8]) {
    let _ = stream.write_all(start);
    while stream.write_all(b"A").is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
}

/// A balancer in front of one that plays and, behind it in turn, one that is well.
struct Scene {
    balancer: Server,
    _well: Server,
}

impl Scene {
    #[track_caller]
    fn start(play: Play) -> Self {
        let well = backend("well");
        let fake = FakeServer::forever(move |_, stream| play(stream));
        // Whoever is asked whether it is well says so.
        let hostile = format!("hostile={fake},check={}", well.address());
        let limits = ["--idle-timeout", "1"];
        let balancer = balancer([hostile, named("well", &well)]).args(limits).start();
        Self { balancer, _well: well }
    }

    #[track_caller]
    fn expect_told(&self, words: &str) {
        expect_logged(&self.balancer, &["hostile", words]);
    }
}

/// Before the reply has begun.
const SILENT_OR_WRONG: [(Play, &str); 8] = [
    (never_answers, "nothing moved for 1 s"),
    (closes_at_once, "connection"),
    (closes_instead_of_a_reply, "connection"),
    (closes_within_the_status, "connection"),
    (talks_another_protocol, "talks nonsense"),
    (talks_json_that_is_no_object, "talks nonsense"),
    (answers_more_than_was_asked, "talks nonsense"),
    (drips_before_its_status, "fewer than 1024 bytes a second"),
];

/// When some of it is with the client.
const BROKEN_OFF: [(Play, &str); 3] = [
    (begins_and_closes, "connection"),
    (begins_and_drips, "fewer than 1024 bytes a second"),
    (begins_and_goes_on_with_nonsense, "talks nonsense"),
];

#[test]
fn what_changes_nothing_is_answered_by_another_backend() {
    thread::scope(|scope| {
        for (play, words) in SILENT_OR_WRONG {
            scope.spawn(move || {
                let scene = Scene::start(play);
                let start = Instant::now();
                let mut peer = scene.balancer.connect();
                assert_eq!(peer.request("GET who.txt").content(), b"well", "{words}");
                assert!(start.elapsed() < PATIENCE / 2, "{words}: {:?}", start.elapsed());
                assert_eq!(scene.balancer.stats().backend[0].retries, 1, "{words}");
                scene.expect_told(words);
            });
        }
    });
}

#[test]
fn what_changes_something_ends_with_its_connection() {
    thread::scope(|scope| {
        for (play, words) in SILENT_OR_WRONG {
            for request in ["DELETE who.txt\r\n\r\n", "UPLOAD who.txt aGVsbG8=\r\n\r\n"] {
                scope.spawn(move || {
                    let scene = Scene::start(play);
                    let mut peer = scene.balancer.connect();
                    peer.send(request);
                    peer.expect_closed();
                    assert_eq!(scene.balancer.ask("GET who.txt").content(), b"well", "{words}");
                    scene.expect_told(words);
                });
            }
        }
    });
}

#[test]
fn a_reply_that_breaks_off_is_not_ended_for_its_backend() {
    thread::scope(|scope| {
        for (play, words) in BROKEN_OFF {
            scope.spawn(move || {
                let scene = Scene::start(play);
                let mut peer = scene.balancer.connect();
                peer.send("GET who.txt\r\n\r\n");
                let part = peer.read_to_end();
                assert!(!part.ends_with(b"}\r\n\r\n"), "{}", part.escape_ascii());
                scene.expect_told(words);
            });
        }
    });
}

#[test]
fn a_backend_that_reads_nothing_is_given_up() {
    let scene = Scene::start(|stream| {
        while stream.peek(&mut [0]).is_ok_and(|len| len > 0) {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut peer = scene.balancer.connect();
    let text = "A".repeat(4 << 20);
    let _ = peer.try_send("UPLOAD a.bin ");
    while peer.try_send(&text).is_ok() {}
    scene.expect_told("nothing moved for 1 s");
}

#[test]
fn a_reply_without_an_ending_gets_one() {
    let well = async_server().start();
    let fake = FakeServer::forever(|_, stream| {
        fake_server::read_request(stream);
        stream.write_all(b"{\"status\": \"OK\", \"data\": []}").unwrap();
        await_close(stream);
    });
    let balancer = balancer([format!("fake={fake},check={}", well.address())]).start();
    let mut peer = balancer.connect();
    for _ in 0..3 {
        assert_eq!(peer.request("LIST").text(), "{\"status\": \"OK\", \"data\": []}");
    }
}

#[test]
fn one_that_is_full_is_not_asked_and_not_blamed() {
    let well = backend("well");
    let fake = FakeServer::forever(|_, stream| {
        let _ =
            stream.write_all(b"{\"status\":\"ERROR\",\"data\":\"full\",\"code\":\"busy\"}\r\n\r\n");
        await_close(stream);
    });
    let full = format!("full={fake},check={}", well.address());
    let balancer = balancer([full, named("well", &well)]).start();
    let mut peer = balancer.connect();
    for _ in 0..12 {
        assert_eq!(peer.request("GET who.txt").content(), b"well");
    }
    assert_eq!(balancer.stats().backend[0].state, "up");
}
