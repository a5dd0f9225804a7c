//! STORE: the bytes of a file as they are, in one go or in more.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use protocol::Verb;
use storage::ContentHasher;
use testkit::{
    PATIENCE, Peer, Reply, Server, ServerBuilder, Signal, content, eventually, processes,
};

use crate::{
    Model, auth, await_failed_connections, await_temporary_files, stop_cleanly, tls::Secured,
};

for_every_model_and_store!(
    a_store_is_whole_and_its_digest_is_told,
    what_is_stored_replaces_and_is_told_to_be_there_where_it_may_not,
    a_store_needs_a_token_that_may_write,
    a_store_below_the_minimum_rate_is_answered_and_cut_off,
    a_store_finishes_while_the_server_drains;
    in_a_directory:
    a_full_disk_is_told_in_mid_store_and_the_connection_ends,
    of_concurrent_stores_of_one_name_one_wins_whole,
    a_store_that_breaks_off_leaves_nothing_and_one_with_an_id_what_came,
    a_part_goes_on_after_its_server_was_killed,
    a_part_is_for_its_owner_and_one_connection,
    a_store_that_is_refused_is_answered_before_its_content,
    parts_count_in_the_quota,
    parts_expire,
    a_store_within_tls_is_the_same_and_goes_on_too,
);

const ID: &str = "00112233445566778899aabbccddeeff";

fn digest(content: &[u8]) -> String {
    let mut hasher = ContentHasher::default();
    hasher.update(content);
    hasher.finish()
}

/// Begins a STORE as soon as nobody else adds to its part: who did may take a moment to die.
#[track_caller]
fn await_free_part(peer: &mut Peer, what: &str) -> usize {
    let mut offset = None;
    eventually(PATIENCE, "the part is free", || {
        offset = match peer.begin_store(what) {
            Ok(offset) => Some(offset),
            Err(refused) => {
                assert_eq!(refused.outcome(), "busy");
                None
            }
        };
        offset.is_some()
    });
    offset.expect("the part is free")
}

#[track_caller]
fn expect_stored(server: &Server, reply: &Reply, name: &str, content: &[u8]) {
    assert_eq!(reply["data_size"], content.len(), "{}", reply.text());
    assert_eq!(reply["data_digest"], digest(content));
    assert!(server.stored(name).unwrap() == content, "{} bytes", content.len());
}

fn a_store_is_whole_and_its_digest_is_told(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for len in [0, 1, 5, 262_144, 262_145, 3_000_001] {
        let content = content(len as u64, len);
        let reply = peer.store("\"a b.bin\"", &content);
        expect_stored(&server, &reply, "a b.bin", &content);
        assert!(peer.fetch("\"a b.bin\"").1 == content);
        assert_eq!(peer.request("DIGEST \"a b.bin\"")["data_digest"], reply["data_digest"]);
    }
    drop(peer);
    eventually(PATIENCE, "all are counted", || server.stats().requests[Verb::Store].ok == 6);
    assert_eq!(server.stats().bytes_in, 1 + 5 + 262_144 + 262_145 + 3_000_001);
    stop_cleanly(server);
}

fn what_is_stored_replaces_and_is_told_to_be_there_where_it_may_not(model: Model) {
    for (args, outcome) in [(&[][..], "OK"), (&["--no-replace"], "exists")] {
        let server = model.server().args(args).start();
        server.place("a.bin", b"old");
        let mut peer = server.connect();
        assert_eq!(peer.store("a.bin", b"new").outcome(), outcome);
        let expected = if outcome == "OK" { b"new" } else { b"old" };
        assert_eq!(peer.fetch("a.bin").1, expected);
        assert_eq!(peer.store("b.bin", b"other").outcome(), "OK");
        drop(peer);
        stop_cleanly(server);
    }
}

