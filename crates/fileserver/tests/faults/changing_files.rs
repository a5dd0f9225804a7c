//! Files that are cut short, replaced or deleted while they are sent.

use std::{
    fs::File,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use protocol::Verb;
use testkit::{Server, content, upload_request};

use crate::{
    End, Model,
    bystanders::{BYSTANDERS, undisturbed},
    expect_recovery, fileserver, scaled, warm_up,
};

for_every_model!(
    a_file_cut_short_under_its_readers_is_whole_for_none_of_them,
    a_file_that_keeps_changing_is_sent_whole_or_not_at_all,
);

const READERS: usize = 4;
const WORKERS: u64 = READERS as u64 + 1 + BYSTANDERS;

/// More than the sockets of both ends hold: part of it has not been read from the file yet.
const LONG: usize = 20 << 20;

fn a_file_cut_short_under_its_readers_is_whole_for_none_of_them(model: Model) {
    let server = fileserver(model).args(["--workers", &WORKERS.to_string()]).start();
    let before = warm_up(&server, WORKERS as usize);
    let content = content(1, LONG);
    undisturbed(&server, || {
        for len in scaled([0].as_slice(), &[LONG as u64 - 1, LONG as u64 / 2, 1, 0]) {
            server.place("a.bin", &content);
            let mut readers: Vec<_> = (0..READERS).map(|_| server.connect()).collect();
            for reader in &mut readers {
                reader.send("GET a.bin\r\n\r\n");
                reader.await_bytes(1000);
            }
            let file = File::options().write(true).open(server.dir().join("a.bin")).unwrap();
            file.set_len(*len).unwrap();
            for reader in &mut readers {
                let received = reader.read_to_end();
                assert!(!received.ends_with(b"}\r\n\r\n"), "a reader takes it for whole");
            }
        }
    });
    assert_eq!(server.stats().requests[Verb::Get].failed, (READERS * scaled(1, 4)) as u64);
    expect_recovery(&server, &before, WORKERS);
}

fn a_file_that_keeps_changing_is_sent_whole_or_not_at_all(model: Model) {
    // Readers ask again and again on one connection.
    let server = fileserver(model)
        .args(["--workers", &WORKERS.to_string(), "--max-requests", "1000000000"])
        .start();
    let before = warm_up(&server, WORKERS as usize);
    let contents = [content(1, 1 << 20), content(2, 700_000), content(3, 1)];
    let over = AtomicBool::new(false);
    undisturbed(&server, || {
        thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| read_until(&over, &server, &contents));
            }
            let _end = End(&over);
            change_often(&server, &contents);
        });
    });
    expect_recovery(&server, &before, WORKERS);
}

fn change_often(server: &Server, contents: &[Vec<u8>]) {
    let mut peer = server.connect();
    for _ in 0..scaled(15, 150) {
        for content in contents {
            peer.send(upload_request("a.bin", content));
            assert_eq!(peer.read_reply().outcome(), "OK");
        }
        assert_eq!(peer.request("DELETE a.bin").outcome(), "OK");
    }
}

fn read_until(over: &AtomicBool, server: &Server, contents: &[Vec<u8>]) {
    let mut peer = server.connect();
    while !over.load(Relaxed) {
        peer.send("GET a.bin\r\n\r\n");
        let reply = peer.read_long_reply();
        match reply.outcome() {
            "OK" => assert!(contents.contains(&reply.content()), "a reader got wrong bytes"),
            outcome => assert_eq!(outcome, "not-found"),
        }
    }
}
