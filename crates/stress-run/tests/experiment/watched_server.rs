//! What a watched server says of a run, in each of the places where it says it.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{PATIENCE, ServerBuilder, eventually};

use crate::run::{self, Run};

/// Finished requests by verb, as STATS divides them.
type Requests = BTreeMap<String, u64>;

const VERBS: [&str; 6] = ["list", "get", "upload", "delete", "echo", "other"];

#[test]
fn fifty_clients_are_counted_alike_by_statistics_metrics_log_database_and_themselves() {
    const CLIENTS: u64 = 50;
    let records = TempDir::new().unwrap();
    let path = |name: &str| records.path().join(name).to_str().unwrap().to_owned();
    let (log, database) = (path("log"), path("events.sqlite"));
    let mut server = ServerBuilder::new(run::fileserver())
        .args(["--mode", "process", "--workers", "5", "--metrics", "127.0.0.1:0"])
        .args(["--log-file", &log, "--log-format", "json", "--log-db", &database])
        .start();
    let run = Run::new();
    let address = server.address().to_string();
    let finished = run.finish(&[
        "--connect",
        &address,
        "--volumes",
        "0.25",
        "--clients",
        &CLIENTS.to_string(),
    ]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);

    let metrics = metrics_address(Path::new(&log));
    let (mut stats, mut page) = (server.stats(), Requests::new());
    eventually(PATIENCE, "STATS and metrics agree", || {
        page = on_page(&scrape(metrics));
        stats = server.stats();
        stats.connections.active == 1 && page == in_statistics(&stats.requests)
    });
    let stopped = server.stop();
    assert_eq!((stopped.exit_code, stopped.stderr.as_str()), (Some(0), ""));
    // STATS does not count itself.
    *page.get_mut("other").unwrap() += 1;
    let (in_log, bytes) = in_log(Path::new(&log));
    assert_eq!(in_log, page);
    assert_eq!(bytes, stats.bytes_in + stats.bytes_out);
    assert_eq!(in_database(Path::new(&database)), page);
    assert_eq!(stats.events_lost, 0);

    let jobs = run.transfers();
    let of = |operation| jobs.iter().filter(|job| job["operation"] == operation).count() as u64;
    assert_eq!((of("download"), of("upload")), (CLIENTS, CLIENTS));
    // Two uploads more: a file that shows that the server stores files, and that which all downloads
    // read. All are deleted in the end.
    assert_eq!((page["get"], page["upload"], page["delete"]), (CLIENTS, CLIENTS + 2, CLIENTS + 2));
    let cells = run.latest("cells.csv");
    let counted: u64 = run::last_attempts(&cells)
        .iter()
        .map(|row| column(&cells, row, "server_requests_ok"))
        .sum();
    assert_eq!(page["get"] + page["upload"] - 2, counted);
}

fn column(csv: &str, row: &[String], head: &str) -> u64 {
    let heads = csv.lines().next().unwrap().split(',');
    row[heads.take_while(|it| *it != head).count()].parse().unwrap()
}

fn metrics_address(log: &Path) -> SocketAddr {
    let mut address = None;
    eventually(PATIENCE, "the log says where the metrics are", || {
        let text = fs::read_to_string(log).unwrap();
        let after = text.split_once("metrics at http://").map(|(_, after)| after.to_owned());
        address = after.and_then(|after| after.split_once('/')?.0.parse().ok());
        address.is_some()
    });
    address.unwrap()
}

fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: kolam\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

fn in_statistics(requests: &impl serde::Serialize) -> Requests {
    let requests = serde_json::to_value(requests).unwrap();
    let sum = |verb: &str| {
        requests[verb]["ok"].as_u64().unwrap() + requests[verb]["failed"].as_u64().unwrap()
    };
    VERBS.map(|verb| (verb.to_owned(), sum(verb))).into()
}

fn on_page(page: &str) -> Requests {
    let of = |verb: &str| {
        let samples = page
            .lines()
            .filter(|line| line.starts_with(&format!("kolam_requests_total{{verb=\"{verb}\",")));
        samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() as u64).sum()
    };
    VERBS.map(|verb| (verb.to_owned(), of(verb))).into()
}

/// The requests of the log, and the bytes that they moved.
fn in_log(log: &Path) -> (Requests, u64) {
    let mut bytes = 0;
    let mut requests = Requests::from(VERBS.map(|verb| (verb.to_owned(), 0)));
    for line in fs::read_to_string(log).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["event"] == "request" {
            *requests.get_mut(verb(event["command"].as_str().unwrap())).unwrap() += 1;
            bytes += event["bytes"].as_u64().unwrap();
        }
    }
    (requests, bytes)
}

fn in_database(path: &Path) -> Requests {
    let database = Connection::open(path).unwrap();
    let mut query = database.prepare("SELECT command FROM request").unwrap();
    let mut requests = Requests::from(VERBS.map(|verb| (verb.to_owned(), 0)));
    for command in query.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        *requests.get_mut(verb(&command.unwrap())).unwrap() += 1;
    }
    requests
}

fn verb(command: &str) -> &'static str {
    let is_it = |verb: &&&str| verb.eq_ignore_ascii_case(command);
    VERBS.iter().find(is_it).copied().unwrap_or("other")
}
