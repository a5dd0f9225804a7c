//! Backends that die, or stop, under load.

use testkit::{PATIENCE, Signal, content};

use super::{Shared, async_server, expect_logged, under_load};

/// Whoever is well has to answer in time too, on a machine that is busy.
const CHECKS: [&str; 4] = ["--check-interval", "0.5", "--check-timeout", "0.5"];

#[test]
fn no_request_fails_when_a_backend_is_killed_under_load() {
    let mut shared = Shared::start([async_server(), async_server()]);
    shared.place("64k.bin", &content(1, 64 << 10));
    let balancer = shared.balancer().args(CHECKS).start();
    let mut killed = shared.servers.remove(0);
    under_load(&balancer, 8, 60, || {
        killed.kill(Signal::SIGKILL);
        killed.wait(PATIENCE);
    });
    let stats = balancer.stats();
    assert_eq!(stats.requests.into_entries().map(|(_, it)| it.failed).sum::<u64>(), 0);
    assert!(stats.backend[1].requests.ok > stats.backend[0].requests.ok);
}

#[test]
fn no_request_fails_when_a_backend_is_stopped_under_load() {
    let shared = Shared::start([async_server(), async_server()]);
    shared.place("64k.bin", &content(1, 64 << 10));
    let balancer = shared.balancer().args(CHECKS).start();
    under_load(&balancer, 8, 60, || shared.servers[0].kill(Signal::SIGSTOP));
    let stats = balancer.stats();
    shared.servers[0].kill(Signal::SIGCONT);
    // A reply of which the client has some cannot be begun again: none of these is as long as that.
    assert_eq!(stats.requests.into_entries().map(|(_, it)| it.failed).sum::<u64>(), 0);
    assert_eq!(stats.backend[0].state, "down");
    expect_logged(&balancer, &["a check has found it down"]);
}

#[test]
fn where_no_backend_is_left_each_request_is_told_so_and_the_connection_stays() {
    let mut shared = Shared::start([async_server()]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("LIST").outcome(), "OK");
    let mut killed = shared.servers.remove(0);
    killed.kill(Signal::SIGKILL);
    killed.wait(PATIENCE);
    for request in ["LIST", "GET a.txt", "UPLOAD a.txt aGVsbG8=", "DELETE a.txt", "ECHO hello"] {
        assert_eq!(peer.request(request).outcome(), "unavailable", "{request}");
    }
    assert_eq!(peer.request("PING").outcome(), "OK");
}
