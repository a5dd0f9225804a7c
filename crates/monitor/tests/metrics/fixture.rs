//! A server's counts, made by the calls that a server makes.

use std::time::{Duration, Instant};

use monitor::{
    metrics::{PageFormat, render},
    stats::{self, Facts, WorkerResources},
};
use protocol::{Stats, Verb};
use telemetry::{Arrival, Journal, Mode, OpenConnection, Scoreboard, Slot};

pub(crate) const WORKERS: usize = 3;

/// A scoreboard with nothing on it.
pub(crate) fn board() -> Scoreboard {
    let slots: Vec<Slot> = (0..WORKERS).map(|_| Slot::default()).collect();
    Scoreboard::new(Box::leak(Box::default()), slots.leak(), &Verb::LABELS)
}

/// One connection on the slot, with one request that took so long.
pub(crate) fn transfer(board: &Scoreboard, slot: usize, verb: Verb, bytes: u64, ms: u64) {
    let mut connection = open(board, slot);
    let began = Instant::now();
    connection.request_started(verb.label(), Some("a.txt".to_owned()), began);
    connection.sent(bytes);
    connection.reply_began(began + Duration::from_millis(ms / 2));
    connection.request_finished(None, began + Duration::from_millis(ms));
    connection.succeeded();
}

/// A connection that ends in the middle of an upload.
pub(crate) fn broken_upload(board: &Scoreboard, slot: usize, bytes: u64) {
    let mut connection = open(board, slot);
    connection.request_started(Verb::Upload.label(), Some("b.txt".to_owned()), Instant::now());
    connection.received(bytes);
}

fn open(board: &Scoreboard, slot: usize) -> OpenConnection {
    let journal = Journal::silent(board.losses());
    let arrival = Arrival::accept(board, &journal, "192.0.2.7:4711".parse().unwrap());
    OpenConnection::pick_up(board, &journal, &board.slots()[slot], arrival)
}

/// The server's answer to STATS.
pub(crate) fn stats(board: &Scoreboard, mode: Mode) -> Stats {
    let workers = WORKERS as u32;
    let facts = Facts {
        mode,
        workers,
        injected: None,
        directory_gone: false,
        files_left_out: 0,
        waiting: 4,
        hides_unused: false,
    };
    let usage = |_, _| WorkerResources { cpu_seconds: Some(0.25), memory_bytes: Some(1 << 20) };
    stats::collect(board, facts, usage, board.started() + Duration::from_millis(12_500))
}

/// A page of each kind of metric with something on it.
pub(crate) fn busy_page() -> String {
    let board = board();
    for (index, slot) in board.slots().iter().enumerate() {
        slot.worker_started(100 + index as u32, 0);
    }
    transfer(&board, 0, Verb::Get, 10, 3);
    broken_upload(&board, 1, 7);
    board.turn_away();
    render(&stats(&board, Mode::Process), &board, vec![])
}

/// The value of a sample, which is named with its labels.
pub(crate) fn value(page: &str, sample: &str) -> f64 {
    find(page, sample).unwrap_or_else(|| panic!("no {sample} in\n{page}"))
}

pub(crate) fn find(page: &str, sample: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

/// The sum of all samples of a name.
pub(crate) fn sum(page: &str, name: &str) -> f64 {
    let samples = page.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('{'));
    samples.map(|sample| sample.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
}

/// Name and type of each metric, as Prometheus' text format has them.
pub(crate) fn names(page: &str) -> Vec<(String, String)> {
    let page = PageFormat::Prometheus.write(page);
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    types.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}