fn a_store_that_breaks_off_leaves_nothing_and_one_with_an_id_what_came(model: Model) {
    let server = model.start();
    server.place("a.bin", b"old");
    let whole = content(1, 1_000_000);
    let with_id = format!("a.bin length=1000000 resume={ID}");
    let mut failed = 0;
    for vanish in [drop, Peer::reset] {
        for what in ["a.bin length=1000000", &with_id] {
            let mut peer = server.connect();
            let offset = peer.begin_store(what).unwrap();
            peer.send(&whole[offset..offset + 300_000]);
            peer.await_taken();
            vanish(peer);
            failed += 1;
            await_failed_connections(&server, failed);
            assert_eq!(server.stored("a.bin").unwrap(), b"old");
        }
    }
    assert_eq!(server.parts(), [600_000]);
    let mut peer = server.connect();
    assert_eq!(peer.begin_store(&with_id).unwrap(), 600_000);
    peer.send(&whole[600_000..]);
    expect_stored(&server, &peer.read_reply(), "a.bin", &whole);
    assert_eq!(server.parts(), [0; 0]);
    assert_eq!(peer.request("LIST")["data"].as_array().unwrap().len(), 1);
    drop(peer);
    assert_eq!(server.stats().requests[Verb::Store].failed, 4);
    stop_cleanly(server);
}

fn a_part_goes_on_after_its_server_was_killed(model: Model) {
    let first = model.start();
    let whole = content(1, 1_000_000);
    let what = format!("a.bin length=1000000 resume={ID}");
    let mut peer = first.connect();
    assert_eq!(peer.begin_store(&what).unwrap(), 0);
    peer.send(&whole[..700_000]);
    peer.await_taken();
    eventually(PATIENCE, "all of it is written", || first.parts() == [700_000]);
    first.kill(Signal::SIGKILL);
    let dir = first.dir().to_str().unwrap().to_owned();
    let second = model.server().without_defaults().args(["--port", "0", "--dir", &dir]).start();
    let mut peer = second.connect();
    assert_eq!(await_free_part(&mut peer, &what), 700_000);
    peer.send(&whole[700_000..]);
    assert_eq!(peer.read_reply()["data_digest"], digest(&whole));
    assert!(first.stored("a.bin").unwrap() == whole);
}

#[test]
#[cfg(target_os = "linux")]
fn a_part_goes_on_after_its_worker_was_killed() {
    let server =
        Model::named("process").server().args(["--workers", "1", "--quota", "1GB"]).start();
    let whole = content(1, 1_000_000);
    let what = format!("a.bin length=1000000 resume={ID}");
    let mut peer = server.connect();
    assert_eq!(peer.begin_store(&what).unwrap(), 0);
    peer.send(&whole[..700_000]);
    peer.await_taken();
    eventually(PATIENCE, "all of it is written", || server.parts() == [700_000]);
    processes::send_signal(server.workers()[0], Signal::SIGKILL);
    peer.expect_closed();
    let mut peer = server.connect();
    assert_eq!(await_free_part(&mut peer, &what), 700_000);
    peer.send(&whole[700_000..]);
    expect_stored(&server, &peer.read_reply(), "a.bin", &whole);
    drop(peer);
    let store = server.stats().requests[Verb::Store];
    assert_eq!((store.ok, store.failed), (1, 1));
    stop_cleanly(server);
}

fn a_part_is_for_its_owner_and_one_connection(model: Model) {
    let guarded = auth::start(model, &["--workers", "4"]);
    let what = format!("a.bin length=10 resume={ID}");
    let mut peer = guarded.connect_writer();
    peer.begin_store(&what).unwrap();
    peer.send("0123");
    peer.await_taken();
    let mut other = guarded.connect_writer();
    assert_eq!(other.begin_store(&what).unwrap_err().outcome(), "busy");
    drop(peer);
    for other_part in
        [format!("b.bin length=10 resume={ID}"), format!("a.bin length=9 resume={ID}")]
    {
        let refused = other.begin_store(&other_part).unwrap_err();
        assert_eq!(refused.outcome(), "forbidden", "{other_part}");
    }
    let mut stranger = guarded.connect_other_writer();
    assert_eq!(stranger.begin_store(&what).unwrap_err().outcome(), "forbidden");
    assert_eq!(await_free_part(&mut other, &what), 4);
    other.send("456789");
    assert_eq!(other.read_reply()["data_digest"], digest(b"0123456789"));
}

