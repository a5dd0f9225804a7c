//! STATS: what a server counts.

use protocol::{
    Stats, Verb,
    stats::{Outcomes, Worker},
};
use testkit::{PATIENCE, Server, content, eventually, upload_request};

use crate::Model;

for_every_model_and_store!(
    statistics_have_the_members_and_the_order_of_the_protocol,
    every_request_and_byte_is_counted_once,
    failures_are_counted_apart,
    connections_are_active_until_they_end,
    the_last_line_of_the_log_is_the_final_statistics,
);

fn statistics_have_the_members_and_the_order_of_the_protocol(model: Model) {
    let server = model.server().args(["--workers", "3"]).start();
    let reply = server.ask("STATS");
    let mut at = 0;
    for member in [
        "\"mode\":",
        "\"workers\":3",
        "\"uptime_seconds\":",
        "\"requests_per_second\":",
        "\"connections\":{\"active\":1,\"waiting\":0,\"succeeded\":0,\"failed\":0}",
        "\"requests\":{\"list\":{\"ok\":0,\"failed\":0},\"get\":",
        "\"bytes_in\":0",
        "\"bytes_out\":0",
        "\"worker\":[{\"worker\":1,\"pid\":",
        "\"state\":",
        "\"connections\":{",
        "\"restarts\":0",
        "\"cpu_seconds\":",
        "\"memory_bytes\":",
    ] {
        let found = reply.text()[at..].find(member);
        at += found.unwrap_or_else(|| panic!("no {member} in its place in {}", reply.text()));
    }
    let stats = server.stats();
    assert_eq!(stats.mode, model.mode);
    assert!(stats.uptime_seconds > 0.0);
    if model.mode != "legacy" {
        assert_eq!(stats.worker.len(), 3);
        assert!((1..).zip(&stats.worker).all(|(number, worker)| worker.worker == number));
    }
    assert!(stats.worker.iter().all(|worker| worker.pid > 0));
}

fn every_request_and_byte_is_counted_once(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    let content = content(1, 100_000);
    peer.send(upload_request("a.bin", &content));
    assert_eq!(peer.read_reply().outcome(), "OK");
    assert_eq!(peer.request("UPLOAD b.bin aGVsbG8=").outcome(), "OK");
    for request in
        ["LIST", "GET a.bin", "GET b.bin", "GET b.bin", "DELETE b.bin", "ECHO hello", "PING"]
    {
        assert_eq!(peer.request(request).outcome(), "OK");
    }
    drop(peer);
    let stats = await_stats(&server, |stats| stats.connections.succeeded >= 1);
    let of = |ok| Outcomes { ok, failed: 0 };
    assert_eq!(stats.requests[Verb::List], of(1));
    assert_eq!(stats.requests[Verb::Get], of(3));
    assert_eq!(stats.requests[Verb::Upload], of(2));
    assert_eq!(stats.requests[Verb::Delete], of(1));
    // What it carries is no content of a file, and is no part of the bytes.
    assert_eq!(stats.requests[Verb::Echo], of(1));
    assert!(stats.requests[Verb::Stats].ok >= 1 && stats.requests[Verb::Stats].failed == 0);
    assert_eq!(stats.bytes_in, 100_005);
    assert_eq!(stats.bytes_out, 100_010);
    assert!(stats.requests_per_second > 0.0);
    assert_eq!(stats.connections.failed, 0);
    let by_worker = |of: fn(&Worker) -> u64| stats.worker.iter().map(of).sum::<u64>();
    assert_eq!(stats.bytes_in, by_worker(|worker| worker.bytes_in));
    assert_eq!(stats.bytes_out, by_worker(|worker| worker.bytes_out));
    assert_eq!(stats.requests[Verb::Get].ok, by_worker(|worker| worker.requests[Verb::Get].ok));
    assert_eq!(stats.connections.succeeded, by_worker(|worker| worker.connections.succeeded));
}

fn failures_are_counted_apart(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    for request in ["GET x", "GET ../x", "DELETE x", "UPLOAD x !", "LIST x", "HALLO", "PING"] {
        peer.request(request);
    }
    let reply = peer.request("STATS");
    let failed = |verb: &str| reply["data"]["requests"][verb]["failed"].clone();
    assert_eq!(failed("get"), 2, "{}", reply.text());
    assert_eq!(failed("delete"), 1);
    assert_eq!(failed("upload"), 1);
    assert_eq!(failed("list"), 1);
    // What begins with no verb counts as none of them.
    assert_eq!(failed("other"), 1);
    assert_eq!(reply["data"]["requests"]["other"]["ok"], 1);
    drop(peer);
    // The connection itself went well.
    let stats = await_stats(&server, |stats| stats.connections.succeeded >= 1);
    assert_eq!(stats.connections.failed, 0);
}

fn connections_are_active_until_they_end(model: Model) {
    let server = model.server().args(["--workers", "5"]).start();
    let mut peers: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for peer in &mut peers {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    await_stats(&server, |stats| stats.connections.active == 4);
    drop(peers);
    await_stats(&server, |stats| stats.connections.active == 1 && stats.connections.succeeded >= 3);
}

fn the_last_line_of_the_log_is_the_final_statistics(model: Model) {
    let mut server = model.start();
    assert_eq!(server.ask("UPLOAD a.txt aGVsbG8=").outcome(), "OK");
    assert_eq!(server.ask("GET a.txt").outcome(), "OK");
    assert_eq!(server.ask("GET b.txt").outcome(), "not-found");
    // Its client is gone, so this connection is over for the server, too.
    let stopped = server.stop();
    assert_eq!(stopped.exit_code, Some(0));
    let last = stopped.stderr.lines().last().unwrap();
    assert!(last.contains("stopped after "), "{last}");
    assert!(last.contains("connections 3 succeeded, 0 failed"), "{last}");
    assert!(
        last.contains(
            "get 1/1, upload 1/0, delete 0/0, echo 0/0, fetch 0/0, store 0/0, other 0/0 ok"
        ),
        "{last}"
    );
    assert!(last.contains("5 bytes in, 5 bytes out"), "{last}");
    assert_eq!(server.temporary_files(), 0);
    assert!(server.refuses_connections());
}

#[track_caller]
fn await_stats(server: &Server, condition: impl Fn(&Stats) -> bool) -> Stats {
    let mut last = None;
    eventually(PATIENCE, "the statistics show what happened", || {
        let stats = server.stats();
        let holds = condition(&stats);
        last = Some(stats);
        holds
    });
    last.expect("asked at least once")
}
