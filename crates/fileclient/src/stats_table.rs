//! A server's counts as a table.

use cli::{
    table::{Side, aligned, folded},
    units,
};
use protocol::stats::{Current, Requests, Stats, Worker};

use crate::{
    backends,
    counts::{self, UNKNOWN},
};

/// The totals, then a line for each worker, in lines no longer than `room`.
pub(crate) fn render(stats: &Stats, room: usize) -> String {
    let mut totals = vec![
        ["mode", &counts::mode(stats)].map(str::to_owned),
        ["connections", &counts::connections(&stats.connections)].map(str::to_owned),
        ["workers", &counts::workers(&stats.worker, None)].map(str::to_owned),
        ["content".into(), content(stats)],
        ["load".into(), format!("{:.1} requests per second", stats.requests_per_second)],
    ];
    if stats.events_lost > 0 {
        totals.push(["log".into(), format!("{} events lost", stats.events_lost)]);
    }
    if stats.directory_gone {
        totals.push(["directory".into(), "gone from where it was".into()]);
    }
    if stats.files_left_out > 0 {
        totals.push(["files".into(), format!("{} that no client can name", stats.files_left_out)]);
    }
    let left = |row: [String; 2]| format!("{:<12} {}\n", row[0], row[1]);
    let totals: String = totals.into_iter().map(left).collect();
    let mut parts = vec![totals, requests(&stats.requests), workers(&stats.worker, room)];
    if !stats.backend.is_empty() {
        parts.push(backends::table(&stats.backend, room));
    }
    parts.join("\n")
}

fn content(stats: &Stats) -> String {
    format!("{} in, {} out", units::size(stats.bytes_in), units::size(stats.bytes_out))
}

fn requests(requests: &Requests) -> String {
    let mut rows = vec![["requests", "ok", "failed"].map(str::to_owned).to_vec()];
    for (name, outcomes) in requests.into_entries().chain([("all".to_owned(), requests.all())]) {
        rows.push(vec![name, outcomes.ok.to_string(), outcomes.failed.to_string()]);
    }
    aligned(&[Side::Left, Side::Right, Side::Right], &rows)
}

/// What the workers are doing stands last: it is the only text of any length.
fn workers(workers: &[Worker], room: usize) -> String {
    let shows_current = workers.iter().any(|worker| worker.current.is_some());
    let mut rows = vec![head(workers)];
    rows.extend(workers.iter().map(cells));
    let mut sides = vec![Side::Right; rows[0].len()];
    if shows_current {
        rows[0].extend(["client", "request", "done"].map(str::to_owned));
        for (row, worker) in rows[1..].iter_mut().zip(workers) {
            row.extend(current(worker.current.as_ref()));
        }
        sides.extend([Side::Left, Side::Left, Side::Right]);
    }
    folded(&sides, &rows, room)
}

fn head(workers: &[Worker]) -> Vec<String> {
    let of =
        |name: &str, is_shared| if is_shared { format!("{name} (process)") } else { name.into() };
    let mut head: Vec<String> = [
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
    ]
    .map(str::to_owned)
    .to_vec();
    head.push(of("CPU s", counts::is_shared(workers, |worker| worker.cpu_of)));
    head.push(of("memory", counts::is_shared(workers, |worker| worker.memory_of)));
    head
}

fn cells(worker: &Worker) -> Vec<String> {
    let requests = worker.requests.all();
    let unknown = || UNKNOWN.to_owned();
    vec![
        worker.worker.to_string(),
        worker.pid.to_string(),
        counts::state(worker.state).to_owned(),
        worker.connections.succeeded.to_string(),
        worker.connections.failed.to_string(),
        counts::finished(requests).to_string(),
        requests.failed.to_string(),
        units::size(worker.bytes_in),
        units::size(worker.bytes_out),
        worker.restarts.to_string(),
        worker.cpu_seconds.map_or_else(unknown, |seconds| format!("{seconds:.2}")),
        worker.memory_bytes.map_or_else(unknown, units::size),
    ]
}

fn current(current: Option<&Current>) -> [String; 3] {
    let request = current.and_then(|current| current.request.as_ref());
    [
        current.map(counts::client).unwrap_or_default(),
        request.map(counts::request).unwrap_or_default(),
        request.map(counts::progress).unwrap_or_default(),
    ]
}
