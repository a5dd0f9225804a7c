//! Files that clients store: whole and where they are found again, or not at all.

use testkit::{PATIENCE, Signal, base64, content, eventually, upload_request};

use super::{Shared, async_server, expect_logged};

#[test]
fn what_was_stored_is_found_through_any_backend() {
    let shared = Shared::start([async_server(), async_server()]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    for number in 0..1000 {
        let content = content(number, number as usize * 7);
        peer.send(upload_request("file.bin", &content));
        assert_eq!(peer.read_reply()["data_size"], content.len());
        assert!(peer.request("GET file.bin").content() == content, "{number}");
    }
    // A request is counted a moment after its client has the last byte of the reply.
    eventually(PATIENCE, "each backend has had half of all", || {
        let served = balancer.stats().backend;
        served.iter().all(|row| (row.requests.ok, row.requests.failed) == (1000, 0))
    });
}

#[test]
fn an_upload_whose_backend_is_killed_is_never_confirmed_and_leaves_no_file() {
    let mut shared = Shared::start([async_server(), async_server()]);
    let balancer = shared.balancer().start();
    let text = base64(&content(1, 3 << 20));
    let mut peer = balancer.connect();
    peer.send(format!("UPLOAD big.bin {}", &text[..text.len() / 2]));
    let mut taker = None;
    eventually(PATIENCE, "a backend has the upload", || {
        taker = shared.servers.iter().position(|server| server.stats().bytes_in > 0);
        taker.is_some()
    });
    let mut killed = shared.servers.remove(taker.unwrap());
    killed.kill(Signal::SIGKILL);
    killed.wait(PATIENCE);
    // It may be cut off before it has sent all.
    let _ = peer.try_send(&text[text.len() / 2..]);
    let _ = peer.try_send("\r\n\r\n");
    peer.expect_closed();
    assert_eq!(shared.stored("big.bin"), None);
    assert_eq!(balancer.ask("GET big.bin").outcome(), "not-found");
    let name = if taker == Some(0) { "0" } else { "1" };
    expect_logged(&balancer, &[&format!("backend {name}: ")]);
}

#[test]
fn an_upload_that_no_backend_has_begun_goes_to_one_that_is_there() {
    let mut shared = Shared::start([async_server(), async_server()]);
    let balancer = shared.balancer().args(["--check-interval", "3600"]).start();
    let mut killed = shared.servers.remove(0);
    killed.kill(Signal::SIGKILL);
    killed.wait(PATIENCE);
    let mut peer = balancer.connect();
    for number in 0..4 {
        let content = content(number, 500_000);
        peer.send(upload_request("large.bin", &content));
        assert_eq!(peer.read_reply()["data_size"], 500_000);
        assert!(shared.stored("large.bin").unwrap() == content);
    }
}

#[test]
fn a_refused_upload_is_skipped_and_the_connection_goes_on() {
    let shared = Shared::start([async_server().args(["--max-upload", "1000"])]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    for (request, outcome) in [
        (format!("UPLOAD a.bin {}", "no base64 ".repeat(10_000)), "bad-base64"),
        (format!("UPLOAD ../a.bin {}", base64(&content(1, 100_000))), "bad-name"),
        (upload_request("a.bin", &content(1, 1200)), "too-large"),
        ("UPLOAD a.bin Zm9v".to_owned(), "OK"),
    ] {
        assert_eq!(peer.request(&request).outcome(), outcome);
    }
    assert_eq!(shared.stored("a.bin").as_deref(), Some(&b"foo"[..]));
}

#[test]
fn content_in_quotes_is_no_request_to_a_backend_whatever_it_looks_like() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    for content in ["'Zm9v'LIST", " 'Zm9v'LIST", "\n\t'Zm9v'UPLOAD b.txt '", " Zm9v"] {
        let mut peer = balancer.connect();
        let outcome = peer.request(&format!("UPLOAD a.txt \"{content}\"")).outcome().to_owned();
        assert_eq!(outcome, "bad-base64", "{content:?}");
        // What was left behind would be taken for a part of the next client's.
        assert_eq!(balancer.ask("ECHO halo")["data"], "halo", "{content:?}");
        assert_eq!(shared.stored("a.txt"), None, "{content:?}");
    }
}

#[test]
fn a_large_file_passes_in_both_directions() {
    let shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    let content = content(9, 20 << 20);
    peer.send(upload_request("20m.bin", &content));
    assert_eq!(peer.read_reply()["data_size"], content.len());
    peer.send("GET 20m.bin\r\n\r\n");
    assert!(peer.read_long_reply().content() == content);
    assert!(balancer.footprint().memory_kib < 20 << 10, "{:?}", balancer.footprint());
}
