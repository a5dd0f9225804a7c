//! Measures one cell: every client makes one transfer, all starting together.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use fileclient::FileName;
use rayon::prelude::*;

use crate::{
    books::ServerBooks,
    client_pool,
    content::{Digest, Source},
    interrupt::Interrupt,
    job::{Job, Outcome, WRONG_CONTENT},
    plan::{Cell, ClientPoolKind, Operation, Sink},
    resources::{Resources, Watch},
    statistics::Summary,
    target::Target,
};

/// The slowest rate that is still expected, for all clients together.
const EXPECTED_BYTES_PER_SECOND: u64 = 200_000_000;
/// A client may take so many times what is expected, and at least so long.
const PATIENCE: u32 = 20;
const TIMEOUT_MIN: Duration = Duration::from_secs(60);

/// What all cells of a run are measured with.
pub(crate) struct Instruments {
    pub(crate) client_pool: ClientPoolKind,
    pub(crate) sink: Sink,
    /// In place of the timeout that follows from the cell.
    pub(crate) timeout: Option<Duration>,
    /// Where downloads are written.
    pub(crate) sink_dir: PathBuf,
    pub(crate) interrupt: Interrupt,
}

/// A finished cell.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) cell: Cell,
    pub(crate) repetition: u32,
    pub(crate) outcomes: Vec<Outcome>,
    /// Empty for a server that does not count, or died.
    pub(crate) books: Option<ServerBooks>,
    pub(crate) resources: Resources,
    /// Why the numbers of this cell must not be used.
    pub(crate) invalid: Option<String>,
    /// Why the server's counts after the cell could not be had: it is still busy, or gone.
    pub(crate) unsettled: Option<String>,
}

impl Record {
    /// A cell whose server could not be measured: every client failed, for one cause.
    pub(crate) fn all_failed(cell: Cell, repetition: u32, cause: &str, sentence: &str) -> Self {
        let outcomes = (1..=cell.clients)
            .map(|client| {
                let mut outcome = Outcome::new(client, 0);
                outcome.fail(cause, sentence.to_owned());
                outcome
            })
            .collect();
        Self { outcomes, ..Self::unmeasured(cell, repetition) }
    }

    /// A cell without any client.
    pub(crate) fn unmeasured(cell: Cell, repetition: u32) -> Self {
        let (outcomes, resources) = (Vec::new(), Resources::default());
        Self { cell, repetition, outcomes, books: None, resources, invalid: None, unsettled: None }
    }

    pub(crate) fn summary(&self) -> Option<Summary> {
        Summary::of(&self.outcomes)
    }

    pub(crate) fn clients_failed(&self) -> u64 {
        self.outcomes.iter().filter(|outcome| outcome.failure.is_some()).count() as u64
    }

    pub(crate) fn clients_succeeded(&self) -> u64 {
        self.outcomes.len() as u64 - self.clients_failed()
    }

    /// How many clients failed for each cause.
    pub(crate) fn causes(&self) -> BTreeMap<&str, u64> {
        let mut causes = BTreeMap::new();
        for failure in self.outcomes.iter().filter_map(|outcome| outcome.failure.as_ref()) {
            *causes.entry(failure.cause.as_str()).or_default() += 1;
        }
        causes
    }
}

/// Measures `cell` and leaves the server as it was. An error means that nothing was measured.
pub(crate) fn measure(
    cell: Cell,
    repetition: u32,
    target: &Target,
    source: &Source,
    instruments: &Instruments,
) -> anyhow::Result<Record> {
    let jobs: Vec<Job> = (1..=cell.clients)
        .map(|client| job(&cell, repetition, client, target, source, instruments))
        .collect();
    let before = target.settled_stats()?;
    let watch = Watch::start(target.pid);
    let outcomes = client_pool::run(instruments.client_pool, &jobs, &instruments.interrupt);
    let resources = watch.stop();
    let mut outcomes = outcomes?;
    let has_counts = before.is_some();
    let (after, unsettled) = match target.settled_stats() {
        Ok(None) if has_counts => (None, Some("its counts can no longer be read".to_owned())),
        Ok(after) => (after, None),
        Err(err) => (None, Some(err.to_string())),
    };
    match cell.operation {
        Operation::Download => verify_downloads(&jobs, &mut outcomes, source),
        Operation::Upload => verify_uploads(&jobs, &mut outcomes, source, target),
    }
    if unsettled.is_none() {
        clean_up(&jobs, target);
    }
    let books = match (before, after) {
        (Some(before), Some(after)) => Some(ServerBooks::between(&before, &after, cell.operation)),
        // A server that has no counts, or is gone: its columns stay empty.
        (None, _) | (Some(_), None) => None,
    };
    let mut invalid = books.and_then(|books| books.disagreement(&outcomes));
    let wrong = outcomes.iter().filter(|outcome| outcome.has_failed_with(WRONG_CONTENT)).count();
    if wrong > 0 {
        invalid = Some(format!("{wrong} clients moved wrong bytes"));
    }
    Ok(Record { cell, repetition, outcomes, books, resources, invalid, unsettled })
}

