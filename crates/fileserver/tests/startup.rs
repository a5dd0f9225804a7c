//! Starting: the listening line, or exit status 2 and a sentence that says what to change.
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::{fs, io::Read, net::TcpListener, path::PathBuf};

use testkit::{Certificates, Server, ServerBuilder, Stopped};

fn fileserver() -> ServerBuilder {
    ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
}

const MODES: [&str; 5] = ["legacy", "thread", "process", "async", "event"];

#[test]
fn connections_are_accepted_once_the_listening_line_is_printed() {
    for mode in MODES {
        let server = fileserver().args(["--mode", mode]).start();
        assert!(server.address().ip().is_loopback());
        assert_eq!(server.ask("PING").outcome(), "OK", "{mode}");
        assert_eq!(server.stats().mode, mode);
    }
}

#[test]
fn five_threads_are_the_default() {
    let stats = fileserver().start().stats();
    assert_eq!((stats.mode.as_str(), stats.workers, stats.worker.len()), ("thread", 5, 5));
}

#[test]
fn a_taken_port_is_named_and_another_way_is_shown() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for mode in MODES {
        let stopped = refused(
            fileserver().without_defaults().args(["--mode", mode, "--dir", ".", "--port", &port]),
        );
        let sentence = format!("fileserver: port {port} on 127.0.0.1 is taken by another program");
        assert!(stopped.stderr.starts_with(&sentence), "{}", stopped.stderr);
        assert!(stopped.stderr.contains("--port"), "{}", stopped.stderr);
    }
}

/// What keeps a server from starting is one sentence: what is wrong, then what to do, each once.
#[test]
fn what_keeps_a_server_from_starting_is_told_in_a_sentence() {
    let temp = tempfile::tempdir().unwrap();
    let path = |name: &str| temp.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("file"), "").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (options, sentence) in [
        (
            ["--dir", &path("missing")],
            "there is no directory /DIR/missing; name another with --dir",
        ),
        (["--dir", &path("file")], "/DIR/file is not a directory; name another with --dir"),
        (
            ["--host", "192.0.2.1"],
            "--host 192.0.2.1 is not an address of this machine; 127.0.0.1 listens to this machine \
             alone, 0.0.0.0 to all that can reach it",
        ),
        (["--host", "[::1]:80"], "--host takes no port; say --host ::1 --port 80"),
        (
            ["--log-file", &path("missing/log")],
            "--log-file /DIR/missing/log is in a directory that does not exist; make that first",
        ),
        (
            ["--log-file", &path("")],
            "--log-file /DIR/ cannot be opened for writing: Is a directory (os error 21); name \
             another",
        ),
        (
            ["--log-db", &path("missing/db")],
            "--log-db /DIR/missing/db cannot be used: its file cannot be made: No such file or \
             directory (os error 2)",
        ),
        (
            ["--metrics", &taken],
            "cannot listen on --metrics TAKEN: Address already in use (os error 98); choose another \
             address or port",
        ),
    ] {
        let environment = fileserver().env("FILESERVER_PORT", "0").env("FILESERVER_DIR", ".");
        let stopped = refused(environment.without_defaults().args(options));
        let told = stopped.stderr.replace(temp.path().to_str().unwrap(), "/DIR");
        let told = told.replace(&taken, "TAKEN");
        assert_eq!(told, format!("fileserver: {sentence}\n"), "{options:?}");
    }
}

#[cfg(not(feature = "bucket"))]
#[test]
fn a_bucket_needs_a_server_that_was_built_with_buckets() {
    let stopped = refused(fileserver().without_defaults().args(["--dir", "s3://photos/2026"]));
    assert_eq!(
        stopped.stderr,
        "fileserver: this fileserver was built without buckets; to build one that serves them: \
         cargo build --release -p fileserver --features bucket\n"
    );
}

