//! A run, read back from its directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail, ensure};
use figures::spread::{Spread, median_repetition};
use runs::{ENVIRONMENT, whole_lines};
use serde::de::DeserializeOwned;

use super::{
    environment::Environment,
    line::{COLUMNS_NEEDED, CellLine},
    marks::Marks,
    outcome::JobOutcome,
    workers,
};
use crate::plan::{Attempt, Cell, Configuration, Encoding, Mode};

pub(crate) const CELLS: &str = "cells.csv";
pub(super) const CEILINGS: &str = "ceilings.csv";

/// What the raw files of a run hold. The clients' lines, which are many, are read when they are asked for.
pub(crate) struct Run {
    pub(crate) dir: PathBuf,
    pub(crate) environment: Environment,
    /// Every attempt at every cell, in the order of their measurement.
    pub(crate) attempts: Vec<CellLine>,
    /// What the clients reached with a server that does nothing.
    pub(crate) ceilings: Vec<CellLine>,
}

/// Of each cell its repetitions in order, of each of these the attempt that counts.
pub(crate) type Cells<'a> = BTreeMap<Cell, Vec<&'a CellLine>>;

/// A row of the 54-row table, with all its repetitions.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    /// From 1, as in the whole table of its mode.
    pub(crate) number: usize,
    pub(crate) cell: Cell,
    /// Never empty.
    pub(crate) repetitions: Vec<&'a CellLine>,
}

impl Run {
    /// An error names the file, and the line and column where there is one. A last line that was cut off
    /// is left out.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        ensure!(dir.is_dir(), "{} is not the directory of a run", dir.display());
        let path = dir.join(ENVIRONMENT);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let malformed = || format!("cannot understand {}", path.display());
        let environment: Environment = serde_json::from_str(&text).with_context(malformed)?;
        environment.check().with_context(malformed)?;
        Ok(Self {
            dir: dir.to_owned(),
            environment,
            attempts: cells_in(dir)?,
            ceilings: ceilings_in(dir)?,
        })
    }

    /// Each cell that was measured, with its repetitions in order.
    pub(crate) fn cells(&self) -> Cells<'_> {
        counted(&self.attempts)
    }

    /// The rows of one table that were measured, numbered as in the whole one.
    pub(crate) fn rows(&self, mode: Option<Mode>, encoding: Encoding) -> Vec<Row<'_>> {
        self.rows_where(mode, |cell| cell.content_encoding() == Some(encoding))
    }

    /// The same of the operation that moves no files, which has a table of its own.
    pub(crate) fn lists(&self, mode: Option<Mode>) -> Vec<Row<'_>> {
        self.rows_where(mode, |cell| !cell.operation.moves_files())
    }

    fn rows_where(&self, mode: Option<Mode>, is_wanted: impl Fn(&Cell) -> bool) -> Vec<Row<'_>> {
        let mut cells = self.cells();
        let row = |(number, cell): (usize, Cell)| {
            Some(Row { number, cell, repetitions: cells.remove(&cell)? })
        };
        let planned = self.environment.plan.rows_of(mode).into_iter();
        (1..).zip(planned.filter(is_wanted)).filter_map(row).collect()
    }

    /// The modes that have a row; a run that was stopped may have none of some.
    pub(crate) fn modes(&self) -> Vec<Option<Mode>> {
        let mut modes = self.environment.plan.modes();
        modes.retain(|mode| self.attempts.iter().any(|line| line.mode == *mode));
        modes
    }

    /// The encodings that have a row, that of the assignment first.
    pub(crate) fn encodings(&self) -> Vec<Encoding> {
        let encoding = |line: &CellLine| line.cell().content_encoding();
        let measured: BTreeSet<Encoding> = self.attempts.iter().filter_map(encoding).collect();
        measured.into_iter().collect()
    }

    /// What the clients of a cell reach with the null server when all of them succeed, in bytes per second.
    pub(crate) fn ceiling(&self, cell: &Cell) -> Option<Spread> {
        let load = cell.load();
        let repetitions = counted(&self.ceilings).remove(&load)?;
        Row { number: 0, cell: load, repetitions }.spread(|line| line.goodput_bytes_per_s)
    }

    /// What limits the use of the run.
    pub(crate) fn marks(&self) -> Marks {
        let cells = self.cells();
        let counted = || cells.values().flatten();
        Marks {
            quick: self.environment.is_quick(),
            partial: (counted().count() as u64) < self.environment.plan.needs().cells,
            // A wrong byte stays one, also in an attempt that was repeated.
            invalid: self.attempts.iter().filter(|line| line.invalid.is_some()).count(),
            disturbed: counted().filter(|line| line.disturbed.is_some()).count(),
            injected: self.environment.injected.clone(),
        }
    }

    /// Configurations whose server did not start, or died.
    pub(crate) fn failed_configurations(&self) -> Vec<(Configuration, &str)> {
        let mut failed = BTreeMap::new();
        for line in &self.attempts {
            if let Some(why) = &line.server_failure {
                failed.entry(line.cell().server).or_insert(why.as_str());
            }
        }
        failed.into_iter().collect()
    }

    /// Configurations of which every cell was measured.
    pub(crate) fn completed_configurations(&self) -> usize {
        let (plan, cells) = (&self.environment.plan, self.cells());
        let failed = self.failed_configurations();
        let is_complete = |server: &&Configuration| {
            let planned = plan.cells_of(**server).len() * plan.repetitions as usize;
            let of_server = cells.iter().filter(|(cell, _)| cell.server == **server);
            let measured: usize = of_server.map(|(_, repetitions)| repetitions.len()).sum();
            measured == planned && !failed.iter().any(|(configuration, _)| configuration == *server)
        };
        plan.configurations.iter().filter(is_complete).count()
    }

    /// How many transfers of `cells.csv` have no line of a client.
    pub(crate) fn missing_transfers(&self) -> anyhow::Result<u64> {
        let transfers = |line: &CellLine| u64::from(line.clients) * u64::from(line.bursts);
        let made: u64 = self.attempts.iter().map(transfers).sum();
        let finished: BTreeSet<Attempt> = self.attempts.iter().map(CellLine::attempt).collect();
        let told = self.outcomes(|attempt| finished.contains(&attempt))?.len();
        Ok(made.saturating_sub(told as u64))
    }

    /// What each client did in those attempts that `is_wanted`; nothing where that is not told.
    pub(crate) fn outcomes(
        &self,
        is_wanted: impl Fn(Attempt) -> bool,
    ) -> anyhow::Result<Vec<(Attempt, JobOutcome)>> {
        workers::read(&self.dir, is_wanted)
    }
}

