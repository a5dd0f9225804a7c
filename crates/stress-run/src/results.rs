//! The files of a run: raw records as they come, tables at the end.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process,
};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::{
    cell::Record,
    environment::Environment,
    job::Outcome,
    plan::{Plan, mode_name},
    sheet::Sheet,
    statistics::Waits,
};

/// The directory of one run.
pub(crate) struct RunFiles {
    dir: PathBuf,
    cells: csv::Writer<File>,
    workers: BufWriter<File>,
}

/// A line of `cells.csv`.
#[derive(Serialize)]
struct CellLine<'a> {
    mode: String,
    operation: String,
    volume_bytes: u64,
    clients: u32,
    server_workers: u32,
    repetition: u32,
    clients_succeeded: u64,
    clients_failed: u64,
    failure_causes: String,
    mean_s: Option<f64>,
    min_s: Option<f64>,
    median_s: Option<f64>,
    p95_s: Option<f64>,
    max_s: Option<f64>,
    first_byte_mean_s: Option<f64>,
    queue_mean_s: Option<f64>,
    queue_max_s: Option<f64>,
    service_mean_s: Option<f64>,
    throughput_bytes_per_s: Option<f64>,
    makespan_s: Option<f64>,
    goodput_bytes_per_s: Option<f64>,
    jain_fairness: Option<f64>,
    server_workers_succeeded: Option<u64>,
    server_workers_failed: Option<u64>,
    server_requests_ok: Option<u64>,
    server_requests_failed: Option<u64>,
    server_bytes: Option<u64>,
    server_cpu_s: Option<f64>,
    server_tree_cpu_s: Option<f64>,
    server_peak_pss_bytes: Option<u64>,
    generator_cpu_s: Option<f64>,
    steal_s: Option<f64>,
    foreign_cpu_s: Option<f64>,
    invalid: Option<&'a str>,
}

/// A line of `workers.jsonl`.
#[derive(Serialize)]
struct WorkerLine<'a> {
    mode: String,
    operation: String,
    volume_bytes: u64,
    clients: u32,
    server_workers: u32,
    repetition: u32,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

