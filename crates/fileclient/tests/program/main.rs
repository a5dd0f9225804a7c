//! The program `fileclient` as a person or a script runs it.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod batch;
mod continuing;
mod encoding;
mod link;
mod outputs;
mod parallel;
mod progress;
mod prompt;
mod results;
mod saving;
mod top;

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, Output, Stdio},
};

use testkit::{
    Certificates,
    fake_server::{FakeServer, answering, read_request, read_to_close, recv, recv_bytes},
};

/// That talks base64 alone, so that it asks nothing but what its arguments say.
fn fileclient(server: &str, directory: &Path) -> Command {
    let mut command = fileclient_that_asks(server, directory);
    command.args(["--encoding", "base64"]);
    command
}

fn fileclient_that_asks(server: &str, directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fileclient"));
    command.current_dir(directory).args(["--server", server, "--timeout", "10"]);
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("FILECLIENT_")) {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// The exit code, standard output and standard error.
fn told(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run(server: &str, directory: &Path, args: &[&str]) -> (i32, String, String) {
    told(fileclient(server, directory).args(args).output().unwrap())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn file_reply(name: &str) -> String {
    format!("{{\"status\":\"OK\",\"data_namafile\":\"{name}\",\"data_file\":\"aGVsbG8=\"}}\r\n\r\n")
}

/// The counts of a server of this project from before workers said what they are doing.
fn stats_reply(uptime_seconds: f64, bytes_out: u64) -> String {
    let none = "{\"ok\":0,\"failed\":0}";
    let requests = format!(
        "{{\"list\":{none},\"get\":{none},\"upload\":{none},\"delete\":{none},\"other\":{none}}}"
    );
    format!(
        "{{\"status\":\"OK\",\"data\":{{\"mode\":\"thread\",\"workers\":1,\
         \"uptime_seconds\":{uptime_seconds},\"requests_per_second\":0.0,\"connections\":\
         {{\"active\":1,\"waiting\":0,\"succeeded\":0,\"failed\":0}},\"requests\":{requests},\
         \"bytes_in\":0,\"bytes_out\":{bytes_out},\"worker\":[{{\"worker\":1,\"pid\":77,\
         \"state\":\"busy\",\"connections\":{{\"succeeded\":0,\"failed\":0}},\"requests\":{requests},\
         \"bytes_in\":0,\"bytes_out\":{bytes_out},\"restarts\":0,\"cpu_seconds\":null,\
         \"memory_bytes\":null}}]}}}}\r\n\r\n"
    )
}

#[test]
fn a_broken_download_leaves_nothing_behind() {
    for reply in [
        "{\"status\":\"OK\",\"data_file\":\"aGVsbG8h",
        "{\"status\":\"OK\",\"data_file\":\"aGVs*G8h\"}\r\n\r\n",
        "{\"status\":\"ERROR\",\"data\":\"nothing here\",\"data_file\":\"aGVsbG8h\"}\r\n\r\n",
        "{\"data_file\":\"aGVsbG8h\",\"data_namafile\":\"b.txt\",\"status\":\"OK\"}\r\n\r\n",
        "",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let server = answering(reply);
        let (code, out, err) = run(&server.address, directory.path(), &["get", "a.txt"]);
        assert_eq!((code, out.as_str()), (1, ""), "{reply}");
        let opening = format!("error: cannot get a.txt at {}: ", server.address);
        assert!(err.starts_with(&opening) && err.lines().count() == 1, "{err}");
        assert!(names(directory.path()).is_empty(), "{reply}");
    }
}

#[test]
fn a_broken_download_leaves_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.txt"), "old").unwrap();
    let server = answering("{\"status\":\"OK\",\"data_file\":\"aGVsbG8h");
    let (code, ..) = run(&server.address, directory.path(), &["get", "a.txt"]);
    assert_eq!((code, names(directory.path())), (1, vec!["a.txt".to_owned()]));
    assert_eq!(fs::read(directory.path().join("a.txt")).unwrap(), b"old");
}

#[test]
fn a_download_goes_where_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("sub")).unwrap();
    fs::write(directory.path().join("a.txt"), "old").unwrap();
    for (args, told) in [
        (&["get", "a.txt"][..], "saved a.txt (5 bytes)\n"),
        (&["get", "a.txt", "-o", "b"], "saved a.txt as b (5 bytes)\n"),
        (&["get", "a.txt", "-o", "sub"], "saved a.txt as sub/a.txt (5 bytes)\n"),
        (&["get", "a.txt", "-o", "-"], "hello"),
    ] {
        let server = answering(file_reply("a.txt"));
        let (code, out, err) = run(&server.address, directory.path(), args);
        assert_eq!((code, out.as_str(), err.as_str()), (0, told, ""), "{args:?}");
    }
    for path in ["a.txt", "b", "sub/a.txt"] {
        assert_eq!(fs::read(directory.path().join(path)).unwrap(), b"hello", "{path}");
    }
    assert_eq!(names(directory.path()), ["a.txt", "b", "sub"]);
}