fn job(
    cell: &Cell,
    repetition: u32,
    client: u32,
    target: &Target,
    source: &Source,
    instruments: &Instruments,
) -> Job {
    let expected_s = cell.payload_bytes().div_ceil(EXPECTED_BYTES_PER_SECOND);
    let timeout = (Duration::from_secs(expected_s) * PATIENCE).max(TIMEOUT_MIN);
    let (name, local) = match (cell.operation, instruments.sink) {
        (Operation::Upload, _) => (upload_name(repetition, client), Some(source.path.clone())),
        (Operation::Download, Sink::Null) => (download_name(source), None),
        (Operation::Download, Sink::File) => {
            let sink = instruments.sink_dir.join(format!("download-{client}.bin"));
            (download_name(source), Some(sink))
        }
    };
    Job {
        client,
        server: target.address.clone(),
        operation: cell.operation,
        name,
        local,
        volume_bytes: cell.volume.bytes,
        timeout: instruments.timeout.unwrap_or(timeout),
    }
}

/// The stored file that downloads of this volume read.
pub(crate) fn download_name(source: &Source) -> FileName {
    name(&format!("stress-download-{}.bin", source.volume.bytes))
}

fn upload_name(repetition: u32, client: u32) -> FileName {
    name(&format!("stress-upload-{repetition}-{client}.bin"))
}

fn name(name: &str) -> FileName {
    name.parse().expect("these are plain names")
}

fn verify_downloads(jobs: &[Job], outcomes: &mut [Outcome], source: &Source) {
    jobs.par_iter().zip(outcomes).for_each(|(job, outcome)| {
        let digest = match (&outcome.digest, &job.local) {
            (Some(digest), _) => Ok(digest.clone()),
            (None, Some(path)) => Digest::of_file(path).map_err(|err| err.to_string()),
            (None, None) => Err("nothing was hashed".to_owned()),
        };
        judge(outcome, digest, source);
    });
}

fn verify_uploads(jobs: &[Job], outcomes: &mut [Outcome], source: &Source, target: &Target) {
    for (job, outcome) in jobs.iter().zip(outcomes) {
        if outcome.failure.is_none() {
            let digest = target.digest(&job.name).map_err(|err| err.to_string());
            judge(outcome, digest, source);
        }
    }
}

/// A worker that believes it succeeded has failed if the bytes are not the source's.
fn judge(outcome: &mut Outcome, digest: Result<String, String>, source: &Source) {
    if outcome.failure.is_some() {
        return;
    }
    match digest {
        Ok(digest) if digest == source.digest => {}
        Ok(digest) => {
            outcome.fail(WRONG_CONTENT, format!("the content is {digest}, not {}", source.digest));
        }
        Err(why) => outcome.fail("unverified", format!("the content could not be checked: {why}")),
    }
}

fn clean_up(jobs: &[Job], target: &Target) {
    for job in jobs {
        match (job.operation, &job.local) {
            (Operation::Download, Some(path)) => remove_if_there(path),
            (Operation::Download, None) => {}
            // A failed client may have stored its file all the same. Some servers cannot delete.
            (Operation::Upload, _) => drop(target.delete(&job.name)),
        }
    }
}

fn remove_if_there(path: &Path) {
    // The next cell creates it anew, and the directory goes with the run.
    let _ = fs::remove_file(path);
}
