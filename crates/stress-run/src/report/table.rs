//! The tables of each mode, as CSV, as Markdown and on the screen: that of 54 rows, and that of LIST.

use std::fmt::Write as _;

use cli::Grid;
use figures::{
    Numbers,
    workbook::{self, Column, SheetContent},
};

use crate::{
    language::Language,
    plan::{ClientPoolKind, Encoding, Mode, in_mib, mode_name, table_name},
    results::{CellLine, Environment, PROGRAM, Row, Run},
};

/// Columns of one number each: all but the operation and the two counts.
const RIGHT_ALIGNED: [usize; 6] = [0, 2, 3, 4, 5, 6];

/// One table of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Part {
    pub(super) mode: Option<Mode>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Downloads and uploads: the nine columns of the assignment.
    Transfers(Encoding),
    /// These have the number of names in place of the volume, and no throughput.
    Lists,
}

impl Part {
    /// Those that have a row.
    pub(super) fn all(run: &Run) -> Vec<Self> {
        let parts = run.modes().into_iter().flat_map(Self::of_mode);
        parts.filter(|part| !part.rows(run).is_empty()).collect()
    }

    fn of_mode(mode: Option<Mode>) -> [Self; 3] {
        let [base64, raw] = [Encoding::Base64, Encoding::Raw].map(Kind::Transfers);
        [base64, raw, Kind::Lists].map(|kind| Self { mode, kind })
    }

    pub(super) fn rows(self, run: &Run) -> Vec<Row<'_>> {
        match self.kind {
            Kind::Transfers(encoding) => run.rows(self.mode, encoding),
            Kind::Lists => run.lists(self.mode),
        }
    }

    pub(super) fn title(self, language: Language) -> String {
        match self.kind {
            Kind::Transfers(encoding) => language.table_named(self.mode, encoding),
            Kind::Lists => language.lists_of(mode_name(self.mode)),
        }
    }

    /// `thread`, `thread-raw` or `thread-list`.
    pub(super) fn name(self) -> String {
        match self.kind {
            Kind::Transfers(encoding) => table_name(self.mode, encoding),
            Kind::Lists => format!("{}-list", mode_name(self.mode)),
        }
    }

    fn stem(self) -> String {
        format!("table-{}", self.name())
    }

    pub(super) fn csv_name(self, run: &Run) -> String {
        named(run, &self.stem(), "csv")
    }

    pub(super) fn heads(self, language: Language) -> Vec<&'static str> {
        let [names] = language.names_column();
        self.columns(language.table_columns(), names)
    }

    /// A row's text in files; what was not measured is empty, never 0.
    pub(super) fn fields(self, row: &Row<'_>, language: Language) -> Vec<String> {
        self.columns(fields(row, language), names(row))
    }

    /// Of what the nine columns hold that which this table has.
    pub(super) fn columns<T>(self, nine: [T; 9], names: T) -> Vec<T> {
        const VOLUME: usize = 2;
        const THROUGHPUT: usize = 6;
        let mut columns = Vec::from(nine);
        if self.kind == Kind::Lists {
            columns[VOLUME] = names;
            columns.remove(THROUGHPUT);
        }
        columns
    }

    /// The columns that hold one.
    fn numbers(self) -> Vec<usize> {
        let of_nine = std::array::from_fn(|index| RIGHT_ALIGNED.contains(&index));
        let are_numbers = self.columns(of_nine, true);
        (0..).zip(are_numbers).filter_map(|(column, is_one)| is_one.then_some(column)).collect()
    }
}

fn names(row: &Row<'_>) -> String {
    shown(row.representative().names, |names| names.to_string())
}

/// All tables with their marks, for a terminal.
pub(crate) fn on_screen(run: &Run, language: Language) -> String {
    let mut screen = String::new();
    for part in Part::all(run) {
        let rows = part.rows(run);
        let fields = |row| part.columns(screen_fields(row, language), names(row));
        let [names_head] = language.names_column();
        let heads = part.columns(language.screen_columns(), names_head);
        let rows = rows.iter().map(fields).collect();
        let grid = Grid { heads, numbers: part.numbers(), rows };
        let _ = writeln!(screen, "{}\n{}", part.title(language), grid.on_screen());
    }
    for mark in run.marks().lines(language) {
        let _ = writeln!(screen, "{mark}");
    }
    screen
}

pub(super) fn workbook_name(run: &Run) -> String {
    named(run, WORKBOOK_STEM, "xlsx")
}

const WORKBOOK_STEM: &str = "table";

/// A run that must not be handed in says so in the names of its tables, since their nine columns have
/// no room for it.
fn named(run: &Run, stem: &str, ending: &str) -> String {
    let marks = run.marks();
    marked(stem, run.environment.plan.client_pool, marks.invalid > 0, marks.partial, ending)
}

fn marked(
    stem: &str,
    clients: ClientPoolKind,
    is_invalid: bool,
    is_partial: bool,
    ending: &str,
) -> String {
    let clients = match clients {
        ClientPoolKind::Thread => "",
        ClientPoolKind::Process => "-process-clients",
    };
    let invalid = if is_invalid { "-INVALID" } else { "" };
    let partial = if is_partial { "-PARTIAL" } else { "" };
    format!("{stem}{clients}{invalid}{partial}.{ending}")
}

