//! The clients of one cell: a pool of threads or of processes, released together.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::{Barrier, OnceLock},
    time::Instant,
};

use anyhow::{Context, ensure};
use telemetry::monotonic_ns;

use crate::{
    interrupt::Interrupt,
    job::{Job, Outcome},
    plan::ClientPoolKind,
};

/// The hidden subcommand that a client process is started with.
pub(crate) const WORKER_COMMAND: &str = "client-worker";

/// The line that a client process prints when it waits for the release.
const READY: &str = "ready";

/// The cause of a client worker that ended without a word.
const DIED: &str = "client-died";

/// Runs all jobs at once, each on a worker of its own; the outcomes are in the order of the jobs.
///
/// An error means that the clients could not be started; a client that fails is an outcome.
pub(crate) fn run(
    kind: ClientPoolKind,
    jobs: &[Job],
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Outcome>> {
    match kind {
        ClientPoolKind::Thread => run_threads(jobs),
        ClientPoolKind::Process => run_processes(jobs, interrupt),
    }
}

fn run_threads(jobs: &[Job]) -> anyhow::Result<Vec<Outcome>> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.len())
        .build()
        .context("cannot start the client threads; choose fewer --clients")?;
    let (gate, released) = (Barrier::new(jobs.len()), OnceLock::new());
    Ok(pool.broadcast(|worker| {
        let job = jobs[worker.index()].clone();
        let unprepared = Outcome::new(&job, 0);
        let prepared = job.prepare();
        gate.wait();
        // The first through the gate says when it opened, for all.
        let released_ns = *released.get_or_init(|| monotonic_ns(Instant::now()));
        match prepared {
            Ok(prepared) => prepared.run(released_ns),
            Err(err) => not_prepared(unprepared, released_ns, &err),
        }
    }))
}

fn not_prepared(unprepared: Outcome, released_ns: u64, err: &io::Error) -> Outcome {
    let mut outcome = Outcome { released_ns, ..unprepared };
    outcome.fail("local-file", format!("cannot open its local file: {err}"));
    outcome
}

/// Every process waits for the end of one pipe, which all have as standard input: closing it
/// releases them together, and so does the death of this process.
fn run_processes(jobs: &[Job], interrupt: &Interrupt) -> anyhow::Result<Vec<Outcome>> {
    let (gate, release) = io::pipe().context("cannot make a pipe")?;
    let mut workers = Vec::with_capacity(jobs.len());
    for job in jobs {
        let gate = gate.try_clone().context("cannot share a pipe")?;
        workers.push(ClientProcess::start(job, gate.into(), interrupt)?);
    }
    drop(gate);
    for worker in &mut workers {
        worker.wait_until_ready()?;
    }
    let released_ns = monotonic_ns(Instant::now());
    drop(release);
    Ok(workers.into_iter().map(|worker| worker.outcome(released_ns)).collect())
}

/// A client worker in a process of its own; killed when dropped.
struct ClientProcess<'a> {
    /// What is known of the job if the process does not report.
    unreported: Outcome,
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    interrupt: &'a Interrupt,
}

impl<'a> ClientProcess<'a> {
    fn start(job: &Job, gate: Stdio, interrupt: &'a Interrupt) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot find the program of the clients")?;
        let mut child = Command::new(program)
            .arg(WORKER_COMMAND)
            .arg(serde_json::to_string(job)?)
            .stdin(gate)
            .stdout(Stdio::piped())
            // Ctrl-C on a terminal is for stress-run, which then ends its clients.
            .process_group(0)
            .spawn()
            .context("cannot start a client process; choose fewer --clients")?;
        interrupt.kill_on_stop(child.id());
        let stdout = child.stdout.take().expect("standard output is piped");
        let unreported = Outcome::new(job, 0);
        Ok(Self { unreported, child, lines: BufReader::new(stdout), interrupt })
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let mut line = String::new();
        self.lines.read_line(&mut line).context("cannot hear from a client process")?;
        ensure!(line.trim_end() == READY, "a client process ended before it was ready");
        Ok(())
    }

    /// Waits for the job, which ends by its own deadline.
    fn outcome(mut self, released_ns: u64) -> Outcome {
        let mut report = String::new();
        let told = self.lines.read_to_string(&mut report);
        let outcome = told.ok().and_then(|_| serde_json::from_str::<Outcome>(&report).ok());
        match outcome {
            Some(outcome) => Outcome { released_ns, ..outcome },
            None => {
                let mut outcome = Outcome { released_ns, ..self.unreported.clone() };
                outcome.fail(DIED, "the client process ended without a report".to_owned());
                outcome
            }
        }
    }
}

impl Drop for ClientProcess<'_> {
    fn drop(&mut self) {
        // Forgotten before it is reaped: its number may be given to another process then.
        self.interrupt.forget(self.child.id());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the hidden subcommand does: prepares, waits for the release, runs and reports.
pub(crate) fn work(job: &str) -> anyhow::Result<()> {
    let job: Job = serde_json::from_str(job).context("this command is for stress-run itself")?;
    let unprepared = Outcome::new(&job, 0);
    let prepared = job.prepare();
    let mut stdout = io::stdout();
    writeln!(stdout, "{READY}")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    let released_ns = monotonic_ns(Instant::now());
    let outcome = match prepared {
        Ok(prepared) => prepared.run(released_ns),
        Err(err) => not_prepared(unprepared, released_ns, &err),
    };
    writeln!(stdout, "{}", serde_json::to_string(&outcome)?)?;
    Ok(())
}
