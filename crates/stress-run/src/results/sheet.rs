//! Rows of text under named columns, as `cells.csv` has them.
//!
//! Columns are found by name, so a file with more of them, or in another order, reads the same.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path};

use anyhow::Context;

use super::{
    line::CellLine,
    record::{Attempt, Record},
};
use crate::plan::Plan;

/// Columns that together name a line of `cells.csv`.
pub(crate) const CELL_KEY: [&str; 6] =
    ["mode", "operation", "volume_bytes", "clients", "server_workers", "repetition"];

#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<SheetRow>,
}

#[derive(Debug)]
pub(crate) struct SheetRow {
    /// Where the row is in its file.
    pub(crate) line: u64,
    /// As many as there are columns.
    pub(crate) fields: Vec<String>,
}

impl Sheet {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::read(file).with_context(|| format!("cannot understand {}", path.display()))
    }

    pub(crate) fn read(text: impl Read) -> csv::Result<Self> {
        let mut reader = csv::Reader::from_reader(text);
        let columns = reader.headers()?.iter().map(str::to_owned).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record?;
            rows.push(SheetRow {
                line: record.position().map_or(0, csv::Position::line),
                fields: record.iter().map(str::to_owned).collect(),
            });
        }
        Ok(Self { columns, rows })
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// Of rows that are equal in these columns only the last: a cell that was measured again
    /// replaces its earlier attempts.
    pub(crate) fn last_of_each(mut self, key: &[&str]) -> Self {
        let key: Vec<usize> = key.iter().filter_map(|name| self.column(name)).collect();
        let key_of = |row: &SheetRow| -> Vec<String> {
            key.iter().map(|&i| row.fields[i].clone()).collect()
        };
        let last: BTreeMap<Vec<String>, u64> =
            self.rows.iter().map(|row| (key_of(row), row.line)).collect();
        self.rows.retain(|row| last.get(&key_of(row)) == Some(&row.line));
        self
    }
}

/// What `cells.csv` will have of this plan: its columns, and its rows without results.
pub(crate) fn planned(plan: &Plan) -> anyhow::Result<Sheet> {
    let mut lines = csv::Writer::from_writer(Vec::new());
    for block in plan.blocks() {
        for cell in block.cells {
            let attempt = Attempt { cell, repetition: block.repetition, attempt: 1 };
            lines.serialize(CellLine::of(&Record::unmeasured(attempt)))?;
        }
    }
    Ok(Sheet::read(&lines.into_inner()?[..])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_attempt_replaces_the_earlier_one() {
        let text = "mode,repetition,mean_s\nthread,1,9\nthread,2,8\nthread,1,7\n";
        let sheet = Sheet::read(text.as_bytes()).unwrap().last_of_each(&["mode", "repetition"]);
        let means: Vec<&str> = sheet.rows.iter().map(|row| row.fields[2].as_str()).collect();
        assert_eq!(means, ["8", "7"]);
    }

    #[test]
    fn a_row_that_is_cut_short_is_refused_with_its_line() {
        let refusal = Sheet::read("a,b\n1,2\n3\n".as_bytes()).unwrap_err().to_string();
        assert!(refusal.contains("line: 3"), "{refusal}");
    }
}
