//! FETCH: the bytes of a file as they are, from any place in it.

use std::{
    fs::File,
    thread,
    time::{Duration, Instant},
};

use protocol::Verb;
use testkit::{PATIENCE, Peer, content, eventually, upload_request};

use crate::{Model, PONG, auth, await_failed_connections, stop_cleanly, tls::Secured};

for_every_model_and_store!(
    a_fetch_is_a_head_and_the_bytes_that_it_tells_of,
    every_border_of_a_range_is_kept_to,
    a_range_beyond_the_end_or_beyond_64_bits_is_refused_and_the_connection_goes_on,
    another_version_than_the_stored_one_is_told_of,
    a_file_that_shrinks_during_a_fetch_closes_the_connection,
    a_client_that_vanishes_during_a_fetch_costs_nothing,
    fetches_are_pipelined_among_other_requests,
    a_fetch_within_tls_is_the_same,
    a_fetch_needs_a_token_that_may_read,
    a_fetch_below_the_minimum_rate_is_cut_off,
    a_fetch_finishes_while_the_server_drains,
    a_ping_tells_of_what_the_server_knows;
    in_a_directory:
    a_fetch_during_a_replacement_or_deletion_gets_the_old_content_whole,
    a_file_that_grows_during_a_fetch_is_sent_as_long_as_it_was,
);

/// More than the sockets of both ends hold: part of it has not been sent yet.
const LONG: usize = 20 << 20;

fn a_fetch_is_a_head_and_the_bytes_that_it_tells_of(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for len in [0, 1, 5, 65_536, 65_537, 1 << 20, 3_000_001] {
        let content = content(len as u64, len);
        server.place("a b.bin", &content);
        let (reply, fetched) = peer.fetch("\"a b.bin\"");
        let version = reply["data_version"].as_str().unwrap();
        let head = format!(
            r#"{{"status":"OK","data_namafile":"a b.bin","data_size":{len},"data_offset":0,"data_length":{len},"data_version":"{version}"}}"#
        );
        assert_eq!(reply.text(), head);
        assert!((1..=64).contains(&version.len()), "{version}");
        assert!(fetched == content, "{len} bytes");
    }
    drop(peer);
    eventually(PATIENCE, "all are counted", || server.stats().requests[Verb::Fetch].ok == 7);
    assert_eq!(server.stats().bytes_out, 1 + 5 + 65_536 + 65_537 + (1 << 20) + 3_000_001);
    stop_cleanly(server);
}

fn every_border_of_a_range_is_kept_to(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for len in [0, 1, 10, 300_000] {
        let content = content(len as u64, len);
        server.place("a.bin", &content);
        let offsets = [0, 1, len / 2, len.saturating_sub(1), len];
        let lengths = [0, 1, len / 2, len.saturating_sub(1), len, len + 1, usize::MAX];
        for offset in offsets.into_iter().filter(|offset| *offset <= len) {
            let expected = &content[offset..];
            let (reply, fetched) = peer.fetch(&format!("a.bin offset={offset}"));
            assert_eq!(reply["data_offset"], offset);
            assert!(fetched == expected, "{len} from {offset}");
            for length in lengths {
                let expected = &expected[..length.min(expected.len())];
                let (reply, fetched) =
                    peer.fetch(&format!("a.bin length={length} offset={offset}"));
                assert_eq!(reply["data_size"], len);
                assert_eq!(reply["data_length"], expected.len());
                assert!(fetched == expected, "{length} of {len} from {offset}");
            }
        }
    }
    drop(peer);
    stop_cleanly(server);
}

