//! Measures one cell: every client makes one transfer, all starting together. A cell that is over sooner
//! than the plan's least time is a row of such bursts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use client::{FileName, Stats, Verb};
use rayon::prelude::*;

use super::{
    client_pool,
    job::{Job, Task},
};
use crate::{
    machine::resources::Watch,
    plan::{Attempt, BURSTS_MAX, ClientPoolKind, Sink},
    processes::interrupt::Interrupt,
    results::{Accounting, JobOutcome, Record, ServerAfter, WRONG_CONTENT},
    servers::{
        content::{ContentHasher, SourceFile, UPLOADED, download_name},
        target::Target,
    },
};

/// The slowest rate that is still expected, for all clients together.
const EXPECTED_BYTES_PER_SECOND: u64 = 200_000_000;
/// A client may take so many times what is expected, and at least so long.
const PATIENCE: u32 = 20;
const TIMEOUT_MIN: Duration = Duration::from_secs(60);

/// What all cells of a run are measured with.
#[derive(Clone)]
pub(crate) struct Instruments {
    pub(crate) client_pool: ClientPoolKind,
    pub(crate) sink: Sink,
    /// In place of the timeout that follows from the cell.
    pub(crate) timeout: Option<Duration>,
    /// Shorter cells are repeated inside until they have taken it.
    pub(crate) min_time: Duration,
    /// Where downloads are written.
    pub(crate) sink_dir: PathBuf,
    pub(crate) interrupt: Interrupt,
}

