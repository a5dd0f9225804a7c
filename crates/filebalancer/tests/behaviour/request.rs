//! Level `request`: what clients of this project's protocol see, and what only this level can promise.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

use protocol::Verb;
use tempfile::TempDir;
use testkit::{PATIENCE, Peer, Server, ServerBuilder, content, eventually, upload_request};

use crate::{balancer, fileserver, named};

mod by_name;
mod endings;
mod hostile_backends;
mod idle_connections;
mod lost_backends;
mod places;
mod proxied;
mod raw;
mod secured;
mod shutdown;
mod tokens;
mod uploads;

/// A server whose connections keep nobody from being served.
fn async_server() -> ServerBuilder {
    fileserver().args(["--mode", "async"])
}

/// Servers on one directory.
struct Shared {
    dir: TempDir,
    servers: Vec<Server>,
}

impl Shared {
    #[track_caller]
    fn start<const N: usize>(builders: [ServerBuilder; N]) -> Self {
        let dir = TempDir::with_prefix("kolam-").unwrap();
        let start = |builder: ServerBuilder| {
            let dir = dir.path().to_str().unwrap();
            builder.without_defaults().args(["--port", "0", "--dir", dir]).start()
        };
        let servers = builders.into_iter().map(start).collect();
        Self { dir, servers }
    }

    fn place(&self, name: &str, content: &[u8]) {
        fs::write(self.dir.path().join(name), content).unwrap();
    }

    fn stored(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.dir.path().join(name)).ok()
    }

    /// A balancer in front of all of them, which are called `0`, `1` and so on.
    fn balancer(&self) -> ServerBuilder {
        let backends = self.servers.iter().enumerate();
        balancer(backends.map(|(number, server)| named(&number.to_string(), server)))
    }
}

/// Sooner or later a line of the log has all these words.
#[track_caller]
fn expect_logged(balancer: &Server, words: &[&str]) {
    eventually(PATIENCE, &format!("the log says {words:?}"), || {
        let log = balancer.stderr();
        log.lines().any(|line| words.iter().all(|words| line.contains(words)))
    });
}

/// What one of many clients does again and again.
fn make_requests(balancer: &Server, client: usize, count: usize, done: &AtomicUsize) {
    let mut peer = balancer.connect();
    for number in 0..count {
        // Some stay, some come for one request.
        if client.is_multiple_of(2) {
            peer = balancer.connect();
        }
        match number % 3 {
            0 => assert!(peer.request("GET 64k.bin").content() == content(1, 64 << 10)),
            1 => assert_eq!(peer.request("LIST")["data"][0], "64k.bin"),
            _ => {
                let text = format!("{client} {number}");
                assert_eq!(peer.request(&format!("ECHO {text}"))["data"], text);
            }
        }
        done.fetch_add(1, SeqCst);
    }
}

/// Many clients make so many requests each, all of which must be answered well, while something happens
/// once a third of them is made.
fn under_load(balancer: &Server, clients: usize, each: usize, meanwhile: impl FnOnce()) {
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..clients {
            let done = &done;
            scope.spawn(move || make_requests(balancer, client, each, done));
        }
        eventually(PATIENCE, "a third of the requests is made", || {
            done.load(SeqCst) >= clients * each / 3
        });
        meanwhile();
    });
    assert_eq!(done.load(SeqCst), clients * each);
}

#[test]
fn every_request_is_answered_as_by_a_server() {
    let shared = Shared::start([async_server(), async_server()]);
    shared.place("a.txt", b"hello");
    shared.place("empty", b"");
    let balancer = shared.balancer().start();
    let (mut through, mut direct) = (balancer.connect(), shared.servers[0].connect());
    for request in [
        "LIST",
        "list -l",
        "GET a.txt",
        "GET empty",
        "GET no.txt",
        "GET ../a.txt",
        "DIGEST a.txt",
        "ECHO  it's \"quoted\"",
        "UPLOAD b.txt aGVsbG8=",
        "UPLOAD b.txt \"\"",
        "UPLOAD b.txt no base64",
        "UPLOAD ../b.txt aGVsbG8=",
        "LIST b.txt",
        "AUTH no-token-is-asked-for",
        "HELLO",
    ] {
        assert_eq!(through.request(request), direct.request(request), "{request}");
    }
    let delete = |peer: &mut Peer| {
        peer.request("UPLOAD c.txt aGVsbG8=");
        [peer.request("DELETE c.txt"), peer.request("DELETE c.txt")]
    };
    assert_eq!(delete(&mut through), delete(&mut direct));
}

