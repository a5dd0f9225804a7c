//! The status address: how a server is doing, while it can do nothing else.

use std::{fs, net::SocketAddr};

use protocol::{Stats, Verb};
use testkit::{PATIENCE, Peer, Server, ServerBuilder, Signal, content, eventually, processes};

use crate::Model;

for_every_model!(
    a_saturated_server_tells_how_it_is_doing,
    a_server_that_drains_tells_how_it_is_doing,
    the_status_is_for_the_owners_of_tokens_where_there_are_any,
    a_status_address_that_others_could_reach_is_refused,
);

/// Starts a server with a status address; returns where that is.
#[track_caller]
fn start(builder: ServerBuilder) -> (Server, SocketAddr) {
    let server = builder.args(["--status", "0"]).start();
    let mut address = None;
    eventually(PATIENCE, "the log says where the status is", || {
        let log = server.stderr();
        address = log.lines().find_map(|line| line.split_once("status on ")?.1.parse().ok());
        address.is_some()
    });
    (server, address.unwrap())
}

#[track_caller]
fn stats(status: SocketAddr) -> Stats {
    let reply = Peer::connect(status).request("STATS");
    serde_json::from_value(reply["data"].clone()).unwrap_or_else(|_| panic!("{}", reply.text()))
}

fn a_saturated_server_tells_how_it_is_doing(model: Model) {
    let (server, status) = start(model.server().args(["--workers", "2"]));
    let mut holders: Vec<_> = (0..2).map(|_| server.connect()).collect();
    for holder in &mut holders {
        assert_eq!(holder.request("PING").outcome(), "OK");
    }
    let _waiting = server.connect();
    let _hogs: Vec<_> = (0..40).map(|_| Peer::connect(status)).collect();
    assert_eq!(Peer::connect(status).request("PING")["data"], "pong");
    assert_eq!(Peer::connect(status).request("LIST").outcome(), "bad-request");
    let waits = if ["async", "event"].contains(&model.mode) { 0 } else { 1 };
    eventually(PATIENCE, "the counts are those of the server", || {
        let stats = stats(status);
        assert_eq!((stats.mode.as_str(), stats.workers), (model.mode, 2));
        assert!(stats.worker.iter().all(|worker| worker.memory_bytes > Some(0)), "{stats:?}");
        // Where all are served at once, a connection may be seen before it is.
        let served = stats.connections.active + stats.connections.waiting == 3;
        served && stats.connections.waiting == waits && stats.requests[Verb::Stats].ok == 2
    });
}

fn a_server_that_drains_tells_how_it_is_doing(model: Model) {
    let (mut server, status) = start(model.server());
    let content = content(1, 20 << 20);
    server.place("a.bin", &content);
    let mut reader = server.connect();
    reader.send("GET a.bin\r\n\r\n");
    reader.await_bytes(1000);
    server.kill(Signal::SIGTERM);
    eventually(PATIENCE, "the server takes no connection", || server.refuses_connections());
    assert_eq!(stats(status).connections.active, 1);
    let mut taken = 1000;
    eventually(PATIENCE, "the counts say what the connection asks for", || {
        // One that was looked at above may have been shown in its place, until it moves again.
        taken += 1 << 20;
        reader.await_bytes(taken);
        let stats = stats(status);
        let current = stats.worker.iter().find_map(|worker| worker.current.as_ref());
        let request = current.and_then(|current| current.request.as_ref());
        request.is_some_and(|request| request.command == "GET")
    });
    assert!(reader.read_long_reply().content() == content);
    assert_eq!(server.wait(PATIENCE).exit_code, Some(0));
}

fn the_status_is_for_the_owners_of_tokens_where_there_are_any(model: Model) {
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("tokens");
    let options = ["--auth-file", file.to_str().unwrap()];
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["token", "new", "alice", "--permission", "r"])
        .args(options)
        .output()
        .unwrap();
    let token = String::from_utf8(made.stdout).unwrap();
    assert!(fs::exists(&file).unwrap());
    let (server, status) = start(model.server().args(options));
    let mut peer = Peer::connect(status);
    assert_eq!(peer.request("PING").outcome(), "OK");
    assert_eq!(peer.request("STATS").outcome(), "auth-required");
    assert_eq!(peer.request("AUTH kolam_wrong").outcome(), "auth-failed");
    assert_eq!(peer.request(&format!("AUTH {}", token.trim())).outcome(), "OK");
    assert_eq!(peer.request("STATS").outcome(), "OK");
    eventually(PATIENCE, "the log says that a token was wrong", || {
        server.stderr().contains("WARNING - a wrong token")
    });
    assert!(!server.stderr().contains("kolam_wrong"));
}

fn a_status_address_that_others_could_reach_is_refused(model: Model) {
    for address in ["0.0.0.0:0", "192.0.2.1:1", "[::]:0"] {
        let stopped = model.server().args(["--status", address]).run_to_end();
        assert_eq!(stopped.exit_code, Some(2));
        assert!(stopped.stderr.contains("for this machine alone"), "{}", stopped.stderr);
    }
}

#[test]
fn the_status_is_told_while_all_workers_are_stopped_and_after_the_monitor_was_killed() {
    let (server, status) = start(Model::named("process").server().args(["--workers", "3"]));
    assert_eq!(server.ask("PING").outcome(), "OK");
    // The reply comes a moment before its request is counted.
    eventually(PATIENCE, "the request is counted", || stats(status).requests[Verb::Stats].ok == 1);
    let mut workers = server.workers();
    for pid in &workers {
        processes::send_signal(*pid, Signal::SIGSTOP);
    }
    let mut told: Vec<_> = stats(status).worker.iter().map(|worker| worker.pid).collect();
    told.sort_unstable();
    workers.sort_unstable();
    assert_eq!(told, workers);
    let monitor = server.monitor().unwrap();
    processes::send_signal(monitor, Signal::SIGKILL);
    eventually(PATIENCE, "another monitor answers", || {
        server.monitor().is_some_and(|pid| pid != monitor)
    });
    assert_eq!(stats(status).requests[Verb::Stats].ok, 1);
    for pid in workers {
        processes::send_signal(pid, Signal::SIGCONT);
    }
}
