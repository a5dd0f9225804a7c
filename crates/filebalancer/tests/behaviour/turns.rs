//! Who is next.

use std::thread;

use testkit::{PATIENCE, Server, eventually};

use crate::{LEVELS, backend, balancer, named, start_with_status, stats, who};

/// A balancer in front of a, which weighs five times as much as b and c do.
#[track_caller]
fn weighted(level: &str) -> ([Server; 3], Server) {
    let servers = ["a", "b", "c"].map(backend);
    let [a, b, c] = &servers;
    let backends = [named("a", a) + ",weight=5", named("b", b), named("c", c)];
    let balancer = balancer(backends).args(["--level", level]).start();
    (servers, balancer)
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
    for level in LEVELS {
        let (_servers, balancer) = weighted(level);
        let served: String = (0..14).map(|_| who(&balancer)).collect();
        assert_eq!(served, "aabacaa".repeat(2), "level {level}");
    }
}

/// However many come at once: who is next is decided for one after another.
#[test]
fn of_700_connections_over_5_1_1_exactly_500_100_and_100_go_there() {
    for level in LEVELS {
        let (_servers, balancer) = weighted(level);
        let served: String = thread::scope(|scope| {
            let client = || (0..70).map(|_| who(&balancer)).collect::<String>();
            let clients = [(); 10].map(|()| scope.spawn(client));
            clients.map(|client| client.join().unwrap()).concat()
        });
        let counts = ["a", "b", "c"].map(|name| served.matches(name).count());
        assert_eq!(counts, [500, 100, 100], "level {level}");
    }
}

#[test]
fn every_policy_spreads_work_over_all() {
    for policy in ["round-robin", "least-connections", "two-choices", "peak-ewma"] {
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
        assert!(shares.iter().all(|share| *share >= 5), "{policy}: {shares:?}");
    }
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
        // The check at the start is one more.
        assert_eq!(server.stats().connections.succeeded, 6, "{name}");
    }
}

#[test]
fn a_backend_is_found_by_its_name() {
    let server = backend("a");
    let port = server.address().port();
    let balancer = balancer([format!("localhost:{port}")]).args(["--level", "connection"]).start();
    assert_eq!(who(&balancer), "a");
}
