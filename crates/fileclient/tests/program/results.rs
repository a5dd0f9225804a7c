//! What commands print, for people and as JSON.

use serde_json::{Value, json};

use super::*;

/// The line of JSON of each result, and the status.
fn json_of(server: &str, directory: &Path, args: &[&str]) -> (i32, Vec<Value>) {
    let mut command = fileclient(server, directory);
    let (code, out, _) = told(command.args(args).arg("--json").output().unwrap());
    let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let without_time = |mut line: Value| {
        if let Some(seconds) = line.as_object_mut().unwrap().remove("seconds") {
            assert!(seconds.as_f64().unwrap() > 0.0);
        }
        line
    };
    (code, lines.map(without_time).collect())
}

#[test]
fn every_result_is_a_line_of_json() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("local"), "hello").unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    for (args, status, expected) in [
        (&["list"][..], 0, vec![json!({"name": "a.txt"})]),
        (&["list", "-l"], 0, vec![json!({"name": "a.txt", "size": 5})]),
        (&["get", "a.txt"], 0, vec![json!({"name": "a.txt", "path": "a.txt", "size": 5})]),
        (
            &["get", "-n", "a.txt"],
            0,
            vec![json!({"name": "a.txt", "path": "a.txt", "skipped": true})],
        ),
        (
            &["upload", "local", "--as", "b"],
            0,
            vec![json!({"name": "b", "path": "local", "size": 5, "size_confirmed": false})],
        ),
        (
            &["delete", "a", "b"],
            0,
            ["a", "b"].map(|name| json!({"name": name, "deleted": true})).into(),
        ),
        (&["ping"], 0, vec![json!({"server": server})]),
        (&["echo", "two  words"], 0, vec![json!({"text": "two  words"})]),
        (
            &["digest", "a", "b"],
            0,
            ["a", "b"].map(|name| json!({"name": name, "size": 5, "digest": "blake3:00"})).into(),
        ),
    ] {
        assert_eq!(json_of(&server, directory.path(), args), (status, expected), "{args:?}");
    }
    let (code, stats) = json_of(&server, directory.path(), &["stats"]);
    assert_eq!((code, stats.len(), &stats[0]["mode"]), (0, 1, &json!("thread")));
}

#[test]
fn a_failure_is_a_line_of_json_among_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::forever(|_, stream| answer_all(stream));
    let (code, lines) = json_of(&server, directory.path(), &["get", "missing", "a.txt"]);
    assert_eq!((code, lines.len()), (1, 2));
    assert_eq!(
        (&lines[0]["name"], &lines[0]["cause"]),
        (&json!("missing"), &json!("refused:not-found"))
    );
    let sentence = lines[0]["error"].as_str().unwrap();
    assert!(sentence.starts_with(&format!("cannot get missing at {server}: no; ")), "{sentence}");
    assert_eq!(lines[1]["size"], 5);
    let (code, lines) = json_of(&server, directory.path(), &["upload", "not-there"]);
    assert_eq!(
        (code, &lines[0]["path"], &lines[0]["cause"]),
        (1, &json!("not-there"), &json!("local"))
    );
    let args = ["get", "a.txt", "-o", "-", "--json"];
    assert_eq!(run(&server, directory.path(), &args).0, 2);
}

#[test]
fn sizes_are_listed_where_the_server_tells_them() {
    let directory = tempfile::tempdir().unwrap();
    let ours = "{\"status\":\"OK\",\"files\":[{\"filename\":\"a\",\"size\":5},\
                {\"filename\":\"bb\",\"size\":2097152}]}\r\n\r\n";
    let foreign = "{\"status\":\"OK\",\"data\":[\"a\"]}\r\n\r\n";
    for (refuses, reply, expected) in [
        (false, ours, "     5 B  a\n2.00 MiB  bb\n"),
        (true, ours, "     5 B  a\n2.00 MiB  bb\n"),
        (true, foreign, "-  a\n"),
        (false, foreign, "-  a\n"),
    ] {
        // A server that does not know the request closes, as many do.
        let server = FakeServer::start(1 + usize::from(refuses), move |index, stream| {
            let request = read_request(stream);
            let refusal = "{\"status\":\"ERROR\",\"data\":\"what?\"}\r\n\r\n";
            let reply = if refuses && index == 0 { refusal } else { reply };
            stream.write_all(reply.as_bytes()).unwrap();
            request
        });
        let (code, out, err) = run(&server.address, directory.path(), &["ls", "-l"]);
        assert_eq!((code, out.as_str(), err.as_str()), (0, expected, ""), "{refuses}, {reply}");
        let asked = ["LIST -l\r\n\r\n", "LIST\r\n\r\n"];
        assert_eq!(server.finish(), asked[..1 + usize::from(refuses)]);
    }
}

#[test]
fn standard_input_is_uploaded_under_a_name() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "from a file").unwrap();
    for (stdin, text) in [(None, "ZnJvbSBhIHBpcGU="), (Some("file"), "ZnJvbSBhIGZpbGU=")] {
        let server = FakeServer::start(1, |_, stream| {
            let request = read_request(stream);
            stream.write_all(b"{\"status\":\"OK\",\"data_size\":11}\r\n\r\n").unwrap();
            request
        });
        let mut command = fileclient(&server.address, directory.path());
        command.args(["upload", "-", "--as", "p"]).stdout(Stdio::piped());
        match stdin {
            None => command.stdin(Stdio::piped()),
            Some(file) => command.stdin(fs::File::open(directory.path().join(file)).unwrap()),
        };
        let mut running = command.spawn().unwrap();
        if let Some(mut pipe) = running.stdin.take() {
            pipe.write_all(b"from a pipe").unwrap();
        }
        let (code, out, _) = told(running.wait_with_output().unwrap());
        assert_eq!((code, out.as_str()), (0, "stored p (11 bytes)\n"));
        assert_eq!(server.finish(), [format!("UPLOAD p {text}\r\n\r\n")]);
    }
    let (code, _, err) = run("127.0.0.1:1", directory.path(), &["upload", "-"]);
    assert_eq!(code, 2);
    assert!(err.contains("standard input has no name; give it one with --as NAME"), "{err}");
}
