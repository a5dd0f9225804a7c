//! `fileserver log` answers while a server writes.

use std::process::{Command, Output};

use testkit::{PATIENCE, eventually};

use crate::{Model, records::Records};

fn ask(records: &Records, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fileserver"));
    command.arg("log").args(args).args(records.database_option()).output().unwrap()
}

#[test]
fn a_database_answers_all_questions_while_a_server_writes_it() {
    let records = Records::new();
    let server = Model::named("process").server().args(records.database_option()).start();
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.ask("GET missing.txt").outcome(), "not-found");
    eventually(PATIENCE, "both connections are in the database", || {
        records.count("SELECT count(*) FROM connection WHERE closed IS NOT NULL") == 2
    });
    for (query, expected) in [
        ("slowest", "a.txt"),
        ("clients", "127.0.0.1"),
        ("failures", "not-found"),
        ("throughput", "5"),
        ("connections", "127.0.0.1:"),
        ("workers", "process-"),
        ("runs", "process"),
    ] {
        let mut peer = server.connect();
        assert_eq!(peer.request("PING").outcome(), "OK");
        let answer = ask(&records, &[query]);
        let (stdout, stderr) = (text(&answer.stdout), text(&answer.stderr));
        assert!(answer.status.success(), "{query}: {stderr}");
        assert!(stdout.lines().skip(1).any(|row| row.contains(expected)), "{query}:\n{stdout}");
        let csv = ask(&records, &[query, "--csv"]);
        assert!(csv.status.success() && text(&csv.stdout).contains(','), "{query}");
    }
}

#[test]
fn a_database_that_is_none_is_named() {
    let answer = ask(&Records::new(), &["slowest"]);
    assert_eq!(answer.status.code(), Some(2));
    let stderr = text(&answer.stderr);
    assert!(stderr.contains("--log-db") && stderr.contains("events.sqlite"), "{stderr}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
