//! Which metrics every server has, and where their values come from.
//!
//! `docs/METRICS.md` explains each to those who read them; a test holds the two against each other.
//! Names are written here without the prefix, the unit and `_total`, which the encoder adds.

use std::{collections::BTreeMap, fmt, sync::atomic::Ordering::Relaxed};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    metrics::{counter::ConstCounter, gauge::ConstGauge, info::Info},
    registry::{Registry, Unit},
};
use protocol::{
    ByVerb,
    stats::{Outcomes, Requests, Share, Stats, Worker, WorkerState},
};
use telemetry::{Mode, Scoreboard, Slot, SlotCounts, histogram::HistogramCounts};

use super::{
    family::Family,
    page::{Buckets, Page},
};
use crate::stats::sum;

const PREFIX: &str = "kolam";

/// The page as OpenMetrics text. Requests, connections and workers are those of `stats`; what it
/// does not carry is read from `board`, perhaps a moment later. What else the program counts follows.
pub fn render(stats: &Stats, board: &Scoreboard, families: Vec<Family>) -> String {
    encode(Snapshot { stats: stats.clone(), board: *board, serves_requests: true, families })
}

/// The page of a program that serves no requests of the protocol: what all programs have, and what it counts
/// itself.
pub fn render_own(stats: &Stats, board: &Scoreboard, families: Vec<Family>) -> String {
    encode(Snapshot { stats: stats.clone(), board: *board, serves_requests: false, families })
}

fn encode(snapshot: Snapshot) -> String {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(snapshot));
    let mut page = String::new();
    // A string takes whatever is written to it.
    let _ = text::encode(&mut page, &registry);
    page
}

#[derive(Debug)]
struct Snapshot {
    stats: Stats,
    board: Scoreboard,
    serves_requests: bool,
    families: Vec<Family>,
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder) -> fmt::Result {
        let mut page = Page::new(encoder);
        self.server(&mut page)?;
        if self.serves_requests {
            self.connections(&mut page)?;
            self.requests(&mut page)?;
            self.times(&mut page)?;
            self.pool(&mut page)?;
            self.workers(&mut page)?;
            self.usage(&mut page)?;
        }
        self.families.iter().try_for_each(|family| family.encode(&mut page))
    }
}

