//! One round: clients on a new server, then the reckoning.

use std::{
    collections::{BTreeSet, HashSet},
    fs, iter,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::Instant,
};

use protocol::{
    Verb,
    stats::{Outcomes, Stats},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use testkit::{PATIENCE, Server, ServerBuilder, Signal, eventually, processes};

use crate::{
    client::{Client, Record, Tally, World},
    contents::Contents,
    history::Observation,
    linearizability,
    request::NAMES,
};

const CLIENTS: u64 = 8;

/// Histories that are much longer take too long to judge, should something be wrong with them.
const TURNS: u64 = 25;

const DEATHS_MAX: usize = 6;

#[derive(Debug)]
pub(crate) struct Round {
    mode: &'static str,
    seed: u64,
    workers_die: bool,
    in_a_bucket: bool,
}

impl Round {
    pub(crate) fn new(mode: &'static str, seed: u64) -> Self {
        Self { mode, seed, workers_die: false, in_a_bucket: false }
    }

    /// Workers are killed while they serve.
    pub(crate) fn with_deaths(self) -> Self {
        Self { workers_die: true, ..self }
    }

    /// The server has its files in a bucket: a download ends early when its file is replaced, and two who
    /// delete a file at once may both be told that they did.
    #[cfg(feature = "bucket")]
    pub(crate) fn in_a_bucket(self) -> Self {
        Self { in_a_bucket: true, ..self }
    }

    /// Panics when the server did what no server may do.
    pub(crate) fn play(self) {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let workers = rng.random_range(2..=CLIENTS).to_string();
        let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"));
        #[cfg(feature = "bucket")]
        let builder = if self.in_a_bucket { builder.with_a_bucket() } else { builder };
        let server = builder.args(["--mode", self.mode, "--workers", &workers]).start();
        let world = World {
            address: server.address(),
            contents: Contents::default(),
            started: Instant::now(),
            workers_die: self.workers_die,
            in_a_bucket: self.in_a_bucket,
        };
        let (mut record, deaths) = self.let_loose(&server, &world, &mut rng);
        let mut books = Books { server: &server, deaths, asked: 0 };
        books.await_quiet();
        // From here on nothing changes any more, so this is what everything before must lead to.
        let mut last = Client::new(&world, CLIENTS, rng);
        last.look_around();
        record.merge(last.leave());

        for (name, calls) in &record.calls {
            if let Err(violation) = linearizability::check(calls) {
                panic!("{name}: {violation}");
            }
        }
        expect_directory(&server, &world, &record);
        books.expect_balance(&record);
    }

    /// What all clients saw, and how many workers died meanwhile.
    fn let_loose(&self, server: &Server, world: &World, rng: &mut StdRng) -> (Record, u64) {
        let turns_taken = AtomicU64::new(0);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let mut client = Client::new(world, number, StdRng::from_rng(rng));
                    let turns_taken = &turns_taken;
                    scope.spawn(move || {
                        for _ in 0..TURNS {
                            client.take_turn();
                            turns_taken.fetch_add(1, Relaxed);
                        }
                        client.leave()
                    })
                })
                .collect();
            let deaths = if self.workers_die { kill_workers(server, rng, &turns_taken) } else { 0 };
            let mut record = Record::default();
            for client in clients {
                record.merge(client.join().expect("the client saw what it may see"));
            }
            (record, deaths)
        })
    }
}

/// Kills random workers at random moments; returns how many.
fn kill_workers(server: &Server, rng: &mut StdRng, turns_taken: &AtomicU64) -> u64 {
    let mut moments: Vec<u64> =
        iter::repeat_with(|| rng.random_range(1..CLIENTS * TURNS)).take(DEATHS_MAX).collect();
    moments.sort_unstable();
    let mut killed = HashSet::new();
    for moment in moments {
        eventually(PATIENCE, "the clients go on", || turns_taken.load(Relaxed) >= moment);
        let mut workers = server.workers();
        workers.retain(|pid| !killed.contains(pid));
        // All of them are being replaced.
        if workers.is_empty() {
            continue;
        }
        let victim = workers[rng.random_range(0..workers.len())];
        processes::send_signal(victim, Signal::SIGKILL);
        // It may accept one more connection first, which must not be ours.
        eventually(PATIENCE, "the worker is gone", || !processes::is_running(victim));
        killed.insert(victim);
    }
    killed.len() as u64
}

impl Record {
    fn merge(&mut self, other: Self) {
        for (name, calls) in other.calls {
            self.calls.entry(name).or_default().extend(calls);
        }
        for (verb, tally) in other.tallies {
            let sum = self.tallies.entry(verb).or_default();
            sum.succeeded += tally.succeeded;
            sum.perhaps += tally.perhaps;
        }
        self.connections += other.connections;
        self.broken += other.broken;
    }
}

/// On disk is what the last look showed, and nothing else.
#[track_caller]
fn expect_directory(server: &Server, world: &World, record: &Record) {
    let mut expected = BTreeSet::new();
    for name in NAMES {
        let version = server.stored(name).map(|content| world.contents.recognise(&content));
        let last = record.calls[name].last().expect("every name was looked at");
        assert_eq!(last.observation, Observation::Is(version), "{name}");
        expected.extend(version.is_some().then(|| name.to_owned()));
    }
    let entries = fs::read_dir(server.dir()).expect("the served directory is readable");
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    assert_eq!(names.collect::<BTreeSet<String>>(), expected);
}

/// The server's statistics against what its clients know.
struct Books<'a> {
    server: &'a Server,
    deaths: u64,
    /// Connections on which statistics were asked for.
    asked: u64,
}

impl Books<'_> {
    /// Waits until nothing is under way any more; nothing is left of what was broken off.
    fn await_quiet(&mut self) -> Stats {
        let mut last = None;
        eventually(PATIENCE, "all connections end, and dead workers are replaced", || {
            self.asked += 1;
            let stats = last.insert(self.server.stats());
            let restarts = stats.worker.iter().map(|worker| worker.restarts).sum::<u64>();
            (stats.connections.active, stats.connections.waiting) == (1, 0)
                && restarts == self.deaths
        });
        eventually(PATIENCE, "no temporary file is left", || self.server.temporary_files() == 0);
        last.expect("asked at least once")
    }

    /// A worker that dies may take one connection, and one request, out of the books unseen; what it
    /// had open is booked as failed, even where its client had all it wanted.
    fn expect_balance(&mut self, record: &Record) {
        let stats = self.await_quiet();
        let connections = stats.connections;
        // The connection that asks is not over.
        let opened = record.connections + self.asked - 1;
        let booked = connections.succeeded + connections.failed;
        assert!((opened.saturating_sub(self.deaths)..=opened).contains(&booked), "{stats:?}");
        assert!(connections.failed <= record.broken + self.deaths, "{stats:?}");
        for (verb, tally) in &record.tallies {
            let Tally { succeeded, perhaps } = *tally;
            let Some(Outcomes { ok, .. }) = outcomes(&stats, *verb) else { continue };
            let possible = succeeded.saturating_sub(self.deaths)..=succeeded + perhaps;
            assert!(possible.contains(&ok), "{verb:?}, {tally:?}: {stats:?}");
        }
    }
}

fn outcomes(stats: &Stats, verb: Verb) -> Option<Outcomes> {
    // DIGEST is counted with the others, where STATS is, too.
    (verb != Verb::Digest).then(|| stats.requests[verb])
}
