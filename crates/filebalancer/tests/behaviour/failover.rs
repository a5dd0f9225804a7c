//! A backend is lost, and comes back.

use std::net::TcpListener;

use testkit::{PATIENCE, Server, ServerBuilder, Signal, eventually};

use crate::{
    LEVELS, await_log, await_state, backend, balancer, fileserver, named, row, start_with_status,
    stats, who,
};

/// Starts a server again where another one was, with its name in a file.
#[track_caller]
fn start_again(name: &str, port: u16) -> Server {
    let port = port.to_string();
    let builder: ServerBuilder =
        fileserver().without_defaults().args(["--mode", "async", "--dir", ".", "--port", &port]);
    let server = builder.start();
    server.place("who.txt", name.as_bytes());
    server
}

#[test]
fn no_client_notices_that_a_backend_is_dead() {
    for level in LEVELS {
        let (alive, mut dead) = (backend("alive"), backend("dead"));
        let backends = [named("dead", &dead), named("alive", &alive)];
        // Before any check notices.
        let options = ["--level", level, "--check-interval", "3600"];
        let (balancer, status) = start_with_status(balancer(backends).args(options));
        dead.kill(Signal::SIGKILL);
        dead.wait(PATIENCE);
        for _ in 0..20 {
            assert_eq!(who(&balancer), "alive", "level {level}");
        }
        await_log(&balancer, &["retried", "backend=dead", "attempt=1", "refused"]);
        // After so many failures in a row it was not even tried.
        assert_eq!(row(status, "dead").state, "ejected");
        assert_eq!(row(status, "dead").connections.failed, 5);
        await_log(&balancer, &["backend=dead", "ejected"]);
    }
}

#[test]
fn a_backend_that_comes_back_gets_work_again() {
    for level in LEVELS {
        let (a, mut b) = (backend("a"), backend("b"));
        let port = b.address().port();
        // The other one has to answer in time too.
        let checks = ["--check-interval", "0.5", "--check-timeout", "0.5", "--warm-up", "0"];
        let builder = balancer([named("a", &a), named("b", &b)]).args(["--level", level]);
        let (balancer, status) = start_with_status(builder.args(checks));
        b.kill(Signal::SIGKILL);
        b.wait(PATIENCE);
        await_state(status, "b", "down");
        assert_eq!([(); 4].map(|()| who(&balancer)), ["a"; 4], "level {level}");
        let _b = start_again("b", port);
        await_state(status, "b", "up");
        let served = [(); 4].map(|()| who(&balancer));
        assert_eq!(
            served.iter().filter(|name| *name == "b").count(),
            2,
            "level {level}: {served:?}"
        );
        await_log(&balancer, &["backend=b", "fell"]);
        await_log(&balancer, &["backend=b", "rose"]);
    }
}

#[test]
fn where_no_backend_is_left_connections_are_closed() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let builder = balancer([format!("gone={address}")]).args(["--level", "connection"]);
    let (balancer, status) = start_with_status(builder);
    balancer.connect().expect_closed();
    eventually(PATIENCE, "the connection is counted", || stats(status).connections.failed == 1);
    await_log(&balancer, &["closed", "backend=gone", "refused"]);
}
