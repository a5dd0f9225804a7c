//! A run as people and programs read it, in one language. All of it is made from what the run has left, so it can
//! be made again.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use cli::Grid;
use figures::{
    Data,
    workbook::{Column, SheetContent, xlsx},
};
use serde::Serialize;

use crate::{
    files::write_all,
    result_args::{ResultArgs, Results, TellingArgs},
    sheet::Sheet,
};

/// A table of the screen as one of a page; the columns at its left have words.
pub fn data(Grid { heads, numbers, rows }: Grid) -> Data {
    Data { words: heads.len() - numbers.len(), heads, lines: rows }
}

/// The name of the report in the directory of its run.
const PAGE: &str = "report.html";

pub struct Rendered<'a, P, L> {
    pub dir: &'a Path,
    /// As the directory is named after it.
    pub started: &'a str,
    pub plan: &'a P,
    /// All numbers, unrounded.
    pub lines: Vec<L>,
    /// How many columns of the lines, at the left, hold words.
    pub words: usize,
    /// How a workbook shows the other columns, such as `0.##`.
    pub number_format: &'static str,
    /// The program and its version.
    pub made_by: String,
    pub title: String,
    /// What limits the use of the run.
    pub marks: Vec<String>,
    /// What was done.
    pub what: String,
    /// The table in Markdown, and as a terminal has room for it.
    pub table: String,
    pub table_on_screen: String,
    pub findings: Vec<String>,
    /// What the numbers mean.
    pub notes: String,
    /// The word for it, and the page itself.
    pub report: String,
    pub page: String,
}

impl<P: Serialize, L: Serialize> Rendered<'_, P, L> {
    /// Writes everything, prints what has come of the run, and tells of the gates by the exit status.
    pub fn conclude<R: Results>(&self, options: &ResultArgs<R>) -> anyhow::Result<ExitCode> {
        self.write()?;
        let gates = options.telling.check(&self.lines)?;
        if options.json {
            cli::outln!("{}", self.json()?);
            // Programs read the standard output as a whole.
            gates.told.iter().for_each(|line| cli::errln!("{line}"));
            return Ok(gates.code());
        }
        cli::output::print(self.table_on_screen.as_bytes());
        gates.told.iter().for_each(|line| cli::outln!("{line}"));
        self.findings.iter().for_each(|finding| cli::outln!("{}", cli::text::item(finding)));
        cli::outln!("\n{}: {}", self.report, self.dir.join(PAGE).display());
        Ok(gates.code())
    }

    /// The same of a run that was concluded before: the files are named, and the gates told.
    pub fn conclude_again<R: Results>(&self, telling: &TellingArgs<R>) -> anyhow::Result<ExitCode> {
        let gates = telling.check(&self.lines)?;
        self.write()?.iter().for_each(|path| cli::outln!("{}", path.display()));
        gates.told.iter().for_each(|line| cli::outln!("{line}"));
        Ok(gates.code())
    }

    /// Each file in one step. Their paths.
    fn write(&self) -> anyhow::Result<Vec<PathBuf>> {
        let files = [
            ("table.csv", self.csv()?),
            ("table.md", self.markdown().into_bytes()),
            ("table.xlsx", self.workbook()?),
            (PAGE, self.page.clone().into_bytes()),
        ];
        write_all(self.dir, files)
    }

    pub fn csv(&self) -> anyhow::Result<Vec<u8>> {
        let mut text = csv::Writer::from_writer(Vec::new());
        self.lines.iter().try_for_each(|line| text.serialize(line))?;
        Ok(text.into_inner()?)
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n", self.title);
        for mark in &self.marks {
            let _ = writeln!(text, "> **{mark}**\n");
        }
        let _ = writeln!(text, "{}\n\n{}", self.what, self.table);
        for finding in &self.findings {
            let _ = writeln!(text, "- {finding}");
        }
        let _ = writeln!(text, "\n{}\n\n{}, {}.", self.notes, self.made_by, self.started);
        text
    }

    /// The lines as a sheet.
    pub fn workbook(&self) -> anyhow::Result<Vec<u8>> {
        let numbers = Sheet::of(&self.lines)?;
        let column = |(index, head): (usize, &str)| Column {
            head: head.to_owned(),
            width: if index < self.words { 18.0 } else { 13.0 },
            numbers: (index >= self.words).then_some(self.number_format),
        };
        let content = SheetContent {
            name: "numbers".to_owned(),
            marks: self.marks.clone(),
            columns: numbers.columns.iter().enumerate().map(column).collect(),
            rows: numbers.rows.iter().map(|row| row.iter().map(str::to_owned).collect()).collect(),
            notes: self.notes.clone(),
        };
        let day = self.started.get(..10).unwrap_or_default();
        Ok(xlsx(day, &[content])?)
    }

    /// What `--json` prints.
    fn json(&self) -> serde_json::Result<String> {
        #[derive(Serialize)]
        struct Json<'a, P, L> {
            directory: String,
            #[serde(flatten)]
            plan: &'a P,
            numbers: &'a [L],
            findings: &'a [String],
        }
        let (numbers, findings) = (&self.lines[..], &self.findings[..]);
        let directory = self.dir.display().to_string();
        serde_json::to_string_pretty(&Json { directory, plan: self.plan, numbers, findings })
    }
}
