//! Where a request ends, whatever its client sends or leaves out.

use std::time::{Duration, Instant};

use protocol::Verb;
use testkit::Server;

use crate::{Model, PONG, await_failed_connections, await_temporary_files, stop_cleanly};

for_every_model_and_store!(
    any_ending_in_any_number_of_writes_completes_a_request,
    a_request_without_an_ending_is_complete_after_a_quiet_while,
    what_follows_the_closing_quote_on_its_line_is_skipped,
    a_padded_upload_without_an_ending_is_complete_after_a_quiet_while,
    a_stalled_upload_without_padding_is_never_stored,
    a_stalled_quoted_upload_is_never_stored,
    a_half_close_completes_a_request,
    a_half_close_completes_an_upload_whose_client_still_reads,
    a_half_close_inside_quotes_completes_nothing,
    a_connection_without_a_request_is_told_of_its_timeout;
    in_a_directory:
    a_quoted_upload_is_complete_at_its_closing_quote,
);

const HELLO_STORED: &str =
    r#"{"status":"OK","data":"a.txt stored, 5 bytes","data_namafile":"a.txt","data_size":5}"#;

fn any_ending_in_any_number_of_writes_completes_a_request(model: Model) {
    let server = model.start();
    for ending in ["\r\n", "\n", "\r\n\r\n"] {
        for request in ["LIST", "GET b.txt", "UPLOAD a.txt aGVsbG8=", "DELETE a.txt", "PING"] {
            server.place("b.txt", b"b");
            let wire = format!("{request}{ending}");
            let mut whole = server.connect();
            whole.send(&wire);
            let expected = whole.read_reply();

            if request.starts_with("DELETE") {
                server.place("a.txt", b"again");
            }
            let mut halves = server.connect();
            halves.send(request);
            halves.send(ending);
            assert_eq!(halves.read_reply(), expected, "{wire:?} in two writes");

            if request.starts_with("DELETE") {
                server.place("a.txt", b"again");
            }
            let mut bytes = server.connect();
            bytes.send_slowly(&wire);
            assert_eq!(bytes.read_reply(), expected, "{wire:?} byte by byte");
            // None of them has left anything that a next request would be part of.
            for peer in [&mut whole, &mut halves, &mut bytes] {
                assert_eq!(peer.request("PING").outcome(), "OK", "after {wire:?}");
            }
        }
    }
}

