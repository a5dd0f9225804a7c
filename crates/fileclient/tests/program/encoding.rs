//! What goes over the wire as base64, and what as it is.

use std::sync::mpsc;

use client::Verb;
use testkit::Server;

use super::{link::fileserver, *};

/// One like most that students write: it answers what it does not know in words, and closes.
fn python_like() -> (String, mpsc::Receiver<String>) {
    let (sender, requests) = mpsc::channel();
    let address = FakeServer::forever(move |_, stream| {
        let request = read_request(stream);
        let reply = match request.split_whitespace().next() {
            Some("UPLOAD") => "{\"status\": \"OK\", \"data\": \"stored\"}\r\n\r\n".to_owned(),
            Some("GET") => file_reply(request.trim_end().strip_prefix("GET ").unwrap()),
            _ => "{\"status\": \"ERROR\", \"data\": \"request tidak dikenali\"}".to_owned(),
        };
        stream.write_all(reply.as_bytes()).unwrap();
        // Of a large one no more than its start is looked at.
        sender.send(request.trim_end().chars().take(24).collect()).unwrap();
    });
    (address, requests)
}

fn run_that_asks(server: &str, directory: &Path, args: &[&str]) -> (i32, String, String) {
    told(fileclient_that_asks(server, directory).args(args).output().unwrap())
}

#[test]
fn a_server_of_others_gets_no_verb_that_it_does_not_know_for_small_files() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(directory.path().join(name), "hello").unwrap();
    }
    let (server, requests) = python_like();
    let (code, _, err) = run_that_asks(&server, directory.path(), &["upload", "a", "b"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(requests.try_iter().collect::<Vec<_>>(), ["UPLOAD a aGVsbG8=", "UPLOAD b aGVsbG8="]);
}

#[test]
fn a_server_of_others_gets_one_ping_at_most() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(directory.path().join(name), vec![0; 1 << 20]).unwrap();
    }
    let (server, requests) = python_like();
    let (code, _, err) = run_that_asks(&server, directory.path(), &["upload", "a", "b"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let start = "AAAAAAAAAAAAAAA";
    let uploads = [format!("UPLOAD a {start}"), format!("UPLOAD b {start}")];
    assert_eq!(requests.recv().unwrap(), "PING");
    assert_eq!(requests.try_iter().collect::<Vec<_>>(), uploads);
    for (args, asked) in [
        (&["get", "a", "b"][..], &["PING", "GET a", "GET b"][..]),
        (&["get", "--continue", "a", "b"], &["PING", "GET a", "GET b"]),
        (&["get", "--parallel", "2", "a"], &["PING", "GET a"]),
        (&["get", "-o", "-", "a"], &["PING", "GET a"]),
    ] {
        let (code, _, err) = run_that_asks(&server, directory.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert_eq!(requests.try_iter().collect::<Vec<_>>(), asked, "{args:?}");
    }
}

#[test]
fn who_wants_no_base64_is_told_that_the_server_takes_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "hello").unwrap();
    for args in [&["get", "b"][..], &["upload", "a"]] {
        let (server, _requests) = python_like();
        let args = [&["--encoding", "raw"], args].concat();
        let (code, out, err) = run_that_asks(&server, directory.path(), &args);
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.ends_with("it takes base64 alone; leave --encoding raw out\n"), "{err}");
    }
    assert_eq!(names(directory.path()), ["a"]);
}

/// How often the server was asked for what moves files.
fn transfers(server: &Server) -> [u64; 4] {
    let requests = server.stats().requests;
    [Verb::Get, Verb::Upload, Verb::Fetch, Verb::Store].map(|verb| requests[verb].ok)
}