/// One request a connection, as some servers have it; the second of three files is missing.
#[test]
fn other_files_go_on_after_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::start(3, |_, stream| {
        let request = read_request(stream);
        let reply = match request.trim_end() {
            "GET b" => "{\"status\": \"ERROR\", \"data\": \"no b\"}".to_owned(),
            request => file_reply(request.strip_prefix("GET ").unwrap()),
        };
        stream.write_all(reply.as_bytes()).unwrap();
    });
    let (code, out, err) = run(&server.address, directory.path(), &["get", "a", "b", "c"]);
    assert_eq!((code, out.as_str()), (1, "saved a (5 bytes)\nsaved c (5 bytes)\n"));
    assert_eq!(err, format!("error: cannot get b at {}: no b\n", server.address));
    assert_eq!(names(directory.path()), ["a", "c"]);
}

#[test]
fn files_share_a_connection_where_the_server_lets_them() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(directory.path().join(name), "hello").unwrap();
    }
    let server = FakeServer::start(1, |_, stream| {
        let mut requests = String::new();
        for _ in 0..2 {
            requests.push_str(&read_request(stream));
            stream.write_all(b"{\"status\":\"OK\",\"data_size\":5}\r\n\r\n").unwrap();
        }
        requests + &read_to_close(stream)
    });
    let (code, out, err) = run(&server.address, directory.path(), &["upload", "a", "b"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "stored a (5 bytes)\nstored b (5 bytes)\n");
    assert_eq!(server.finish(), ["UPLOAD a aGVsbG8=\r\n\r\nUPLOAD b aGVsbG8=\r\n\r\n"]);
}

#[test]
fn an_upload_that_nobody_confirms_is_called_sent() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a"), "hello").unwrap();
    for (reply, told) in [
        ("{\"status\":\"OK\",\"data_size\":5}", (0, "stored a (5 bytes)\n", "")),
        ("{\"status\":\"OK\"}", (0, "sent a (5 bytes; the server names no size)\n", "")),
        (
            "{\"status\":\"OK\",\"data_size\":0}",
            (1, "", "5 bytes went over the wire, but the server says that the file has 0; "),
        ),
    ] {
        let server = answering(reply);
        let (code, out, err) = run(&server.address, directory.path(), &["upload", "a"]);
        assert_eq!((code, out.as_str()), (told.0, told.1), "{reply}");
        assert!(err.contains(told.2) && err.is_empty() == told.2.is_empty(), "{err}");
    }
}

#[test]
fn names_from_the_network_do_not_reach_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let server = answering("{\"status\":\"OK\",\"data\":[\"a\\u001b[2J\",\"b\\nc\"]}\r\n\r\n");
    let (code, out, _) = run(&server.address, directory.path(), &["list"]);
    assert_eq!((code, out.as_str()), (0, "a\\u{1b}[2J\nb\\nc\n"));
    let server = answering("{\"status\":\"ERROR\",\"data\":\"\\u001b]0;x\\u0007\"}\r\n\r\n");
    let (code, _, err) = run(&server.address, directory.path(), &["list"]);
    assert_eq!(code, 1);
    assert!(!err.contains('\x1b') && err.contains("\\u{1b}]0;x"), "{err}");
}

