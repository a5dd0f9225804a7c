//! One file by several connections.

use super::{
    link::{AtTheEnd, Link, fileserver},
    *,
};

const LEN: usize = 5_000_000;

fn get(address: &str, directory: &Path, connections: &str) -> (i32, String, String) {
    let mut command = fileclient_that_asks(address, directory);
    told(command.args(["get", "a", "--parallel", connections]).output().unwrap())
}

#[test]
fn ranges_on_several_connections_make_the_file() {
    let content = testkit::content(1, LEN);
    for (mode, workers) in [("thread", "4"), ("event", "2"), ("thread", "1")] {
        let server = fileserver().args(["--mode", mode, "--workers", workers]).start();
        server.place("a", &content);
        let directory = tempfile::tempdir().unwrap();
        let (code, out, err) = get(&server.address().to_string(), directory.path(), "3");
        assert_eq!((code, err.as_str()), (0, ""), "{mode}");
        assert!(out.starts_with("saved a ("), "{out}");
        assert!(fs::read(directory.path().join("a")).unwrap() == content, "{mode}");
        assert_eq!(names(directory.path()), ["a"]);
    }
}

#[test]
fn a_connection_that_breaks_gives_its_range_to_the_others() {
    let content = testkit::content(2, LEN);
    let server = fileserver().start();
    server.place("a", &content);
    // The first asks for the size, and the last for the digest.
    let link = Link::to(server.address(), AtTheEnd::Breaks, |index| match index {
        1 => 300_000,
        2 => 1_000,
        _ => i64::MAX as u64,
    });
    let directory = tempfile::tempdir().unwrap();
    let (code, _, err) = get(&link.address, directory.path(), "3");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(fs::read(directory.path().join("a")).unwrap() == content);
    assert!(link.moved() < LEN as u64 + 600_000, "little comes twice: {}", link.moved());
}

#[test]
fn when_all_connections_break_the_older_file_stays() {
    let server = fileserver().start();
    server.place("a", &testkit::content(3, LEN));
    let link = Link::to(server.address(), AtTheEnd::Breaks, |_| 1_000_000);
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "old").unwrap();
    let (code, out, err) = get(&link.address, directory.path(), "3");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with(&format!("error: cannot get a at {}: ", link.address)), "{err}");
    assert_eq!(fs::read(directory.path().join("a")).unwrap(), b"old");
    assert_eq!(names(directory.path()), ["a"]);
}

#[test]
fn what_differs_from_the_servers_file_gets_no_name() {
    let server = fileserver().args(["--inject", "flip-byte"]).start();
    server.place("a", &testkit::content(4, LEN));
    let directory = tempfile::tempdir().unwrap();
    let (code, out, err) = get(&server.address().to_string(), directory.path(), "3");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("what came of a is not what "), "{err}");
    assert!(names(directory.path()).is_empty());
}