impl<'a> Row<'a> {
    /// The repetition that stands for the row: the one with the most failures where there are any,
    /// else the median one. So a row of the table is always one real measurement.
    pub(crate) fn representative(&self) -> &'a CellLine {
        let by_failures = |line: &&&CellLine| line.clients_failed;
        let worst =
            self.repetitions.iter().max_by_key(by_failures).expect("a row has a repetition");
        if worst.clients_failed > 0 { worst } else { self.median().unwrap_or(worst) }
    }

    /// The median one of the repetitions in which every client succeeded: where some failed, the
    /// others had the server to themselves.
    pub(crate) fn median(&self) -> Option<&'a CellLine> {
        median_repetition(self.whole(), |line| line.mean_s)
    }

    /// The value of the median repetition, and those of the others in which every client succeeded.
    pub(crate) fn spread(&self, value: impl Fn(&CellLine) -> Option<f64>) -> Option<Spread> {
        Spread::around(value(self.median()?)?, self.whole().filter_map(value))
    }

    fn whole(&self) -> impl Iterator<Item = &'a CellLine> {
        self.repetitions.iter().copied().filter(|line| line.clients_failed == 0)
    }
}

/// Of each cell in each repetition the last attempt counts.
pub(crate) fn counted(attempts: &[CellLine]) -> Cells<'_> {
    let last: BTreeMap<(Cell, u32), &CellLine> =
        attempts.iter().map(|line| ((line.cell(), line.repetition), line)).collect();
    let mut cells = Cells::new();
    for ((cell, _), line) in last {
        cells.entry(cell).or_default().push(line);
    }
    cells
}

/// The lines of `cells.csv` in the directory of a run, every attempt.
pub(super) fn cells_in(dir: &Path) -> anyhow::Result<Vec<CellLine>> {
    let path = dir.join(CELLS);
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    cells_of(whole_lines(&text)).with_context(|| format!("cannot understand {}", path.display()))
}

