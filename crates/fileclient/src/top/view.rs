//! What two answers of the server amount to: rates, and a row for each worker.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use cli::printable;
use protocol::stats::{Requests, Share, Stats, Worker, WorkerState};

use crate::counts;

/// By how much the server's clock and ours may part between two looks before its start seems to be
/// another one: an answer on its way is late by less, mostly.
const START_TOLERANCE: Duration = Duration::from_secs(2);

/// One answer of the server.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) stats: Stats,
    pub(super) received: Instant,
}

impl Look {
    /// Whether the server was restarted since `before`.
    pub(super) fn is_another_run(&self, before: &Self) -> bool {
        let ours = self.received.saturating_duration_since(before.received).as_secs_f64();
        (self.uptime_since(before) - ours).abs() > START_TOLERANCE.as_secs_f64()
    }

    /// The seconds between two looks by the server's clock, which a slow way here does not distort;
    /// `None` when the server was restarted, or its clock stands.
    fn seconds_since(&self, before: &Self) -> Option<f64> {
        let seconds = self.uptime_since(before);
        (seconds > 0.0 && !self.is_another_run(before)).then_some(seconds)
    }

    fn uptime_since(&self, before: &Self) -> f64 {
        self.stats.uptime_seconds - before.stats.uptime_seconds
    }
}

/// What is shown of a server.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) stats: Stats,
    /// `None` until there are two looks at the same run of the server.
    pub(super) rates: Option<Rates>,
    pub(super) cpu_percent: Option<f64>,
    /// All workers that have this number share one process.
    pub(super) shares_cpu: bool,
    pub(super) shares_memory: bool,
    pub(super) rows: Vec<WorkerRow>,
}

/// Per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Of requests, in the order of the counts.
    pub(super) by_verb: [f64; Requests::LEN],
    pub(super) requests: f64,
    pub(super) bytes_in: f64,
    pub(super) bytes_out: f64,
}

/// A worker. Its text is printable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WorkerRow {
    pub(super) worker: u32,
    pub(super) pid: u32,
    pub(super) state: WorkerState,
    pub(super) client: String,
    pub(super) request: String,
    pub(super) progress: String,
    pub(super) percent: Option<f64>,
    /// How long the request has taken.
    pub(super) seconds: Option<f64>,
    /// Content in both directions per second.
    pub(super) rate: Option<f64>,
    pub(super) cpu_percent: Option<f64>,
    pub(super) memory: Option<u64>,
    pub(super) requests: u64,
    pub(super) failed: u64,
    pub(super) restarts: u64,
}

impl View {
    pub(super) fn new(look: &Look, before: Option<&Look>) -> Self {
        let stats = &look.stats;
        let past = before.and_then(|before| Some((before, look.seconds_since(before)?)));
        let workers: HashMap<u32, &Worker> = past
            .iter()
            .flat_map(|(before, _)| &before.stats.worker)
            .map(|worker| (worker.worker, worker))
            .collect();
        let seconds = past.map_or(0.0, |(_, seconds)| seconds);
        let row = |worker| WorkerRow::new(worker, workers.get(&worker.worker).copied(), seconds);
        let rows: Vec<WorkerRow> = stats.worker.iter().map(row).collect();
        Self {
            rates: past.and_then(|(before, seconds)| Rates::new(stats, &before.stats, seconds)),
            cpu_percent: cpu_percent(&stats.worker, &rows),
            shares_cpu: counts::is_shared(&stats.worker, |worker| worker.cpu_of),
            shares_memory: counts::is_shared(&stats.worker, |worker| worker.memory_of),
            rows,
            stats: Stats { mode: printable(&stats.mode), ..stats.clone() },
        }
    }
}

impl Rates {
    /// `None` when a count went backwards.
    fn new(now: &Stats, before: &Stats, seconds: f64) -> Option<Self> {
        let mut by_verb = [0.0; Requests::LEN];
        let pairs = now.requests.into_entries().zip(before.requests.into_entries());
        for (rate, ((_, now), (_, before))) in by_verb.iter_mut().zip(pairs) {
            *rate = rate_of(counts::finished(now), counts::finished(before), seconds)?;
        }
        Some(Self {
            by_verb,
            requests: by_verb.iter().sum(),
            bytes_in: rate_of(now.bytes_in, before.bytes_in, seconds)?,
            bytes_out: rate_of(now.bytes_out, before.bytes_out, seconds)?,
        })
    }
}

fn rate_of(now: u64, before: u64, seconds: f64) -> Option<f64> {
    Some(now.checked_sub(before)? as f64 / seconds)
}

impl WorkerRow {
    /// Without the worker as it was `seconds` before, it has no rates.
    fn new(worker: &Worker, before: Option<&Worker>, seconds: f64) -> Self {
        // A worker that took another's place counts its CPU time from zero.
        let before = before.filter(|before| before.pid == worker.pid && seconds > 0.0);
        let moved = |worker: &Worker| worker.bytes_in.saturating_add(worker.bytes_out);
        let current = worker.current.as_ref();
        let request = current.and_then(|current| current.request.as_ref());
        let requests = worker.requests.all();
        Self {
            worker: worker.worker,
            pid: worker.pid,
            state: worker.state,
            client: current.map(counts::client).unwrap_or_default(),
            request: request.map(counts::request).unwrap_or_default(),
            progress: request.map(counts::progress).unwrap_or_default(),
            percent: request.and_then(counts::percent),
            seconds: request.map(|request| request.seconds),
            rate: before.and_then(|before| rate_of(moved(worker), moved(before), seconds)),
            cpu_percent: before.and_then(|before| {
                let used = worker.cpu_seconds? - before.cpu_seconds?;
                (used >= 0.0).then_some(used / seconds * 100.0)
            }),
            memory: worker.memory_bytes,
            requests: counts::finished(requests),
            failed: requests.failed,
            restarts: worker.restarts,
        }
    }
}

