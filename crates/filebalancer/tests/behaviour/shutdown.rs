//! How a balancer stops.

use std::io::ErrorKind;

use testkit::{PATIENCE, Signal, eventually};

use crate::{LEVELS, backend, balancer, named};

#[test]
fn a_balancer_without_connections_stops_at_once() {
    for level in LEVELS {
        let server = backend("a");
        let mut balancer = balancer([named("a", &server)]).args(["--level", level]).start();
        let stopped = balancer.stop();
        assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
        assert!(stopped.stderr.contains("stopped after"), "{}", stopped.stderr);
    }
}

#[test]
fn open_connections_go_on_until_they_close() {
    let server = backend("a");
    let mut balancer = balancer([named("a", &server)]).args(["--level", "connection"]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("PING").outcome(), "OK");
    balancer.kill(Signal::SIGTERM);
    eventually(PATIENCE, "nobody new is let in", || balancer.refuses_connections());
    assert_eq!(peer.request("PING").outcome(), "OK");
    drop(peer);
    let stopped = balancer.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
}

#[test]
fn what_is_open_at_the_end_of_the_grace_period_is_cut() {
    let server = backend("a");
    let options = ["--level", "connection", "--drain", "0.2"];
    let mut balancer = balancer([named("a", &server)]).args(options).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("PING").outcome(), "OK");
    balancer.kill(Signal::SIGTERM);
    let end = peer.try_read_some(&mut [0]).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    let stopped = balancer.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(1), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("cut at the end of the grace period"), "{}", stopped.stderr);
}

/// The terminal that showed the log is gone; with a log file, it is only opened again.
#[test]
fn a_hangup_stops_a_balancer_that_has_no_log_file() {
    let server = backend("a");
    let mut without = balancer([named("a", &server)]).start();
    without.kill(Signal::SIGHUP);
    assert_eq!(without.wait(PATIENCE).exit_code, Some(0));
    let builder = balancer([named("a", &server)]);
    let log = builder.dir().join("combined_log.txt");
    let with = builder.args(["--log-file", "combined_log.txt"]).start();
    std::fs::rename(&log, log.with_extension("1")).unwrap();
    with.kill(Signal::SIGHUP);
    eventually(PATIENCE, "the log is there again", || log.is_file());
    assert_eq!(with.ask("PING").outcome(), "OK");
}
