//! Worker processes that are killed at random moments while all of them are at work.
//!
//! The choices follow from a seed, which is printed and which `KOLAM_SEED` sets. What the machine is
//! doing at the moment of a kill cannot be repeated.

use std::{
    env,
    ops::AddAssign,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use protocol::{
    Verb,
    stats::{Connections, Outcomes},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use testkit::{
    PATIENCE, Peer, Reply, Server, Signal, content, eventually, processes, upload_request,
};

use crate::{
    BOOKS_PAUSE, End, KEPT_KIB_PER_WORKER, Model, expect_service, fileserver, scaled, warm_up,
};

const WORKERS: usize = 20;

/// More than workers, so that hardly any worker is idle when it is killed.
const CLIENTS: u64 = 24;

/// Longest time between two kills. It lets each worker live for more than a second on average, so that
/// the supervisor, which fills a slot ever more slowly while its workers die young, keeps up.
const KILL_PAUSE_MAX: Duration = Duration::from_millis(120);

const LEN_MAX: usize = 300_000;

#[test]
fn workers_killed_under_load_cost_no_byte_and_only_their_own_connections() {
    let seed = env::var("KOLAM_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("KOLAM_SEED={seed}");
    let server =
        fileserver(Model::named("process")).args(["--workers", &WORKERS.to_string()]).start();
    let before = warm_up(&server, WORKERS);
    let warmed_up = server.stats().requests;
    let kills = scaled(40, 200);
    let tally = under_load(&server, seed, || {
        kill_workers(&server, kills, &mut StdRng::seed_from_u64(seed));
    });
    println!("{kills} kills, of which clients saw this: {tally:?}");
    assert!(tally.cut > 0, "no kill hit a connection");

    eventually(PATIENCE, "the pool is full again", || server.workers().len() == WORKERS);
    assert_eq!(server.stats().worker.iter().map(|worker| worker.restarts).sum::<u64>(), kills);
    expect_connections_booked(&server, &tally, kills);
    let requests = server.stats().requests;
    expect_requests_booked(
        since(requests[Verb::Upload], warmed_up[Verb::Upload]),
        tally.uploads,
        kills,
    );
    expect_requests_booked(
        since(requests[Verb::Get], warmed_up[Verb::Get]),
        tally.downloads,
        kills,
    );
    eventually(PATIENCE, "no temporary file is left", || server.temporary_files() == 0);
    server.expect_back_at(&before, WORKERS as u64 * KEPT_KIB_PER_WORKER);
    expect_service(&server);
}

/// Kills one running worker after another, each at a random moment; sees that it dies.
fn kill_workers(server: &Server, kills: u64, rng: &mut StdRng) {
    for _ in 0..kills {
        thread::sleep(rng.random_range(Duration::ZERO..KILL_PAUSE_MAX));
        let workers = server.workers();
        let victim = workers[rng.random_range(0..workers.len())];
        processes::send_signal(victim, Signal::SIGKILL);
        eventually(PATIENCE, "the worker dies", || !processes::is_running(victim));
    }
}

/// What clients know of their connections and requests.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Connections that ended in the middle of a request.
    cut: u64,
    /// Those of them on which no byte had come: their worker may have died before it counted them.
    unanswered: u64,
    uploads: Requests,
    downloads: Requests,
}

#[derive(Clone, Copy, Debug, Default)]
struct Requests {
    sent: u64,
    /// Answered with a whole reply, which says `OK`.
    answered: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.cut += other.cut;
        self.unanswered += other.unanswered;
        self.uploads += other.uploads;
        self.downloads += other.downloads;
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.answered += other.answered;
    }
}

/// Lets clients upload and download all the while; every byte that they get or leave is right.
fn under_load(server: &Server, seed: u64, fault: impl FnOnce()) -> Tally {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let over = &over;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || Client::new(server, seed, number).run(over)))
            .collect();
        let end = End(over);
        fault();
        drop(end);
        let mut all = Tally::default();
        for client in clients {
            all += client.join().unwrap();
        }
        all
    })
}