impl RunFiles {
    /// Makes a new directory in `out` and points `out/latest` to it.
    pub(crate) fn create(out: &Path, environment: &Environment) -> anyhow::Result<Self> {
        fs::create_dir_all(out)
            .with_context(|| format!("cannot create the directory {}", out.display()))?;
        let run = format!("{}-{}", environment.started, environment.preset);
        let dir = create_unused(out, &run)?;
        let file = |name: &str| {
            let path = dir.join(name);
            File::create(&path).with_context(|| format!("cannot create {}", path.display()))
        };
        serde_json::to_writer_pretty(file("environment.json")?, environment)
            .context("cannot write environment.json")?;
        let cells = csv::Writer::from_writer(file("cells.csv")?);
        let workers = BufWriter::new(file("workers.jsonl")?);
        point_latest_to(out, &dir)
            .with_context(|| format!("cannot update {}", out.join("latest").display()))?;
        Ok(Self { dir, cells, workers })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Writes a finished cell; it is on its way to the disk when this returns.
    pub(crate) fn append(&mut self, record: &Record) -> anyhow::Result<()> {
        self.append_raw(record)
            .with_context(|| format!("cannot write the results in {}", self.dir.display()))
    }

    fn append_raw(&mut self, record: &Record) -> anyhow::Result<()> {
        for outcome in &record.outcomes {
            serde_json::to_writer(&mut self.workers, &worker_line(record, outcome))?;
            self.workers.write_all(b"\n")?;
        }
        self.workers.flush()?;
        self.cells.serialize(cell_line(record))?;
        self.cells.flush()?;
        Ok(())
    }
}

/// What `cells.csv` will have of this plan: its columns, and its rows without results.
pub(crate) fn planned(plan: &Plan) -> anyhow::Result<Sheet> {
    let mut lines = csv::Writer::from_writer(Vec::new());
    for block in plan.blocks() {
        for cell in block.cells {
            lines.serialize(cell_line(&Record::unmeasured(cell, block.repetition)))?;
        }
    }
    Ok(Sheet::read(&lines.into_inner()?[..])?)
}

fn cell_line(record: &Record) -> CellLine<'_> {
    let (cell, summary, books) = (&record.cell, record.summary(), record.books.as_ref());
    let waits = Waits::of(&record.outcomes);
    let causes: Vec<String> =
        record.causes().into_iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    CellLine {
        mode: mode_name(cell.server.mode),
        operation: cell.operation.to_string(),
        volume_bytes: cell.volume.bytes,
        clients: cell.clients,
        server_workers: cell.server.workers,
        repetition: record.repetition,
        clients_succeeded: record.clients_succeeded(),
        clients_failed: record.clients_failed(),
        failure_causes: causes.join("; "),
        mean_s: summary.map(|summary| summary.mean_s),
        min_s: summary.map(|summary| summary.min_s),
        median_s: summary.map(|summary| summary.median_s),
        p95_s: summary.map(|summary| summary.p95_s),
        max_s: summary.map(|summary| summary.max_s),
        first_byte_mean_s: summary.map(|summary| summary.first_byte_mean_s),
        queue_mean_s: waits.map(|waits| waits.queue_mean_s),
        queue_max_s: waits.map(|waits| waits.queue_max_s),
        service_mean_s: waits.map(|waits| waits.service_mean_s),
        throughput_bytes_per_s: summary.map(|summary| summary.throughput),
        makespan_s: summary.map(|summary| summary.makespan_s),
        goodput_bytes_per_s: summary.map(|summary| summary.goodput),
        jain_fairness: summary.map(|summary| summary.fairness),
        server_workers_succeeded: books.map(|books| books.workers_succeeded),
        server_workers_failed: books.map(|books| books.workers_failed),
        server_requests_ok: books.map(|books| books.requests_ok),
        server_requests_failed: books.map(|books| books.requests_failed),
        server_bytes: books.map(|books| books.bytes),
        server_cpu_s: books.map(|books| books.cpu_seconds),
        server_tree_cpu_s: record.resources.server_tree_cpu_s,
        server_peak_pss_bytes: record.resources.server_peak_pss_bytes,
        generator_cpu_s: record.resources.generator_cpu_s,
        steal_s: record.resources.steal_s,
        foreign_cpu_s: record.resources.foreign_cpu_s,
        invalid: record.invalid.as_deref(),
    }
}

fn worker_line<'a>(record: &Record, outcome: &'a Outcome) -> WorkerLine<'a> {
    let cell = &record.cell;
    WorkerLine {
        mode: mode_name(cell.server.mode),
        operation: cell.operation.to_string(),
        volume_bytes: cell.volume.bytes,
        clients: cell.clients,
        server_workers: cell.server.workers,
        repetition: record.repetition,
        outcome,
    }
}

/// Two runs may start in the same second.
fn create_unused(out: &Path, run: &str) -> anyhow::Result<PathBuf> {
    let names = std::iter::once(run.to_owned()).chain((2..100).map(|n| format!("{run}-{n}")));
    for name in names {
        let dir = out.join(name);
        match fs::create_dir(&dir) {
            Ok(()) => return Ok(dir),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
            Err(err) => {
                return Err(err).with_context(|| format!("cannot create {}", dir.display()));
            }
        }
    }
    bail!("{} holds too many runs of this second", out.display())
}

/// In one step, so that `latest` always points somewhere.
fn point_latest_to(out: &Path, dir: &Path) -> io::Result<()> {
    let name = dir.file_name().expect("a run has a name");
    let temporary = out.join(format!(".latest-{}", process::id()));
    symlink(name, &temporary)?;
    fs::rename(&temporary, out.join("latest"))
}