#[test]
fn a_list_that_lacks_files_is_shown_and_what_it_lacks_is_told() {
    let directory = tempfile::tempdir().unwrap();
    for args in [&["list"][..], &["list", "--json"], &["list", "-l"]] {
        let list = "{\"status\":\"OK\",\"data\":[\"a.txt\"],\"missing\":[\"b\\u001b[2J\"]}\r\n\r\n";
        let server = answering(list);
        let (code, out, err) = run(&server.address, directory.path(), args);
        assert!(code == 1 && out.contains("a.txt"), "{args:?}: {out}");
        let told = out + &err;
        assert!(told.contains("the list lacks the files of b"), "{args:?}: {told}");
        assert!(!told.contains('\x1b'), "{args:?}: {told}");
    }
}

#[test]
fn bad_usage_is_told_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    for args in [
        &["get", "../passwd"][..],
        &["get", "a", "b", "-o", "not-there"],
        &["get", "a", "b", "-o", "-"],
        &["upload", "a", "b", "--as", "c"],
        &["--framing", "dots", "list"],
        &["--server", "::1:46666", "list"],
        &["--port", "0", "list"],
        &["--timeout", "0", "list"],
        &["--ca", "ca.pem", "list"],
        &["--tls", "--ca", "not-there.pem", "list"],
        &["--token", "a", "--token-file", "b", "list"],
        &["--token-file", "not-there", "list"],
        &["frobnicate"],
    ] {
        // Nobody listens: whoever connected would fail with 1.
        let (code, out, err) = run("127.0.0.1:1", directory.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
    }
}

#[test]
fn an_upload_that_cannot_start_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".hidden"), "").unwrap();
    for (args, part) in [
        (["upload", ".hidden"], "give it another NAME: the file name starts with a dot"),
        (["upload", "missing"], "cannot upload missing: No such file"),
        (["upload", "."], "cannot upload .: "),
        (["upload", "/usr"], "name the files in it"),
    ] {
        let (code, _, err) = run("127.0.0.1:1", directory.path(), &args);
        assert!(code == 1 && err.contains(part), "{err}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (code, _, err) = run("127.0.0.1:1", directory.path(), &["ping"]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: no pong: cannot connect to 127.0.0.1:1: "), "{err}");
    assert!(err.contains("; start the server, or name another one"), "{err}");
}

#[test]
fn a_server_is_named_as_people_name_it() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    let port = server.strip_prefix("127.0.0.1:").unwrap();
    for args in [
        &["--server", port][..],
        &["--server", &format!(":{port}")],
        &["--server", &format!("localhost:{port}")],
        &["--server-host", "127.0.0.1", "--server-port", port],
        &["--ip", "127.0.0.1", "--port", port],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fileclient"));
        command.current_dir(directory.path()).args(args).arg("list");
        let (code, out, err) = told(command.output().unwrap());
        assert_eq!((code, out.as_str(), err.as_str()), (0, "a.txt\n", ""), "{args:?}");
    }
}

#[test]
fn an_empty_variable_is_none() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("token"), "s3cret").unwrap();
    let server = answering("{\"status\":\"OK\",\"data\":\"welcome\"}\r\n\r\n");
    let mut command = fileclient(&server.address, directory.path());
    command.envs(["FILECLIENT_TOKEN", "FILECLIENT_CA", "FILECLIENT_TLS"].map(|name| (name, "")));
    command.args(["list", "--token-file", "token"]).output().unwrap();
    assert_eq!(server.finish(), ["AUTH s3cret\r\n\r\n"]);
}