fn a_request_without_an_ending_is_complete_after_a_quiet_while(model: Model) {
    let server = model.start();
    server.place("a.txt", b"hello");
    let mut peer = server.connect();
    for (request, reply) in [
        ("LIST", r#"{"status":"OK","data":["a.txt"]}"#),
        (
            "GET a.txt",
            r#"{"status":"OK","data_namafile":"a.txt","data_size":5,"data_file":"aGVsbG8="}"#,
        ),
        ("DELETE a.txt", r#"{"status":"OK","data":"a.txt deleted","data_namafile":"a.txt"}"#),
        ("PING", PONG),
    ] {
        peer.send(request);
        assert_eq!(peer.read_reply().text(), reply);
    }
    // The ending that comes after the reply is no request of its own.
    peer.send("PING");
    assert_eq!(peer.read_reply().outcome(), "OK");
    peer.send("\r\n\r\nLIST\r\n");
    assert_eq!(peer.read_reply().text(), r#"{"status":"OK","data":[]}"#);
}

fn a_quoted_upload_is_complete_at_its_closing_quote(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for request in ["UPLOAD a.txt \"aGVsbG8=\"", "UPLOAD a.txt 'aGVsbG8='"] {
        peer.send(request);
        assert_eq!(peer.read_reply().text(), HELLO_STORED);
    }
    assert_eq!(server.stored("a.txt").unwrap(), b"hello");
    peer.send("UPLOAD a.txt \"Zm9v");
    await_temporary_files(&server, 1);
    peer.send("YmFy\"");
    assert_eq!(peer.read_reply()["data_size"], 6);
    assert_eq!(server.stored("a.txt").unwrap(), b"foobar");
    // The next request may stand right behind the quote.
    peer.send("UPLOAD a.txt \"\"LIST\r\n");
    assert_eq!(peer.read_reply()["data_size"], 0);
    assert_eq!(peer.read_reply()["data"][0], "a.txt");
    drop(peer);
    stop_cleanly(server);
}

fn what_follows_the_closing_quote_on_its_line_is_skipped(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt \"aGVsbG8=\" 12345\r\n\r\nPING\r\n\r\n");
    assert_eq!(peer.read_reply().text(), HELLO_STORED);
    assert_eq!(peer.read_reply()["data"], "pong");
}

fn a_padded_upload_without_an_ending_is_complete_after_a_quiet_while(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt aGVsbG8=");
    assert_eq!(peer.read_reply().text(), HELLO_STORED);
    assert_eq!(server.stored("a.txt").unwrap(), b"hello");
    assert_eq!(peer.request("PING").outcome(), "OK");
}

fn a_stalled_upload_without_padding_is_never_stored(model: Model) {
    let server = model.server().args(["--idle-timeout", "1"]).start();
    server.place("a.txt", b"old");
    let stalled = ["UPLOAD a.txt Zm9vYmFy", "UPLOAD a.txt Zm9vYmF", "UPLOAD a.txt "];
    let start = Instant::now();
    expect_unended(&server, &stalled);
    assert!(start.elapsed() >= Duration::from_millis(950), "after {:?}", start.elapsed());
    await_failed_connections(&server, 3);
    assert_eq!(server.stored("a.txt").unwrap(), b"old");
    assert_eq!(server.stats().requests[Verb::Upload].failed, 3);
    stop_cleanly(server);
}

fn a_stalled_quoted_upload_is_never_stored(model: Model) {
    let server = model.server().args(["--idle-timeout", "1"]).start();
    expect_unended(&server, &["UPLOAD a.txt \"Zm9vYmFy", "UPLOAD a.txt \"Zm9vYg=="]);
    await_failed_connections(&server, 2);
    assert_eq!(server.stored("a.txt"), None);
}

/// All of these, sent at the same time, are answered `unended` sooner or later.
#[track_caller]
fn expect_unended(server: &Server, stalled: &[&str]) {
    let mut peers: Vec<_> = stalled.iter().map(|_| server.connect()).collect();
    for (peer, sent) in peers.iter_mut().zip(stalled) {
        peer.send(sent);
    }
    for (peer, sent) in peers.iter_mut().zip(stalled) {
        assert_eq!(peer.read_reply().outcome(), "unended", "{sent:?}");
        peer.expect_closed();
    }
}

fn a_half_close_completes_a_request(model: Model) {
    let server = model.start();
    server.place("a.txt", b"hello");
    for (request, reply) in [
        ("LIST", r#"{"status":"OK","data":["a.txt"]}"#),
        (
            "GET a.txt",
            r#"{"status":"OK","data_namafile":"a.txt","data_size":5,"data_file":"aGVsbG8="}"#,
        ),
        ("UPLOAD a.txt \"aGVsbG8=\"", HELLO_STORED),
        ("UPLOAD a.txt aGVsbG8=", HELLO_STORED),
        ("PING", PONG),
    ] {
        let mut peer = server.connect();
        peer.send(request);
        peer.half_close();
        assert_eq!(peer.read_reply().text(), reply, "{request}");
        peer.expect_closed();
    }
}

fn a_half_close_completes_an_upload_whose_client_still_reads(model: Model) {
    let server = model.start();
    for (text, content) in [("Zm9vYmFy", "foobar"), ("", "")] {
        let mut peer = server.connect();
        peer.send(format!("UPLOAD a.txt {text}"));
        peer.half_close();
        assert_eq!(peer.read_reply()["data_size"], content.len());
        peer.expect_closed();
        assert_eq!(server.stored("a.txt").unwrap(), content.as_bytes());
    }
    let mut peer = server.connect();
    peer.send("UPLOAD b.txt Zm9vYmF");
    peer.half_close();
    assert_eq!(peer.read_reply().outcome(), "bad-base64");
    assert_eq!(server.stored("b.txt"), None);
    drop(peer);
    stop_cleanly(server);
}

fn a_half_close_inside_quotes_completes_nothing(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt \"Zm9vYmFy");
    peer.half_close();
    assert_eq!(peer.read_reply().outcome(), "unended");
    peer.expect_closed();
    await_failed_connections(&server, 1);
    assert_eq!(server.stored("a.txt"), None);
}

fn a_connection_without_a_request_is_told_of_its_timeout(model: Model) {
    let server = model.server().args(["--idle-timeout", "1"]).start();
    let mut silent = server.connect();
    assert_eq!(silent.read_reply().outcome(), "timeout");
    silent.expect_closed();
    let mut served = server.connect();
    assert_eq!(served.request("PING").outcome(), "OK");
    assert_eq!(served.read_reply().outcome(), "timeout");
    served.expect_closed();
}
