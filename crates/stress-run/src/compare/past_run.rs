//! A finished run, read back from its directory.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, anyhow, ensure};
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    plan::{Cell, Configuration, Mode, Operation, Volume},
    sheet::{CELL_KEY, Sheet, SheetRow},
};

/// What `cells.csv` says for a server that does not tell its mode.
const UNKNOWN_MODE: &str = "server";

#[derive(Debug)]
pub(crate) struct PastRun {
    pub(crate) dir: PathBuf,
    pub(crate) conditions: Conditions,
    /// By cell, then in the order of the repetitions.
    pub(crate) cells: BTreeMap<Cell, Vec<Repetition>>,
    /// Whether bytes were wrong or books disagreed anywhere, if only in an attempt that was
    /// repeated.
    pub(crate) is_invalid: bool,
}

/// One cell in one repetition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repetition {
    /// Mean time of a client; `None` when no client succeeded.
    pub(crate) mean_s: Option<f64>,
    pub(crate) goodput: Option<f64>,
    pub(crate) clients_failed: u64,
}

/// Of `environment.json` what decides whether two runs may be compared.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Conditions {
    pub(crate) started: String,
    pub(crate) git_commit: String,
    pub(crate) preset: String,
    pub(crate) build: String,
    pub(crate) cpu: Option<String>,
    pub(crate) cores: u64,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) kernel: Option<String>,
    pub(crate) filesystem: Option<String>,
    pub(crate) connected_to: Option<String>,
    pub(crate) plan: Map<String, Value>,
    pub(crate) needs: CellsNeeded,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CellsNeeded {
    pub(crate) cells: usize,
}

impl PastRun {
    /// Reads `environment.json` and `cells.csv`; an error names the file and what is wrong in it.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        ensure!(dir.is_dir(), "{} is not the directory of a run", dir.display());
        let path = dir.join("environment.json");
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let conditions = serde_json::from_str(&text)
            .with_context(|| format!("cannot understand {}", path.display()))?;
        let path = dir.join("cells.csv");
        let sheet = Sheet::open(&path)?;
        ensure!(!sheet.rows.is_empty(), "{} holds no measured cell", path.display());
        let malformed = || format!("cannot understand {}", path.display());
        let is_invalid = is_invalid(&sheet).with_context(malformed)?;
        let cells = cells(&sheet.last_of_each(&CELL_KEY)).with_context(malformed)?;
        Ok(Self { dir: dir.to_owned(), conditions, cells, is_invalid })
    }

    /// Whether cells of its plan are missing.
    pub(crate) fn is_partial(&self) -> bool {
        self.cells.values().map(Vec::len).sum::<usize>() < self.conditions.needs.cells
    }

    pub(crate) fn client_pool(&self) -> &str {
        self.conditions.plan.get("client_pool").and_then(Value::as_str).unwrap_or_default()
    }
}

fn is_invalid(sheet: &Sheet) -> anyhow::Result<bool> {
    let column = sheet.column("invalid").context("no column invalid")?;
    Ok(sheet.rows.iter().any(|row| !row.fields[column].is_empty()))
}

fn cells(sheet: &Sheet) -> anyhow::Result<BTreeMap<Cell, Vec<Repetition>>> {
    let mut cells: BTreeMap<Cell, BTreeMap<u32, Repetition>> = BTreeMap::new();
    for row in &sheet.rows {
        let line = Line { sheet, row };
        let repetition = Repetition {
            mean_s: line.positive("mean_s")?,
            goodput: line.positive("goodput_bytes_per_s")?,
            clients_failed: line.number("clients_failed")?,
        };
        cells.entry(line.cell()?).or_default().insert(line.number("repetition")?, repetition);
    }
    Ok(cells
        .into_iter()
        .map(|(cell, by_number)| (cell, by_number.into_values().collect()))
        .collect())
}

struct Line<'a> {
    sheet: &'a Sheet,
    row: &'a SheetRow,
}

