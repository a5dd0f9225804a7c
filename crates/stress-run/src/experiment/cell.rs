//! Measures one cell: every client makes one transfer, all starting together. A cell that is over sooner
//! than the plan's least time is a row of such bursts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use client::{FileName, Stats};
use rayon::prelude::*;

use super::{
    client_pool,
    job::{Job, Task},
};
use crate::{
    machine::resources::Watch,
    plan::{BURSTS_MAX, ClientPoolKind, Operation, Sink},
    processes::interrupt::Interrupt,
    results::{Attempt, Outcome, Record, ServerBooks, WRONG_CONTENT},
    servers::{
        content::{Digest, Source, UPLOADED, download_name},
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
    Download(&'a Source),
    Upload(&'a Source),
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
            Digest::of_names(names)
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
            record.unsettled = counts_after(target, before.is_some()).err();
        }
        verify(&jobs, &mut outcomes, &expected, target);
        record.outcomes.append(&mut outcomes);
        if record.unsettled.is_none() {
            clean_up(&jobs, target);
        }
        let is_long_enough = watch.watched() >= instruments.min_time;
        if is_long_enough || record.clients_failed() > 0 || instruments.interrupt.is_told() {
            break;
        }
    }
    record.resources = watch.stop();
    if record.unsettled.is_none() {
        match counts_after(target, before.is_some()) {
            Ok(after) => record.books = books(before, after, attempt.cell.operation),
            Err(why) => record.unsettled = Some(why),
        }
    }
    record.invalid = disagreement(&record);
    Ok(record)
}

/// A server that has no counts, or is gone, has no books.
fn books(before: Option<Stats>, after: Option<Stats>, operation: Operation) -> Option<ServerBooks> {
    Some(ServerBooks::between(&before?, &after?, operation))
}

/// The server's counts, if it had any before. The error is why they cannot be had any more.
fn counts_after(target: &Target, had_counts: bool) -> Result<Option<Stats>, String> {
    match target.settled_stats() {
        Ok(None) if had_counts => Err("its counts can no longer be read".to_owned()),
        Ok(after) => Ok(after),
        Err(err) => Err(err.to_string()),
    }
}

/// Why the numbers of the cell must not be used; `None` when every byte is right and the books agree.
fn disagreement(record: &Record) -> Option<String> {
    let wrong = |outcome: &&Outcome| outcome.has_failed_with(WRONG_CONTENT);
    match record.outcomes.iter().filter(wrong).count() {
        0 => record.books.and_then(|books| books.disagreement(&record.outcomes)),
        count => Some(format!("{count} clients moved wrong bytes")),
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
fn verify(jobs: &[Job], outcomes: &mut [Outcome], expected: &str, target: &Target) {
    match jobs.first().map(|job| &job.task) {
        _ if !target.has_content => {}
        Some(Task::Download(_) | Task::List) => verify_received(jobs, outcomes, expected),
        Some(Task::Upload(_)) => verify_uploads(jobs, outcomes, expected, target),
        None => {}
    }
}

fn verify_received(jobs: &[Job], outcomes: &mut [Outcome], expected: &str) {
    jobs.par_iter().zip(outcomes).for_each(|(job, outcome)| {
        let digest = match (&outcome.digest, &job.local) {
            (Some(digest), _) => Ok(digest.clone()),
            (None, Some(path)) => Digest::of_file(path).map_err(|err| err.to_string()),
            (None, None) => Err("nothing was hashed".to_owned()),
        };
        judge(outcome, digest, expected);
    });
}

fn verify_uploads(jobs: &[Job], outcomes: &mut [Outcome], expected: &str, target: &Target) {
    for (job, outcome) in jobs.iter().zip(outcomes) {
        if let (Task::Upload(name), None) = (&job.task, &outcome.failure) {
            let digest = target.digest(name).map_err(|err| err.to_string());
            judge(outcome, digest, expected);
        }
    }
}

/// A worker that believes it succeeded has failed if what it moved is not what it must be.
fn judge(outcome: &mut Outcome, digest: Result<String, String>, expected: &str) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Cell, Configuration, Volume};

    #[test]
    fn what_all_clients_say_and_no_count_confirms_is_invalid() {
        let cell = Cell {
            operation: Operation::Upload,
            volume: Volume { bytes: 1 },
            clients: 2,
            server: Configuration { mode: None, workers: 1 },
        };
        let attempt = Attempt { cell, repetition: 1, attempt: 1 };
        let outcomes = (1..=2).map(|client| Outcome::of(client, 1, 0)).collect();
        let mut record = Record { outcomes, ..Record::unmeasured(attempt) };
        record.doubt("deadline passed");
        assert_eq!(
            record.invalid.as_deref(),
            Some("the server's counts afterwards: deadline passed")
        );
        let mut record = Record::all_failed(attempt, "busy", "no room");
        record.doubt("deadline passed");
        assert_eq!(record.invalid, None);
    }
}
