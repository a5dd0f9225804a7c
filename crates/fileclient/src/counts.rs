//! The server's counts in words, for the table of `stats` and for `top`.
//!
//! A server may say anything: sums do not overflow, and its text is made printable here.

use std::collections::BTreeMap;

use cli::{printable, units};
use protocol::stats::{
    Connections, Current, CurrentRequest, Outcomes, Share, Stats, Worker, WorkerState,
};

/// A number that the server does not tell.
pub(crate) const UNKNOWN: &str = "-";

/// `thread, 8 workers, up 3 h 12 min`
pub(crate) fn mode(stats: &Stats) -> String {
    let workers = if stats.workers == 1 { "worker" } else { "workers" };
    let age = units::age(stats.uptime_seconds);
    format!("{}, {} {workers}, up {age}", printable(&stats.mode), stats.workers)
}

pub(crate) fn connections(connections: &Connections) -> String {
    let Connections { active, waiting, succeeded, failed } = connections;
    format!("{active} active, {waiting} waiting, {succeeded} succeeded, {failed} failed")
}

/// How many workers are in each state, and what they use together where the server says whose CPU
/// time and memory it counts.
pub(crate) fn workers(workers: &[Worker], cpu_percent: Option<f64>) -> String {
    let in_state = |state| workers.iter().filter(|worker| worker.state == state).count();
    let mut text =
        format!("{} busy, {} idle", in_state(WorkerState::Busy), in_state(WorkerState::Idle));
    match in_state(WorkerState::Starting) {
        0 => {}
        starting => text.push_str(&format!(", {starting} starting")),
    }
    if let Some(percent) = cpu_percent {
        text.push_str(&format!("; CPU {percent:.1}%"));
    }
    if let Some(memory) = memory(workers) {
        text.push_str(&format!("; memory {}", units::size(memory)));
    }
    text
}

/// Memory of all the workers; a process that several share counts once.
fn memory(workers: &[Worker]) -> Option<u64> {
    let mut processes = BTreeMap::new();
    for worker in workers {
        if let (Some(Share::Process), Some(bytes)) = (worker.memory_of, worker.memory_bytes) {
            processes.insert(worker.pid, bytes);
        }
    }
    (!processes.is_empty()).then(|| processes.into_values().fold(0, u64::saturating_add))
}

pub(crate) fn finished(outcomes: Outcomes) -> u64 {
    outcomes.ok.saturating_add(outcomes.failed)
}

pub(crate) fn state(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Starting => "starting",
        WorkerState::Idle => "idle",
        WorkerState::Busy => "busy",
    }
}

pub(crate) fn client(current: &Current) -> String {
    printable(&current.client)
}

/// `GET a.txt`
pub(crate) fn request(request: &CurrentRequest) -> String {
    let command = printable(&request.command);
    match &request.file {
        Some(file) => format!("{command} {}", printable(file)),
        None => command,
    }
}

/// How far a request is: `37%`, or how much was moved where nobody knows how much it will be.
pub(crate) fn progress(request: &CurrentRequest) -> String {
    match percent(request) {
        Some(percent) => format!("{percent:.0}%"),
        None if request.bytes > 0 => units::short_size(request.bytes as f64),
        None => String::new(),
    }
}

pub(crate) fn percent(request: &CurrentRequest) -> Option<f64> {
    let total = request.bytes_total.filter(|total| *total > 0)?;
    // What is not there yet must not look finished.
    let percent = (request.bytes as f64 / total as f64 * 100.0).floor();
    Some(percent.min(100.0))
}

/// Whether several workers share the process whose number this is, so that each shows the same.
pub(crate) fn is_shared(workers: &[Worker], share: impl Fn(&Worker) -> Option<Share>) -> bool {
    let mut pids = BTreeMap::new();
    for worker in workers.iter().filter(|worker| share(worker) == Some(Share::Process)) {
        *pids.entry(worker.pid).or_insert(0) += 1;
    }
    pids.into_values().any(|workers| workers > 1)
}
