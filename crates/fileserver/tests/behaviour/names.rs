//! Names that are refused, and entries of the directory that are no files to anyone.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{self, ffi::OsStrExt},
};

use nix::{sys::stat::Mode, unistd::mkfifo};
use testkit::Server;

use crate::{Model, stop_cleanly};

for_every_model_and_store!(
    an_unsafe_name_is_refused_at_once_and_touches_nothing;
    in_a_directory:
    files_that_no_client_can_name_are_told_once_with_their_count,
    a_directory_with_more_than_it_may_have_is_told_at_the_start,
    a_symbolic_link_is_neither_served_nor_replaced_nor_deleted,
    a_fifo_is_neither_served_nor_replaced_nor_deleted,
    a_directory_is_neither_served_nor_replaced_nor_deleted,
);

fn an_unsafe_name_is_refused_at_once_and_touches_nothing(model: Model) {
    let server = model.start();
    let outside = server.dir().with_extension("outside");
    let mut peer = server.connect();
    let escape = format!("../{}", outside.file_name().unwrap().to_str().unwrap());
    let long = "x".repeat(300);
    for name in [
        "../x",
        &escape,
        "/etc/passwd",
        "a/b",
        "a\\b",
        "a\0b",
        "\"\"",
        &long,
        ".",
        "..",
        ".hidden",
        ".upload-1-0",
        "a\u{1b}[31m",
        "a\u{202e}txt.exe",
        "a\u{2066}b",
    ] {
        for request in [
            format!("GET {name}"),
            format!("DELETE {name}"),
            format!("DIGEST {name}"),
            format!("UPLOAD {name} aGVsbG8="),
            format!("UPLOAD {name} \"aGVsbG8=\""),
        ] {
            assert_eq!(peer.request(&request).outcome(), "bad-name", "{request:?}");
        }
    }
    peer.send(b"GET \xff\xfe\r\n\r\n");
    assert_eq!(peer.read_reply().outcome(), "bad-name");
    assert_eq!(peer.request("PING").outcome(), "OK");
    drop(peer);
    assert!(!outside.exists());
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 0);
    stop_cleanly(server);
}

fn files_that_no_client_can_name_are_told_once_with_their_count(model: Model) {
    let builder = model.server();
    for name in [&b"a.txt"[..], b"\xff.txt", b"a\nb", b".profile"] {
        fs::write(builder.dir().join(OsStr::from_bytes(name)), "").unwrap();
    }
    let mut server = builder.start();
    assert_eq!(server.stats().files_left_out, 2);
    for _ in 0..2 {
        assert_eq!(server.ask("LIST").text(), r#"{"status":"OK","data":["a.txt"]}"#);
    }
    fs::remove_file(server.dir().join("a\nb")).unwrap();
    assert_eq!(server.ask("LIST").outcome(), "OK");
    assert_eq!(server.stats().files_left_out, 1);
    let log = server.stop().stderr;
    let told: Vec<_> = log.lines().filter(|line| line.contains("no client can ask")).collect();
    assert!(told.len() == 1 && told[0].contains(" WARNING ") && told[0].contains(" 2 "), "{log}");
}

fn a_directory_with_more_than_it_may_have_is_told_at_the_start(model: Model) {
    let warnings = |options: &[&str]| {
        let builder = model.server().args(options);
        for name in ["a", "b", "c"] {
            fs::write(builder.dir().join(name), "12345").unwrap();
        }
        let log = builder.start().stop().stderr;
        ["--max-files allows 2", "--quota allows 12"].map(|words| log.contains(words))
    };
    assert_eq!(warnings(&["--max-files", "2", "--quota", "12"]), [true, true]);
    assert_eq!(warnings(&["--max-files", "4", "--quota", "16"]), [false, false]);
    assert_eq!(warnings(&["--max-files", "2", "--quota", "12", "--read-only"]), [false, false]);
}

fn a_symbolic_link_is_neither_served_nor_replaced_nor_deleted(model: Model) {
    let outside = tempfile::TempDir::new().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, b"secret").unwrap();
    let server = model.start();
    server.place("inside", b"inside");
    for (link, target) in [
        ("absolute", secret.to_str().unwrap()),
        ("relative", "../secret"),
        ("within", "inside"),
        ("dangling", "/no/such/file"),
        ("folder", outside.path().to_str().unwrap()),
    ] {
        unix::fs::symlink(target, server.dir().join(link)).unwrap();
        expect_no_file(&server, link);
        assert_eq!(fs::read_link(server.dir().join(link)).unwrap().to_str(), Some(target));
    }
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    assert_eq!(server.stored("inside").unwrap(), b"inside");
    assert_eq!(server.ask("LIST").text(), r#"{"status":"OK","data":["inside"]}"#);
    stop_cleanly(server);
}

fn a_fifo_is_neither_served_nor_replaced_nor_deleted(model: Model) {
    let server = model.start();
    let fifo = server.dir().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    expect_no_file(&server, "fifo");
    assert!(unix::fs::FileTypeExt::is_fifo(&fs::metadata(&fifo).unwrap().file_type()));
    stop_cleanly(server);
}

fn a_directory_is_neither_served_nor_replaced_nor_deleted(model: Model) {
    let server = model.start();
    fs::create_dir(server.dir().join("folder")).unwrap();
    expect_no_file(&server, "folder");
    assert!(server.dir().join("folder").is_dir());
    stop_cleanly(server);
}

/// No request sees a file in the entry, and an upload does not take its place.
#[track_caller]
fn expect_no_file(server: &Server, entry: &str) {
    let mut peer = server.connect();
    for request in ["GET", "DELETE", "DIGEST"] {
        let reply = peer.request(&format!("{request} {entry}"));
        assert_eq!(reply.outcome(), "not-found", "{request} {entry}");
    }
    assert_eq!(peer.request(&format!("UPLOAD {entry} aGVsbG8=")).outcome(), "exists", "{entry}");
    let listed = peer.request("LIST");
    let names = listed["data"].as_array().unwrap();
    assert!(names.iter().all(|name| name != entry), "{}", listed.text());
}
