//! Backends that are full: who waits, who is served next, and who is told.

use std::{
    io::Write,
    sync::mpsc::{self, Sender},
};

use protocol::Verb;
use testkit::{
    PATIENCE, Peer, Server, eventually,
    fake_server::{self, FakeServer},
};

use super::async_server;
use crate::balancer;

/// A backend that is asked one request at a time and answers each once it may, all on one connection; and
/// its balancer.
struct Scene {
    balancer: Server,
    /// What it was asked.
    backend: FakeServer<Vec<String>>,
    may_answer: Sender<()>,
    _door: Server,
}

impl Scene {
    #[track_caller]
    fn start(requests: usize, args: &[&str]) -> Self {
        let (may_answer, told) = mpsc::channel();
        let backend = FakeServer::start(1, move |_, stream| {
            let answer = |_| {
                let asked = fake_server::read_request(stream);
                told.recv_timeout(PATIENCE).unwrap();
                stream.write_all(b"{\"status\":\"OK\",\"data\":\"\"}\r\n\r\n").unwrap();
                asked
            };
            (0..requests).map(answer).collect()
        });
        let door = async_server().start();
        let named = format!("a={},max=1,check={}", backend.address, door.address());
        // Nobody who waits gives up by himself.
        let balancer = balancer([named]).args(["--queue-wait", "1h"]).args(args).start();
        Self { balancer, backend, may_answer, _door: door }
    }

    /// Lets it answer the one who is next.
    #[track_caller]
    fn answer(&self, next: &mut Peer) {
        self.may_answer.send(()).unwrap();
        assert_eq!(next.read_reply().outcome(), "OK");
    }

    #[track_caller]
    fn await_waiting(&self, count: u64) {
        eventually(PATIENCE, &format!("{count} wait"), || {
            let stats = self.balancer.stats();
            (stats.backend[0].in_flight, stats.connections.waiting) == (1, count)
        });
    }
}

#[test]
fn those_who_wait_are_served_in_the_order_in_which_they_came() {
    let scene = Scene::start(4, &[]);
    let mut peers = [(); 4].map(|()| scene.balancer.connect());
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.send(format!("ECHO {number}\r\n\r\n"));
        scene.await_waiting(number as u64);
    }
    peers.iter_mut().for_each(|peer| scene.answer(peer));
    let in_order = [0, 1, 2, 3].map(|number| format!("ECHO {number}\r\n\r\n"));
    assert_eq!(scene.backend.finish(), [in_order]);
}

#[test]
fn one_more_than_may_wait_is_told_so_at_once() {
    let scene = Scene::start(1, &["--queue", "3"]);
    let mut peers = [(); 4].map(|()| scene.balancer.connect());
    peers.iter_mut().for_each(|peer| peer.send("ECHO hello\r\n\r\n"));
    scene.await_waiting(3);
    let mut one_more = scene.balancer.connect();
    assert_eq!(one_more.request("ECHO hello").outcome(), "busy");
    // It may ask again.
    assert_eq!(one_more.request("PING").outcome(), "OK");
    scene.may_answer.send(()).unwrap();
    assert_eq!(scene.backend.finish(), [["ECHO hello\r\n\r\n"]]);
}

#[test]
fn no_backend_is_asked_for_a_client_that_left_while_it_waited() {
    let scene = Scene::start(2, &[]);
    let [mut first, mut leaves, mut stays] = [(); 3].map(|()| scene.balancer.connect());
    first.send("ECHO first\r\n\r\n");
    scene.await_waiting(0);
    leaves.send("ECHO leaves\r\n\r\n");
    scene.await_waiting(1);
    stays.send("ECHO stays\r\n\r\n");
    stays.half_close();
    scene.await_waiting(2);
    drop(leaves);
    scene.await_waiting(1);
    eventually(PATIENCE, "whether it stays is found out", || stays.has_received());
    scene.answer(&mut first);
    scene.answer(&mut stays);
    eventually(PATIENCE, "all are counted", || {
        let echoes = scene.balancer.stats().requests[Verb::Echo];
        (echoes.ok, echoes.failed) == (2, 1)
    });
    assert_eq!(scene.backend.finish(), [["ECHO first\r\n\r\n", "ECHO stays\r\n\r\n"]]);
}
