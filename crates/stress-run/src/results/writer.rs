//! Writes the files of a run: raw records as they come. Everything else is made from them.
//!
//! A finished cell is on its way to the disk before the next begins: first what each client did, then
//! the line of the cell. So a line in `cells.csv` says that the cell is complete.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use runs::{ENVIRONMENT, Sheet, create_unused, cut_to_whole_lines, point_latest_to, replace};

use super::{
    environment::Environment,
    line::{CEILING_COLUMNS, CellLine},
    outcome::JobOutcome,
    run::{CEILINGS, CELLS, Run, cells_in},
    workers,
};

/// The directory of a run that goes on.
pub(crate) struct RunFiles {
    dir: PathBuf,
    /// Locked: two programs that wrote the same run would spoil it.
    cells: Lines,
    ceilings: Lines,
    workers: Lines,
}

/// A file that grows by whole lines, or by lines compressed together.
struct Lines(File);

impl Lines {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let file = opened.with_context(|| format!("cannot open {} for writing", path.display()))?;
        Ok(Self(file))
    }

    /// Appends the bytes whole, or none of them: half a line would be in the way of the next one.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = self.0.metadata()?.len();
        self.0.write_all(bytes).inspect_err(|_| {
            // If that is refused as well, the last line is one that was cut off.
            let _ = self.0.set_len(len);
        })
    }

    /// Appends some columns of a line, below their heads.
    fn append_row(
        &mut self,
        line: &CellLine,
        has_column: impl Fn(&str) -> bool,
    ) -> anyhow::Result<()> {
        let Sheet { columns, rows } = Sheet::of([line])?;
        let heads = (self.0.metadata()?.len() == 0).then_some(&columns);
        let mut text = csv::Writer::from_writer(Vec::new());
        for row in heads.into_iter().chain(&rows) {
            let fields = columns.iter().zip(row).filter(|(column, _)| has_column(column));
            text.write_record(fields.map(|(_, field)| field))?;
        }
        Ok(self.append(&text.into_inner()?)?)
    }
}

impl RunFiles {
    /// Makes a new directory in `out` and points `out/latest` to it.
    pub(crate) fn create(out: &Path, environment: &Environment) -> anyhow::Result<Self> {
        let run = format!("{}-{}", environment.started, environment.preset);
        let dir = create_unused(out, &run)?;
        write_environment(&dir, environment)?;
        let files = Self::append_to(&dir, Self::lock(&dir)?)?;
        point_latest_to(out, &dir).inspect_err(|_| {
            // Nothing is in it yet.
            let _ = fs::remove_dir_all(&dir);
        })?;
        Ok(files)
    }

    /// Goes on with a run that was stopped. What was cut off in the middle is taken away first, and
    /// clients of cells that were not finished.
    pub(crate) fn reopen(run: &Run, environment: &Environment) -> anyhow::Result<Self> {
        let dir = &run.dir;
        let cells = Self::lock(dir)?;
        if cells_in(dir)?.len() != run.attempts.len() {
            bail!("the run in {} went on meanwhile; try again", dir.display());
        }
        let mend = || {
            cut_to_whole_lines(&dir.join(CELLS))?;
            cut_to_whole_lines(&dir.join(CEILINGS))?;
            let finished = run.attempts.iter().map(CellLine::attempt).collect();
            workers::keep_only(dir, &finished)
        };
        mend().with_context(|| format!("cannot go on with the files in {}", dir.display()))?;
        write_environment(dir, environment)?;
        Self::append_to(dir, cells)
    }

    /// The cells, which nobody else writes from now on until they are closed.
    fn lock(dir: &Path) -> anyhow::Result<Lines> {
        let cells = Lines::open(&dir.join(CELLS))?;
        match cells.0.try_lock() {
            Ok(()) => Ok(cells),
            Err(TryLockError::WouldBlock) => {
                bail!("another stress-run is writing to {}; wait until it is done", dir.display())
            }
            Err(TryLockError::Error(err)) => {
                Err(err).with_context(|| format!("cannot lock the files in {}", dir.display()))
            }
        }
    }

    fn append_to(dir: &Path, cells: Lines) -> anyhow::Result<Self> {
        let (ceilings, workers) =
            (Lines::open(&dir.join(CEILINGS))?, Lines::open(&dir.join(workers::WORKERS))?);
        Ok(Self { dir: dir.to_owned(), cells, ceilings, workers })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Replaces what is known of the conditions of the run.
    pub(crate) fn set_environment(&self, environment: &Environment) -> anyhow::Result<()> {
        write_environment(&self.dir, environment)
    }

    /// Writes a finished cell; it is on its way to the disk when this returns.
    pub(crate) fn append(
        &mut self,
        line: &CellLine,
        outcomes: &[JobOutcome],
    ) -> anyhow::Result<()> {
        let mut append = || {
            self.workers.append(&workers::member(line.attempt(), outcomes)?)?;
            self.cells.append_row(line, |_| true)
        };
        append().with_context(|| format!("cannot write the results in {}", self.dir.display()))
    }

    /// Writes what a cell reached with the null server.
    pub(crate) fn append_ceiling(&mut self, line: &CellLine) -> anyhow::Result<()> {
        self.ceilings
            .append_row(line, |column| CEILING_COLUMNS.contains(&column))
            .with_context(|| format!("cannot write the results in {}", self.dir.display()))
    }
}

/// In one step, so that a run never has half of it.
fn write_environment(dir: &Path, environment: &Environment) -> anyhow::Result<()> {
    let path = dir.join(ENVIRONMENT);
    let text = serde_json::to_string_pretty(environment)? + "\n";
    replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))
}
