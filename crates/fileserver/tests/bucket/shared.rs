//! Three servers on one bucket behind a balancer, one of which is always being killed.

use std::{
    path::PathBuf,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use testkit::{
    PATIENCE, Peer, Reply, Server, ServerBuilder, Signal, content,
    s3::{Environment, S3Server},
    upload_request,
};

use crate::{DIR, builder_at, is_full, with_environment};

const CLIENTS: usize = 8;
const NAMES: u64 = 5;
/// Longer than a part, once in so many.
const LONG: usize = 5 * 1024 * 1024 + 77;
const LONG_ONE_IN: u32 = 20;
/// Between two kills.
const KILL_PAUSE: Duration = Duration::from_secs(1);

/// What one client may find under a name of its own: what was confirmed last, or what it tried since.
#[derive(Default)]
struct Possible(Vec<Option<(u64, usize)>>);

#[test]
fn nothing_is_lost_or_mixed_up_while_servers_are_killed() {
    let s3 = S3Server::start();
    expect_nothing_lost_of(&s3.environment());
}

pub(crate) fn expect_nothing_lost_of(environment: &Environment) {
    let mut servers: Vec<Server> =
        (0..3).map(|_| builder_at(environment, DIR, "async").start()).collect();
    let ports: Vec<u16> = servers.iter().map(|server| server.address().port()).collect();
    let balancer = balancer(&ports);
    let rounds = if is_full() { 1000 / CLIENTS } else { 60 / CLIENTS };
    let (is_over, confirmed) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS as u64)
            .map(|seed| {
                let confirmed = &confirmed;
                let balancer = &balancer;
                scope.spawn(move || play(balancer, seed, rounds, confirmed))
            })
            .collect();
        let is_over = &is_over;
        let (_stop, stopped) = mpsc::channel::<()>();
        scope.spawn(move || {
            for (victim, port) in ports.iter().enumerate().cycle() {
                // Not a wait for anything: it is how often somebody dies.
                let _ = stopped.recv_timeout(KILL_PAUSE);
                if is_over.load(SeqCst) {
                    break;
                }
                servers[victim].kill(Signal::SIGKILL);
                servers[victim].wait(PATIENCE);
                servers[victim] = start_at(environment, *port);
            }
        });
        let outcomes: Vec<_> = clients.into_iter().map(|client| client.join()).collect();
        is_over.store(true, SeqCst);
        assert!(outcomes.iter().all(Result::is_ok), "a client found what it may not find");
    });
    assert_eq!(confirmed.into_inner(), CLIENTS * rounds);
}

fn start_at(environment: &Environment, port: u16) -> Server {
    let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver")).without_defaults();
    let port = port.to_string();
    with_environment(builder, environment)
        .args(["--mode", "async", "--dir", "s3://kolam/files", "--port", &port])
        .start()
}

/// The balancer is built along with the tests of the whole workspace.
fn balancer(ports: &[u16]) -> Server {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_fileserver")).with_file_name("filebalancer");
    assert!(path.is_file(), "cargo build -p filebalancer builds {}", path.display());
    let backends =
        ports.iter().flat_map(|port| ["--backend".to_owned(), format!("127.0.0.1:{port}")]);
    let checks = ["--check-interval", "0.5", "--check-timeout", "0.5", "--warm-up", "0"];
    ServerBuilder::new(path)
        .without_defaults()
        .args(["--port", "0", "--layout", "shared", "--max-per-address", "100"])
        .args(checks)
        .args(backends)
        .start()
}

/// Uploads until so many uploads are confirmed, each of which is read at once.
fn play(balancer: &Server, seed: u64, rounds: usize, confirmed: &AtomicUsize) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut names: Vec<Possible> = (0..NAMES).map(|_| Possible(vec![None])).collect();
    let mut done = 0;
    while done < rounds {
        let number = random.random_range(0..NAMES);
        let len = match random.random_ratio(1, LONG_ONE_IN) {
            true => LONG,
            false => random.random_range(0..200_000),
        };
        let (id, name) = (random.random(), format!("{seed}-{number}"));
        let possible = &mut names[number as usize];
        possible.0.push(Some((id, len)));
        let upload = upload_request(&name, &content(id, len));
        if ask(balancer, &upload).is_some_and(|reply| reply.outcome() == "OK") {
            *possible = Possible(vec![Some((id, len))]);
            done += 1;
            confirmed.fetch_add(1, SeqCst);
        }
        expect_one_of(possible, balancer, &name);
    }
}

/// Asks until there is an answer about the file.
fn expect_one_of(possible: &Possible, balancer: &Server, name: &str) {
    for _ in 0..1000 {
        let found = match ask(balancer, &format!("GET {name}")) {
            Some(reply) if reply.outcome() == "OK" => Some(reply.content()),
            Some(reply) if reply.outcome() == "not-found" => None,
            _ => continue,
        };
        let is_possible = possible.0.iter().any(|one| match (one, &found) {
            (Some((id, len)), Some(found)) => found.len() == *len && content(*id, *len) == *found,
            (None, None) => true,
            _ => false,
        });
        assert!(
            is_possible,
            "{name} is {:?} bytes, and none that were sent",
            found.map(|it| it.len())
        );
        return;
    }
    panic!("{name} is never answered for");
}

/// `None` where the connection ended without a whole reply.
fn ask(balancer: &Server, request: &str) -> Option<Reply> {
    let mut peer = Peer::try_connect(balancer.address()).ok()?;
    peer.try_send(format!("{request}\r\n\r\n")).ok()?;
    peer.try_read_long_reply().ok()
}