fn a_store_that_is_refused_is_answered_before_its_content(model: Model) {
    let server = model.server().args(["--max-upload", "5B", "--quota", "8B"]).start();
    let mut peer = server.connect();
    for (what, outcome) in [
        ("a.bin length=6", "too-large"),
        ("a.bin length=18446744073709551615", "too-large"),
        ("a.bin length=18446744073709551616", "bad-request"),
        ("a.bin", "bad-request"),
        ("a.bin length=1 offset=1", "bad-request"),
        ("a.bin length=1 resume=xyz", "bad-request"),
        ("../a length=1", "bad-name"),
    ] {
        assert_eq!(peer.begin_store(what).unwrap_err().outcome(), outcome, "{what}");
    }
    assert_eq!(peer.store("a.bin", b"12345").outcome(), "OK");
    assert_eq!(peer.store("b.bin", b"1234").outcome(), "no-space");
    assert_eq!(peer.request("PING")["data"], "pong");
    assert_eq!(peer.store("b.bin", b"123").outcome(), "OK");
    drop(peer);
    stop_cleanly(server);
    let server = model.server().args(["--read-only"]).start();
    assert_eq!(server.connect().store("a.bin", b"1").outcome(), "read-only");
}

fn a_full_disk_is_told_in_mid_store_and_the_connection_ends(model: Model) {
    // Files end at a few KiB, as they would where the disk is full.
    let small_disk = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let binary = env!("CARGO_BIN_EXE_fileserver");
    let server =
        ServerBuilder::new("sh").args(["-c", small_disk, binary, "--mode", model.mode]).start();
    server.place("a.bin", b"old");
    for id in ["", &format!("resume={ID}")] {
        let mut peer = server.connect();
        peer.begin_store(&format!("a.bin length=100000 {id}")).unwrap();
        peer.send(content(1, 90_000));
        assert_eq!(peer.read_reply().outcome(), "no-space");
        peer.half_close();
        peer.expect_closed();
        assert_eq!((server.parts(), server.temporary_files()), (vec![], 0));
    }
    assert_eq!(server.connect().fetch("a.bin").1, b"old");
}

fn parts_count_in_the_quota(model: Model) {
    let server = model.server().args(["--quota", "1000B"]).start();
    let mut peer = server.connect();
    peer.begin_store(&format!("a.bin length=900 resume={ID}")).unwrap();
    peer.send([0; 600]);
    peer.await_taken();
    drop(peer);
    await_failed_connections(&server, 1);
    let mut peer = server.connect();
    assert_eq!(peer.store("b.bin", &[0; 401]).outcome(), "no-space");
    assert_eq!(peer.store("b.bin", &[0; 100]).outcome(), "OK");
    assert_eq!(peer.begin_store(&format!("a.bin length=900 resume={ID}")).unwrap(), 600);
    peer.send([0; 300]);
    assert_eq!(peer.read_reply().outcome(), "OK");
    drop(peer);
    stop_cleanly(server);
}

fn parts_expire(model: Model) {
    let server = model.server().args(["--keep-parts", "500ms"]).start();
    let what = format!("a.bin length=10 resume={ID}");
    let mut peer = server.connect();
    peer.begin_store(&what).unwrap();
    peer.send("0123");
    peer.await_taken();
    drop(peer);
    await_failed_connections(&server, 1);
    let mut other = 0;
    eventually(PATIENCE, "another part finds it expired", || {
        other += 1;
        let id = format!("{other:032x}");
        server.connect().begin_store(&format!("b.bin length=1 resume={id}")).unwrap();
        server.parts().is_empty()
    });
    assert_eq!(server.connect().begin_store(&what).unwrap(), 0);
    let server = model.server().args(["--keep-parts", "none"]).start();
    let mut peer = server.connect();
    peer.begin_store(&what).unwrap();
    peer.send("0123");
    peer.await_taken();
    drop(peer);
    await_failed_connections(&server, 1);
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
}