fn a_range_beyond_the_end_or_beyond_64_bits_is_refused_and_the_connection_goes_on(model: Model) {
    let server = model.start();
    server.place("a.bin", b"hello");
    let mut peer = server.connect();
    let max = u64::MAX;
    for (fields, outcome) in [
        ("offset=6".to_owned(), "bad-range"),
        (format!("offset={max}"), "bad-range"),
        (format!("offset={max} length={max}"), "bad-range"),
        (format!("offset=5 length={max}"), "OK"),
        ("offset=18446744073709551616".to_owned(), "bad-request"),
        ("length=18446744073709551616".to_owned(), "bad-request"),
        ("offset=-1".to_owned(), "bad-request"),
        ("offset=1 offset=1".to_owned(), "bad-request"),
        ("from=1".to_owned(), "bad-request"),
    ] {
        assert_eq!(peer.fetch(&format!("a.bin {fields}")).0.outcome(), outcome, "{fields}");
    }
    assert_eq!(peer.fetch("b.bin").0.outcome(), "not-found");
    assert_eq!(peer.fetch("../b").0.outcome(), "bad-name");
    assert_eq!(peer.fetch("").0.outcome(), "bad-name");
    assert_eq!(peer.fetch("a.bin").1, b"hello");
    drop(peer);
    stop_cleanly(server);
}

fn another_version_than_the_stored_one_is_told_of(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send(upload_request("a.bin", b"hello"));
    peer.read_reply();
    let version =
        |peer: &mut Peer| peer.fetch("a.bin").0["data_version"].as_str().unwrap().to_owned();
    let first = version(&mut peer);
    assert_eq!(version(&mut peer), first);
    assert_eq!(peer.fetch(&format!("a.bin version={first} offset=1")).1, b"ello");
    peer.send(upload_request("a.bin", b"jello"));
    peer.read_reply();
    assert_ne!(version(&mut peer), first);
    // What is elsewhere in another content is of no use, also where it would be too far.
    for offset in [0, 1, 99] {
        let fetched = peer.fetch(&format!("a.bin offset={offset} version={first}"));
        assert_eq!(fetched.0.outcome(), "changed");
    }
    drop(peer);
    stop_cleanly(server);
}

fn a_fetch_during_a_replacement_or_deletion_gets_the_old_content_whole(model: Model) {
    let server = model.start();
    let old = content(1, LONG);
    server.place("a.bin", &old);
    let mut readers = [server.connect(), server.connect()];
    for reader in &mut readers {
        reader.send("FETCH a.bin\r\n\r\n");
        reader.await_bytes(1000);
    }
    let mut writer = server.connect();
    writer.send(upload_request("a.bin", b"new"));
    assert_eq!(writer.read_reply().outcome(), "OK");
    assert!(readers[0].read_fetched().1 == old);
    assert_eq!(writer.request("DELETE a.bin").outcome(), "OK");
    assert!(readers[1].read_fetched().1 == old);
    assert_eq!(readers[1].fetch("a.bin").0.outcome(), "not-found");
    drop((readers, writer));
    stop_cleanly(server);
}

fn a_file_that_shrinks_during_a_fetch_closes_the_connection(model: Model) {
    let server = model.start();
    server.place("a.bin", &content(1, LONG));
    let mut reader = server.connect();
    reader.send("FETCH a.bin\r\n\r\n");
    reader.await_bytes(1000);
    File::options().write(true).open(server.dir().join("a.bin")).unwrap().set_len(1000).unwrap();
    assert!(reader.read_to_end().len() < LONG);
    await_failed_connections(&server, 1);
    assert_eq!(server.stats().requests[Verb::Fetch].failed, 1);
}

fn a_file_that_grows_during_a_fetch_is_sent_as_long_as_it_was(model: Model) {
    let server = model.start();
    let old = content(1, LONG);
    server.place("a.bin", &old);
    let mut reader = server.connect();
    reader.send("FETCH a.bin\r\n\r\n");
    reader.await_bytes(1000);
    let file = File::options().write(true).open(server.dir().join("a.bin")).unwrap();
    file.set_len(LONG as u64 + 5).unwrap();
    assert!(reader.read_fetched().1 == old);
    assert_eq!(reader.request("DIGEST a.bin")["data_size"], LONG + 5);
}

