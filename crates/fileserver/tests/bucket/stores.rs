//! Uploads that end early, that may not replace, or that go on elsewhere.

use std::fs;

use testkit::{PATIENCE, Signal, content, eventually, s3::S3Server, upload_request};

use crate::{MODES, builder, in_every_mode};

/// One part is on its way, and more than one piece is in memory.
const LONG: usize = 6 * 1024 * 1024;

#[test]
fn an_upload_that_is_broken_off_leaves_nothing() {
    in_every_mode(|s3, server| {
        let mut peer = server.connect();
        assert_eq!(peer.begin_store(&format!("a length={LONG}")).unwrap(), 0);
        peer.send(content(1, LONG - 1));
        eventually(PATIENCE, "a part is there", || s3.parts() > 0);
        peer.reset();
        eventually(PATIENCE, "nothing of it is kept", || s3.parts() == 0);
        let mut peer = server.connect();
        peer.send("UPLOAD b aGVsbG8");
        peer.reset();
        assert_eq!(server.ask("LIST")["data"], serde_json::json!([]));
        assert_eq!((s3.objects(), s3.parts()), (0, 0));
    });
}

#[test]
fn an_upload_that_is_open_when_its_server_is_stopped_is_finished() {
    in_every_mode(|s3, server| {
        let content = content(1, LONG);
        let mut peer = server.connect();
        assert_eq!(peer.begin_store(&format!("a length={LONG}")).unwrap(), 0);
        peer.send(&content[..LONG - 1]);
        eventually(PATIENCE, "a part is there", || s3.parts() > 0);
        server.kill(Signal::SIGTERM);
        eventually(PATIENCE, "it takes no more connections", || server.refuses_connections());
        peer.send(&content[LONG - 1..]);
        assert_eq!(peer.read_reply().outcome(), "OK");
        peer.expect_closed();
        assert_eq!(server.wait(PATIENCE).exit_code, Some(0));
        assert!(fs::read(s3.bucket().join("files/a")).unwrap() == content);
        assert_eq!((s3.objects(), s3.parts()), (1, 0));
    });
}

#[test]
fn what_was_broken_off_begins_at_the_beginning_again() {
    in_every_mode(|s3, server| {
        let content = content(1, LONG);
        let store = format!("a length={LONG} resume={}", "0123456789abcdef".repeat(2));
        let mut peer = server.connect();
        assert_eq!(peer.begin_store(&store).unwrap(), 0);
        peer.send(&content[..LONG - 1]);
        eventually(PATIENCE, "a part is there", || s3.parts() > 0);
        peer.reset();
        let mut peer = server.connect();
        assert_eq!(peer.begin_store(&store).unwrap(), 0);
        peer.send(&content);
        assert_eq!(peer.read_reply().outcome(), "OK");
        assert!(server.connect().fetch("a").1 == content);
        eventually(PATIENCE, "nothing but the file is kept", || {
            (s3.objects(), s3.parts()) == (1, 0)
        });
    });
}

#[test]
fn of_two_who_may_not_replace_one_is_told_so() {
    for mode in MODES {
        let s3 = S3Server::start();
        let server = builder(&s3, mode).args(["--workers", "5", "--no-replace"]).start();
        for (name, len) in [("short", 1000), ("long", LONG)] {
            // Neither finds the other's file when it begins.
            let mut peers = [server.connect(), server.connect()];
            for peer in &mut peers {
                assert_eq!(peer.begin_store(&format!("{name} length={len}")).unwrap(), 0);
            }
            let contents = [content(1, len), content(2, len)];
            for (peer, content) in peers.iter_mut().zip(&contents) {
                peer.send(content);
            }
            let outcomes = peers.map(|mut peer| peer.read_reply().outcome().to_owned());
            let winner = outcomes.iter().position(|outcome| outcome == "OK").unwrap();
            assert_eq!(outcomes[1 - winner], "exists", "{mode}, {name}");
            let (reply, stored) = server.connect().fetch(name);
            assert!(stored == contents[winner], "{mode}, {name}: {}", reply.text());
            assert_eq!(server.ask(&upload_request(name, b"x")).outcome(), "exists");
        }
        eventually(PATIENCE, "nothing but the files is kept", || {
            (s3.objects(), s3.parts()) == (2, 0)
        });
    }
}
