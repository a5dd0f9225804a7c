//! A server's counts as a table.

use std::time::Duration;

use indicatif::{BinaryBytes, HumanDuration};
use protocol::stats::{Outcomes, Requests, Stats, Worker, WorkerState};

/// The totals, then a line for each worker.
pub(crate) fn render(stats: &Stats) -> String {
    let uptime =
        HumanDuration(Duration::try_from_secs_f64(stats.uptime_seconds).unwrap_or_default());
    let connections = &stats.connections;
    let totals = [
        ["mode".into(), format!("{}, {} workers, up {uptime}", stats.mode, stats.workers)],
        [
            "connections".into(),
            format!(
                "{} active, {} waiting, {} succeeded, {} failed",
                connections.active, connections.waiting, connections.succeeded, connections.failed
            ),
        ],
        [
            "content".into(),
            format!("{} in, {} out", BinaryBytes(stats.bytes_in), BinaryBytes(stats.bytes_out)),
        ],
        ["load".into(), format!("{:.1} requests per second", stats.requests_per_second)],
    ];
    let left = |row: [String; 2]| format!("{:<12} {}\n", row[0], row[1]);
    let totals: String = totals.into_iter().map(left).collect();
    [totals, requests(&stats.requests), workers(&stats.worker)].join("\n")
}

fn requests(requests: &Requests) -> String {
    let row = |verb: &str, outcomes: Outcomes| {
        [verb.to_owned(), outcomes.ok.to_string(), outcomes.failed.to_string()]
    };
    aligned(&[
        ["requests".to_owned(), "ok".to_owned(), "failed".to_owned()],
        row("list", requests.list),
        row("get", requests.get),
        row("upload", requests.upload),
        row("delete", requests.delete),
        row("other", requests.other),
    ])
}

fn workers(workers: &[Worker]) -> String {
    let head = [
        "worker",
        "pid",
        "state",
        "conn ok",
        "conn failed",
        "requests",
        "failed",
        "in",
        "out",
        "restarts",
        "cpu s",
        "memory",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(workers.iter().map(worker));
    aligned(&rows)
}

fn worker(worker: &Worker) -> [String; 12] {
    let Requests { list, get, upload, delete, other } = worker.requests;
    let requests = [list, get, upload, delete, other];
    let unknown = || "-".to_owned();
    [
        worker.worker.to_string(),
        worker.pid.to_string(),
        state(worker.state).to_owned(),
        worker.connections.succeeded.to_string(),
        worker.connections.failed.to_string(),
        requests.iter().map(|outcomes| outcomes.ok + outcomes.failed).sum::<u64>().to_string(),
        requests.iter().map(|outcomes| outcomes.failed).sum::<u64>().to_string(),
        BinaryBytes(worker.bytes_in).to_string(),
        BinaryBytes(worker.bytes_out).to_string(),
        worker.restarts.to_string(),
        worker.cpu_seconds.map_or_else(unknown, |seconds| format!("{seconds:.2}")),
        worker.memory_bytes.map_or_else(unknown, |bytes| BinaryBytes(bytes).to_string()),
    ]
}

fn state(state: WorkerState) -> &'static str {
    match state {
        WorkerState::Starting => "starting",
        WorkerState::Idle => "idle",
        WorkerState::Busy => "busy",
    }
}

/// Rows of cells in columns: the first to the left, the others to the right.
fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    });
    let line = |row: &[String; COLUMNS]| {
        let mut line = format!("{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            line.push_str(&format!("  {cell:>width$}"));
        }
        line + "\n"
    };
    rows.iter().map(line).collect()
}
