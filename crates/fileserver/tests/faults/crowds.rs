//! Many connections that do nothing, or next to nothing, while one client works.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use testkit::{Footprint, PATIENCE, Peer, Server, base64, content, eventually, processes};

use crate::{KEPT_KIB_PER_WORKER, Model, expect_balanced_counts, fileserver, scaled, warm_up};

const MIB: u64 = 1 << 10;

/// What all processes of a server may take with the whole crowd connected.
const MEMORY_KIB_MAX: u64 = 100 * MIB;

/// How long clients go on coming: time for the slow ones to send a few bytes.
const WORK: Duration = Duration::from_secs(25);

/// Within this a client is served that comes when the crowd is there.
const SERVED_WITHIN: Duration = Duration::from_secs(2);

/// What each connection of a crowd may leave in the memory of a server for later ones: all that it had.
/// The allocator gives nothing back to the system from between pieces that are still in use.
const KEPT_KIB_PER_CONNECTION: u64 = 14;

for_model!(legacy_mode "legacy": an_idle_crowd_costs_a_client_nothing);
for_model!(async_mode "async": an_idle_crowd_costs_a_client_nothing);
for_model!(event_mode "event": an_idle_crowd_costs_a_client_nothing);

fn an_idle_crowd_costs_a_client_nothing(model: Model) {
    let idle_clients: u64 = scaled(1000, 5000);
    raise_descriptor_limit();
    let server = fileserver(model)
        .args(["--max-connections", "6000", "--max-per-address", "6000", "--backlog", "4096"])
        .start();
    let before = warm_up(&server, 5);
    let idle = come(&server, &before, idle_clients);
    let slow: Vec<_> = (0..50).map(|number| never_finishing_a_head(&server, number)).collect();

    let (end, ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || send_a_byte_a_second(slow, &ended));
        let end_of_work = Instant::now() + scaled(WORK / 10, WORK);
        for number in 0.. {
            if Instant::now() >= end_of_work {
                break;
            }
            let waited = store_and_fetch(&server, number);
            assert!(waited <= SERVED_WITHIN, "a client was served after {waited:?}");
        }
        let memory_kib = processes::tree_pss_kib(server.pid());
        println!("{}: {memory_kib} KiB with {idle_clients} idle connections", model.mode);
        assert!(memory_kib <= MEMORY_KIB_MAX, "{memory_kib} KiB");
        drop(end);
    });
    drop(idle);
    // What the first crowd has left is enough for all that follow, so nothing is lost with any.
    for _ in 1..scaled(3, 5) {
        expect_balanced_counts(&server);
        drop(come(&server, &before, idle_clients));
    }
    expect_balanced_counts(&server);
    let kept_kib = idle_clients * KEPT_KIB_PER_CONNECTION + 5 * KEPT_KIB_PER_WORKER;
    server.expect_back_at(&before, kept_kib);
}

/// Connections that are accepted by a server that had none.
#[track_caller]
fn come(server: &Server, before: &Footprint, clients: u64) -> Vec<Peer> {
    let peers = (0..clients).map(|_| server.connect()).collect();
    eventually(PATIENCE, "all of the crowd are accepted", || {
        server.footprint().descriptors as u64 >= before.descriptors as u64 + clients
    });
    peers
}

/// A mebibyte up on one connection, and down on another; how long the second took altogether.
#[track_caller]
fn store_and_fetch(server: &Server, number: u64) -> Duration {
    let content = content(number, 1 << 20);
    let stored = server.ask(&format!("UPLOAD worker.bin {}", base64(&content)));
    assert_eq!(stored.outcome(), "OK");
    let start = Instant::now();
    let mut peer = server.connect();
    peer.send("GET worker.bin\r\n\r\n");
    let reply = peer.read_long_reply();
    let waited = start.elapsed();
    assert!(reply.content() == content);
    waited
}

/// A client in a request that ends only when it says so: a quiet while ends any other head.
fn never_finishing_a_head(server: &Server, number: usize) -> Peer {
    let mut peer = server.connect();
    // Half of them send blank lines, with which no request begins.
    peer.send(["UPLOAD a", "\n"][number % 2]);
    peer
}

/// Until it is told to end; a server may well have had enough of them before.
fn send_a_byte_a_second(mut peers: Vec<Peer>, ended: &mpsc::Receiver<()>) {
    while ended.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
        for (number, peer) in peers.iter_mut().enumerate() {
            let _ = peer.try_send(["a", "\n"][number % 2]);
        }
    }
}

/// Both ends of the connections of two tests at once.
fn raise_descriptor_limit() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let needed = scaled(2500, 11_000);
    assert!(hard >= needed, "this test needs {needed} descriptors, allowed are {hard}");
}

/// In the pools a connection keeps its worker, so whoever came first goes first: one pool full of idle
/// clients after another is told that its time is over, and given time to read that.
mod pools {
    use std::{
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };

    use super::{never_finishing_a_head, send_a_byte_a_second};
    use crate::{Model, expect_recovery, fileserver, scaled, warm_up};

    const WORKERS: usize = 50;

    /// The idle timeout, and how long the server then waits for its peer to close, which the idle
    /// clients of these tests never do.
    const FREED_AFTER: Duration = Duration::from_secs(1 + 2);

    for_model!(thread_mode "thread": an_idle_crowd_gives_way_and_a_client_is_served);
    for_model!(process_mode "process": an_idle_crowd_gives_way_and_a_client_is_served);
    for_model!(slow_thread_mode "thread": a_crowd_that_never_finishes_a_head_gives_way);
    for_model!(slow_process_mode "process": a_crowd_that_never_finishes_a_head_gives_way);

    fn an_idle_crowd_gives_way_and_a_client_is_served(model: Model) {
        let pools_full = scaled(1, 5);
        let workers = WORKERS.to_string();
        let server = fileserver(model)
            .args(["--workers", &workers, "--idle-timeout", "1", "--max-per-address", "6000"])
            .start();
        let before = warm_up(&server, WORKERS);
        let start = Instant::now();
        let idle: Vec<_> = (0..WORKERS * pools_full).map(|_| server.connect()).collect();
        assert_eq!(server.ask("PING").outcome(), "OK");
        let waited = start.elapsed();
        println!("{}: served {waited:?} after {} idle clients", model.mode, idle.len());
        // Twice as long as it has to be, for a loaded machine.
        let longest = FREED_AFTER * 2 * pools_full as u32 + Duration::from_secs(5);
        assert!(waited <= longest, "served after {waited:?}");
        drop(idle);
        expect_recovery(&server, &before, WORKERS as u64);
    }

    fn a_crowd_that_never_finishes_a_head_gives_way(model: Model) {
        let workers = WORKERS.to_string();
        // Blank lines begin no request, so those who send them are idle.
        let server = fileserver(model)
            .args(["--workers", &workers, "--head-timeout", "1", "--idle-timeout", "1"])
            .start();
        let before = warm_up(&server, WORKERS);
        let start = Instant::now();
        let slow = (0..WORKERS).map(|number| never_finishing_a_head(&server, number)).collect();
        let (end, ended) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || send_a_byte_a_second(slow, &ended));
            assert_eq!(server.ask("PING").outcome(), "OK");
            drop(end);
        });
        let waited = start.elapsed();
        println!("{}: served {waited:?} after {WORKERS} slow clients", model.mode);
        assert!(waited <= FREED_AFTER * 2 + Duration::from_secs(5), "served after {waited:?}");
        expect_recovery(&server, &before, WORKERS as u64);
    }
}
