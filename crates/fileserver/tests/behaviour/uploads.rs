//! Storing: atomic replacement, whoever else uploads, reads or deletes at the same time.

use std::thread;

use testkit::{base64, content, upload_request};

use crate::{Model, await_temporary_files, stop_cleanly};

for_every_model_and_store!(
    an_upload_is_stored_whole_and_replaces_what_was_there,
    an_empty_file_can_be_stored_in_every_way,
    a_broken_upload_leaves_the_old_file,
    a_refused_upload_is_answered_at_once_and_its_rest_is_skipped,
    fifty_clients_on_five_workers_are_all_served;
    in_a_directory:
    of_concurrent_uploads_of_one_name_one_wins_whole,
);

fn an_upload_is_stored_whole_and_replaces_what_was_there(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for len in [0, 1, 2, 3, 1000, 192 * 1024, 192 * 1024 + 1, 1 << 20, 5] {
        let content = content(len as u64, len);
        peer.send(upload_request("a.bin", &content));
        assert_eq!(peer.read_reply()["data_size"], len);
        assert!(server.stored("a.bin").unwrap() == content, "{len} bytes");
        assert!(peer.request("GET a.bin").content() == content, "{len} bytes");
    }
    drop(peer);
    stop_cleanly(server);
}

fn an_empty_file_can_be_stored_in_every_way(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for request in ["UPLOAD a.txt \"\"", "UPLOAD a.txt ''", "UPLOAD a.txt "] {
        server.place("a.txt", b"old");
        assert_eq!(peer.request(request)["data_size"], 0, "{request:?}");
        assert_eq!(server.stored("a.txt").unwrap(), b"");
        assert_eq!(peer.request("GET a.txt")["data_file"], "");
    }
}

fn a_broken_upload_leaves_the_old_file(model: Model) {
    let server = model.start();
    server.place("a.txt", b"old");
    let mut peer = server.connect();
    let long = base64(&content(1, 300_000));
    for broken in ["!", "aGVsbG8", "aGVsbG8=aGVs", &format!("{long}!"), &format!("\"{long}*\"")] {
        assert_eq!(peer.request(&format!("UPLOAD a.txt {broken}")).outcome(), "bad-base64");
        assert_eq!(peer.request("GET a.txt").content(), b"old");
        assert_eq!(server.temporary_files(), 0);
    }
    // A line that is no content leaves open where the next request starts.
    let wrapped = format!("UPLOAD a.txt {}\r\naGVs*", &long[..64]);
    assert_eq!(peer.request(&wrapped).outcome(), "bad-base64");
    peer.expect_closed();
    drop(peer);
    assert_eq!(server.stored("a.txt").unwrap(), b"old");
    stop_cleanly(server);
}

fn a_refused_upload_is_answered_at_once_and_its_rest_is_skipped(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send("UPLOAD ../x aGVs");
    assert_eq!(peer.read_reply().outcome(), "bad-name");
    peer.send(format!("{}\r\n", base64(&content(1, 3_000_000))));
    assert_eq!(peer.request("PING").outcome(), "OK");
    peer.send("UPLOAD a.txt \"****");
    assert_eq!(peer.read_reply().outcome(), "bad-base64");
    peer.send(format!("{}\"\r\n\r\n", base64(&content(1, 3_000_000))));
    assert_eq!(peer.request("PING").outcome(), "OK");
}

fn of_concurrent_uploads_of_one_name_one_wins_whole(model: Model) {
    let server = model.server().args(["--workers", "12"]).start();
    let contents: Vec<_> = (0..10).map(|seed| content(seed, 300_000)).collect();
    server.place("a.bin", &contents[0]);
    let is_one_of_them = |stored: &[u8]| contents.iter().any(|content| content == stored);
    thread::scope(|scope| {
        for content in &contents {
            let mut peer = server.connect();
            scope.spawn(move || {
                let text = base64(content);
                let (first, second) = text.split_at(text.len() / 2);
                peer.send(format!("UPLOAD a.bin {first}"));
                peer.send(format!("{second}\r\n\r\n"));
                assert_eq!(peer.read_reply()["data_size"], content.len());
            });
        }
        scope.spawn(|| {
            let mut peer = server.connect();
            for _ in 0..10 {
                assert!(is_one_of_them(&peer.request("GET a.bin").content()));
            }
        });
    });
    assert!(is_one_of_them(&server.stored("a.bin").unwrap()));
    await_temporary_files(&server, 0);
    stop_cleanly(server);
}

fn fifty_clients_on_five_workers_are_all_served(model: Model) {
    let server = model.server().args(["--workers", "5"]).start();
    let mut peers: Vec<_> = (0..50).map(|_| server.connect()).collect();
    thread::scope(|scope| {
        for (seed, mut peer) in (0..).zip(peers.drain(..)) {
            scope.spawn(move || {
                let name = format!("{seed}.bin");
                let content = content(seed, 100_000);
                peer.send(upload_request(&name, &content));
                assert_eq!(peer.read_reply().outcome(), "OK");
                assert!(peer.request(&format!("GET {name}")).content() == content);
            });
        }
    });
    assert_eq!(server.ask("LIST")["data"].as_array().unwrap().len(), 50);
    stop_cleanly(server);
}