#[test]
fn files_of_secrets_that_are_of_no_use_are_named() {
    let (ours, others) = (Certificates::make(), Certificates::make());
    let path = |path: PathBuf| path.to_str().unwrap().to_owned();
    let (cert, key) = (path(ours.cert()), path(ours.key()));
    let tokens = ours.dir().join("tokens");
    fs::write(&tokens, "# made by hand\nalice:rw:secret\n").unwrap();
    let tokens = path(tokens);
    let write = |name: &str, text: String| {
        fs::write(ours.dir().join(name), text).unwrap();
        path(ours.dir().join(name))
    };
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let reversed = write("reversed.pem", read(ours.ca()) + &read(ours.cert()));
    let locked = write("locked.pem", read(ours.key()).replace("PRIVATE", "ENCRYPTED PRIVATE"));
    for (args, sentence) in [
        (
            vec!["--tls-cert", &reversed, "--tls-key", &key],
            " the certificate of --tls-key is number 2; it must be the first",
        ),
        (vec!["--tls-cert", &cert, "--tls-key", &locked], " has a password, which the server"),
        (vec!["--auth-file", "no/such/file"], "cannot read the --auth-file no/such/file: No such"),
        (vec!["--auth-file", &tokens], "line 2 of the --auth-file "),
        (
            vec!["--tls-cert", &cert, "--tls-key", "no/such/file"],
            "cannot read --tls-key no/such/file: No such",
        ),
        (vec!["--tls-cert", &key, "--tls-key", &key], " is not a PEM file of certificates"),
        (vec!["--tls-cert", &cert, "--tls-key", &cert], " is not a PEM file of a private key"),
        (
            vec!["--tls-cert", &cert, "--tls-key", &path(others.key())],
            " is not the key of --tls-cert ",
        ),
        (vec!["--tls-cert", &cert], "--tls-key"),
    ] {
        let stopped = refused(fileserver().args(&args));
        assert!(stopped.stderr.contains(sentence), "{args:?}: {}", stopped.stderr);
    }
}

#[test]
fn a_certificate_out_of_its_time_is_told_and_served() {
    for (years, told) in
        [(1990..=1999, "expired "), (2990..=2999, "is valid in "), (1990..=2999, "serving in")]
    {
        let certificates = Certificates::make_valid(years);
        let mut server = fileserver()
            .args(["--tls-cert", certificates.cert().to_str().unwrap()])
            .args(["--tls-key", certificates.key().to_str().unwrap()])
            .start();
        let log = server.stop().stderr;
        assert!(log.contains(told), "{log}");
        assert_eq!(log.contains("WARNING - the certificate"), told != "serving in", "{log}");
    }
}

#[test]
fn an_editors_byte_order_mark_hides_no_certificate() {
    let certificates = Certificates::make();
    let mut options = Vec::new();
    for (option, pem) in [("--tls-cert", certificates.cert()), ("--tls-key", certificates.key())] {
        let text = fs::read_to_string(&pem).unwrap();
        fs::write(&pem, format!("\u{feff}{text}")).unwrap();
        options.extend([option.to_owned(), pem.to_str().unwrap().to_owned()]);
    }
    let server = fileserver().args(options).start();
    let mut peer = testkit::Peer::connect_tls(server.address(), &certificates);
    assert_eq!(peer.request("PING").outcome(), "OK");
}

#[test]
fn bad_options_are_refused_and_named() {
    for bad in [
        "--mode=turbo",
        "--workers=0",
        "--workers=1001",
        "--workers=five",
        "--idle-timeout=soon",
        "--idle-timeout=-1",
        "--drain=nan",
        "--max-upload=much",
        "--max-connections=0",
        "--backlog=0",
        "--log-level=loud",
        "--read-only=perhaps",
        "--inject=lightning",
        "--inject=flip-byte,service-time=soon",
        "--accept-proxy=localhost",
        "--accept-proxy=127.0.0.1,10.0.0.0/33",
        "--no-such-option=1",
    ] {
        let stopped = refused(fileserver().args([bad]));
        let (option, _) = bad.split_once('=').unwrap();
        assert!(stopped.stderr.contains(option), "{bad}: {}", stopped.stderr);
    }
    refused(fileserver().without_defaults().args(["--dir", ".", "--port", "65536"]));
    let stopped = refused(fileserver().args(["--host", "no-such-host.invalid"]));
    assert!(stopped.stderr.contains("no-such-host.invalid"), "{}", stopped.stderr);
}

#[test]
fn a_grace_period_that_no_clock_holds_is_refused() {
    refused(fileserver().args(["--drain", "1e19"]));
}

#[test]
fn an_idle_timeout_that_lets_nobody_speak_is_refused() {
    refused(fileserver().args(["--idle-timeout", "0"]));
}