/// What the clients of a cell do.
#[derive(Clone, Copy)]
pub(crate) enum Work<'a> {
    Download(&'a SourceFile),
    Upload(&'a SourceFile),
    List,
}

/// Measures a cell and leaves the server as it was. An error means that nothing was measured.
pub(crate) fn measure(
    attempt: Attempt,
    target: &Target,
    work: Work<'_>,
    instruments: &Instruments,
) -> anyhow::Result<Record> {
    let mut record = Record::unmeasured(attempt);
    let expected = match work {
        Work::Download(source) | Work::Upload(source) => source.digest.clone(),
        Work::List => {
            let names = target.stored_names()?;
            record.names = Some(names.len() as u64);
            ContentHasher::of_names(names)
        }
    };
    let mut watch = Watch::start(target.pid);
    let before = target.settled_stats()?;
    for burst in 1..=BURSTS_MAX {
        let jobs = jobs(attempt, burst, target, work, instruments);
        let run = || client_pool::run(instruments.client_pool, &jobs, &instruments.interrupt);
        let mut outcomes = watch.burst(run)?;
        if outcomes.iter().any(|outcome| outcome.failure.is_some()) {
            // Asked first: a server that still has its hands full would not verify anything either.
            record.server = server_after(target, before.as_ref(), attempt.cell.verb());
        }
        verify(&jobs, &mut outcomes, &expected, target);
        record.outcomes.append(&mut outcomes);
        if !record.is_unsettled() {
            clean_up(&jobs, target);
        }
        let is_long_enough = watch.watched() >= instruments.min_time;
        if is_long_enough || record.has_failures() || instruments.interrupt.is_told() {
            break;
        }
    }
    record.resources = watch.stop();
    if !record.is_unsettled() {
        record.server = server_after(target, before.as_ref(), attempt.cell.verb());
    }
    Ok(record)
}

fn server_after(target: &Target, before: Option<&Stats>, verb: Verb) -> ServerAfter {
    match (before, target.settled_stats()) {
        (Some(before), Ok(Some(after))) => {
            ServerAfter::Counted(Accounting::between(before, &after, verb))
        }
        (Some(_), Ok(None)) => {
            ServerAfter::Unsettled("its counts can no longer be read".to_owned())
        }
        (None, Ok(_)) => ServerAfter::CountsNothing,
        (_, Err(err)) => ServerAfter::Unsettled(err.to_string()),
    }
}

fn jobs(
    attempt: Attempt,
    burst: u32,
    target: &Target,
    work: Work<'_>,
    instruments: &Instruments,
) -> Vec<Job> {
    let cell = attempt.cell;
    let expected_s = cell.payload_bytes().div_ceil(EXPECTED_BYTES_PER_SECOND);
    let timeout = (Duration::from_secs(expected_s) * PATIENCE).max(TIMEOUT_MIN);
    let job = |client| {
        let (task, local) = match (work, instruments.sink) {
            (Work::Upload(source), _) => {
                let name = upload_name(attempt.repetition, client);
                (Task::Upload(name), Some(source.path.clone()))
            }
            (Work::Download(source), sink) => {
                let path = || instruments.sink_dir.join(format!("download-{client}.bin"));
                let name = match target.has_content {
                    true => source.name.clone(),
                    false => download_name(source.volume),
                };
                (Task::Download(name), (sink == Sink::File).then(path))
            }
            (Work::List, _) => (Task::List, None),
        };
        Job {
            client,
            burst,
            server: target.address.clone(),
            access: target.access.clone(),
            task,
            encoding: cell.encoding,
            local,
            volume_bytes: cell.volume.bytes,
            timeout: instruments.timeout.unwrap_or(timeout),
        }
    };
    (1..=cell.clients).map(job).collect()
}

fn upload_name(repetition: u32, client: u32) -> FileName {
    let name = format!("{UPLOADED}{repetition}-{client}.bin");
    name.parse().expect("this is a plain name")
}

/// Checks every byte and every name of what seems to have succeeded.
fn verify(jobs: &[Job], outcomes: &mut [JobOutcome], expected: &str, target: &Target) {
    match jobs.first().map(|job| &job.task) {
        _ if !target.has_content => {}
        Some(Task::Download(_) | Task::List) => verify_received(jobs, outcomes, expected),
        Some(Task::Upload(_)) => verify_uploads(jobs, outcomes, expected, target),
        None => {}
    }
}

fn verify_received(jobs: &[Job], outcomes: &mut [JobOutcome], expected: &str) {
    jobs.par_iter().zip(outcomes).for_each(|(job, outcome)| {
        let digest = match (&outcome.digest, &job.local) {
            (Some(digest), _) => Ok(digest.clone()),
            (None, Some(path)) => ContentHasher::of_file(path).map_err(|err| err.to_string()),
            (None, None) => Err("nothing was hashed".to_owned()),
        };
        judge(outcome, digest, expected);
    });
}

fn verify_uploads(jobs: &[Job], outcomes: &mut [JobOutcome], expected: &str, target: &Target) {
    for (job, outcome) in jobs.iter().zip(outcomes) {
        if let (Task::Upload(name), None) = (&job.task, &outcome.failure) {
            let digest = target.digest(name).map_err(|err| err.to_string());
            judge(outcome, digest, expected);
        }
    }
}

/// A worker that believes it succeeded has failed if what it moved is not what it must be.
fn judge(outcome: &mut JobOutcome, digest: Result<String, String>, expected: &str) {
    if outcome.failure.is_some() {
        return;
    }
    match digest {
        Ok(digest) if digest == expected => {}
        Ok(digest) => {
            outcome.fail(WRONG_CONTENT, format!("the content is {digest}, not {expected}"));
        }
        Err(why) => outcome.fail("unverified", format!("the content could not be checked: {why}")),
    }
}

fn clean_up(jobs: &[Job], target: &Target) {
    for job in jobs {
        match (&job.task, &job.local) {
            (Task::Download(_), Some(path)) => remove_if_there(path),
            (Task::Download(_), None) | (Task::List, _) => {}
            // A failed client may have stored its file all the same. Some servers cannot delete.
            (Task::Upload(name), _) => drop(target.delete(name)),
        }
    }
}

fn remove_if_there(path: &Path) {
    // The next cell creates it anew, and the directory goes with the run.
    let _ = fs::remove_file(path);
}
