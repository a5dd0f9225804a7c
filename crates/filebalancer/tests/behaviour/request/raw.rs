//! FETCH and STORE through the balancer.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
};

use testkit::{Reply, fake_server::FakeServer};

use super::*;

const ABLE_PONG: &str =
    "{\"status\":\"OK\",\"data\":\"pong\",\"data_features\":[\"fetch\",\"store\"]}\r\n\r\n";
const PLAIN_PONG: &str = "{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n";
const ID: &str = "00112233445566778899aabbccddeeff";

/// A backend that answers checks with `pong`, and whatever else is asked with `reply`; then it closes.
fn fake_backend(pong: &'static str, reply: &'static str) -> String {
    FakeServer::forever(move |_, stream: &mut TcpStream| {
        let mut stream = stream.try_clone().unwrap();
        thread::spawn(move || {
            let mut room = [0; 4096];
            while let Ok(len @ 1..) = stream.read(&mut room) {
                if !room[..len].starts_with(b"PING") {
                    // What was not read would reset what is sent.
                    let _ = stream.write_all(reply.as_bytes());
                    return;
                }
                stream.write_all(pong.as_bytes()).unwrap();
            }
        });
    })
}

#[test]
fn a_ping_tells_of_what_all_backends_know() {
    let shared = Shared::start([async_server(), async_server()]);
    shared.place("a.txt", b"hello");
    let all_know = shared.balancer().start();
    assert_eq!(all_know.ask("PING").text(), ABLE_PONG.trim_end());
    assert_eq!(all_know.connect().fetch("a.txt").1, b"hello");
    let old = fake_backend(PLAIN_PONG, "");
    let some_know = shared.balancer().args(["--backend", &format!("old={old}")]).start();
    let mut peer = some_know.connect();
    assert_eq!(peer.request("PING").text(), PLAIN_PONG.trim_end());
    for request in ["FETCH a.txt", "STORE b.txt length=0"] {
        assert_eq!(peer.request(request).outcome(), "unknown-request");
    }
}

/// Each on a connection that goes on, the first and the last after one another.
fn answers(server: &Server) -> (Vec<Reply>, Vec<Vec<u8>>) {
    let mut peer = server.connect();
    let (mut replies, mut contents) = (Vec::new(), Vec::new());
    for what in [
        "a b",
        "'a b' offset=300000",
        "'a b' offset=1 length=2",
        "'a b' offset=1000000",
        "'a b' offset=1000001",
        "missing",
        "'a b' version=other",
        "'a b' speed=1",
        "../a",
    ] {
        let (reply, content) = peer.fetch(what);
        replies.push(reply);
        contents.push(content);
    }
    for (name, len) in [("c", 0), ("c", 1), ("d", 700_001), ("e", 5)] {
        replies.push(peer.store(name, &content(9, len)));
    }
    for what in ["c", "c length=x", "../c length=1", "c length=99999999999999"] {
        replies.push(peer.request(&format!("STORE {what}")));
    }
    replies.push(peer.request("GET e"));
    (replies, contents)
}

#[test]
fn both_verbs_are_answered_as_a_server_answers_them() {
    let shared = Shared::start([async_server(), async_server()]);
    shared.place("a b", &content(1, 1_000_000));
    let balancer = shared.balancer().start();
    let (through, direct) = (answers(&balancer), answers(&shared.servers[0]));
    assert_eq!(through.0, direct.0);
    assert!(through.1 == direct.1);
    assert!(shared.stored("d").unwrap() == content(9, 700_001));
}

#[test]
fn a_fetch_or_store_goes_elsewhere_as_long_as_its_client_has_seen_nothing() {
    let shared = Shared::start([async_server()]);
    shared.place("a", b"hello");
    let busy = "{\"status\":\"ERROR\",\"data\":\"full\",\"code\":\"busy\"}\r\n\r\n";
    for reply in ["", "{\"status\":\"OK\",\"data_", "what?", busy] {
        let lost = fake_backend(ABLE_PONG, reply);
        let balancer = shared.balancer().args(["--backend", &format!("lost={lost}")]).start();
        let mut peer = balancer.connect();
        for _ in 0..2 {
            assert_eq!(peer.fetch("a").1, b"hello", "{reply}");
            assert_eq!(peer.store("b", b"world").outcome(), "OK", "{reply}");
        }
        assert!(balancer.stats().backend.iter().any(|row| row.retries > 0), "{reply}");
        assert_eq!(shared.stored("b").unwrap(), b"world");
    }
}

#[test]
fn what_its_client_has_seen_some_of_is_not_repeated() {
    let head = "{\"status\":\"OK\",\"data_namafile\":\"a\",\"data_size\":5,\"data_offset\":0,\
                \"data_length\":5,\"data_version\":\"v\"}\r\n\r\nhel";
    let lost = fake_backend(ABLE_PONG, head);
    let alone = balancer([format!("lost={lost}")]).start();
    let mut peer = alone.connect();
    peer.send("FETCH a\r\n\r\n");
    let seen = peer.read_to_end();
    assert!(seen.ends_with(b"\r\n\r\nhel"), "{}", seen.escape_ascii());
    let go_ahead = fake_backend(ABLE_PONG, "{\"status\":\"OK\",\"data_offset\":0}\r\n\r\n");
    let alone = balancer([format!("lost={go_ahead}")]).start();
    let mut peer = alone.connect();
    assert_eq!(peer.begin_store("a length=5").unwrap(), 0);
    peer.send("hello");
    assert_eq!(peer.read_to_end(), b"");
}

#[test]
fn a_store_that_its_client_broke_off_goes_on_through_the_balancer() {
    let shared = Shared::start([async_server(), async_server()]);
    let balancer = shared.balancer().start();
    let file = content(5, 3_000_000);
    let what = format!("a length={} resume={ID}", file.len());
    let mut broken = balancer.connect();
    assert_eq!(broken.begin_store(&what).unwrap(), 0);
    broken.send(&file[..1_000_000]);
    drop(broken);
    let mut offset = 0;
    eventually(PATIENCE, "the servers know that it broke off", || {
        let mut peer = balancer.connect();
        let Ok(place) = peer.begin_store(&what) else { return false };
        offset = place;
        peer.send(&file[place..]);
        peer.read_reply().outcome() == "OK"
    });
    assert!(offset <= 1_000_000 && shared.stored("a").unwrap() == file, "from {offset}");
}