#[test]
fn short_commands_print_their_result() {
    let directory = tempfile::tempdir().unwrap();
    for (args, reply, expected) in [
        (
            &["digest", "a.txt"][..],
            "{\"status\":\"OK\",\"data_size\":5,\"data_digest\":\"blake3:00ff\"}\r\n\r\n",
            "blake3:00ff  a.txt\n",
        ),
        (&["delete", "a.txt"], "{\"status\":\"OK\",\"message\":\"ok\"}", "deleted a.txt\n"),
        (&["echo", ""], "{\"status\":\"OK\",\"data\":\"\"}\r\n\r\n", "\n"),
        (&["stats"], "{\"status\":\"OK\",\"data\":{\"clients\":3}}", "{\n  \"clients\": 3\n}\n"),
    ] {
        let server = answering(reply);
        let (code, out, err) = run(&server.address, directory.path(), args);
        assert_eq!((code, out.as_str(), err.as_str()), (0, expected, ""), "{args:?}");
    }
}

/// Answers whatever comes, until the client closes.
fn answer_all(stream: &mut (impl Read + Write)) {
    while let request = recv(stream)
        && !request.is_empty()
    {
        let words: Vec<&str> = request.split_whitespace().collect();
        let reply = match words.as_slice() {
            ["GET", "missing"] => {
                "{\"status\":\"ERROR\",\"data\":\"no\",\"code\":\"not-found\"}\r\n\r\n".to_owned()
            }
            ["GET", name] => file_reply(name),
            ["DIGEST", _] => {
                "{\"status\":\"OK\",\"data_size\":5,\"data_digest\":\"blake3:00\"}\r\n\r\n"
                    .to_owned()
            }
            ["LIST", "-l"] => {
                let file = "{\"filename\":\"a.txt\",\"size\":5}";
                format!("{{\"status\":\"OK\",\"files\":[{file}]}}\r\n\r\n")
            }
            ["LIST"] => "{\"status\":\"OK\",\"data\":[\"a.txt\"]}\r\n\r\n".to_owned(),
            ["STATS"] => stats_reply(1.0, 0),
            ["ECHO", ..] => {
                let text = request.trim_end().trim_start_matches("ECHO ");
                format!("{{\"status\":\"OK\",\"data\":\"{text}\"}}\r\n\r\n")
            }
            _ => "{\"status\":\"OK\",\"data\":{}}\r\n\r\n".to_owned(),
        };
        stream.write_all(reply.as_bytes()).unwrap();
    }
}

#[test]
fn the_examples_of_the_help_work() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("downloads")).unwrap();
    fs::write(directory.path().join("report.pdf"), "hello").unwrap();
    let certificates = Certificates::make();
    fs::copy(certificates.ca(), directory.path().join("ca.pem")).unwrap();
    fs::write(directory.path().join("token"), "s3cret\n").unwrap();
    let (_, help, _) = run("127.0.0.1:1", directory.path(), &["--help"]);
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    assert!(examples.lines().count() >= 5, "{help}");
    for example in examples.lines() {
        let server = if example.contains("--tls") {
            FakeServer::start_tls(1, &certificates, |_, stream| answer_all(stream))
        } else {
            // One connection is enough for all but top.
            FakeServer::start(2, |_, stream| answer_all(stream))
        };
        let words = example.split_whitespace().skip(1);
        let args: Vec<&str> = words
            .map(|word| if word == "192.0.2.7:46666" { &server.address } else { word })
            .collect();
        let output = Command::new(env!("CARGO_BIN_EXE_fileclient"))
            .current_dir(directory.path())
            .env("FILECLIENT_SERVER", &server.address)
            .args(&args)
            .output()
            .unwrap();
        let (code, _, err) = told(output);
        assert_eq!((code, err.as_str()), (0, ""), "{example}");
    }
    assert_eq!(names(&directory.path().join("downloads")), ["a.txt", "b.txt"]);
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let directory = tempfile::tempdir().unwrap();
    for (args, part) in [
        (&["completions", "bash"][..], "_fileclient()"),
        (&["man"], ".TH fileclient 1"),
        (&["man", "get"], ".TH fileclient-get 1"),
    ] {
        let (code, out, err) = run("127.0.0.1:1", directory.path(), args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.contains(part), "{args:?}");
    }
}

