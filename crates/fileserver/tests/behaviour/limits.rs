//! What the operator may forbid or bound.

use std::{
    collections::VecDeque,
    fs, thread,
    time::{Duration, Instant},
};

use testkit::{PATIENCE, Server, ServerBuilder, base64, content, eventually, upload_request};

use crate::{Model, stop_cleanly};

for_every_model_and_store!(
    a_file_larger_than_max_upload_is_refused,
    a_read_only_server_lists_and_sends_and_takes_nothing,
    a_server_that_does_not_replace_keeps_the_first_file,
    one_connection_too_many_is_told_that_the_server_is_busy,
    one_connection_too_many_from_an_address_is_told_so,
    a_full_waiting_line_answers_busy_and_those_in_it_are_served,
    a_head_that_drips_is_answered_and_cut_off,
    an_upload_below_the_minimum_rate_is_answered_and_cut_off,
    a_reader_below_the_minimum_rate_is_cut_off,
    a_connection_may_make_so_many_requests;
    in_a_directory:
    more_than_there_are_descriptors_for_are_answered_busy,
    a_full_disk_is_told_and_survived,
    a_late_loser_does_not_replace_the_first_file_either,
    uploads_at_once_never_exceed_the_quota_together,
    a_full_directory_takes_no_new_file_and_replaces_old_ones,
    every_degree_of_durability_stores_and_deletes,
);

fn a_file_larger_than_max_upload_is_refused(model: Model) {
    let server = model.server().args(["--max-upload", "1000"]).start();
    let mut peer = server.connect();
    peer.send(upload_request("a.bin", &content(1, 1000)));
    assert_eq!(peer.read_reply().outcome(), "OK");
    peer.send(upload_request("a.bin", &content(2, 1001)));
    assert_eq!(peer.read_reply().outcome(), "too-large");
    peer.send(format!("UPLOAD a.bin \"{}\"", base64(&content(2, 1001))));
    assert_eq!(peer.read_reply().outcome(), "too-large");
    assert_eq!(peer.request("PING").outcome(), "OK");
    // It is refused as soon as it is too long, and what goes on for ever is cut off.
    peer.send(format!("UPLOAD a.bin {}", base64(&content(2, 1200))));
    assert_eq!(peer.read_reply().outcome(), "too-large");
    peer.send(base64(&content(2, 9000)));
    peer.expect_closed();
    assert!(server.stored("a.bin").unwrap() == content(1, 1000));
    drop(peer);
    stop_cleanly(server);
}