#[test]
fn two_hundred_workers_start_in_every_mode() {
    for mode in MODES {
        let mut server = fileserver().args(["--mode", mode, "--workers", "200"]).start();
        let stats = server.stats();
        assert_eq!(stats.workers, 200);
        if mode != "legacy" {
            assert_eq!(stats.worker.len(), 200);
            assert!(stats.worker.iter().all(|worker| worker.pid > 0), "{mode}: not all run");
        }
        let stopped = server.stop();
        assert_eq!(stopped.exit_code, Some(0), "{mode}: {}", stopped.stderr);
    }
}

#[test]
fn what_a_killed_server_left_is_removed_and_nothing_else() {
    let builder = fileserver();
    let entry = |name: &str| builder.dir().join(name);
    for name in [".upload-1-0", ".upload-4242-17", ".profile", ".upload-mine", ".uploads", "a.txt"]
    {
        fs::write(entry(name), b"x").unwrap();
    }
    fs::create_dir(entry(".upload-dir")).unwrap();
    let server = builder.start();
    let mut names: Vec<_> = fs::read_dir(server.dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".profile", ".upload-dir", ".upload-mine", ".uploads", "a.txt"]);
}

#[test]
fn a_second_server_spares_the_uploads_of_the_first() {
    let first = fileserver().start();
    let mut peer = first.connect();
    peer.send("UPLOAD a.txt Zm9v");
    testkit::eventually(testkit::PATIENCE, "the upload begins", || first.temporary_files() == 1);
    let dir = first.dir().to_str().unwrap();
    let second = fileserver().without_defaults().args(["--port", "0", "--dir", dir]).start();
    assert_eq!(second.ask("PING").outcome(), "OK");
    peer.send("YmFy\r\n\r\n");
    assert_eq!(peer.read_reply()["data_size"], 6);
    assert_eq!(second.ask("GET a.txt").content(), b"foobar");
}

#[test]
fn a_terminal_shows_what_somebody_must_know_unless_told_otherwise() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let log_file = ["--log-file", log.path().to_str().unwrap()];
    for mode in MODES {
        let shown = shown_on_a_terminal(&["--mode", mode]);
        assert!(shown.contains("not-found") && !shown.contains("INFO"), "{mode}: {shown}");
        let shown = shown_on_a_terminal(&["--mode", mode, "--log-level", "info"]);
        assert!(shown.contains("INFO") && shown.contains("serving in"), "{mode}: {shown}");
        assert_eq!(shown_on_a_terminal(&[&["--mode", mode], &log_file[..]].concat()), "");
    }
    let written = fs::read_to_string(log.path()).unwrap();
    assert!(MODES.iter().all(|mode| written.contains(&format!("serving in {mode} mode"))));
}

/// What a server that runs on a terminal writes to it. One of its requests fails.
#[track_caller]
fn shown_on_a_terminal(options: &[&str]) -> String {
    let terminal = nix::pty::openpty(None, None).unwrap();
    let path = nix::unistd::ttyname(&terminal.slave).unwrap();
    let on_terminal = "exec \"$0\" \"$@\" 2>\"$TERMINAL\"";
    let mut server = ServerBuilder::new("sh")
        .env("TERMINAL", path)
        .args(["-c", on_terminal, env!("CARGO_BIN_EXE_fileserver")])
        .args(options)
        .start();
    assert_eq!(server.ask("GET a.txt").outcome(), "not-found");
    assert_eq!(server.stop().exit_code, Some(0));
    drop(terminal.slave);
    let mut shown = Vec::new();
    // A terminal that nobody has open any more ends with an error.
    let _ = fs::File::from(terminal.master).read_to_end(&mut shown);
    String::from_utf8(shown).unwrap()
}

#[test]
fn addresses_and_directories_are_taken_as_people_type_them() {
    // The directory is not the one of the environment, which is not there.
    let environment = || {
        let builder = fileserver().without_defaults().env("FILESERVER_PORT", "0");
        fs::create_dir(builder.dir().join("inner")).unwrap();
        builder.env("FILESERVER_DIR", "missing").args(["inner"])
    };
    let at = |host: &str| {
        let server = environment().args(["--host", host]).start();
        assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
        assert_eq!(fs::read(server.dir().join("inner/a.txt")).unwrap(), b"hello");
        server.address().ip().to_string()
    };
    assert_eq!(at("localhost"), "127.0.0.1");
    if TcpListener::bind("[::1]:0").is_ok() {
        assert_eq!(at("[::1]"), "::1");
        assert_eq!(at("::1"), "::1");
    }
}

