//! What the clients count is what the server counts.

use std::{collections::BTreeMap, fs, process::Command};

use serde_json::{Value, json};
use testkit::{Certificates, PATIENCE, ServerBuilder, eventually};

use super::{Running, counts, echoes, fileserver, finish, server};

/// What is said of one kind of requests.
fn account(requests: &str, ok: u64) -> Value {
    let both = json!({"ok": ok, "failed": 0});
    json!({"requests": requests, "clients": both, "target": both, "agrees": true})
}

#[test]
fn a_mix_of_requests_is_counted_alike_by_clients_and_server_and_leaves_nothing() {
    let server = server(&["--mode", "async"]);
    server.place("mine.txt", b"stays");
    let mix = "--mix get=5,upload=2,list=1,echo=1,ping=1 --message halo --file-size 5KiB";
    let finished =
        finish(&server.address().to_string(), &format!("{mix} --clients 5 --requests 40 --json"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let summary = finished.summary();
    let of_kind: BTreeMap<&str, u64> = summary["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_str().unwrap(), counts(row).0))
        .collect();
    assert_eq!(of_kind["all"], 200);
    assert_eq!(of_kind.values().sum::<u64>(), 2 * 200);
    let expected: Vec<Value> = ["list", "get", "upload", "echo"]
        .map(|kind| account(kind, of_kind[kind]))
        .into_iter()
        .chain([account("other", of_kind["ping"])])
        .collect();
    assert_eq!(summary["accounting"]["counted"]["accounts"], Value::from(expected));
    for client in summary["clients"].as_array().unwrap() {
        assert_eq!(counts(client), (40, 0));
    }
    let stats = server.stats();
    assert_eq!(stats.bytes_in / 5_120, of_kind["upload"] + 10, "10 files to download");
    assert_eq!(fs::read_dir(server.dir()).unwrap().count(), 1);
}

#[test]
fn tokens_are_counted_however_many_connections_there_are() {
    let certificates = Certificates::make();
    let builder = ServerBuilder::new(fileserver());
    let made = Command::new(fileserver())
        .args(["token", "new", "load", "--permission", "rw", "--auth-file"])
        .arg(builder.dir().join(".tokens"))
        .output()
        .unwrap();
    let token = String::from_utf8(made.stdout).unwrap();
    let files = [certificates.cert(), certificates.key()];
    let [cert, key] = files.each_ref().map(|path| path.to_str().unwrap());
    let args = ["--auth-file", ".tokens", "--tls-cert", cert, "--tls-key", key, "--mode", "async"];
    let server = builder.args(args).start();
    let (address, ca) = (server.address().to_string(), certificates.ca());
    let secured = format!("--tls --ca {} --token {}", ca.display(), token.trim());
    for connections in ["", "--new-connection"] {
        let load = "--clients 3 --requests 4 --mix ping=1,get=1 --file-size 100B --json";
        let finished = finish(&address, &format!("{load} {secured} {connections}"));
        assert_eq!(finished.code, Some(0), "{}\n{}", finished.stdout, finished.stderr);
        let summary = finished.summary();
        let made = if connections.is_empty() { 3 } else { 12 };
        assert_eq!(summary["connections"], made, "{connections}");
        let accounts = summary["accounting"]["counted"]["accounts"].as_array().unwrap();
        assert!(accounts.iter().any(|account| account["requests"] == "other"), "{accounts:?}");
    }
}

#[test]
fn a_request_of_somebody_else_is_a_disagreement() {
    let server = server(&["--mode", "async"]);
    let address = server.address().to_string();
    let options = "--clients 2 --message halo --duration 60s --rate 50";
    let load = Running::start(&address, options);
    eventually(PATIENCE, "the load has begun", || echoes(&server) > 5);
    server.ask("ECHO sebentar");
    testkit::processes::send_signal(load.pid(), testkit::Signal::SIGINT);
    let finished = load.finish();
    // The interrupt is what its status says; that the counts disagree is said.
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    assert!(finished.stdout.contains("INVALID: echo: the clients count"), "{}", finished.stdout);
}

#[test]
fn a_wrong_byte_makes_the_load_invalid() {
    let server = server(&["--mode", "async", "--inject", "flip-byte"]);
    let options = "--clients 2 --requests 3 --mix get --file-size 2KiB --json";
    let finished = finish(&server.address().to_string(), options);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    let summary = finished.summary();
    assert_eq!(summary["wrong_answers"], 6);
    assert_eq!(summary["failures"]["wrong-content"]["count"], 6);
    assert_eq!(counts(&summary["rows"][0]), (0, 6));
    assert!(summary["rows"][0]["p50_ms"].is_null(), "a failure has no time");
}
