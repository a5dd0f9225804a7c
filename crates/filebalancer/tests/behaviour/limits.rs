//! How many may come, and what becomes of one more.

use std::{collections::VecDeque, net::SocketAddr};

use protocol::stats::Connections;
use testkit::{PATIENCE, Peer, Server, eventually};

use crate::{await_log, backend, balancer, named, start_with_status, stats, who};

/// Waits until so many wait while one is served. In the kernel's backlog one is counted as waiting too, and
/// may be overtaken: so all have to be accepted.
#[track_caller]
fn await_waiting(status: SocketAddr, count: u64) {
    eventually(PATIENCE, &format!("{count} wait"), || {
        let Connections { active, waiting, .. } = stats(status).connections;
        (active, waiting) == (count + 1, count)
    });
}

#[test]
fn one_connection_more_than_there_may_be_is_answered_busy() {
    let server = backend("a");
    let balancer = balancer([named("a", &server)]).args(["--max-connections", "2"]).start();
    let mut open = [balancer.connect(), balancer.connect()];
    for peer in &mut open {
        assert_eq!(peer.request("PING").outcome(), "OK");
    }
    let reply = balancer.connect().read_reply();
    assert_eq!(reply.outcome(), "busy");
    let said = reply["data"].as_str().unwrap();
    assert!(said.contains("2 connections") && !said.contains("--"), "{said}");
    // Whoever can change it is told where.
    await_log(&balancer, &["turned-away", "busy with 2 connections (--max-connections)"]);
}

/// Nobody knows what whoever speaks another protocol would take such an answer for.
#[test]
fn at_level_connection_one_more_is_closed_without_a_word() {
    let server = backend("a");
    let options = ["--level", "connection", "--max-connections", "1"];
    let balancer = balancer([named("a", &server)]).args(options).start();
    let mut open = balancer.connect();
    assert_eq!(open.request("PING").outcome(), "OK");
    balancer.connect().expect_closed();
    assert_eq!(open.request("PING").outcome(), "OK");
}

/// A balancer whose one server has one place, which its first client has, and in whose queue one may wait.
fn with_its_place_taken(server: &Server) -> (Server, SocketAddr, Peer) {
    let options = ["--level", "connection", "--queue", "1"];
    let builder = balancer([format!("{},max=1", named("a", server))]);
    let (balancer, status) = start_with_status(builder.args(options));
    let mut first = balancer.connect();
    assert_eq!(first.request("PING").outcome(), "OK");
    (balancer, status, first)
}

#[test]
fn whoever_finds_all_backends_full_waits_for_a_place() {
    let server = backend("a");
    let (balancer, status, first) = with_its_place_taken(&server);
    let mut second = balancer.connect();
    second.send("PING\r\n\r\n");
    await_waiting(status, 1);
    // The queue has one place.
    balancer.connect().expect_closed();
    assert!(!second.has_received());
    drop(first);
    assert_eq!(second.read_reply().outcome(), "OK");
    assert_eq!(stats(status).connections.waiting, 0);
}

#[test]
fn whoever_resets_its_connection_while_it_waits_gives_up_its_turn() {
    let server = backend("a");
    let (balancer, status, first) = with_its_place_taken(&server);
    let mut leaves = balancer.connect();
    leaves.send("PING\r\n\r\n");
    await_waiting(status, 1);
    leaves.reset();
    await_waiting(status, 0);
    await_log(&balancer, &["closed", "the client was lost"]);
    // The queue has one place, which is free again.
    let mut stays = balancer.connect();
    stays.send("PING\r\n\r\n");
    stays.half_close();
    await_waiting(status, 1);
    drop(first);
    assert_eq!(stays.read_reply().outcome(), "OK");
}

#[test]
fn a_wait_for_a_place_has_an_end() {
    let server = backend("a");
    let options = ["--level", "connection", "--queue-wait", "0.2"];
    let builder = balancer([format!("{},max=1", named("a", &server))]);
    let balancer = builder.args(options).start();
    let mut first = balancer.connect();
    assert_eq!(first.request("PING").outcome(), "OK");
    balancer.connect().expect_closed();
    await_log(&balancer, &["closed", "all servers are busy"]);
    drop(first);
    await_log(&balancer, &["closed", "outcome=ok"]);
    assert_eq!(who(&balancer), "a");
}

#[test]
fn places_go_to_whoever_has_waited_longest() {
    let server = backend("a");
    let builder = balancer([format!("{},max=1", named("a", &server))]);
    let (balancer, status) = start_with_status(builder.args(["--level", "connection"]));
    let mut served = balancer.connect();
    assert_eq!(served.request("PING").outcome(), "OK");
    let mut line = VecDeque::new();
    for waiting in 1..=5 {
        let mut peer = balancer.connect();
        peer.send("PING\r\n\r\n");
        line.push_back(peer);
        await_waiting(status, waiting);
    }
    while let Some(mut next) = line.pop_front() {
        drop(served);
        assert_eq!(next.read_reply().outcome(), "OK");
        assert!(line.iter().all(|peer| !peer.has_received()));
        served = next;
    }
}
