//! The raw records: a line for each search, a file for each case.

use std::{fs, path::Path};

use anyhow::Context;
use runs::{read_lines, write_all};
use searching::simulate::SearchOutcome;
use serde::{Deserialize, Serialize};

/// The directory of the files, in that of the run.
pub(crate) const SEARCHES: &str = "searches";

/// What became of a search.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Record {
    pub(crate) seed: u64,
    pub(crate) asker: usize,
    /// Queries that all nodes have sent for it.
    pub(crate) messages: u64,
    /// Answers, each hop counted.
    pub(crate) hits: u64,
    /// Holders that it has found.
    pub(crate) found: usize,
    /// To the nearest of them.
    pub(crate) hops: Option<u16>,
    /// Until the first answer was there.
    pub(crate) time_ms: Option<f64>,
    /// How far the nearest holder was away when it began; empty where none could be reached.
    pub(crate) nearest: Option<u32>,
    /// Messages that it takes by the graph alone, at least and at most.
    pub(crate) predicted_least: Option<f64>,
    pub(crate) predicted_most: Option<f64>,
}

/// The fewest and the most messages that a search takes by the graph alone; the same where that is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    pub(super) least: Option<f64>,
    pub(super) most: Option<f64>,
}

impl Record {
    pub(super) fn new(seed: u64, search: &SearchOutcome, bounds: Bounds) -> Self {
        Self {
            seed,
            asker: search.asker,
            messages: search.queries,
            hits: search.hits,
            found: search.found,
            hops: search.hops,
            time_ms: search.took.map(|took| took.as_secs_f64() * 1e3),
            nearest: search.nearest,
            predicted_least: bounds.least,
            predicted_most: bounds.most,
        }
    }
}

fn name(case: &str) -> String {
    format!("{SEARCHES}/{case}.csv")
}

/// Writes the file of a case, in one step.
pub(super) fn write(dir: &Path, case: &str, records: &[Record]) -> anyhow::Result<()> {
    let below = dir.join(SEARCHES);
    fs::create_dir_all(&below).with_context(|| format!("cannot make {}", below.display()))?;
    let mut text = csv::Writer::from_writer(Vec::new());
    for record in records {
        text.serialize(record)?;
    }
    write_all(dir, [(name(case), text.into_inner()?)]).map(drop)
}

/// None where the case was not simulated.
pub(super) fn read(dir: &Path, case: &str) -> anyhow::Result<Vec<Record>> {
    read_lines(dir, &name(case))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_as_they_were_written() {
        let dir = tempfile::tempdir().unwrap();
        let record = Record {
            seed: 3,
            asker: 17,
            messages: 401,
            hits: 3,
            found: 1,
            hops: Some(3),
            time_ms: Some(120.0),
            nearest: Some(3),
            predicted_least: Some(401.0),
            predicted_most: Some(401.0),
        };
        let missed =
            Record { found: 0, hops: None, time_ms: None, nearest: None, ..record.clone() };
        write(dir.path(), "flood-100", &[record.clone(), missed.clone()]).unwrap();
        assert_eq!(read(dir.path(), "flood-100").unwrap(), [record, missed]);
        assert_eq!(read(dir.path(), "bloom-100").unwrap(), []);
    }
}
