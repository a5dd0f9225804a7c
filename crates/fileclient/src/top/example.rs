//! Made-up counts for the tests.

use std::time::{Duration, Instant};

use protocol::{
    Verb,
    stats::{
        Connections, Current, CurrentRequest, Outcomes, Requests, Share, Stats, Worker,
        WorkerConnections, WorkerState,
    },
};

use super::{args::TopArgs, columns::Column, view::Look};

pub(super) fn args() -> TopArgs {
    TopArgs { interval: Duration::from_secs(1), once: false, sort: Column::Worker }
}

pub(super) fn look(stats: Stats, received: Instant) -> Look {
    Look { stats, received }
}

pub(super) fn stats(workers: u32) -> Stats {
    Stats {
        mode: "process".to_owned(),
        workers,
        injected: None,
        directory_gone: false,
        files_left_out: 0,
        uptime_seconds: 11520.0,
        requests_per_second: 0.0,
        connections: Connections { active: 5, waiting: 0, succeeded: 1234, failed: 3 },
        requests: requests(),
        bytes_in: 200 << 20,
        bytes_out: 3 << 30,
        events_lost: 0,
        worker: (1..=workers).map(worker).collect(),
        backend: Vec::new(),
    }
}

fn requests() -> Requests {
    let counts = |label| match Verb::ALL.get(label) {
        Some(Verb::List) => (12, 0),
        Some(Verb::Get) => (1200, 3),
        Some(Verb::Upload) => (33, 0),
        Some(Verb::Delete) => (4, 1),
        Some(Verb::Fetch) => (5, 0),
        Some(Verb::Stats) => (99, 0),
        _ => (0, 0),
    };
    Requests::gathered(|label| {
        let (ok, failed) = counts(label);
        Outcomes { ok, failed }
    })
}

/// A worker in the middle of a download.
pub(super) fn worker(worker: u32) -> Worker {
    Worker {
        worker,
        pid: 4000 + worker,
        state: WorkerState::Busy,
        connections: WorkerConnections { succeeded: 12, failed: 0 },
        requests: requests(),
        bytes_in: 1 << 20,
        bytes_out: 64 << 20,
        restarts: 0,
        cpu_seconds: Some(1.5),
        cpu_of: Some(Share::Process),
        memory_bytes: Some(24 << 20),
        memory_of: Some(Share::Process),
        current: Some(Current {
            client: format!("127.0.0.1:{}", 50000 + worker),
            request: Some(CurrentRequest {
                command: "GET".to_owned(),
                file: Some("film.mkv".to_owned()),
                seconds: 2.5,
                bytes: 30 << 20,
                bytes_total: Some(100 << 20),
            }),
        }),
    }
}

/// `stats` a second later: every worker has sent 4 MiB for a request that it finished.
pub(super) fn a_second_later(stats: &Stats) -> Stats {
    let mut later = stats.clone();
    later.uptime_seconds += 1.0;
    for worker in &mut later.worker {
        worker.bytes_out += 4 << 20;
        worker.requests[Verb::Get].ok += 1;
        worker.cpu_seconds = worker.cpu_seconds.map(|seconds| seconds + 0.25);
        later.bytes_out += 4 << 20;
        later.requests[Verb::Get].ok += 1;
    }
    later
}