/// Names that the tables of this run may have had at an earlier rendering.
pub(super) fn possible_names(run: &Run) -> Vec<String> {
    let plan = &run.environment.plan;
    let parts = plan.modes().into_iter().flat_map(Part::of_mode);
    let stems = parts.map(|part| (part.stem(), "csv"));
    let stems = stems.chain([(WORKBOOK_STEM.to_owned(), "xlsx")]);
    let marks = [(false, false), (false, true), (true, false), (true, true)];
    let names = |(stem, ending): (String, &str)| {
        marks.map(|(invalid, partial)| marked(&stem, plan.client_pool, invalid, partial, ending))
    };
    stems.flat_map(names).collect()
}

/// How each of the nine columns is shown in a workbook: its width in characters, and its numbers.
const SHOWN: [(f64, Option<&str>); 9] = [
    (9.0, Some("0")),
    (12.0, None),
    (10.0, Some("0")),
    (12.0, Some("0")),
    (12.0, Some("0")),
    (16.0, Some("0.000000")),
    (18.0, Some("#,##0")),
    (26.0, None),
    (26.0, None),
];

pub(super) fn workbook(run: &Run, language: Language) -> anyhow::Result<Vec<u8>> {
    let sheet = |part: Part| {
        let heads = part.heads(language).into_iter().zip(part.columns(SHOWN, SHOWN[2]));
        let column =
            |(head, (width, numbers)): (&str, _)| Column { head: head.to_owned(), width, numbers };
        SheetContent {
            name: part.name(),
            marks: run.marks().lines(language),
            columns: heads.map(column).collect(),
            rows: part.rows(run).iter().map(|row| part.fields(row, language)).collect(),
            notes: language.table_notes(),
        }
    };
    let sheets: Vec<SheetContent> = Part::all(run).into_iter().map(sheet).collect();
    let day = run.environment.started.get(..10).unwrap_or_default();
    Ok(workbook::xlsx(day, &sheets)?)
}

pub(super) fn csv(run: &Run, part: Part, language: Language) -> anyhow::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(part.heads(language))?;
    for row in part.rows(run) {
        csv.write_record(part.fields(&row, language))?;
    }
    Ok(csv.into_inner()?)
}

pub(super) fn markdown(run: &Run, language: Language) -> String {
    let mut text = String::new();
    for mark in run.marks().lines(language) {
        let _ = writeln!(text, "> **{mark}**\n");
    }
    for part in Part::all(run) {
        let rows = part.rows(run);
        let rows = rows.iter().map(|row| part.fields(row, language)).collect();
        let grid = Grid { heads: part.heads(language), numbers: part.numbers(), rows };
        let _ = writeln!(text, "## {}\n\n{}", part.title(language), grid.markdown());
    }
    let Environment { program, started, machine, plan, .. } = &run.environment;
    let _ = writeln!(text, "{}\n", language.table_notes());
    let _ = writeln!(
        text,
        "{}. {}, {started}, {}.",
        machine.in_words(language),
        program.named(PROGRAM),
        language.repetitions(plan.repetitions)
    );
    text
}

fn fields(row: &Row<'_>, language: Language) -> [String; 9] {
    let (cell, line) = (&row.cell, row.representative());
    let workers = |(succeeded, failed)| {
        let counts = language.counts(succeeded, failed);
        // Without the bursts one client could not have met many workers.
        if line.bursts > 1 { language.in_bursts(&counts, line.bursts) } else { counts }
    };
    [
        row.number.to_string(),
        cell.operation.to_string(),
        cell.volume.as_assigned(),
        cell.clients.to_string(),
        cell.server.workers_shown(),
        shown(line.mean_s, |mean_s| format!("{mean_s:.6}")),
        shown(line.throughput_bytes_per_s, |rate| format!("{rate:.0}")),
        language.counts(line.clients_succeeded, line.clients_failed),
        shown(line.server_workers_succeeded.zip(line.server_workers_failed), workers),
    ]
}

/// A row's text on the screen, whose heads are others and say what is what.
fn screen_fields(row: &Row<'_>, language: Language) -> [String; 9] {
    let (cell, line) = (&row.cell, row.representative());
    let [clients, workers] = short_counts(line);
    [
        row.number.to_string(),
        cell.operation.to_string(),
        language.tick(in_mib(cell.volume.bytes as f64)),
        cell.clients.to_string(),
        cell.server.workers_shown(),
        shown(line.mean_s, |mean_s| language.number(mean_s)),
        shown(line.throughput_bytes_per_s, |rate| language.number(in_mib(rate))),
        clients,
        workers,
    ]
}

/// Of clients and of workers, `50 / 0` where the head says what is what; `5 / 0 (33)` over 33 bursts.
pub(super) fn short_counts(line: &CellLine) -> [String; 2] {
    let bursts = if line.bursts > 1 { format!(" ({})", line.bursts) } else { String::new() };
    let workers = line.server_workers_succeeded.zip(line.server_workers_failed);
    [
        format!("{} / {}", line.clients_succeeded, line.clients_failed),
        shown(workers, |(succeeded, failed)| format!("{succeeded} / {failed}{bursts}")),
    ]
}

fn shown<T>(value: Option<T>, text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(String::new, text)
}