fn a_store_within_tls_is_the_same_and_goes_on_too(model: Model) {
    let secured = Secured::start(model, &[]);
    let whole = content(1, 1_000_001);
    let mut peer = secured.connect();
    expect_stored(&secured.server, &peer.store("a.bin", &whole), "a.bin", &whole);
    let what = format!("b.bin length=1000001 resume={ID}");
    peer.begin_store(&what).unwrap();
    peer.send(&whole[..500_000]);
    peer.await_taken();
    peer.cut_off();
    let mut peer = secured.connect();
    assert_eq!(await_free_part(&mut peer, &what), 500_000);
    peer.send(&whole[500_000..]);
    expect_stored(&secured.server, &peer.read_reply(), "b.bin", &whole);
}

fn a_store_needs_a_token_that_may_write(model: Model) {
    let guarded = auth::start(model, &[]);
    let mut peer = guarded.server.connect();
    assert_eq!(peer.store("a.bin", b"1").outcome(), "auth-required");
    peer.request(&format!("AUTH {}", guarded.reader()));
    assert_eq!(peer.store("a.bin", b"1").outcome(), "forbidden");
    assert_eq!(guarded.connect_writer().store("a.bin", b"1").outcome(), "OK");
}

fn a_store_below_the_minimum_rate_is_answered_and_cut_off(model: Model) {
    let server = model.server().args(["--idle-timeout", "1", "--workers", "2"]).start();
    let mut slow = server.connect();
    slow.begin_store("a.txt length=1000000").unwrap();
    let start = Instant::now();
    while !slow.has_received() {
        assert!(start.elapsed() < PATIENCE, "a store goes on for ever");
        let _ = slow.try_send("Z");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(slow.read_reply().outcome(), "timeout");
    await_temporary_files(&server, 0);
    stop_cleanly(server);
}

fn a_store_finishes_while_the_server_drains(model: Model) {
    let mut server = model.server().args(["--drain", "60"]).start();
    let whole = content(1, 3_000_000);
    let mut peer = server.connect();
    peer.begin_store("a.bin length=3000000").unwrap();
    peer.send(&whole[..1_000_000]);
    peer.await_taken();
    server.kill(Signal::SIGTERM);
    eventually(PATIENCE, "it accepts no more", || server.refuses_connections());
    peer.send(&whole[1_000_000..]);
    expect_stored(&server, &peer.read_reply(), "a.bin", &whole);
    peer.expect_closed();
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
}

fn of_concurrent_stores_of_one_name_one_wins_whole(model: Model) {
    let server = model.server().args(["--workers", "12"]).start();
    let contents: Vec<_> = (0..8).map(|seed| content(seed, 300_000)).collect();
    server.place("a.bin", &contents[0]);
    let is_one_of_them = |stored: &[u8]| contents.iter().any(|content| content == stored);
    thread::scope(|scope| {
        for content in &contents {
            let mut peer = server.connect();
            scope.spawn(move || {
                let reply = peer.store("a.bin", content);
                assert_eq!(reply["data_digest"], digest(content), "{}", reply.text());
            });
        }
        scope.spawn(|| {
            let mut peer = server.connect();
            for _ in 0..10 {
                assert!(is_one_of_them(&peer.fetch("a.bin").1));
            }
        });
    });
    assert!(is_one_of_them(&server.stored("a.bin").unwrap()));
    await_temporary_files(&server, 0);
    stop_cleanly(server);
}