#[test]
fn files_are_the_same_whatever_they_go_as() {
    for mode in ["thread", "event"] {
        let server = fileserver().args(["--mode", mode]).start();
        let address = server.address().to_string();
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let mut expected = [0; 4];
        for (len, args, verbs) in [
            (5, &[][..], [0, 1, 1, 0]),
            (3_000_001, &[], [0, 0, 2, 1]),
            (3_000_001, &["--encoding", "base64"], [1, 1, 0, 0]),
            (5, &["--encoding", "raw"], [0, 0, 1, 1]),
            (0, &["--encoding", "raw"], [0, 0, 1, 1]),
        ] {
            let content = testkit::content(7, len);
            fs::write(here.join("sent"), &content).unwrap();
            let upload = [args, &["upload", "sent", "--as", "a b"]].concat();
            let (code, out, err) = run_that_asks(&address, here, &upload);
            assert!(code == 0 && err.is_empty() && out.starts_with("stored a b ("), "{out}{err}");
            assert!(server.stored("a b").unwrap() == content, "{mode} {args:?}");
            // With one connection nothing is looked up before.
            let parallel: &[&str] = if len > 5 { &[] } else { &["--parallel", "1"] };
            let get = [args, &["get", "a b", "-o", "came"], parallel].concat();
            let (code, _, err) = run_that_asks(&address, here, &get);
            assert_eq!((code, err.as_str()), (0, ""));
            assert!(fs::read(here.join("came")).unwrap() == content, "{mode} {args:?}");
            for (expected, more) in expected.iter_mut().zip(verbs) {
                *expected += more;
            }
            assert_eq!(transfers(&server), expected, "{mode} {args:?}");
        }
        assert_eq!(names(here), ["came", "sent"]);
    }
}

#[test]
fn pipes_work_with_every_encoding() {
    let server = fileserver().start();
    let address = server.address().to_string();
    let directory = tempfile::tempdir().unwrap();
    let content = testkit::content(3, 100_000);
    for encoding in ["auto", "base64"] {
        let mut command = fileclient_that_asks(&address, directory.path());
        command.args(["--encoding", encoding, "upload", "-", "--as", "p"]);
        let mut running = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        running.stdin.take().unwrap().write_all(&content).unwrap();
        assert!(running.wait().unwrap().success());
        assert!(server.stored("p").unwrap() == content);
    }
    for encoding in ["auto", "base64", "raw"] {
        let mut command = fileclient_that_asks(&address, directory.path());
        let got = command.args(["--encoding", encoding, "get", "p", "-o", "-"]).output().unwrap();
        assert!(got.status.success() && got.stdout == content, "{encoding}");
    }
    let raw = ["--encoding", "raw", "upload", "-", "--as", "p"];
    let (code, _, err) = run_that_asks(&address, directory.path(), &raw);
    assert_eq!(code, 1);
    assert!(err.contains("nobody knows its length before it ends"), "{err}");
}

#[test]
fn a_file_that_is_stored_differently_is_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "hello").unwrap();
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        let pong = "{\"status\":\"OK\",\"data\":\"pong\",\"data_features\":[\"store\"]}\r\n\r\n";
        stream.write_all(pong.as_bytes()).unwrap();
        read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data_offset\":0}\r\n\r\n").unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        let stored = "{\"status\":\"OK\",\"data_size\":5,\"data_digest\":\"blake3:00\"}\r\n\r\n";
        stream.write_all(stored.as_bytes()).unwrap();
    });
    let args = ["--encoding", "raw", "upload", "a"];
    let (code, out, err) = run_that_asks(&server.address, directory.path(), &args);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("has stored something else than a: "), "{err}");
}

#[test]
fn within_tls_files_go_as_they_are_too() {
    let certificates = Certificates::make();
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let content = testkit::content(8, 2_000_000);
    fs::write(here.join("sent"), &content).unwrap();
    let server = fileserver()
        .args(["--tls-cert".as_ref(), certificates.cert().as_os_str()])
        .args(["--tls-key".as_ref(), certificates.key().as_os_str()])
        .start();
    let address = server.address().to_string().replace("127.0.0.1", "localhost");
    let ca = certificates.ca();
    let tls = ["--tls", "--ca", ca.to_str().unwrap()];
    for command in [
        &["upload", "sent", "--as", "a"][..],
        &["upload", "--continue", "sent", "--as", "b"],
        &["get", "a", "-o", "x"],
        &["get", "b", "-o", "y", "--parallel", "3"],
        &["get", "b", "-o", "z", "--continue"],
    ] {
        let (code, _, err) = run_that_asks(&address, here, &[&tls, command].concat());
        assert_eq!((code, err.as_str()), (0, ""), "{command:?}");
    }
    for name in ["x", "y", "z"] {
        assert!(fs::read(here.join(name)).unwrap() == content, "{name}");
    }
}