/// None where there is no file: earlier versions had no ceilings.
fn ceilings_in(dir: &Path) -> anyhow::Result<Vec<CellLine>> {
    let path = dir.join(CEILINGS);
    let text = match fs::read(&path) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let lines = lines_of(csv::Reader::from_reader(whole_lines(&text)));
    lines.with_context(|| format!("cannot understand {}", path.display()))
}

fn cells_of(text: &[u8]) -> anyhow::Result<Vec<CellLine>> {
    let mut reader = csv::Reader::from_reader(text);
    let heads = reader.headers()?;
    let missing = |name: &&&str| !heads.is_empty() && !heads.iter().any(|head| head == **name);
    if let Some(name) = COLUMNS_NEEDED.iter().find(missing) {
        bail!("no column {name}");
    }
    lines_of(reader)
}

/// An error names the line, and the column and what is in it where it is about one.
fn lines_of<T: DeserializeOwned>(mut reader: csv::Reader<&[u8]>) -> anyhow::Result<Vec<T>> {
    let heads = reader.headers()?.clone();
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.deserialize(Some(&heads));
        lines.push(line.map_err(|err| explained(&err, &heads, &record))?);
    }
    Ok(lines)
}

fn explained(
    err: &csv::Error,
    heads: &csv::StringRecord,
    record: &csv::StringRecord,
) -> anyhow::Error {
    let line = record.position().map_or(0, csv::Position::line);
    let csv::ErrorKind::Deserialize { err, .. } = err.kind() else { return anyhow!("{err}") };
    match err.field().and_then(|field| usize::try_from(field).ok()) {
        Some(field) => {
            let (head, text) = (heads.get(field), record.get(field));
            let (head, text) = (head.unwrap_or_default(), text.unwrap_or_default());
            anyhow!("line {line}: {head} is {text:?}: {}", err.kind())
        }
        None => anyhow!("line {line}: {}", err.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: &str = "new_column,mode,operation,volume_bytes,clients,server_workers,repetition,\
        clients_failed,mean_s,goodput_bytes_per_s,invalid\n";

    #[test]
    fn a_later_attempt_replaces_the_earlier_one() {
        let text = format!(
            "{HEADS}x,thread,upload,100,5,1,2,0,0.5,7e8,\n\
             x,thread,upload,100,5,1,1,5,,,\n\
             x,thread,upload,100,5,1,2,0,0.4,8e8,\n"
        );
        let lines = cells_of(text.as_bytes()).unwrap();
        let cells = counted(&lines);
        let (cell, repetitions) = cells.first_key_value().unwrap();
        assert_eq!((cell.clients, cell.server.mode), (5, Some(Mode::Thread)));
        assert_eq!(cell.encoding, Encoding::Base64, "there is no such column");
        let [first, second] = &repetitions[..] else { panic!("{repetitions:?}") };
        assert_eq!((first.mean_s, first.clients_failed), (None, 5));
        assert_eq!((second.mean_s, second.goodput_bytes_per_s), (Some(0.4), Some(8e8)));
    }

    #[test]
    fn a_malformed_field_is_told_with_its_line() {
        for (line, why) in [
            ("x,fibre,upload,1,1,1,1,0,1,1,", "line 2: the mode is \"fibre\", not a known one"),
            ("x,thread,upload,1,-1,1,1,0,1,1,", "line 2: clients is \"-1\": invalid digit"),
            ("x,thread,upload,1,1,1,1,0,0,1,", "line 2: a time or rate is 0, not a number above 0"),
            ("x,thread,upload,1,1,1,1,0,NaN,1,", "a time or rate is NaN, not a number above 0"),
            ("x,thread,sideload,1,1,1,1,0,1,1,", "line 2: unknown variant `sideload`"),
        ] {
            let refusal = cells_of(format!("{HEADS}{line}\n").as_bytes()).unwrap_err();
            assert!(refusal.to_string().contains(why), "{refusal}");
        }
        assert_eq!(cells_of(b"mode\nthread\n").unwrap_err().to_string(), "no column operation");
        let cut_short = format!("{HEADS}x,thread,upload\n");
        let refusal = cells_of(cut_short.as_bytes()).unwrap_err().to_string();
        assert!(refusal.contains("line: 2"), "{refusal}");
        assert!(cells_of(b"").unwrap().is_empty());
    }
}
