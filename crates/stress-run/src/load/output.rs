//! The directory of a load: `requests.csv` grows with every request, the other files are written at the end.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use figures::workbook::{Column, SheetContent, xlsx};
use runs::{Program, Sheet, now};
use serde::Serialize;

use super::{
    remarks, report,
    request::Outcome,
    rows::{Row, Summary},
    settings::Settings,
    tables,
};
use crate::{language::Language, machine::description::Machine};

const REQUESTS: &str = "requests.csv";

pub(super) struct Output {
    dir: PathBuf,
    requests: csv::Writer<File>,
}

/// Contents of `environment.json`: all that the numbers need to be understood, or made again.
#[derive(Serialize)]
struct Environment<'a> {
    started: String,
    #[serde(flatten)]
    program: Program,
    #[serde(flatten)]
    machine: Machine,
    settings: &'a Settings,
}

/// A line of `requests.csv`. Times are seconds since the clients were released.
#[derive(Serialize)]
struct Line<'a> {
    client: u32,
    request: String,
    due_s: f64,
    first_byte_s: Option<f64>,
    finished_s: f64,
    bytes: u64,
    failure: &'a str,
}

impl Output {
    /// In a directory that has no load yet.
    pub(super) fn create(dir: &Path, settings: &Settings) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)
            .with_context(|| format!("cannot create the directory {}", dir.display()))?;
        let path = dir.join(REQUESTS);
        let file = File::create_new(&path).map_err(|err| match err.kind() {
            io::ErrorKind::AlreadyExists => anyhow::anyhow!(
                "{} holds a load already; choose another directory with --out",
                dir.display()
            ),
            _ => anyhow::Error::new(err).context(format!("cannot write {}", path.display())),
        })?;
        let (program, machine) = (Program::this(), Machine::of_this_run(dir));
        let environment = Environment { started: now(), program, machine, settings };
        let output = Self { dir: dir.to_owned(), requests: csv::Writer::from_writer(file) };
        output.write("environment.json", serde_json::to_string_pretty(&environment)?)?;
        Ok(output)
    }

    pub(super) fn append(&mut self, outcome: &Outcome) -> anyhow::Result<()> {
        let failure = outcome.failure.as_ref().map_or("", |failure| &failure.cause);
        let line = Line {
            client: outcome.client,
            request: outcome.kind.to_string(),
            due_s: outcome.due.as_secs_f64(),
            first_byte_s: outcome.first_byte.map(|first_byte| first_byte.as_secs_f64()),
            finished_s: outcome.finished.as_secs_f64(),
            bytes: outcome.bytes,
            failure,
        };
        self.requests.serialize(line).with_context(|| self.complaint(REQUESTS))
    }

    /// Writes what the load amounts to.
    pub(super) fn finish(
        mut self,
        summary: &Summary,
        origin: &str,
        language: Language,
    ) -> anyhow::Result<()> {
        self.requests.flush().with_context(|| self.complaint(REQUESTS))?;
        self.write("table.md", tables::markdown(summary, origin, language))?;
        self.write("table.xlsx", workbook(summary, language)?)?;
        self.write(report::PAGE, report::page(summary, origin, language).html())?;
        self.write("summary.json", serde_json::to_string_pretty(summary)?)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
        runs::replace(&self.dir.join(name), content.as_ref()).with_context(|| self.complaint(name))
    }

    fn complaint(&self, name: &str) -> String {
        format!("cannot write {}", self.dir.join(name).display())
    }
}

/// All columns that `--json` has: of the kinds of requests, and of the clients.
fn workbook(summary: &Summary, language: Language) -> anyhow::Result<Vec<u8>> {
    let content = |name: &str, rows: &[Row]| -> anyhow::Result<SheetContent> {
        let Sheet { columns, rows } = Sheet::of(rows)?;
        let column =
            |head: &str| Column { head: head.to_owned(), width: 12.0, numbers: Some("0.###") };
        Ok(SheetContent {
            name: name.to_owned(),
            marks: remarks::marks(summary, language),
            columns: columns.iter().map(column).collect(),
            rows: rows.iter().map(|row| row.iter().map(str::to_owned).collect()).collect(),
            notes: language.load_notes(),
        })
    };
    let sheets = [content("requests", &summary.rows)?, content("clients", &summary.clients)?];
    Ok(xlsx(now().get(..10).unwrap_or_default(), &sheets)?)
}