impl WorkerRow {
    pub(super) fn is_idle(&self) -> bool {
        self.state == WorkerState::Idle
    }
}

/// What the workers use together; a process that several share counts once. `None` when the server
/// does not say whose CPU time it counts.
fn cpu_percent(workers: &[Worker], rows: &[WorkerRow]) -> Option<f64> {
    let mut threads = None;
    let mut processes = HashMap::new();
    for (worker, row) in workers.iter().zip(rows) {
        match (worker.cpu_of, row.cpu_percent) {
            (Some(Share::Thread), Some(percent)) => *threads.get_or_insert(0.0) += percent,
            (Some(Share::Process), Some(percent)) => {
                processes.insert(worker.pid, percent);
            }
            (None, _) | (_, None) => {}
        }
    }
    if processes.is_empty() {
        return threads;
    }
    Some(threads.unwrap_or_default() + processes.into_values().sum::<f64>())
}

#[cfg(test)]
mod tests {
    use protocol::Verb;

    use super::*;
    use crate::top::example::{a_second_later, look, stats, worker};

    fn view(now: Stats, before: Stats, apart: Duration) -> View {
        let start = Instant::now();
        View::new(&look(now, start + apart), Some(&look(before, start)))
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn rates_are_differences_over_the_servers_own_time() {
        let before = stats(2);
        // The answer was a while on its way here.
        let view = view(a_second_later(&before), before, Duration::from_millis(1700));
        let rates = view.rates.unwrap();
        assert_eq!(
            (rates.requests, rates.by_verb),
            (2.0, [0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        );
        assert_eq!((rates.bytes_in, rates.bytes_out), (0.0, f64::from(8 << 20)));
        assert_eq!(view.rows[1].rate, Some(f64::from(4 << 20)));
        assert_eq!(view.rows[1].cpu_percent, Some(25.0));
        assert_eq!(view.cpu_percent, Some(50.0));
    }

    #[test]
    fn the_first_look_has_no_rates() {
        let view = View::new(&look(stats(1), Instant::now()), None);
        assert_eq!((view.rates, view.rows[0].rate, view.rows[0].cpu_percent), (None, None, None));
    }

    #[test]
    fn a_restarted_server_has_no_rates() {
        for uptime_seconds in [0.0, 3.0, 11000.0, 11520.0, 99999.0] {
            let now = Stats { uptime_seconds, ..a_second_later(&stats(1)) };
            let view = view(now, stats(1), Duration::from_secs(30));
            assert_eq!((view.rates, view.rows[0].rate), (None, None), "{uptime_seconds}");
        }
    }

    #[test]
    fn a_count_that_goes_backwards_is_no_rate() {
        let before = stats(1);
        let mut now = a_second_later(&before);
        now.bytes_out = 0;
        now.worker[0].bytes_out = 0;
        now.worker[0].cpu_seconds = Some(0.0);
        let view = view(now, before, SECOND);
        assert_eq!((view.rates, view.rows[0].rate, view.rows[0].cpu_percent), (None, None, None));
    }

    #[test]
    fn a_worker_that_was_replaced_has_no_rate_yet() {
        let before = stats(2);
        let mut now = a_second_later(&before);
        now.worker[0].pid = 9;
        let view = view(now, before, SECOND);
        assert_eq!((view.rows[0].rate, view.rows[0].cpu_percent), (None, None));
        assert!(view.rows[1].rate.is_some() && view.rates.is_some());
    }

    #[test]
    fn a_process_that_workers_share_counts_once() {
        let mut before = stats(4);
        before.worker.iter_mut().for_each(|worker| worker.pid = 7);
        let now = a_second_later(&before);
        let view = view(now, before, SECOND);
        assert_eq!(view.cpu_percent, Some(25.0));
        assert!(view.shares_cpu && view.shares_memory);
        assert!(counts::workers(&view.stats.worker, None).ends_with("memory 24.0 MiB"));
    }

    #[test]
    fn processes_of_their_own_are_not_shared() {
        let view = View::new(&look(stats(4), Instant::now()), None);
        assert!(!view.shares_cpu && !view.shares_memory);
        assert!(counts::workers(&view.stats.worker, None).ends_with("memory 96.0 MiB"));
    }

    #[test]
    fn what_a_server_says_cannot_write_to_the_terminal_nor_overflow() {
        let mut hostile = worker(1);
        let current = hostile.current.as_mut().unwrap();
        current.client = "\x1b[2J".to_owned();
        let request = current.request.as_mut().unwrap();
        request.command = "G\u{9b}T".to_owned();
        request.file = Some("a\u{202e}b\n".to_owned());
        (request.bytes, request.bytes_total) = (u64::MAX, Some(1));
        hostile.requests[Verb::Get].ok = u64::MAX;
        hostile.bytes_in = u64::MAX;
        let mut stats = stats(0);
        stats.mode = "\x07".to_owned();
        stats.requests[Verb::List].failed = u64::MAX;
        stats.worker = vec![hostile; 2];
        let view = view(stats.clone(), stats, SECOND);
        let row = &view.rows[0];
        assert_eq!(view.stats.mode, r"\u{7}");
        assert_eq!(row.client, r"\u{1b}[2J");
        assert_eq!(row.request, r"G\u{9b}T a\u{202e}b\n");
        assert_eq!(row.progress, "100%");
        assert_eq!(row.requests, u64::MAX);
    }
}
