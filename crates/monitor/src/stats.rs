//! A server's counts: what STATS answers and what the metrics page is made from.

mod resources;

use std::time::Instant;

use protocol::stats::{
    Connections, Current, CurrentRequest, Outcomes, Requests, Share, Stats, Worker,
    WorkerConnections, WorkerState,
};
use telemetry::{
    Activity, Mode, Scoreboard, Slot, SlotCounts, monotonic_ns, scoreboard::OutcomeCounts,
};

pub use self::resources::{WorkerResources, backlog_len, usage};

/// What the scoreboard does not know of its server.
#[derive(Clone, Debug)]
pub struct Facts {
    pub mode: Mode,
    pub workers: u32,
    /// What a test has the server do wrong.
    pub injected: Option<String>,
    /// The served directory is not where it was.
    pub directory_gone: bool,
    /// Files that no request can name.
    pub files_left_out: u64,
    /// Connections that no worker has picked up yet.
    pub waiting: u64,
    /// Places that no worker ever took are not worth a line.
    pub hides_unused: bool,
}

/// What the server of `board` has counted so far. `usage` finds out what a worker uses, by the ids of
/// its process and of its thread, which is 0 where it has none of its own.
pub fn collect(
    board: &Scoreboard,
    facts: Facts,
    usage: impl Fn(u32, u32) -> WorkerResources,
    now: Instant,
) -> Stats {
    let counts: Vec<SlotCounts> = board.slots().iter().map(Slot::counts).collect();
    let total = |of: fn(&SlotCounts) -> u64| counts.iter().map(of).sum::<u64>();
    let workers = (1..).zip(board.slots().iter().zip(&counts));
    Stats {
        mode: facts.mode.to_string(),
        workers: facts.workers,
        injected: facts.injected,
        directory_gone: facts.directory_gone,
        files_left_out: facts.files_left_out,
        uptime_seconds: now.duration_since(board.started()).as_secs_f64(),
        requests_per_second: board.requests_per_second(now),
        connections: Connections {
            active: total(|slot| slot.open_connections.into()),
            waiting: facts.waiting,
            succeeded: total(|slot| slot.connections.ok),
            failed: total(|slot| slot.connections.failed) + board.turned_away() + board.given_up(),
        },
        requests: Requests::gathered(|label| sum(counts.iter().map(|slot| slot.requests(label)))),
        bytes_in: total(|slot| slot.bytes_in),
        bytes_out: total(|slot| slot.bytes_out),
        events_lost: board.losses().total(),
        worker: workers
            .filter(|(_, (_, counts))| counts.pid != 0 || !facts.hides_unused)
            .map(|(number, (slot, counts))| {
                worker((number, slot, counts), usage(counts.pid, counts.thread_id), board, now)
            })
            .collect(),
        backend: Vec::new(),
    }
}

fn worker(
    (number, slot, counts): (u32, &Slot, &SlotCounts),
    usage: WorkerResources,
    board: &Scoreboard,
    now: Instant,
) -> Worker {
    let cpu_of = if counts.thread_id == 0 { Share::Process } else { Share::Thread };
    Worker {
        worker: number,
        pid: counts.pid,
        state: match (counts.pid, counts.open_connections) {
            (0, _) => WorkerState::Starting,
            (_, 0) => WorkerState::Idle,
            _ => WorkerState::Busy,
        },
        connections: WorkerConnections {
            succeeded: counts.connections.ok,
            failed: counts.connections.failed,
        },
        requests: Requests::gathered(|label| sum([counts.requests(label)])),
        bytes_in: counts.bytes_in,
        bytes_out: counts.bytes_out,
        restarts: counts.restarts,
        cpu_seconds: usage.cpu_seconds,
        cpu_of: usage.cpu_seconds.map(|_| cpu_of),
        memory_bytes: usage.memory_bytes,
        memory_of: usage.memory_bytes.map(|_| Share::Process),
        current: match counts.open_connections {
            0 => None,
            _ => slot.activity().map(|activity| current(activity, board, now)),
        },
    }
}

fn current(activity: Activity, board: &Scoreboard, now: Instant) -> Current {
    let request = activity.request.map(|request| CurrentRequest {
        command: board.label(request.label).to_owned(),
        file: request.file,
        seconds: monotonic_ns(now).saturating_sub(request.began_ns) as f64 / 1e9,
        bytes: request.bytes_done,
        bytes_total: request.bytes_total,
    });
    Current { client: activity.client.to_string(), request }
}

pub(crate) fn sum(counts: impl IntoIterator<Item = OutcomeCounts>) -> Outcomes {
    let mut sum = Outcomes::default();
    counts.into_iter().for_each(|OutcomeCounts { ok, failed }| sum += Outcomes { ok, failed });
    sum
}
