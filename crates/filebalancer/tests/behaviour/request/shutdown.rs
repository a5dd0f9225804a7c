//! How a balancer stops that forwards requests.

use std::time::{Duration, Instant};

use testkit::{PATIENCE, Signal, eventually};

use super::{Shared, async_server};

#[test]
fn clients_between_requests_leave_at_once_and_requests_under_way_finish() {
    let shared = Shared::start([async_server().args(["--inject", "service-time=3000"])]);
    let mut balancer = shared.balancer().start();
    let mut idle = balancer.connect();
    assert_eq!(idle.request("LIST").outcome(), "OK");
    let mut busy = balancer.connect();
    busy.send("ECHO hello\r\n\r\n");
    eventually(PATIENCE, "its request is in flight", || balancer.stats().backend[0].in_flight == 1);
    balancer.kill(Signal::SIGTERM);
    idle.expect_closed();
    assert_eq!(busy.read_reply()["data"], "hello");
    busy.expect_closed();
    let stopped = balancer.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
}

#[test]
fn requests_that_outlast_the_grace_period_are_cut() {
    let shared = Shared::start([async_server().args(["--inject", "service-time=60000"])]);
    let mut balancer = shared.balancer().args(["--drain", "0.2"]).start();
    let mut busy = balancer.connect();
    busy.send("ECHO hello\r\n\r\n");
    eventually(PATIENCE, "its request is in flight", || balancer.stats().backend[0].in_flight == 1);
    let start = Instant::now();
    balancer.kill(Signal::SIGTERM);
    busy.expect_closed();
    let stopped = balancer.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(1), "{}", stopped.stderr);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