/// A client with a file of its own.
struct Client<'a> {
    server: &'a Server,
    name: String,
    rng: StdRng,
    /// What the file may hold: the last content that is known to be stored, and what was sent since.
    possible: Vec<Vec<u8>>,
    tally: Tally,
}

impl<'a> Client<'a> {
    fn new(server: &'a Server, seed: u64, number: u64) -> Self {
        let name = format!("{number}.bin");
        let mut rng = StdRng::seed_from_u64(seed ^ (number + 1));
        let first = random_content(&mut rng);
        server.place(&name, &first);
        Self { server, name, rng, possible: vec![first], tally: Tally::default() }
    }

    fn run(mut self, over: &AtomicBool) -> Tally {
        while !over.load(Relaxed) {
            self.run_connection();
        }
        // Whatever a killed worker had begun is stored whole or not at all.
        let stored = self.server.stored(&self.name).unwrap();
        assert!(self.possible.contains(&stored), "{} holds wrong bytes", self.name);
        self.tally
    }

    fn run_connection(&mut self) {
        let mut peer = self.server.connect();
        for request in 0..self.rng.random_range(1..4) {
            let done = match self.rng.random() {
                true => self.upload(&mut peer),
                false => self.download(&mut peer),
            };
            if let Err(received) = done {
                self.tally.cut += 1;
                self.tally.unanswered += u64::from(request == 0 && received.is_empty());
                return;
            }
        }
    }

    fn upload(&mut self, peer: &mut Peer) -> Result<(), Vec<u8>> {
        let content = random_content(&mut self.rng);
        self.tally.uploads.sent += 1;
        let _ = peer.try_send(upload_request(&self.name, &content));
        self.possible.push(content);
        let reply = peer.try_read_long_reply()?;
        let content = self.possible.pop().unwrap();
        assert_eq!(reply["data_size"], content.len());
        self.possible = vec![content];
        self.tally.uploads.answered += 1;
        Ok(())
    }

    fn download(&mut self, peer: &mut Peer) -> Result<(), Vec<u8>> {
        self.tally.downloads.sent += 1;
        let _ = peer.try_send(format!("GET {}\r\n\r\n", self.name));
        let content = peer.try_read_long_reply().map(|reply: Reply| reply.content())?;
        assert!(self.possible.contains(&content), "wrong bytes in {}", self.name);
        self.possible = vec![content];
        self.tally.downloads.answered += 1;
        Ok(())
    }
}

fn random_content(rng: &mut StdRng) -> Vec<u8> {
    content(rng.random_range(0..u64::from(u32::MAX)), rng.random_range(0..LEN_MAX))
}

/// Every connection is booked once. A worker can die between the accept and the booking, which takes
/// it microseconds, so hardly a kill in a thousand may leave out one that was never answered.
#[track_caller]
fn expect_connections_booked(server: &Server, tally: &Tally, kills: u64) {
    let left_out_max = tally.unanswered.min(1 + kills / 100);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let Connections { active, succeeded, failed, .. } = server.stats().connections;
        let made = server.connections_made();
        let booked = active + succeeded + failed;
        if active == 1 && (made - left_out_max..=made).contains(&booked) {
            // A kill can also strike when the client is done and the worker does not know it yet.
            assert!((tally.cut - left_out_max..=kills).contains(&failed), "{failed} failed");
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{made} were made, {active} are active, {succeeded} succeeded, {failed} failed: {tally:?}"
        );
        thread::sleep(BOOKS_PAUSE);
    }
}

/// Every request that was answered is booked once; one that was not, at most once.
#[track_caller]
fn expect_requests_booked(booked: Outcomes, known: Requests, kills: u64) {
    let Outcomes { ok, failed } = booked;
    assert!((known.answered..=known.sent).contains(&(ok + failed)), "{booked:?}, but {known:?}");
    // Between sending a whole reply and booking it a worker can die, too.
    assert!(
        (known.answered.saturating_sub(kills)..=known.sent).contains(&ok),
        "{booked:?}, {known:?}"
    );
    assert!(failed <= kills, "{booked:?} with {kills} kills");
}

fn since(now: Outcomes, then: Outcomes) -> Outcomes {
    Outcomes { ok: now.ok - then.ok, failed: now.failed - then.failed }
}