impl Snapshot {
    fn server(&self, page: &mut Page) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let build = Info::new(vec![("version", version), ("mode", self.stats.mode.clone())]);
        page.one("build", "Version and concurrency model of the server.", None, build)?;
        page.one(
            "uptime",
            "Time since the server started.",
            Some(Unit::Seconds),
            ConstGauge::new(self.stats.uptime_seconds),
        )?;
        let losses = self.board.losses();
        let lost =
            [("journal", &losses.journal), ("log", &losses.log), ("database", &losses.database)];
        page.many(
            "events_lost",
            "Events that were not written down, by where they were lost.",
            None,
            lost.map(|(place, count)| ([("place", place)], ConstCounter::new(count.load(Relaxed)))),
        )
    }

    fn connections(&self, page: &mut Page) -> fmt::Result {
        let connections = &self.stats.connections;
        page.one(
            "connections_accepted",
            "Connections accepted, those turned away not included.",
            None,
            ConstCounter::new(self.board.accepted()),
        )?;
        page.one(
            "connections_turned_away",
            "Connections that were answered busy and that no worker saw.",
            None,
            ConstCounter::new(self.board.turned_away()),
        )?;
        page.one(
            "connections_active",
            "Connections being served.",
            None,
            ConstGauge::new(connections.active),
        )?;
        page.one(
            "connections_waiting",
            "Connections waiting for a worker, in the server's queue or the kernel's backlog.",
            None,
            ConstGauge::new(connections.waiting),
        )?;
        page.many(
            "connections_closed",
            "Connections that are over, by outcome; those turned away have failed.",
            None,
            [("ok", connections.succeeded), ("failed", connections.failed)]
                .map(|(outcome, count)| ([("outcome", outcome)], ConstCounter::new(count))),
        )
    }

    fn requests(&self, page: &mut Page) -> fmt::Result {
        page.many(
            "requests",
            "Finished requests by verb and outcome.",
            None,
            by_outcome(self.stats.requests),
        )?;
        page.many(
            "request",
            "File content that finished requests moved, by verb and outcome.",
            Some(Unit::Bytes),
            by_outcome(self.request_bytes()),
        )?;
        page.one(
            "content_received",
            "File content received, also by requests under way and failed ones.",
            Some(Unit::Bytes),
            ConstCounter::new(self.stats.bytes_in),
        )?;
        page.one(
            "content_sent",
            "File content sent, also by requests under way and failed ones.",
            Some(Unit::Bytes),
            ConstCounter::new(self.stats.bytes_out),
        )
    }

    fn request_bytes(&self) -> Requests {
        let slots: Vec<SlotCounts> = self.board.slots().iter().map(Slot::counts).collect();
        Requests::gathered(|label| sum(slots.iter().map(|slot| slot.request_bytes(label))))
    }

    fn times(&self, page: &mut Page) -> fmt::Result {
        let by_verb = |spread: fn(&Scoreboard, usize) -> HistogramCounts| {
            let spreads = ByVerb::gathered(|label| spread(&self.board, label));
            spreads.into_entries().map(|(verb, spread)| ([("verb", verb)], Buckets(spread)))
        };
        page.many(
            "request_duration",
            "From the head of a request to the last byte of its reply.",
            Some(Unit::Seconds),
            by_verb(Scoreboard::durations),
        )?;
        page.many(
            "request_first_byte",
            "From the head of a request to the first byte of its reply.",
            Some(Unit::Seconds),
            by_verb(Scoreboard::first_bytes),
        )
    }

    fn pool(&self, page: &mut Page) -> fmt::Result {
        page.one(
            "workers_configured",
            "Workers that the server was told to run.",
            None,
            ConstGauge::new(self.stats.workers),
        )?;
        let states = [WorkerState::Starting, WorkerState::Idle, WorkerState::Busy];
        page.many(
            "workers",
            "Workers by what they are doing.",
            None,
            states.map(|state| {
                let count = self.stats.worker.iter().filter(|worker| worker.state == state).count();
                ([("state", state_name(state))], ConstGauge::new(count))
            }),
        )?;
        // Threads of one process share its memory, which is counted once.
        let by_process: BTreeMap<u32, u64> = self
            .stats
            .worker
            .iter()
            .filter_map(|worker| Some((worker.pid, worker.memory_bytes?)))
            .collect();
        if by_process.is_empty() {
            return Ok(());
        }
        page.one(
            "workers_memory",
            "Resident memory of the processes that run the workers.",
            Some(Unit::Bytes),
            ConstGauge::new(by_process.into_values().sum::<u64>()),
        )
    }

    fn workers(&self, page: &mut Page) -> fmt::Result {
        page.many(
            "worker_up",
            "1 while the worker runs, 0 before its start and while it is replaced.",
            None,
            self.each_worker(|worker| {
                Some(ConstGauge::new(u32::from(worker.state != WorkerState::Starting)))
            }),
        )?;
        page.many(
            "worker_busy",
            "1 while the worker has a connection.",
            None,
            self.each_worker(|worker| {
                Some(ConstGauge::new(u32::from(worker.state == WorkerState::Busy)))
            }),
        )?;
        page.many(
            "worker_requests",
            "Requests that the worker has finished.",
            None,
            self.each_worker(|worker| Some(ConstCounter::new(finished(worker.requests)))),
        )?;
        page.many(
            "worker_restarts",
            "How often the worker in this place died and was replaced.",
            None,
            self.each_worker(|worker| Some(ConstCounter::new(worker.restarts))),
        )
    }

    fn usage(&self, page: &mut Page) -> fmt::Result {
        page.many(
            "worker_cpu",
            "CPU time of the worker; it begins again at zero when the worker is replaced.",
            Some(Unit::Seconds),
            self.each_worker(|worker| {
                let own = worker.cpu_seconds.filter(|_| self.is_own(worker.cpu_of))?;
                Some(ConstCounter::new(own))
            }),
        )?;
        page.many(
            "worker_memory",
            "Resident memory of the worker, where it is a process of its own.",
            Some(Unit::Bytes),
            self.each_worker(|worker| {
                let own = worker.memory_bytes.filter(|_| self.is_own(worker.memory_of))?;
                Some(ConstGauge::new(own))
            }),
        )
    }

    /// Whether what is told of a worker is its alone. A number of a process that workers share
    /// would be counted once for each of them in any sum.
    fn is_own(&self, share: Option<Share>) -> bool {
        self.stats.mode == Mode::Process.name() || share != Some(Share::Process)
    }

    fn each_worker<M>(
        &self,
        metric: impl Fn(&Worker) -> Option<M>,
    ) -> impl Iterator<Item = ([(&'static str, u32); 1], M)> {
        let workers = self.stats.worker.iter();
        workers.filter_map(move |worker| Some(([("worker", worker.worker)], metric(worker)?)))
    }
}

fn by_outcome(
    requests: Requests,
) -> impl Iterator<Item = ([(&'static str, String); 2], ConstCounter<u64>)> {
    requests.into_entries().flat_map(|(verb, counts)| {
        [("ok", counts.ok), ("failed", counts.failed)].map(|(outcome, count)| {
            let labels = [("verb", verb.clone()), ("outcome", outcome.to_owned())];
            (labels, ConstCounter::new(count))
        })
    })
}

fn finished(requests: Requests) -> u64 {
    let Outcomes { ok, failed } = requests.all();
    ok + failed
}

fn state_name(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Starting => "starting",
        WorkerState::Idle => "idle",
        WorkerState::Busy => "busy",
    }
}