impl Line<'_> {
    fn field(&self, column: &str) -> anyhow::Result<&str> {
        let index = self.sheet.column(column).with_context(|| format!("no column {column}"))?;
        Ok(&self.row.fields[index])
    }

    fn cell(&self) -> anyhow::Result<Cell> {
        let server = Configuration { mode: self.mode()?, workers: self.number("server_workers")? };
        Ok(Cell {
            operation: self.one_of::<Operation>("operation")?,
            volume: Volume { bytes: self.number("volume_bytes")? },
            clients: self.number("clients")?,
            server,
        })
    }

    fn mode(&self) -> anyhow::Result<Option<Mode>> {
        if self.field("mode")? == UNKNOWN_MODE {
            return Ok(None);
        }
        self.one_of("mode").map(Some)
    }

    fn one_of<T: ValueEnum>(&self, column: &str) -> anyhow::Result<T> {
        let text = self.field(column)?;
        T::from_str(text, false).map_err(|_| self.wrong(column, text, "a known one"))
    }

    fn number<T: FromStr>(&self, column: &str) -> anyhow::Result<T> {
        let text = self.field(column)?;
        text.parse().map_err(|_| self.wrong(column, text, "a whole number"))
    }

    /// A time or a rate, or nothing.
    fn positive(&self, column: &str) -> anyhow::Result<Option<f64>> {
        let text = self.field(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value > 0.0 => Ok(Some(value)),
            _ => Err(self.wrong(column, text, "a number above 0")),
        }
    }

    fn wrong(&self, column: &str, text: &str, expected: &str) -> anyhow::Error {
        anyhow!("line {}: {column} is {text:?}, not {expected}", self.row.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADS: &str = "new_column,mode,operation,volume_bytes,clients,server_workers,repetition,\
        clients_failed,mean_s,goodput_bytes_per_s,invalid\n";

    fn read(lines: &str) -> anyhow::Result<BTreeMap<Cell, Vec<Repetition>>> {
        cells(&Sheet::read(format!("{HEADS}{lines}").as_bytes()).unwrap())
    }

    #[test]
    fn cells_are_read_by_the_names_of_their_columns() {
        let cells = read(
            "x,thread,upload,100,5,1,2,0,0.5,7e8,\n\
             x,thread,upload,100,5,1,1,5,,,wrong bytes\n",
        )
        .unwrap();
        let (cell, repetitions) = cells.first_key_value().unwrap();
        assert_eq!((cell.clients, cell.server.mode), (5, Some(Mode::Thread)));
        let [first, second] = &repetitions[..] else { panic!("{repetitions:?}") };
        assert_eq!((first.mean_s, first.clients_failed), (None, 5));
        assert_eq!((second.mean_s, second.goodput), (Some(0.5), Some(7e8)));
    }

    #[test]
    fn one_wrong_byte_in_a_repeated_attempt_makes_the_whole_run_invalid() {
        let lines = "x,thread,upload,1,1,1,1,1,1,1,wrong\nx,thread,upload,1,1,1,1,0,1,1,\n";
        let sheet = Sheet::read(format!("{HEADS}{lines}").as_bytes()).unwrap();
        assert!(is_invalid(&sheet).unwrap());
        assert!(!is_invalid(&sheet.last_of_each(&CELL_KEY)).unwrap());
    }

    #[test]
    fn a_malformed_field_is_named_with_its_line_and_column() {
        for (line, why) in [
            ("x,fibre,upload,1,1,1,1,0,1,1,", "line 2: mode is \"fibre\", not a known one"),
            ("x,thread,upload,1,-1,1,1,0,1,1,", "line 2: clients is \"-1\", not a whole number"),
            ("x,thread,upload,1,1,1,1,0,0,1,", "line 2: mean_s is \"0\", not a number above 0"),
            ("x,thread,upload,1,1,1,1,0,NaN,1,", "line 2: mean_s is \"NaN\", not a number above 0"),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), why);
        }
        let refusal = cells(&Sheet::read("mode\nthread\n".as_bytes()).unwrap()).unwrap_err();
        assert_eq!(refusal.to_string(), "no column mean_s");
    }
}