fn a_client_that_vanishes_during_a_fetch_costs_nothing(model: Model) {
    let server = model.server().args(["--workers", "2"]).start();
    server.place("a.bin", &content(1, LONG));
    for (failed, vanish) in (1..).zip([drop, Peer::reset, drop, Peer::reset]) {
        let mut peer = server.connect();
        peer.send("FETCH a.bin\r\n\r\n");
        peer.await_bytes(1000);
        vanish(peer);
        await_failed_connections(&server, failed);
    }
    assert_eq!(server.stats().requests[Verb::Fetch].failed, 4);
    stop_cleanly(server);
}

fn fetches_are_pipelined_among_other_requests(model: Model) {
    let server = model.start();
    let content = content(1, 100_000);
    server.place("a.bin", &content);
    let mut peer = server.connect();
    peer.send(
        "FETCH a.bin\r\n\r\nPING\nFETCH a.bin offset=99998\r\n\r\n\r\n\r\n\
         FETCH b.bin\r\n\r\nFETCH a.bin length=2\r\n\r\nECHO end\r\n",
    );
    assert!(peer.read_fetched().1 == content);
    assert_eq!(peer.read_reply()["data"], "pong");
    assert_eq!(peer.read_fetched().1, content[99_998..]);
    assert_eq!(peer.read_fetched().0.outcome(), "not-found");
    assert_eq!(peer.read_fetched().1, content[..2]);
    assert_eq!(peer.read_reply()["data"], "end");
    drop(peer);
    stop_cleanly(server);
}

fn a_fetch_within_tls_is_the_same(model: Model) {
    let secured = Secured::start(model, &[]);
    let content = content(1, 3_000_001);
    secured.server.place("a.bin", &content);
    let mut peer = secured.connect();
    assert!(peer.fetch("a.bin").1 == content);
    assert_eq!(peer.fetch("a.bin offset=3000000").1, content[3_000_000..]);
    assert_eq!(peer.fetch("a.bin offset=3000002").0.outcome(), "bad-range");
    assert_eq!(peer.request("PING")["data"], "pong");
    peer.half_close();
    peer.expect_closed();
    stop_cleanly(secured.server);
}

fn a_fetch_needs_a_token_that_may_read(model: Model) {
    let guarded = auth::start(model, &[]);
    let mut peer = guarded.server.connect();
    assert_eq!(peer.fetch("secret.txt").0.outcome(), "auth-required");
    peer.request(&format!("AUTH {}", guarded.reader()));
    assert_eq!(peer.fetch("secret.txt").1, b"hello");
    drop(peer);
    stop_cleanly(guarded.server);
}

fn a_fetch_below_the_minimum_rate_is_cut_off(model: Model) {
    let server = model.server().args(["--idle-timeout", "1", "--workers", "2"]).start();
    server.place("a.bin", &content(1, LONG));
    let mut slow = server.connect();
    slow.send("FETCH a.bin\r\n\r\n");
    let start = Instant::now();
    while server.stats().connections.failed == 0 {
        assert!(start.elapsed() < PATIENCE, "a fetch goes on for ever");
        slow.read_some(&mut [0; 16]);
        thread::sleep(Duration::from_millis(50));
    }
    assert!(slow.read_to_end().len() < LONG);
    stop_cleanly(server);
}

fn a_fetch_finishes_while_the_server_drains(model: Model) {
    let mut server = model.server().args(["--drain", "60"]).start();
    let content = content(1, LONG);
    server.place("a.bin", &content);
    let mut reader = server.connect();
    reader.send("FETCH a.bin\r\n\r\n");
    reader.await_bytes(1000);
    server.kill(testkit::Signal::SIGTERM);
    eventually(PATIENCE, "it accepts no more", || server.refuses_connections());
    assert!(reader.read_fetched().1 == content);
    reader.expect_closed();
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
}

fn a_ping_tells_of_what_the_server_knows(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    assert_eq!(peer.request("PING").text(), PONG);
    drop(peer);
    stop_cleanly(server);
}
