//! Disks that run out of room, of inodes, or of the right to write, at any point of an upload.
//!
//! Each server gets a small tmpfs of its own, so the errors are the kernel's.

use std::thread;

use testkit::{Server, base64, content, upload_request};

use crate::{Model, expect_recovery, fileserver, not_run, scaled, warm_up};

for_every_model!(
    a_disk_that_fills_up_at_any_write_is_told_and_survived,
    uploads_that_fight_for_the_last_room_are_whole_or_refused,
    a_disk_without_inodes_is_told_and_survived,
    a_disk_that_fills_up_at_the_commit_is_told_and_survived,
    a_disk_that_becomes_read_only_is_told_and_survived,
);

const WORKERS: usize = 5;
const PAGE: usize = 4096;

/// A server on a tmpfs that is mounted with these options; `None`, visibly, where none can be.
fn start(model: Model, options: &str, args: &[&str]) -> Option<Server> {
    let builder = fileserver(model).on_own_disk(options);
    if builder.is_none() {
        not_run("neither unshare -m nor unshare -Urm can mount a file system here");
    }
    Some(builder?.args(args).start())
}

fn a_disk_that_fills_up_at_any_write_is_told_and_survived(model: Model) {
    const PAGES: usize = 256;
    const OLD_PAGES: usize = 3;
    let Some(server) = start(model, &format!("size={}", PAGES * PAGE), &[]) else { return };
    let before = warm_up(&server, WORKERS);
    let old = content(1, OLD_PAGES * PAGE);
    for free_pages in 0..scaled(6, 40) {
        server.place("a.bin", &old);
        server.place("filler.bin", &vec![0; (PAGES - OLD_PAGES - free_pages) * PAGE]);
        let too_long = content(2, free_pages * PAGE + 1);
        assert_eq!(upload_in_pieces(&server, "a.bin", &too_long), "no-space", "{free_pages}");
        assert!(server.stored("a.bin").unwrap() == old);
        assert_eq!(server.temporary_files(), 0);
        // What was written in vain takes no room.
        let mut peer = server.connect();
        peer.send(upload_request("fits.bin", &content(3, free_pages * PAGE)));
        assert_eq!(peer.read_reply().outcome(), "OK", "{free_pages} pages should be free");
        for name in ["filler.bin", "fits.bin"] {
            assert_eq!(peer.request(&format!("DELETE {name}")).outcome(), "OK");
        }
        peer.send(upload_request("a.bin", &too_long));
        assert_eq!(peer.read_reply().outcome(), "OK");
        assert!(peer.request("GET a.bin").content() == too_long);
    }
    expect_recovery(&server, &before, WORKERS as u64);
}

/// Has the server write one piece after another; returns the outcome.
#[track_caller]
fn upload_in_pieces(server: &Server, name: &str, content: &[u8]) -> String {
    // Whole groups, and not a whole part of a page: a write can stop at its start or in its middle.
    const PIECE: usize = 2049;
    let mut peer = server.connect();
    peer.send(format!("UPLOAD {name} "));
    for piece in content.chunks(PIECE) {
        peer.send(base64(piece));
        peer.await_taken();
    }
    peer.send("\r\n\r\n");
    peer.read_reply().outcome().to_owned()
}

fn uploads_that_fight_for_the_last_room_are_whole_or_refused(model: Model) {
    const CLIENTS: u64 = 10;
    const LEN: usize = 160_000;
    // Room for four of them.
    let workers = CLIENTS.to_string();
    let Some(server) = start(model, "size=700k", &["--workers", &workers]) else { return };
    let before = warm_up(&server, CLIENTS as usize);
    for _ in 0..scaled(3, 50) {
        let outcomes: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    let mut peer = server.connect();
                    scope.spawn(move || {
                        peer.send(upload_request(&client_file(client), &content(client, LEN)));
                        peer.read_reply().outcome().to_owned()
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        for (client, outcome) in (0..CLIENTS).zip(&outcomes) {
            let stored = server.stored(&client_file(client));
            match outcome.as_str() {
                "OK" => {
                    assert!(stored.unwrap() == content(client, LEN));
                    let delete = format!("DELETE {}", client_file(client));
                    assert_eq!(server.ask(&delete).outcome(), "OK");
                }
                "no-space" => assert_eq!(stored, None),
                other => panic!("an upload was answered {other}"),
            }
        }
        // The last that is under way has all the room that the others gave back.
        let stored = outcomes.iter().filter(|outcome| *outcome == "OK").count();
        assert!((1..=4).contains(&stored), "{stored} of {CLIENTS} were stored");
        assert_eq!(server.temporary_files(), 0);
    }
    expect_recovery(&server, &before, CLIENTS);
}

fn client_file(client: u64) -> String {
    format!("{client}.bin")
}

fn a_disk_without_inodes_is_told_and_survived(model: Model) {
    // One is the directory's.
    let Some(server) = start(model, "nr_inodes=4", &[]) else { return };
    let before = warm_up(&server, WORKERS);
    for name in ["a.txt", "b.txt", "c.txt"] {
        server.place(name, b"old");
    }
    let mut peer = server.connect();
    for name in ["a.txt", "d.txt"] {
        assert_eq!(peer.request(&format!("UPLOAD {name} Zm9v")).outcome(), "no-space", "{name}");
    }
    assert_eq!(peer.request("GET a.txt").content(), b"old");
    assert_eq!(peer.request("DELETE c.txt").outcome(), "OK");
    assert_eq!(peer.request("UPLOAD a.txt Zm9v").outcome(), "OK");
    assert_eq!(peer.request("GET a.txt").content(), b"foo");
    drop(peer);
    expect_recovery(&server, &before, WORKERS as u64);
}

/// A link to a file takes an inode of a tmpfs, and a server that does not replace files links them.
fn a_disk_that_fills_up_at_the_commit_is_told_and_survived(model: Model) {
    let Some(server) = start(model, "nr_inodes=3", &["--no-replace"]) else { return };
    server.place("a.txt", b"old");
    let mut peer = server.connect();
    assert_eq!(peer.request("UPLOAD b.txt Zm9v").outcome(), "no-space");
    assert_eq!(server.stored("b.txt"), None);
    assert_eq!(server.temporary_files(), 0);
    assert_eq!(peer.request("GET a.txt").content(), b"old");
    assert_eq!(peer.request("DELETE a.txt").outcome(), "OK");
    assert_eq!(peer.request("UPLOAD b.txt Zm9v").outcome(), "OK");
    assert_eq!(peer.request("GET b.txt").content(), b"foo");
}

fn a_disk_that_becomes_read_only_is_told_and_survived(model: Model) {
    let Some(server) = start(model, "size=1m", &[]) else { return };
    let before = warm_up(&server, WORKERS);
    server.place("a.txt", b"old");
    server.remount_disk("ro");
    let mut peer = server.connect();
    for request in ["UPLOAD a.txt Zm9v", "UPLOAD b.txt \"Zm9v\"", "DELETE a.txt"] {
        assert_eq!(peer.request(request).outcome(), "read-only", "{request}");
    }
    assert_eq!(peer.request("GET a.txt").content(), b"old");
    assert_eq!(peer.request("LIST").text(), r#"{"status":"OK","data":["a.txt"]}"#);
    server.remount_disk("rw");
    assert_eq!(peer.request("UPLOAD a.txt Zm9v").outcome(), "OK");
    assert_eq!(peer.request("GET a.txt").content(), b"foo");
    drop(peer);
    expect_recovery(&server, &before, WORKERS as u64);
}
