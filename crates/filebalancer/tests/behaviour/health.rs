//! Checks: who is well, and how soon it is known that one is not.

use std::{
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};

use testkit::{
    PATIENCE, Server, ServerBuilder, Signal, eventually,
    fake_server::{self, FakeServer},
};

use crate::{await_log, await_state, backend, balancer, named, row, start_with_status, who};

/// 2 checks a second: one that fails three times is out within 2 s.
const FAST: [&str; 4] = ["--check-interval", "0.5", "--check-timeout", "0.5"];
const BOUND: Duration = Duration::from_secs(2);

/// What a loaded machine may take to notice.
const SLACK: Duration = Duration::from_secs(5);

/// By text, at level connection.
const PING: [&str; 6] =
    ["--level", "connection", "--check-send", r"PING\r\n\r\n", "--check-expect", "pong"];

fn a_stopped_backend_is_out_in_time(builder: impl Fn(Vec<String>) -> ServerBuilder) {
    let (a, b) = (backend("a"), backend("b"));
    let backends = vec![named("a", &a), named("b", &b)];
    let (balancer, status) = start_with_status(builder(backends).args(FAST));
    b.kill(Signal::SIGSTOP);
    let stopped = Instant::now();
    await_state(status, "b", "down");
    assert!(stopped.elapsed() < BOUND + SLACK, "{:?}", stopped.elapsed());
    await_log(&balancer, &["backend=b", "fell", "it does not answer within 0.5 s"]);
    assert_eq!([(); 4].map(|()| who(&balancer)), ["a"; 4]);
    b.kill(Signal::SIGCONT);
    eventually(PATIENCE, "b is back", || row(status, "b").state != "down");
}

/// The kernel goes on taking its connections.
#[test]
fn a_backend_that_is_stopped_is_out_in_time() {
    a_stopped_backend_is_out_in_time(balancer);
}

#[test]
fn at_level_connection_it_takes_an_answer_to_notice_a_backend_that_is_stopped() {
    a_stopped_backend_is_out_in_time(|backends| balancer(backends).args(PING));
}

#[test]
fn a_backend_that_talks_nonsense_is_out_and_named() {
    let odd = FakeServer::forever(|_, stream| {
        fake_server::recv(stream);
        // Whoever checks may have had enough.
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let good = backend("good");
    let builder = balancer([format!("odd={odd}"), named("good", &good)]).args(FAST);
    let (balancer, status) = start_with_status(builder);
    await_state(status, "odd", "down");
    await_log(&balancer, &["backend=odd", "talks nonsense"]);
    assert_eq!(row(status, "good").state, "up");
}

#[test]
fn a_backend_that_closes_without_a_word_is_out_and_named() {
    let shy = FakeServer::forever(|_, _: &mut TcpStream| ());
    let (balancer, status) = start_with_status(balancer([format!("shy={shy}")]).args(FAST));
    await_state(status, "shy", "down");
    // With what it was sent unread, its close is a reset.
    await_log(&balancer, &["backend=shy", "connection"]);
}

/// A full pool is not a dead one.
#[test]
fn a_backend_whose_workers_are_all_busy_stays_up_as_long_as_they_answer() {
    let server = crate::fileserver().args(["--mode", "thread", "--workers", "1"]).start();
    server.place("large.bin", &testkit::content(1, 50 << 20));
    let builder = balancer([named("a", &server)]).args(FAST).args(["--level", "connection"]);
    let (balancer, status) = start_with_status(builder.args(&PING[2..]));
    let mut peer = balancer.connect();
    peer.send("GET large.bin\r\n\r\n");
    // Reads slowly, for longer than it takes to be out.
    let began = Instant::now();
    let mut room = vec![0; 256 * 1024];
    while began.elapsed() < 2 * BOUND {
        assert!(peer.read_some(&mut room) > 0);
        std::thread::sleep(Duration::from_millis(25));
    }
    assert_eq!(row(status, "a").state, "up", "{}", balancer.stderr());
}

/// What the balancer asks there is not forwarded to anybody, and needs no worker.
#[test]
fn a_backend_is_asked_at_the_door_that_is_named() {
    let server = crate::fileserver().args(["--mode", "thread", "--workers", "1", "--status", "0"]);
    let server = server.start();
    let door = status_of(&server);
    let (balancer, status) =
        start_with_status(balancer([format!("{},check={door}", named("a", &server))]).args(FAST));
    // It has one worker, as it says there.
    eventually(PATIENCE, "its workers are known", || row(status, "a").in_flight_max == Some(1));
    let _holder = server.connect();
    let held = Instant::now();
    eventually(PATIENCE, "it would be out by now", || held.elapsed() > BOUND);
    assert_eq!(row(status, "a").state, "up", "{}", balancer.stderr());
    assert_eq!(row(status, "a").connections.ok, 0);
}

fn status_of(server: &Server) -> String {
    let mut address = None;
    eventually(PATIENCE, "the log says where the status is", || {
        let log = server.stderr();
        address = log.lines().find_map(|line| Some(line.split_once("status on ")?.1.to_owned()));
        address.is_some()
    });
    address.unwrap()
}

#[test]
fn a_backend_gets_as_much_as_it_has_workers_unless_told_otherwise() {
    let pool = crate::fileserver().args(["--mode", "thread", "--workers", "3"]).start();
    let (tasks, told) = (backend("tasks"), backend("told"));
    let backends =
        [named("pool", &pool), named("tasks", &tasks), format!("{},max=7", named("told", &told))];
    let (_balancer, status) = start_with_status(balancer(backends));
    let known = || ["pool", "tasks", "told"].map(|name| row(status, name).in_flight_max);
    eventually(PATIENCE, "each has as much", || known() == [Some(3), Some(1000), Some(7)]);
}