#[test]
fn a_token_comes_first_on_every_connection() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("token"), " s3cret\r\n").unwrap();
    for (variable, args) in [
        (None, &["--token", "s3cret", "get", "a", "b"][..]),
        (None, &["get", "--token-file", "token", "a", "b"]),
        (Some("s3cret"), &["get", "a", "b"]),
    ] {
        // The server closes after each file.
        let server = FakeServer::start(2, |_, stream: &mut TcpStream| {
            let auth = read_request(stream);
            stream.write_all(b"{\"status\":\"OK\",\"data\":\"welcome\"}\r\n\r\n").unwrap();
            let get = read_request(stream);
            let name = get.trim_end().strip_prefix("GET ").unwrap();
            stream.write_all(file_reply(name).as_bytes()).unwrap();
            auth + &get
        });
        let mut command = fileclient(&server.address, directory.path());
        command.args(args).envs(variable.map(|token| ("FILECLIENT_TOKEN", token)));
        let (code, _, err) = told(command.output().unwrap());
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        let expected = ["a", "b"].map(|name| format!("AUTH s3cret\r\n\r\nGET {name}\r\n\r\n"));
        assert_eq!(server.finish(), expected, "{args:?}");
    }
}

#[test]
fn a_refused_token_is_told_and_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let refusal = "{\"status\":\"ERROR\",\"data\":\"unknown token\",\"code\":\"auth-failed\"}";
    let server = answering(format!("{refusal}\r\n\r\n"));
    let (code, out, err) = run(&server.address, directory.path(), &["--token", "s3cret", "list"]);
    assert_eq!((code, out.as_str()), (1, ""));
    let opening = format!("error: cannot list the files at {}: unknown token; ", server.address);
    assert!(err.starts_with(&opening) && err.contains("--token-file"), "{err}");
    assert_eq!(server.finish(), ["AUTH s3cret\r\n\r\n"]);
    for args in [&["--token", "two s3cret words", "list"][..], &["--token", "", "list"]] {
        let (code, out, err) = run("127.0.0.1:1", directory.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.starts_with("error: no token: ") && !err.contains("s3cret"), "{err}");
    }
}

#[test]
fn the_prompt_says_its_token_once_a_connection() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Certificates::make();
    let server = FakeServer::start_tls(1, &certificates, |_, stream| {
        let requests = [(); 3].map(|()| {
            let request = read_request(stream);
            stream.write_all(b"{\"status\":\"OK\",\"data\":[]}\r\n\r\n").unwrap();
            request
        });
        (requests, read_to_close(stream))
    });
    let mut running = fileclient(&server.address, directory.path())
        .env("FILECLIENT_TOKEN", "s3cret")
        .args(["--tls", "--ca"])
        .arg(certificates.ca())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    running.stdin.take().unwrap().write_all(b"list\nping\n").unwrap();
    let (code, out, err) = told(running.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let requests = ["AUTH s3cret", "LIST", "PING"].map(|request| format!("{request}\r\n\r\n"));
    // The session ends as it should: reading to the close was no error.
    assert_eq!(server.finish(), [(requests, String::new())]);
}

#[test]
fn a_server_that_cannot_be_trusted_is_told_with_advice() {
    let directory = tempfile::tempdir().unwrap();
    let (right, wrong) = (Certificates::make(), Certificates::make());
    let elsewhere = Certificates::make_for(&["example.test"]);
    for (served, trusted, part) in [
        (
            &right,
            &wrong,
            "the server's certificate is not signed by anyone who is trusted here; name ",
        ),
        (&elsewhere, &elsewhere, "is not for 127.0.0.1; it is for example.test; name "),
    ] {
        let server = FakeServer::start_tls(1, served, |_, stream| stream.read(&mut [0]).is_err());
        let ca = trusted.ca();
        let args = ["--tls", "--ca", ca.to_str().unwrap(), "list"];
        let (code, out, err) = run(&server.address, directory.path(), &args);
        assert_eq!((code, out.as_str()), (1, ""));
        let opening = format!("error: cannot list the files at {}: ", server.address);
        assert!(err.starts_with(&opening) && err.contains(part), "{err}");
        assert_eq!(server.finish(), [true]);
    }
}

