//! The clients of one cell: a pool of threads or of processes, released together.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{ChildStdout, Stdio},
    sync::{
        Arc, PoisonError, RwLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use telemetry::monotonic_ns;

use super::job::Job;
use crate::{
    plan::ClientPoolKind,
    processes::{
        interrupt::Interrupt,
        offspring::{self, Offspring, this_program},
    },
    results::JobOutcome,
    servers::access::Access,
};

/// The hidden subcommand that a client process is started with.
pub(crate) const WORKER_COMMAND: &str = "client-worker";

/// The line that a client process prints when it waits for the release.
const READY: &str = "ready";

/// The cause of a client worker that ended without a word.
const DIED: &str = "client-died";

/// How soon an interrupt is noticed while clients run.
const INTERRUPT_PAUSE: Duration = Duration::from_millis(100);

/// Runs all jobs at once, each on a worker of its own; the outcomes are in the order of the jobs.
///
/// An error means that the clients could not be started; a client that fails is an outcome.
pub(crate) fn run(
    kind: ClientPoolKind,
    jobs: &[Job],
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<JobOutcome>> {
    match kind {
        ClientPoolKind::Thread => run_threads(jobs, interrupt),
        ClientPoolKind::Process => run_processes(jobs, interrupt),
    }
}

/// A thread for each client and nothing else: the workers of a pool look for more work when they are
/// done, and so take processors from the clients that are not.
///
/// The threads are not waited for when the run is interrupted: a server that is not ours may keep them
/// for as long as their deadline lets it.
fn run_threads(jobs: &[Job], interrupt: &Interrupt) -> anyhow::Result<Vec<JobOutcome>> {
    // Locked until all are ready. It holds the moment of the release, or nothing when there is none.
    let gate = Arc::new(RwLock::new(None));
    let mut closed = gate.write().unwrap_or_else(PoisonError::into_inner);
    let (ready, all_ready) = mpsc::channel::<()>();
    let (done, reports) = mpsc::channel();
    for (index, job) in jobs.iter().cloned().enumerate() {
        let (gate, ready, done) = (Arc::clone(&gate), ready.clone(), done.clone());
        let client = move || {
            let prepared = job.prepare();
            drop(ready);
            let released_ns = *gate.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(released_ns) = released_ns {
                // Nobody waits for it any more after an interrupt.
                let _ = done.send((index, prepared.run(released_ns)));
            }
        };
        let started = thread::Builder::new().spawn(client);
        started.context("cannot start the client threads; choose fewer --clients")?;
    }
    drop((ready, done));
    // Nothing is ever sent: it ends when every thread has dropped its half.
    let _ = all_ready.recv();
    let released_ns = monotonic_ns(Instant::now());
    *closed = Some(released_ns);
    drop(closed);
    let mut outcomes: Vec<JobOutcome> =
        jobs.iter().map(|job| unreported(job, released_ns)).collect();
    loop {
        match reports.recv_timeout(INTERRUPT_PAUSE) {
            Ok((index, outcome)) => outcomes[index] = outcome,
            Err(RecvTimeoutError::Timeout) if !interrupt.is_told() => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(outcomes),
        }
    }
}

/// Of a client that has not reported, and may never do so.
fn unreported(job: &Job, released_ns: u64) -> JobOutcome {
    let mut outcome = JobOutcome::of(job.client, job.burst, released_ns);
    outcome.fail(DIED, "the client ended without a report".to_owned());
    outcome
}

/// Every process waits for the end of one pipe, which all have as standard input: closing it
/// releases them together.
fn run_processes(jobs: &[Job], interrupt: &Interrupt) -> anyhow::Result<Vec<JobOutcome>> {
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
    job: &'a Job,
    _process: Offspring,
    lines: BufReader<ChildStdout>,
}

impl<'a> ClientProcess<'a> {
    fn start(job: &'a Job, gate: Stdio, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let mut command = this_program(WORKER_COMMAND)?;
        command.arg(serde_json::to_string(job)?).args(&job.local);
        job.access.pass_on(&mut command);
        command.stdin(gate).stdout(Stdio::piped());
        let mut process = Offspring::start(&mut command, interrupt)
            .context("cannot start a client process; choose fewer --clients")?;
        let stdout = process.child().stdout.take().expect("standard output is piped");
        Ok(Self { job, _process: process, lines: BufReader::new(stdout) })
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let mut line = String::new();
        self.lines.read_line(&mut line).context("cannot hear from a client process")?;
        ensure!(line.trim_end() == READY, "a client process ended before it was ready");
        Ok(())
    }

    /// Waits for the job, which ends by its own deadline.
    fn outcome(mut self, released_ns: u64) -> JobOutcome {
        let mut report = String::new();
        let told = self.lines.read_to_string(&mut report);
        let outcome = told.ok().and_then(|_| serde_json::from_str::<JobOutcome>(&report).ok());
        match outcome {
            Some(outcome) => JobOutcome { released_ns, ..outcome },
            None => unreported(self.job, released_ns),
        }
    }
}

/// What the hidden subcommand does: prepares, waits for the release, runs and reports.
pub(crate) fn work(
    parent: u32,
    job: &str,
    local: Option<PathBuf>,
    access: Access,
) -> anyhow::Result<()> {
    offspring::end_with(parent)?;
    let job: Job = serde_json::from_str(job).context("this command is for stress-run itself")?;
    let prepared = Job { local, access, ..job }.prepare();
    let mut stdout = io::stdout();
    writeln!(stdout, "{READY}")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    let outcome = prepared.run(monotonic_ns(Instant::now()));
    writeln!(stdout, "{}", serde_json::to_string(&outcome)?)?;
    Ok(())
}
