//! A bucket that does not answer, or does not want to.

use testkit::{
    PATIENCE, content, eventually,
    s3::{KEY_ID, S3Server, SECRET},
};

use crate::{MODES, builder, in_every_mode, start};

const REQUESTS: [&str; 5] = ["LIST", "GET a", "FETCH a", "DIGEST a", "DELETE a"];

#[test]
fn a_bucket_that_is_away_is_unavailable_and_then_well_again() {
    in_every_mode(|s3, server| {
        assert_eq!(server.connect().store("a", b"hello").outcome(), "OK");
        s3.set_away(true);
        let mut peer = server.connect();
        for request in REQUESTS {
            assert_eq!(peer.request(request).outcome(), "unavailable", "{request}");
        }
        assert_eq!(peer.store("b", b"hello").outcome(), "unavailable");
        assert_eq!(peer.request("UPLOAD b aGVsbG8=").outcome(), "unavailable");
        // What does not need the bucket is served meanwhile.
        assert_eq!(peer.request("PING").outcome(), "OK");
        assert!(server.stats().directory_gone);
        s3.set_away(false);
        assert_eq!(peer.request("GET a").content(), b"hello");
        assert_eq!(peer.request("LIST")["data"], serde_json::json!(["a"]));
        assert!(!server.stats().directory_gone);
        let log = server.stderr();
        assert!(
            log.contains("s3://kolam/files/ is away") && log.contains("answers again"),
            "{log}"
        );
    });
}

#[test]
fn a_download_whose_bucket_goes_away_ends_early() {
    in_every_mode(|s3, server| {
        // More than the kernel holds for a peer that does not read.
        let content = content(1, 24 << 20);
        assert_eq!(server.connect().store("a", &content).outcome(), "OK");
        let mut peer = server.connect();
        peer.send("FETCH a\r\n\r\n");
        peer.await_bytes(1000);
        s3.set_away(true);
        let got = peer.read_to_end();
        let body = got.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        assert!(got.len() < content.len(), "it was all sent before");
        assert!(content.starts_with(&got[body..]));
    });
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_says_nothing_of_its_bucket() {
    in_every_mode(|_, server| {
        assert_eq!(server.connect().store("a", &content(1, 24 << 20)).outcome(), "OK");
        let mut peer = server.connect();
        peer.send("FETCH a\r\n\r\n");
        peer.await_bytes(1000);
        // Shorter than what has been asked for already.
        assert_eq!(server.connect().store("a", b"hello").outcome(), "OK");
        assert!(peer.read_to_end().len() < 24 << 20, "it was all sent before");
        assert!(!server.stats().directory_gone);
        assert!(!server.stderr().contains("is away"), "{}", server.stderr());
        assert_eq!(server.ask("GET a").content(), b"hello");
    });
}

#[test]
fn a_server_may_start_before_its_bucket() {
    for mode in MODES {
        let s3 = S3Server::start();
        s3.set_away(true);
        let server = start(&s3, mode);
        s3.set_away(false);
        assert_eq!(server.connect().store("a", b"hello").outcome(), "OK", "{mode}");
    }
}

#[test]
fn a_refusal_is_forbidden_and_nothing_that_is_secret_is_told() {
    for mode in MODES {
        let s3 = S3Server::start();
        let server = builder(&s3, mode).args(["--log-level", "debug"]).start();
        assert_eq!(server.connect().store("a", b"hello").outcome(), "OK");
        s3.set_refusing(true);
        let mut told = String::new();
        for request in REQUESTS {
            let reply = server.ask(request);
            assert_eq!(reply.outcome(), "forbidden", "{mode}, {request}");
            told += reply.text();
        }
        assert_eq!(server.connect().store("a", b"hello").outcome(), "forbidden", "{mode}");
        told += server.ask("STATS").text();
        eventually(PATIENCE, "the log says what was refused", || {
            server.stderr().contains("AccessDenied")
        });
        told += &server.stderr();
        assert!(!told.contains(KEY_ID) && !told.contains(SECRET), "{mode}: {told}");
    }
}
