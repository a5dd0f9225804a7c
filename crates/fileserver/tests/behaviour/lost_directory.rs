//! A served directory that is removed, moved or covered while it is served.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use testkit::{PATIENCE, Server, base64, content, eventually};

use crate::{Model, stop_cleanly};

for_every_model!(
    a_removed_directory_is_told_and_nothing_is_stored_in_another_of_its_name,
    a_moved_directory_takes_nothing_and_is_served_again_when_it_is_back,
    an_upload_whose_directory_is_moved_meanwhile_is_refused,
    a_directory_that_a_disk_is_laid_over_is_told,
);

const GONE: &str = "the served directory is no longer at";

/// A server of `vol` in a directory of its own.
fn start(model: Model) -> (TempDir, PathBuf, Server) {
    let parent = TempDir::with_prefix("kolam-").unwrap();
    let vol = parent.path().join("vol");
    fs::create_dir(&vol).unwrap();
    fs::write(vol.join("a.txt"), "old").unwrap();
    let dir = ["--port", "0", "--dir", vol.to_str().unwrap()];
    let server = model.server().without_defaults().args(dir).start();
    (parent, vol, server)
}

/// All that asks for files is an error, and the operator is told once.
#[track_caller]
fn expect_gone(server: &Server, vol: &Path) {
    let mut peer = server.connect();
    let requests = ["LIST", "GET a.txt", "GET b.txt", "DIGEST a.txt", "DELETE a.txt"];
    for request in [&requests[..], &["UPLOAD a.txt aGVsbG8=", "UPLOAD b.txt \"aGVsbG8=\""]].concat()
    {
        let refused = peer.request(request);
        assert_eq!(refused.outcome(), "internal", "{request}");
        let parent = vol.parent().unwrap().to_str().unwrap();
        assert!(!refused.text().contains(parent), "a client learns where the directory is");
    }
    assert_eq!(peer.request("PING").outcome(), "OK");
    drop(peer);
    assert!(server.stats().directory_gone);
    eventually(PATIENCE, "the log tells the operator", || server.stderr().contains(GONE));
    let log = server.stderr();
    let told: Vec<_> = log.lines().filter(|line| line.contains(" - ERROR - ")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains(vol.to_str().unwrap()), "{log}");
}

fn a_removed_directory_is_told_and_nothing_is_stored_in_another_of_its_name(model: Model) {
    let (_parent, vol, server) = start(model);
    fs::remove_dir_all(&vol).unwrap();
    expect_gone(&server, &vol);
    fs::create_dir(&vol).unwrap();
    expect_gone(&server, &vol);
    assert_eq!(fs::read_dir(&vol).unwrap().count(), 0);
    stop_cleanly(server);
}

fn a_moved_directory_takes_nothing_and_is_served_again_when_it_is_back(model: Model) {
    let (parent, vol, server) = start(model);
    let elsewhere = parent.path().join("x");
    fs::rename(&vol, &elsewhere).unwrap();
    fs::create_dir(&vol).unwrap();
    expect_gone(&server, &vol);
    assert_eq!(fs::read(elsewhere.join("a.txt")).unwrap(), b"old");
    for (dir, count) in [(&vol, 0), (&elsewhere, 1)] {
        assert_eq!(fs::read_dir(dir).unwrap().count(), count, "{}", dir.display());
    }
    fs::remove_dir(&vol).unwrap();
    fs::rename(&elsewhere, &vol).unwrap();
    assert_eq!(server.ask("GET a.txt").content(), b"old");
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(fs::read(vol.join("a.txt")).unwrap(), b"hello");
    assert!(!server.stats().directory_gone);
    eventually(PATIENCE, "the log says that it is back", || server.stderr().contains("again"));
    stop_cleanly(server);
}

fn an_upload_whose_directory_is_moved_meanwhile_is_refused(model: Model) {
    let (parent, vol, server) = start(model);
    let elsewhere = parent.path().join("x");
    let (content, text) = (content(1, 300_000), base64(&content(1, 300_000)));
    let (first, second) = text.split_at(text.len() / 2);
    let mut peer = server.connect();
    peer.send(format!("UPLOAD a.txt {first}"));
    eventually(PATIENCE, "the upload begins", || fs::read_dir(&vol).unwrap().count() == 2);
    fs::rename(&vol, &elsewhere).unwrap();
    fs::create_dir(&vol).unwrap();
    peer.send(format!("{second}\r\n\r\n"));
    assert_eq!(peer.read_reply().outcome(), "internal");
    assert_eq!(fs::read(elsewhere.join("a.txt")).unwrap(), b"old");
    fs::remove_dir(&vol).unwrap();
    fs::rename(&elsewhere, &vol).unwrap();
    // The same connection goes on.
    assert_eq!(peer.request(&format!("UPLOAD a.txt {text}")).outcome(), "OK");
    assert!(fs::read(vol.join("a.txt")).unwrap() == content);
    assert_eq!(fs::read_dir(&vol).unwrap().count(), 1);
    drop(peer);
    stop_cleanly(server);
}

fn a_directory_that_a_disk_is_laid_over_is_told(model: Model) {
    // In a namespace of its own, where a disk can be mounted.
    let Some(builder) = model.server().on_own_disk("size=1m") else { return };
    let path = builder.dir().to_owned();
    let mut server = builder.start();
    server.place("a.txt", b"old");
    server.cover_disk();
    expect_gone(&server, &path);
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
    server.uncover_disk();
    assert_eq!(server.ask("GET a.txt").content(), b"old");
    assert_eq!(server.stop().exit_code, Some(0));
}
