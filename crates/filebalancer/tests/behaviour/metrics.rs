//! The metrics page of a balancer, and what `docs/METRICS.md` says of it.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
};

use testkit::{PATIENCE, Server, eventually};

use crate::{backend, balancer, named, who};

/// The page, as Prometheus asks for it without another wish.
#[track_caller]
fn page(balancer: &Server) -> String {
    let mut address = None;
    eventually(PATIENCE, "the log says where the metrics are", || {
        let log = balancer.stderr();
        let rest = log.split_once("metrics at http://").map(|(_, rest)| rest.to_owned());
        address = rest.and_then(|rest| Some(rest.split_once('/')?.0.to_owned()));
        address.is_some()
    });
    let mut stream = TcpStream::connect(address.unwrap()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// Rows of the manual: `(name, type)` of each metric that only a balancer has.
fn documented() -> BTreeSet<(String, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/METRICS.md");
    let manual = fs::read_to_string(path).unwrap();
    let (_, section) = manual.split_once("\n## Of a balancer\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `kolam_"));
    let cell = |row: &str| {
        let (name, rest) = row.split_once("` | ").unwrap();
        (format!("kolam_{name}"), rest.split_once(" |").unwrap().0.to_owned())
    };
    rows.map(cell).collect()
}

#[test]
fn every_metric_of_a_balancer_is_in_the_manual_and_has_a_value_for_each_backend() {
    let servers = ["a", "b"].map(|name| (name, backend(name)));
    let backends = servers.iter().map(|(name, server)| named(name, server));
    let options = ["--level", "connection", "--metrics", "0"];
    let balancer = balancer(backends).args(options).start();
    assert_eq!([who(&balancer), who(&balancer), who(&balancer)], ["a", "b", "a"]);
    let page = page(&balancer);
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let types = types.map(|line| line.split_once(' ').unwrap());
    let own = types
        .filter(|(name, _)| name.starts_with("kolam_backend_") || name.starts_with("kolam_queue_"));
    let own: BTreeSet<_> = own.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    assert_eq!(own, documented());
    for sample in [
        r#"kolam_backend_up{backend="a"} 1"#,
        r#"kolam_backend_connections_total{backend="a",outcome="ok"} 2"#,
        r#"kolam_backend_connections_total{backend="b",outcome="ok"} 1"#,
        r#"kolam_backend_connections_total{backend="b",outcome="failed"} 0"#,
        "kolam_queue_length 0",
        "kolam_queue_wait_seconds_count 0",
    ] {
        let is_there = |line: &str| line.strip_suffix(".0").unwrap_or(line) == sample;
        assert!(page.lines().any(is_there), "{sample}: {page}");
    }
}