#[test]
fn the_systems_authorities_are_trusted_without_others() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Certificates::make();
    let server = FakeServer::start_tls(1, &certificates, |_, stream| answer_all(stream));
    let mut command = fileclient(&server.address, directory.path());
    command.args(["--tls", "list"]).env("SSL_CERT_FILE", certificates.ca());
    command.env_remove("SSL_CERT_DIR");
    let (code, out, err) = told(command.output().unwrap());
    assert_eq!((code, out.as_str(), err.as_str()), (0, "a.txt\n", ""));
}

#[test]
fn plain_text_and_tls_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let certificates = Certificates::make();
    let server =
        FakeServer::start_tls(1, &certificates, |_, stream| stream.read(&mut [0]).is_err());
    let (code, _, err) = run(&server.address, directory.path(), &["list"]);
    assert!(code == 1 && err.contains(": the server speaks TLS; talk to it with --tls"), "{err}");
    let server = FakeServer::start(1, |_, stream: &mut TcpStream| {
        recv_bytes(stream);
        stream.write_all(b"{\"status\":\"ERROR\",\"data\":\"what?\"}\r\n\r\n").unwrap();
    });
    let ca = certificates.ca();
    let args = ["--tls", "--ca", ca.to_str().unwrap(), "list"];
    let (code, _, err) = run(&server.address, directory.path(), &args);
    assert!(code == 1 && err.contains(": the server does not speak TLS; leave --tls out"), "{err}");
}

#[test]
fn a_script_runs_line_by_line_and_fails_as_a_whole() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::start(1, |_, stream: &mut TcpStream| {
        let first = read_request(stream);
        stream.write_all(file_reply("my file").as_bytes()).unwrap();
        let second = read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n").unwrap();
        [first, second, recv(stream)]
    });
    let mut running = fileclient(&server.address, directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let script = "# fetch\n\nget 'my file' -o b\nfrobnicate\nping\nexit\nlist\n";
    running.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let (code, out, err) = told(running.wait_with_output().unwrap());
    assert_eq!(code, 1);
    assert!(out.starts_with("saved my file as b (5 bytes)\npong from "), "{out}");
    assert!(err.starts_with("error: unrecognized subcommand 'frobnicate'"), "{err}");
    assert_eq!(
        server.finish(),
        [["GET \"my file\"\r\n\r\n", "PING\r\n\r\n", ""].map(str::to_owned)]
    );
}

#[test]
fn a_closed_standard_output_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    for args in [&["list"][..], &["get", "a.txt", "-o", "-"]] {
        let server = FakeServer::start(1, |_, stream| {
            let request = read_request(stream);
            let names =
                format!("{{\"status\":\"OK\",\"data\":[\"a\"{}]}}\r\n\r\n", ",\"b\"".repeat(9));
            let reply = if request.starts_with("LIST") { names } else { file_reply("a.txt") };
            stream.write_all(reply.as_bytes()).unwrap();
        });
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = fileclient(&server.address, directory.path());
        let (code, _, err) = told(command.args(args).stdout(writer).output().unwrap());
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_download_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let (asked, is_asked) = std::sync::mpsc::channel();
    let server = FakeServer::start(1, move |_, stream| {
        read_request(stream);
        stream.write_all(b"{\"status\":\"OK\",\"data_file\":\"aGVs").unwrap();
        asked.send(()).unwrap();
        read_to_close(stream)
    });
    let mut command = fileclient(&server.address, directory.path());
    let mut running = command.args(["get", "a.txt"]).stderr(Stdio::null()).spawn().unwrap();
    // The temporary file is there before the request goes out.
    is_asked.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    let pid = running.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(running.wait().unwrap().code(), None);
    assert!(names(directory.path()).is_empty());
}
