//! A balancer in front of real file servers, as their clients and their operator see it.
#![expect(
    clippy::unwrap_used,
    reason = "helpers are test code, which the lint sees only inside of #[test] functions"
)]

use std::{net::SocketAddr, path::PathBuf};

use protocol::{Stats, stats::Backend};
use testkit::{PATIENCE, Peer, Server, ServerBuilder, eventually};

mod connections;
mod control;
mod failover;
mod health;
mod limits;
mod metrics;
mod request;
mod shared_log;
mod shutdown;
mod turns;

/// What is true of both.
const LEVELS: [&str; 2] = ["request", "connection"];

/// The file server, which is built along with the tests of the whole workspace.
fn fileserver() -> ServerBuilder {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_filebalancer")).with_file_name("fileserver");
    assert!(path.is_file(), "cargo build -p fileserver builds {}", path.display());
    ServerBuilder::new(path)
}

/// A file server that has its name in a file. A connection that is open keeps nobody from being served.
#[track_caller]
fn backend(name: &str) -> Server {
    let server = fileserver().args(["--mode", "async"]).start();
    server.place("who.txt", name.as_bytes());
    server
}

/// A balancer in front of what listens there. Each is as it is written on the command line.
fn balancer<S: AsRef<str>>(backends: impl IntoIterator<Item = S>) -> ServerBuilder {
    let options =
        backends.into_iter().flat_map(|it| ["--backend".to_owned(), it.as_ref().to_owned()]);
    ServerBuilder::new(env!("CARGO_BIN_EXE_filebalancer"))
        .without_defaults()
        .args(["--port", "0"])
        .args(options)
}

/// How a backend is named to the balancer.
fn named(name: &str, server: &Server) -> String {
    format!("{name}={}", server.address())
}

/// Which backend serves one more connection.
#[track_caller]
fn who(balancer: &Server) -> String {
    String::from_utf8(balancer.ask("GET who.txt").content()).unwrap()
}

/// Starts a balancer that tells at another address how it is doing, which both levels do.
#[track_caller]
fn start_with_status(builder: ServerBuilder) -> (Server, SocketAddr) {
    let balancer = builder.args(["--status", "0"]).start();
    let mut address = None;
    eventually(PATIENCE, "the log says where the status is", || {
        let log = balancer.stderr();
        address = log.lines().find_map(|line| line.split_once("status on ")?.1.parse().ok());
        address.is_some()
    });
    (balancer, address.unwrap())
}

#[track_caller]
fn stats(status: SocketAddr) -> Stats {
    let reply = Peer::connect(status).request("STATS");
    serde_json::from_value(reply["data"].clone()).unwrap_or_else(|_| panic!("{}", reply.text()))
}

/// The row of one backend.
#[track_caller]
fn row(status: SocketAddr, name: &str) -> Backend {
    stats(status).backend.into_iter().find(|row| row.name == name).unwrap()
}

/// Waits until a backend is in this state.
#[track_caller]
fn await_state(status: SocketAddr, name: &str, state: &str) {
    eventually(PATIENCE, &format!("{name} is {state}"), || row(status, name).state == state);
}

/// Waits until a line of the log has all of these words.
#[track_caller]
fn await_log(balancer: &Server, words: &[&str]) {
    eventually(PATIENCE, &format!("the log tells of {words:?}"), || {
        balancer.stderr().lines().any(|line| words.iter().all(|word| line.contains(word)))
    });
}
