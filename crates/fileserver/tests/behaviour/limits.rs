//! What the operator may forbid or bound.

use std::fs;

use testkit::{PATIENCE, ServerBuilder, base64, content, eventually, upload_request};

use crate::{Model, stop_cleanly};

for_every_model!(
    a_file_larger_than_max_upload_is_refused,
    a_read_only_server_lists_and_sends_and_takes_nothing,
    a_server_that_does_not_replace_keeps_the_first_file,
    a_late_loser_does_not_replace_the_first_file_either,
    a_full_disk_is_told_and_survived,
    a_lost_directory_is_the_servers_fault_and_survived,
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
        ServerBuilder::new("sh").args(["-c", small_disk, binary, "--mode", model.0]).start();
    server.place("a.bin", b"old");
    let mut peer = server.connect();
    peer.send(upload_request("a.bin", &content(1, 100_000)));
    assert_eq!(peer.read_reply().outcome(), "no-space");
    assert_eq!(peer.request("GET a.bin").content(), b"old");
    assert_eq!(server.temporary_files(), 0);
}

fn a_lost_directory_is_the_servers_fault_and_survived(model: Model) {
    let server = model.start();
    fs::remove_dir(server.dir()).unwrap();
    let mut peer = server.connect();
    let refused = peer.request("UPLOAD a.txt aGVsbG8=");
    assert_eq!(refused.outcome(), "internal");
    let dir = server.dir().to_str().unwrap();
    assert!(!refused.text().contains(dir), "a client learns where the directory is");
    assert_eq!(peer.request("PING").outcome(), "OK");
    eventually(PATIENCE, "the log tells the operator", || server.stderr().contains("ERROR"));
}

#[test]
#[ignore = "writes a gibibyte"]
fn a_gibibyte_is_the_most_that_is_stored_by_default() {
    let server = Model("thread").start();
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

/// In process mode connections wait in the kernel instead.
mod busy {
    use testkit::{PATIENCE, eventually};

    use crate::Model;

    #[test]
    fn legacy_mode() {
        one_connection_too_many_is_told_that_the_server_is_busy(Model("legacy"));
    }

    #[test]
    fn thread_mode() {
        one_connection_too_many_is_told_that_the_server_is_busy(Model("thread"));
    }

    #[test]
    fn async_mode() {
        one_connection_too_many_is_told_that_the_server_is_busy(Model("async"));
    }

    fn one_connection_too_many_is_told_that_the_server_is_busy(model: Model) {
        let server = model.server().args(["--max-connections", "2"]).start();
        let mut open = [server.connect(), server.connect()];
        for peer in &mut open {
            assert_eq!(peer.request("PING").outcome(), "OK");
        }
        let mut third = server.connect();
        assert_eq!(third.read_reply().outcome(), "busy");
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
}
