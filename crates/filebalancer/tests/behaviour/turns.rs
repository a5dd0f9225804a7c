//! Who is next.

use std::{thread, time::Duration};

use testkit::{PATIENCE, Server, eventually};

use crate::{
    LEVELS, await_state, backend, balancer, fileserver, named, row, start_with_status, stats, who,
};

/// How the first of these are named to the balancer, with their weights.
fn weighted(servers: &[Server], weights: &[u16]) -> Vec<String> {
    let names = ["a", "b", "c", "d"].into_iter().zip(servers);
    let weight = |((name, server), weight)| format!("{},weight={weight}", named(name, server));
    names.zip(weights).map(weight).collect()
}

/// Who serves so many connections, one after another.
fn in_turn(balancer: &Server, connections: usize) -> String {
    (0..connections).map(|_| who(balancer)).collect()
}

/// The seed's scene: two servers, the balancer, and clients who know only that.
#[test]
fn two_servers_take_turns() {
    for level in LEVELS {
        let servers = ["a", "b"].map(|name| (name, backend(name)));
        let backends = servers.iter().map(|(name, server)| named(name, server));
        let balancer = balancer(backends).args(["--level", level]).start();
        let served: Vec<_> = (0..6).map(|_| who(&balancer)).collect();
        assert_eq!(served, ["a", "b", "a", "b", "a", "b"], "level {level}");
    }
}

#[test]
fn weights_give_shares_in_the_order_of_smooth_round_robin() {
    let servers = ["a", "b", "c", "d"].map(backend);
    for level in LEVELS {
        for (weights, sequence) in [
            (&[5, 1, 1][..], "aabacaa"),
            (&[3, 2, 1], "abacba"),
            (&[4, 3, 2, 1], "abcabdacba"),
            (&[1, 2], "bab"),
            (&[2, 2, 1], "abcab"),
        ] {
            let backends = weighted(&servers, weights);
            let balancer = balancer(backends).args(["--level", level]).start();
            let served = in_turn(&balancer, 2 * sequence.len());
            assert_eq!(served, sequence.repeat(2), "level {level}: {weights:?}");
        }
    }
}

#[test]
fn a_backend_that_is_down_is_not_in_the_total() {
    let servers = ["a", "b"].map(backend);
    for level in LEVELS {
        let mut backends = weighted(&servers, &[5, 1]);
        // Nobody listens there.
        backends.push("c=127.0.0.1:1".to_owned());
        // The one check that there is decides, however long the others take to pass it.
        let checks = ["--check-interval", "3600", "--check-timeout", "60", "--fall", "1"];
        let builder = balancer(backends).args(["--level", level]).args(checks);
        let (balancer, status) = start_with_status(builder);
        await_state(status, "c", "down");
        assert_eq!(in_turn(&balancer, 12), "aaabaaaaabaa", "level {level}");
    }
}

/// However many come at once: who is next is decided for one after another.
#[test]
fn of_700_connections_over_5_1_1_exactly_500_100_and_100_go_there() {
    let servers = ["a", "b", "c"].map(backend);
    for level in LEVELS {
        let backends = weighted(&servers, &[5, 1, 1]);
        let balancer = balancer(backends).args(["--level", level]).start();
        let served: String = thread::scope(|scope| {
            let client = || in_turn(&balancer, 70);
            let clients = [(); 10].map(|()| scope.spawn(client));
            clients.map(|client| client.join().unwrap()).concat()
        });
        let counts = ["a", "b", "c"].map(|name| served.matches(name).count());
        assert_eq!(counts, [500, 100, 100], "level {level}");
    }
}

#[test]
fn every_policy_spreads_work_over_all() {
    // Peak EWMA goes by how soon each answered, which a busy machine decides; but whoever is not known yet
    // is asked.
    let policies =
        [("round-robin", 5), ("least-connections", 5), ("two-choices", 5), ("peak-ewma", 1)];
    for (policy, least) in policies {
        let servers = ["a", "b"].map(|name| (name, backend(name)));
        let backends = servers.iter().map(|(name, server)| named(name, server));
        let options = ["--level", "connection", "--policy", policy];
        let (balancer, status) = start_with_status(balancer(backends).args(options));
        // Of connections that are open, each policy but round-robin sees who has fewer.
        let mut open: Vec<_> = (0..20).map(|_| balancer.connect()).collect();
        for peer in &mut open {
            assert_eq!(peer.request("PING").outcome(), "OK");
        }
        let shares: Vec<u64> = stats(status).backend.iter().map(|row| row.in_flight).collect();
        assert_eq!(shares.iter().sum::<u64>(), 20, "{policy}");
        assert!(shares.iter().all(|share| *share >= least), "{policy}: {shares:?}");
    }
}

/// A backend is judged by how soon it answers, not by how late its clients ask.
#[test]
fn a_client_that_thinks_makes_no_backend_look_slow() {
    let fast = backend("fast");
    // A fast one that a busy machine delays a little must still look three times as fast.
    let slow = fileserver().args(["--mode", "async", "--inject", "service-time=1500"]).start();
    let backends = [named("slow", &slow), named("fast", &fast)];
    let options = ["--level", "connection", "--policy", "peak-ewma", "--check-interval", "3600"];
    let (balancer, status) = start_with_status(balancer(backends).args(options));
    // The first goes to either, the second to the one of which nothing is known yet.
    for _ in 0..2 {
        let mut peer = balancer.connect();
        thread::sleep(Duration::from_secs(2));
        assert_eq!(peer.request("ECHO halo").outcome(), "OK");
    }
    eventually(PATIENCE, "both are known", || stats(status).connections.succeeded == 2);
    let _open = [(); 3].map(|()| balancer.connect());
    let in_flight = || ["slow", "fast"].map(|name| row(status, name).in_flight);
    eventually(PATIENCE, "all three are where they belong", || {
        in_flight().iter().sum::<u64>() == 3
    });
    assert_eq!(in_flight(), [0, 3]);
}

/// What each was sent adds up to what the balancer says it has sent.
#[test]
fn the_counts_of_the_balancer_are_those_of_its_backends() {
    let servers = ["a", "b"].map(|name| (name, backend(name)));
    let backends = servers.iter().map(|(name, server)| named(name, server));
    let options = ["--level", "connection", "--check-interval", "3600"];
    let (balancer, status) = start_with_status(balancer(backends).args(options));
    for _ in 0..10 {
        who(&balancer);
    }
    eventually(PATIENCE, "all connections are counted", || {
        stats(status).connections.succeeded == 10
    });
    let rows = stats(status).backend;
    assert_eq!(rows.iter().map(|row| row.connections.ok).sum::<u64>(), 10);
    for ((name, server), row) in servers.iter().zip(&rows) {
        assert_eq!(row.connections.ok, 5, "{name}");
        // The check at the start is one more. A server counts a connection a moment after it has closed it.
        let mut peer = server.connect();
        eventually(PATIENCE, &format!("{name} has counted its share"), || {
            peer.request("STATS")["data"]["connections"]["succeeded"] == 6
        });
    }
}

#[test]
fn a_backend_is_found_by_its_name() {
    let server = backend("a");
    let port = server.address().port();
    let balancer = balancer([format!("localhost:{port}")]).args(["--level", "connection"]).start();
    assert_eq!(who(&balancer), "a");
}