fn a_read_only_server_lists_and_sends_and_takes_nothing(model: Model) {
    let server = model.server().args(["--read-only"]).start();
    server.place("a.txt", b"hello");
    let mut peer = server.connect();
    assert_eq!(peer.request("UPLOAD b.txt aGVsbG8=").outcome(), "read-only");
    assert_eq!(peer.request("UPLOAD a.txt \"aGVsbG8=\"").outcome(), "read-only");
    assert_eq!(peer.request("DELETE a.txt").outcome(), "read-only");
    assert_eq!(peer.request("GET a.txt").content(), b"hello");
    assert_eq!(peer.request("LIST").text(), r#"{"status":"OK","data":["a.txt"]}"#);
    assert_eq!(peer.request("DIGEST a.txt")["data_size"], 5);
    drop(peer);
    stop_cleanly(server);
}

fn a_server_that_does_not_replace_keeps_the_first_file(model: Model) {
    let server = model.server().args(["--no-replace"]).start();
    let mut peer = server.connect();
    assert_eq!(peer.request("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(peer.request("UPLOAD a.txt Zm9v").outcome(), "exists");
    assert_eq!(peer.request("GET a.txt").content(), b"hello");
    assert_eq!(peer.request("DELETE a.txt").outcome(), "OK");
    assert_eq!(peer.request("UPLOAD a.txt Zm9v").outcome(), "OK");
    assert_eq!(server.stored("a.txt").unwrap(), b"foo");
    drop(peer);
    stop_cleanly(server);
}

fn a_late_loser_does_not_replace_the_first_file_either(model: Model) {
    let server = model.server().args(["--no-replace"]).start();
    let mut late = server.connect();
    late.send("UPLOAD a.txt Zm9v");
    eventually(PATIENCE, "the upload begins", || server.temporary_files() == 1);
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    late.send("\r\n\r\n");
    assert_eq!(late.read_reply().outcome(), "exists");
    assert_eq!(server.stored("a.txt").unwrap(), b"hello");
    drop(late);
    stop_cleanly(server);
}

fn a_full_disk_is_told_and_survived(model: Model) {
    // Files end at a few KiB, as they would where the disk is full.
    let small_disk = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let binary = env!("CARGO_BIN_EXE_fileserver");
    let server =
        ServerBuilder::new("sh").args(["-c", small_disk, binary, "--mode", model.mode]).start();
    server.place("a.bin", b"old");
    let mut peer = server.connect();
    peer.send(upload_request("a.bin", &content(1, 100_000)));
    assert_eq!(peer.read_reply().outcome(), "no-space");
    assert_eq!(peer.request("GET a.bin").content(), b"old");
    assert_eq!(server.temporary_files(), 0);
}

fn uploads_at_once_never_exceed_the_quota_together(model: Model) {
    let server = model.server().args(["--quota", "1000000", "--workers", "8"]).start();
    let one = content(1, 150_000);
    let stored = thread::scope(|scope| {
        let uploads: Vec<_> = (0..20)
            .map(|number| {
                let (mut peer, request) =
                    (server.connect(), upload_request(&format!("{number}.bin"), &one));
                scope.spawn(move || {
                    // The server may refuse before it has read all.
                    let _ = peer.try_send(request);
                    peer.read_reply().outcome().to_owned()
                })
            })
            .collect();
        let outcomes = uploads.into_iter().map(|upload| upload.join().unwrap());
        let (stored, refused): (Vec<_>, Vec<_>) = outcomes.partition(|outcome| outcome == "OK");
        assert!(refused.iter().all(|outcome| outcome == "no-space"), "{refused:?}");
        stored.len()
    });
    // All may have been refused at the last moment, when none of the others had given up yet.
    assert!(stored <= 6, "{stored} files of 150 kB in a quota of 1 MB");
    assert_eq!(server.temporary_files(), 0);
    let fill = |count: usize| {
        for number in 0..count {
            let mut peer = server.connect();
            peer.send(upload_request(&format!("{number}.bin"), &one));
            assert_eq!(peer.read_reply().outcome(), "OK", "file {number}");
        }
    };
    for number in 0..20 {
        server.ask(&format!("DELETE {number}.bin"));
    }
    fill(6);
    let mut peer = server.connect();
    let _ = peer.try_send(upload_request("6.bin", &one));
    let reply = peer.read_reply();
    assert_eq!(reply.outcome(), "no-space");
    assert!(reply["data"].as_str().unwrap().contains("1000000"), "{}", reply.text());
    assert!(server.stored("0.bin").unwrap() == one);
    drop(peer);
    stop_cleanly(server);
}

fn a_full_directory_takes_no_new_file_and_replaces_old_ones(model: Model) {
    let server = model.server().args(["--max-files", "2"]).start();
    for name in ["a", "b"] {
        assert_eq!(server.ask(&format!("UPLOAD {name} Zm9v")).outcome(), "OK");
    }
    assert_eq!(server.ask("UPLOAD c Zm9v").outcome(), "no-space");
    assert_eq!(server.ask("UPLOAD a YmFy").outcome(), "OK");
    assert_eq!(server.ask("DELETE b").outcome(), "OK");
    assert_eq!(server.ask("UPLOAD c Zm9v").outcome(), "OK");
    // Files that come and go behind the server's back are noticed before anyone is refused.
    fs::remove_file(server.dir().join("a")).unwrap();
    assert_eq!(server.ask("UPLOAD d Zm9v").outcome(), "OK");
    stop_cleanly(server);
}

fn every_degree_of_durability_stores_and_deletes(model: Model) {
    for durability in ["none", "file", "full"] {
        let server = model.server().args(["--durability", durability]).start();
        server.place("a.txt", b"old");
        let mut peer = server.connect();
        assert_eq!(peer.request("UPLOAD a.txt aGVsbG8=").outcome(), "OK", "{durability}");
        assert_eq!(server.stored("a.txt").unwrap(), b"hello");
        assert_eq!(peer.request("DELETE a.txt").outcome(), "OK", "{durability}");
        assert_eq!(peer.request("GET a.txt").outcome(), "not-found");
        drop(peer);
        stop_cleanly(server);
    }
}

#[test]
#[ignore = "writes a gibibyte"]
fn a_gibibyte_is_the_most_that_is_stored_by_default() {
    let server = Model::named("thread").start();
    let piece = "A".repeat(1 << 20);
    for (excess, outcome) in [(0, "OK"), (1, "too-large")] {
        let mut left = protocol::body::text_len((1 << 30) + excess);
        // Zeros are the letter A; the padding ends them at the right length.
        let padding = ["==", "="][excess as usize];
        left -= padding.len() as u64;
        let mut peer = server.connect();
        peer.send("UPLOAD zeros ");
        while left > 0 {
            let len = left.min(piece.len() as u64);
            peer.send(&piece[..len as usize]);
            left -= len;
        }
        peer.send(format!("{padding}\r\n\r\n"));
        assert_eq!(peer.read_reply().outcome(), outcome);
    }
    assert_eq!(server.temporary_files(), 0);
    assert_eq!(server.stored("zeros").unwrap().len(), 1 << 30);
}

fn one_connection_too_many_is_told_that_the_server_is_busy(model: Model) {
    // As many workers as connections, so that nobody waits.
    let server = model.server().args(["--max-connections", "2", "--workers", "2"]).start();
    expect_busy(&server, "the server is busy with 2 connections");
}

fn one_connection_too_many_from_an_address_is_told_so(model: Model) {
    let server = model.server().args(["--max-per-address", "2", "--workers", "3"]).start();
    expect_busy(&server, "the server takes 2 connections from one address");
}

/// The server takes two connections, and says `why` it takes no third.
#[track_caller]
fn expect_busy(server: &Server, why: &str) {
    let mut open = [server.connect(), server.connect()];
    for peer in &mut open {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    let mut third = server.connect();
    let reply = third.read_reply();
    assert_eq!(reply.outcome(), "busy");
    assert!(reply["data"].as_str().unwrap().contains(why), "{}", reply.text());
    third.expect_closed();
    let mut fourth = server.connect();
    fourth.send("LIST\r\n\r\n");
    assert_eq!(fourth.read_reply().outcome(), "busy");
    let [first, mut second] = open;
    drop(first);
    eventually(PATIENCE, "there is room again", || server.ask("PING").outcome() == "OK");
    assert_eq!(second.request("PING").outcome(), "OK");
    eventually(PATIENCE, "those turned away are counted as failed", || {
        second.request("STATS")["data"]["connections"]["failed"].as_u64() >= Some(2)
    });
}

fn a_full_waiting_line_answers_busy_and_those_in_it_are_served(model: Model) {
    // Two are served and two wait, wherever the model has them wait; async mode serves all four.
    let server = model.server().args(["--workers", "2", "--max-connections", "4"]).start();
    let mut open: VecDeque<_> = (0..4).map(|_| server.connect()).collect();
    for peer in open.iter_mut().take(2) {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    let mut fifth = server.connect();
    // Where the kernel keeps the line, those who have waited longest are told first.
    let reply = if model.mode == "legacy" || model.mode == "process" {
        let mut third = open.remove(2).unwrap();
        let reply = third.read_reply();
        open.push_back(fifth);
        reply
    } else {
        fifth.read_reply()
    };
    assert_eq!(reply.outcome(), "busy");
    while let Some(mut peer) = open.pop_front() {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
}

fn more_than_there_are_descriptors_for_are_answered_busy(model: Model) {
    let few = "ulimit -n 32; exec \"$0\" \"$@\"";
    let server = ServerBuilder::new("sh")
        .args(["-c", few, env!("CARGO_BIN_EXE_fileserver"), "--mode", model.mode])
        .args(["--max-connections", "2", "--workers", "2"])
        .start();
    let mut open = [server.connect(), server.connect()];
    for peer in &mut open {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    // None of them leaves by itself.
    let mut crowd: Vec<_> = (0..60).map(|_| server.connect()).collect();
    for peer in &mut crowd {
        assert_eq!(peer.read_reply().outcome(), "busy");
    }
}

fn a_head_that_drips_is_answered_and_cut_off(model: Model) {
    let server = model.server().args(["--head-timeout", "1", "--workers", "2"]).start();
    let mut slow = server.connect();
    slow.send("UPLOAD a");
    let start = Instant::now();
    while slow.try_send("b").is_ok() && !slow.has_received() {
        assert!(start.elapsed() < PATIENCE, "a head goes on for ever");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(slow.read_reply().outcome(), "timeout");
    assert!(start.elapsed() >= Duration::from_secs(1));
    stop_cleanly(server);
}

fn an_upload_below_the_minimum_rate_is_answered_and_cut_off(model: Model) {
    let server = model.server().args(["--idle-timeout", "1", "--workers", "2"]).start();
    let mut slow = server.connect();
    slow.send("UPLOAD a.txt ");
    let start = Instant::now();
    while slow.try_send("Z").is_ok() && !slow.has_received() {
        assert!(start.elapsed() < PATIENCE, "an upload goes on for ever");
        thread::sleep(Duration::from_millis(50));
    }
    let reply = slow.read_reply();
    assert_eq!(reply.outcome(), "timeout");
    assert!(reply["data"].as_str().unwrap().contains("too slow"), "{}", reply.text());
    assert_eq!(server.temporary_files(), 0);
    stop_cleanly(server);
}

fn a_reader_below_the_minimum_rate_is_cut_off(model: Model) {
    let server = model.server().args(["--idle-timeout", "1", "--workers", "2"]).start();
    server.place("a.bin", &content(1, 20 << 20));
    let mut slow = server.connect();
    slow.send("GET a.bin\r\n\r\n");
    let start = Instant::now();
    while server.stats().connections.failed == 0 {
        assert!(start.elapsed() < PATIENCE, "a download goes on for ever");
        slow.read_some(&mut [0; 16]);
        thread::sleep(Duration::from_millis(50));
    }
    assert!(!slow.read_to_end().ends_with(b"}\r\n\r\n"));
    stop_cleanly(server);
}

fn a_connection_may_make_so_many_requests(model: Model) {
    let server = model.server().args(["--max-requests", "2"]).start();
    let mut peer = server.connect();
    for _ in 0..2 {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    assert_eq!(peer.request("PING").outcome(), "too-many-requests");
    peer.expect_closed();
    stop_cleanly(server);
}
