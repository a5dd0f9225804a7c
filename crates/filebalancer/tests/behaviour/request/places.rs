//! Backends that are full: who waits, who is served next, and who is told.

use std::{
    io::Write,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use protocol::Verb;
use testkit::{
    PATIENCE, Peer, Server, ServerBuilder, eventually,
    fake_server::{self, FakeServer},
};

use super::{Shared, async_server};

/// Servers that take their time with each ECHO.
fn slow(ms: u32) -> ServerBuilder {
    async_server().args(["--inject", &format!("service-time={ms}")])
}

/// A balancer that has one request in flight and so many places in its queue.
#[track_caller]
fn one_at_a_time(shared: &Shared, queue: &str) -> Server {
    let backend = format!("a={},max=1", shared.servers[0].address());
    crate::balancer([backend]).args(["--queue", queue]).start()
}

#[test]
fn those_who_wait_are_served_in_the_order_in_which_they_came() {
    let shared = Shared::start([slow(500)]);
    let balancer = one_at_a_time(&shared, "100");
    let (served, order) = mpsc::channel();
    thread::scope(|scope| {
        for number in 0..4 {
            let mut peer = balancer.connect();
            peer.send(format!("ECHO {number}\r\n\r\n"));
            eventually(PATIENCE, "its request has come", || {
                let stats = balancer.stats();
                stats.backend[0].in_flight + stats.connections.waiting == number + 1
            });
            let served = served.clone();
            scope.spawn(move || {
                let number = peer.read_reply()["data"].as_str().unwrap().to_owned();
                served.send(number).unwrap();
            });
        }
    });
    drop(served);
    let order: Vec<_> = order.iter().collect();
    assert!(order.is_sorted() && order.len() == 4, "{order:?}");
}

#[test]
fn one_more_than_may_wait_is_told_so_at_once() {
    let shared = Shared::start([slow(3000)]);
    let balancer = one_at_a_time(&shared, "3");
    let mut peers: Vec<Peer> = (0..4).map(|_| balancer.connect()).collect();
    peers.iter_mut().for_each(|peer| peer.send("ECHO hello\r\n\r\n"));
    eventually(PATIENCE, "one is served and three wait", || {
        balancer.stats().connections.waiting == 3
    });
    let start = Instant::now();
    let mut one_more = balancer.connect();
    assert_eq!(one_more.request("ECHO hello").outcome(), "busy");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    // It may ask again.
    assert_eq!(one_more.request("PING").outcome(), "OK");
}

#[test]
fn no_backend_is_asked_for_a_client_that_left_while_it_waited() {
    let (go, may_answer) = mpsc::channel();
    let server = FakeServer::start(1, move |_, stream| {
        [(); 2].map(|()| {
            let asked = fake_server::read_request(stream);
            may_answer.recv_timeout(PATIENCE).unwrap();
            stream.write_all(b"{\"status\":\"OK\",\"data\":\"\"}\r\n\r\n").unwrap();
            asked
        })
    });
    let door = async_server().start();
    let backend = format!("a={},max=1,check={}", server.address, door.address());
    let balancer = crate::balancer([backend]).start();
    let await_waiting = |count| {
        eventually(PATIENCE, "so many wait", || balancer.stats().connections.waiting == count);
    };
    let [mut first, mut leaves, mut stays] = [(); 3].map(|()| balancer.connect());
    first.send("ECHO first\r\n\r\n");
    eventually(PATIENCE, "it is asked", || balancer.stats().backend[0].in_flight == 1);
    leaves.send("ECHO leaves\r\n\r\n");
    await_waiting(1);
    stays.send("ECHO stays\r\n\r\n");
    stays.half_close();
    await_waiting(2);
    drop(leaves);
    await_waiting(1);
    eventually(PATIENCE, "whether it stays is found out", || stays.has_received());
    for peer in [&mut first, &mut stays] {
        go.send(()).unwrap();
        assert_eq!(peer.read_reply().outcome(), "OK");
    }
    assert_eq!(server.finish(), [["ECHO first\r\n\r\n", "ECHO stays\r\n\r\n"]]);
    eventually(PATIENCE, "all are counted", || {
        let echoes = balancer.stats().requests[Verb::Echo];
        (echoes.ok, echoes.failed) == (2, 1)
    });
}