#[test]
fn the_requests_of_one_connection_go_to_all_backends_in_turn() {
    let (a, b) = (crate::backend("a"), crate::backend("b"));
    let balancer = balancer([named("a", &a), named("b", &b)]).start();
    let mut peer = balancer.connect();
    let who = [(); 4].map(|()| peer.request("GET who.txt").content());
    assert_eq!(who, [b"a", b"b", b"a", b"b"]);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let shared = Shared::start([async_server(), async_server()]);
    let balancer = shared.balancer().start();
    let mut peer = balancer.connect();
    let large = content(3, 1 << 20);
    let mut wire = upload_request("large.bin", &large);
    for number in 0..10 {
        wire += &format!("ECHO {number}\r\n\r\nGET large.bin\r\nPING\n");
    }
    peer.send(wire);
    assert_eq!(peer.read_long_reply()["data_size"], large.len());
    for number in 0..10 {
        assert_eq!(peer.read_long_reply()["data"], number.to_string());
        assert!(peer.read_long_reply().content() == large);
        assert_eq!(peer.read_long_reply()["data"], "pong");
    }
}

#[test]
fn the_counts_of_clients_balancer_and_backends_agree() {
    let shared = Shared::start([async_server(), async_server()]);
    shared.place("64k.bin", &content(1, 64 << 10));
    let balancer = shared.balancer().start();
    let (clients, each) = (6, 30);
    under_load(&balancer, clients, each, || {});
    for number in 0..10 {
        let outcome = balancer.ask(&format!("UPLOAD {number}.bin Zm9v")).outcome().to_owned();
        assert_eq!(outcome, "OK");
        balancer.ask("GET nothing");
    }
    let of_each = (clients * each / 3) as u64;
    // A request is counted a moment after its client has the last byte of the reply, for its backend last.
    eventually(PATIENCE, "all are counted", || {
        let rows = balancer.stats().backend;
        let (ok, failed) =
            (rows.iter().map(|it| it.requests.ok), rows.iter().map(|it| it.requests.failed));
        (ok.sum::<u64>(), failed.sum::<u64>()) == (3 * of_each + 10, 10)
    });
    let counted = balancer.stats();
    let verbs = [Verb::Get, Verb::List, Verb::Echo, Verb::Upload];
    let ok = verbs.map(|verb| counted.requests[verb].ok);
    assert_eq!(ok, [of_each, of_each, of_each, 10]);
    assert_eq!(
        (counted.requests[Verb::Get].failed, counted.requests[Verb::Upload].failed),
        (10, 0)
    );
    assert_eq!((counted.bytes_out, counted.bytes_in), (of_each * (64 << 10), 30));
    eventually(PATIENCE, "the servers have counted as many", || {
        let of_servers: Vec<_> = shared.servers.iter().map(Server::stats).collect();
        verbs.map(|verb| of_servers.iter().map(|it| it.requests[verb].ok).sum::<u64>()) == ok
    });
    // What is told is what is counted.
    eventually(PATIENCE, "the log has each request once", || {
        let log = balancer.stderr();
        let told = |verb: Verb| {
            let words = [" request ", &format!("command={verb} "), "outcome=ok"];
            log.lines().filter(|line| words.iter().all(|it| line.contains(it))).count() as u64
        };
        verbs.map(told) == ok
    });
    assert!(counted.backend.iter().all(|row| row.retries == 0 && row.requests.ok > 0));
}

#[test]
fn silent_clients_cost_little_and_keep_nobody_waiting() {
    const CLIENTS: usize = 400;
    const KIB_EACH: u64 = 16;
    let shared = Shared::start([async_server()]);
    let limits = ["--max-connections", "1000", "--max-per-address", "1000"];
    let balancer = shared.balancer().args(limits).start();
    balancer.ask("LIST");
    let before = balancer.footprint();
    let mut silent: Vec<_> = (0..CLIENTS).map(|_| balancer.connect()).collect();
    silent.iter_mut().for_each(|peer| assert_eq!(peer.request("LIST").outcome(), "OK"));
    let mut growth = 0;
    eventually(PATIENCE, "silent clients hold no room for bytes", || {
        growth = balancer.footprint().memory_kib.saturating_sub(before.memory_kib);
        growth < CLIENTS as u64 * KIB_EACH
    });
    assert_eq!(balancer.ask("LIST").outcome(), "OK");
}