#[test]
fn every_option_is_an_environment_variable_too() {
    let builder = fileserver()
        .without_defaults()
        .env("FILESERVER_PORT", "0")
        .env("FILESERVER_DIR", ".")
        .env("FILESERVER_HOST", "127.0.0.1")
        .env("FILESERVER_MODE", "async")
        .env("FILESERVER_WORKERS", "3")
        .env("FILESERVER_IDLE_TIMEOUT", "30")
        .env("FILESERVER_DRAIN", "5")
        .env("FILESERVER_MAX_UPLOAD", "2B")
        .env("FILESERVER_MAX_CONNECTIONS", "7")
        .env("FILESERVER_BACKLOG", "9")
        .env("FILESERVER_NO_REPLACE", "true")
        .env("FILESERVER_LOG_LEVEL", "warn")
        .env("FILESERVER_LOG_FORMAT", "json");
    let server = builder.start();
    let stats = server.stats();
    assert_eq!((stats.mode.as_str(), stats.workers), ("async", 3));
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "too-large");
    assert_eq!(server.ask("UPLOAD a.txt aGk=").outcome(), "OK");
    assert_eq!(server.ask("UPLOAD a.txt aGk=").outcome(), "exists");
    testkit::eventually(testkit::PATIENCE, "the log shows the request", || {
        server.stderr().contains(r#""outcome":"exists""#)
    });
    assert!(!server.stderr().contains(r#""level":"info""#), "{}", server.stderr());
}

#[test]
fn a_switch_can_be_set_by_the_environment_in_the_usual_ways() {
    let outcome = |value: &str| {
        let server: Server = fileserver().env("FILESERVER_READ_ONLY", value).start();
        server.ask("UPLOAD a.txt aGk=").outcome().to_owned()
    };
    assert_eq!(outcome("true"), "read-only");
    assert_eq!(outcome("false"), "OK");
    assert_eq!(outcome("1"), "read-only");
    assert_eq!(outcome("0"), "OK");
}

#[test]
fn a_variable_that_is_empty_counts_as_not_set() {
    let mut builder = fileserver();
    for option in [
        "AUTH_FILE",
        "DURABILITY",
        "HOST",
        "LOG_DB",
        "LOG_FILE",
        "LOG_LEVEL",
        "METRICS",
        "MODE",
        "QUOTA",
        "READ_ONLY",
        "STATUS",
        "TLS_CERT",
        "TLS_KEY",
        "USER",
        "WORKERS",
    ] {
        builder = builder.env(format!("FILESERVER_{option}"), "");
    }
    let server = builder.start();
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.stats().workers, 5);
}

#[test]
fn the_command_line_goes_before_the_environment() {
    let server = fileserver().env("FILESERVER_WORKERS", "3").args(["--workers", "4"]).start();
    assert_eq!(server.stats().workers, 4);
}

#[test]
#[cfg(target_os = "linux")]
fn a_restarted_server_takes_its_port_again_at_once() {
    // No other test uses this address, so none can take the port in between.
    let at = ["--host", "127.0.0.2"];
    let mut first = fileserver().args(at).start();
    let mut peer = first.connect();
    assert_eq!(peer.request("PING").outcome(), "OK");
    let port = first.address().port().to_string();
    // The server closes first, so the connection lingers in TIME_WAIT on its side.
    first.kill(testkit::Signal::SIGTERM);
    peer.expect_closed();
    drop(peer);
    assert_eq!(first.wait(testkit::PATIENCE).exit_code, Some(0));
    let again = fileserver().without_defaults().args(at).args(["--dir", ".", "--port", &port]);
    assert_eq!(again.start().ask("PING").outcome(), "OK");
}

/// Runs a server that cannot start.
#[track_caller]
fn refused(builder: ServerBuilder) -> Stopped {
    let stopped = builder.run_to_end();
    assert_eq!(stopped.exit_code, Some(2), "{}", stopped.stderr);
    stopped
}
