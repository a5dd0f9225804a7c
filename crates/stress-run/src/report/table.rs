//! The 54-row table of each mode, as CSV, as Markdown and on the screen.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::{
    cell::Record,
    environment::Environment,
    language::{Language, Marks},
    plan::{Cell, ClientPoolKind, Mode, Plan, mode_name},
};

/// Everything that tables are made from.
pub(crate) struct Tables<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) records: &'a [Record],
    pub(crate) environment: &'a Environment,
    pub(crate) marks: Marks,
    pub(crate) language: Language,
}

/// The column whose numbers are longest, and the room they need: up to 99 GB/s, and the margins.
const THROUGHPUT: usize = 6;
const THROUGHPUT_WIDTH: u16 = 13;

/// Columns of one number each: all but the operation and the two counts.
const RIGHT_ALIGNED: [usize; 6] = [0, 2, 3, 4, 5, 6];

impl Tables<'_> {
    /// Writes one CSV file for each mode, and `table.md` with all of them.
    pub(crate) fn write_to(&self, dir: &Path) -> anyhow::Result<()> {
        for mode in self.measured_modes() {
            let path = dir.join(self.csv_name(mode));
            self.write_csv(mode, &path)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let path: PathBuf = dir.join("table.md");
        fs::write(&path, self.markdown())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// All tables with their marks, for a terminal.
    pub(crate) fn on_screen(&self) -> String {
        let mut screen = String::new();
        for mode in self.measured_modes() {
            let mut table = Table::new();
            table
                .load_style(presets::UTF8_FULL_CONDENSED)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_header(self.language.columns());
            // Short, since the heads say what is what; a spreadsheet would take it for a date.
            for row in self.rows(mode, |succeeded, failed| format!("{succeeded} / {failed}")) {
                table.add_row(row);
            }
            for column in RIGHT_ALIGNED {
                if let Some(column) = table.column_mut(column) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
            if let Some(column) = table.column_mut(THROUGHPUT) {
                let width = Width::Fixed(THROUGHPUT_WIDTH);
                column.set_constraint(ColumnConstraint::LowerBoundary(width));
            }
            let _ = writeln!(screen, "{}\n{table}\n", self.language.table_of(&mode_name(mode)));
        }
        for mark in self.language.marks(self.marks) {
            let _ = writeln!(screen, "{mark}");
        }
        screen
    }

    /// The modes that have a row; a run that was stopped may have none of some.
    fn measured_modes(&self) -> Vec<Option<Mode>> {
        let mut modes = self.plan.modes();
        modes.retain(|mode| self.records.iter().any(|record| record.cell.server.mode == *mode));
        modes
    }

    /// A run that must not be handed in says so in the names of its files, since their nine columns
    /// have no room for it.
    fn csv_name(&self, mode: Option<Mode>) -> String {
        let clients = match self.plan.client_pool {
            ClientPoolKind::Thread => "",
            ClientPoolKind::Process => "-process-clients",
        };
        let invalid = if self.marks.invalid > 0 { "-INVALID" } else { "" };
        let partial = if self.marks.partial { "-PARTIAL" } else { "" };
        format!("table-{}{clients}{invalid}{partial}.csv", mode_name(mode))
    }

    fn write_csv(&self, mode: Option<Mode>, path: &Path) -> anyhow::Result<()> {
        let mut csv = csv::Writer::from_path(path)?;
        csv.write_record(self.language.columns())?;
        for row in self.rows(mode, self.counts()) {
            csv.write_record(row)?;
        }
        Ok(csv.flush()?)
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        for mark in self.language.marks(self.marks) {
            let _ = writeln!(text, "> **{mark}**\n");
        }
        for mode in self.measured_modes() {
            let columns = self.language.columns();
            let _ = writeln!(text, "## {}\n", self.language.table_of(&mode_name(mode)));
            let _ = writeln!(text, "| {} |", columns.join(" | "));
            let rule = |index| if RIGHT_ALIGNED.contains(&index) { "---:" } else { "---" };
            let rules: Vec<&str> = (0..columns.len()).map(rule).collect();
            let _ = writeln!(text, "| {} |", rules.join(" | "));
            for row in self.rows(mode, self.counts()) {
                let _ = writeln!(text, "| {} |", row.join(" | "));
            }
            text.push('\n');
        }
        let Environment { version, git_commit, started, .. } = self.environment;
        let _ = writeln!(text, "{}\n", self.language.notes());
        let _ = writeln!(
            text,
            "{}. stress-run {version}, commit {git_commit}, {started}, {}.",
            self.environment.machine(),
            self.language.repetitions(self.plan.repetitions)
        );
        text
    }

    fn counts(&self) -> impl Fn(u64, u64) -> String {
        let language = self.language;
        move |succeeded, failed| language.counts(succeeded, failed)
    }

    /// The rows that were measured, numbered as in the whole table.
    fn rows(&self, mode: Option<Mode>, counts: impl Fn(u64, u64) -> String) -> Vec<[String; 9]> {
        let row = |(number, cell)| Some(row(number, self.representative(&cell)?, &counts));
        (1..).zip(self.plan.rows_of(mode)).filter_map(row).collect()
    }

    /// The repetition that stands for a cell: the one with the most failures where there are any,
    /// else the one with the median time. So a row is always one real measurement.
    fn representative(&self, cell: &Cell) -> Option<&Record> {
        let mut records: Vec<&Record> =
            self.records.iter().filter(|record| record.cell == *cell).collect();
        if let Some(worst) = records
            .iter()
            .max_by_key(|record| record.clients_failed())
            .filter(|record| record.clients_failed() > 0)
        {
            return Some(worst);
        }
        let mean_s = |record: &Record| record.summary().map_or(f64::INFINITY, |s| s.mean_s);
        records.sort_by(|a, b| mean_s(a).total_cmp(&mean_s(b)));
        records.get(records.len().saturating_sub(1) / 2).copied()
    }
}

fn row(number: usize, record: &Record, counts: impl Fn(u64, u64) -> String) -> [String; 9] {
    let (cell, summary) = (&record.cell, record.summary());
    let books = record.books.as_ref();
    [
        number.to_string(),
        cell.operation.to_string(),
        cell.volume.to_string(),
        cell.clients.to_string(),
        cell.server.workers.to_string(),
        summary.map_or_else(String::new, |summary| format!("{:.6}", summary.mean_s)),
        summary.map_or_else(String::new, |summary| format!("{:.0}", summary.throughput)),
        counts(record.clients_succeeded(), record.clients_failed()),
        books.map_or_else(String::new, |books| {
            counts(books.workers_succeeded, books.workers_failed)
        }),
    ]
}
