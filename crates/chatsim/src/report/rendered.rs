//! The tables of a run: on a terminal, in Markdown, as CSV and as a workbook; and the files that hold them.

use std::{fmt::Write as _, path::PathBuf};

use figures::workbook::{Column, SheetContent, xlsx};
use runs::Sheet;

use super::{findings, heading, page, summary};
use crate::{
    language::Language,
    results::saved::{Environment, SavedRun},
};

/// The name of the report in the directory of its run.
pub(crate) const PAGE: &str = "report.html";

/// Writes what people read, each file in one step. The paths of it.
pub(crate) fn write(run: &SavedRun, language: Language) -> anyhow::Result<Vec<PathBuf>> {
    let files = [
        ("table.csv", csv(run)?),
        ("table.md", markdown(run, language).into_bytes()),
        ("table.xlsx", workbook(run, language)?),
        (PAGE, page::html(run, language).into_bytes()),
    ];
    runs::write_all(&run.dir, files)
}

pub(crate) fn on_screen(run: &SavedRun, language: Language) -> String {
    summary::on_screen(&run.results, language)
}

/// Every number, unrounded: a line for each measure of each case in each world.
fn csv(run: &SavedRun) -> anyhow::Result<Vec<u8>> {
    let mut text = csv::Writer::from_writer(Vec::new());
    for line in run.lines() {
        text.serialize(line)?;
    }
    Ok(text.into_inner()?)
}

fn markdown(run: &SavedRun, language: Language) -> String {
    let mut text = format!("# {}\n\n", heading::title(run, language));
    for mark in heading::marks(run, language) {
        let _ = writeln!(text, "> **{mark}**\n");
    }
    let _ = writeln!(text, "{}\n", heading::what(run, language));
    let _ = writeln!(text, "{}", summary::grid(&run.results, language).markdown());
    for finding in findings::of(run, language) {
        let _ = writeln!(text, "- {finding}");
    }
    let Environment { program, started, .. } = &run.environment;
    let _ = writeln!(text, "\n{}\n\n{}, {started}.", language.notes(), program.named("chatsim"));
    text
}

/// The same as a sheet.
fn workbook(run: &SavedRun, language: Language) -> anyhow::Result<Vec<u8>> {
    let numbers = Sheet::of(run.lines())?;
    let column = |(index, head): (usize, &str)| Column {
        head: head.to_owned(),
        width: if index < NAMES { 18.0 } else { 13.0 },
        numbers: (index >= NAMES).then_some("0.#####"),
    };
    let content = SheetContent {
        name: "numbers".to_owned(),
        marks: heading::marks(run, language),
        columns: numbers.columns.iter().enumerate().map(column).collect(),
        rows: numbers.rows.iter().map(|row| row.iter().map(str::to_owned).collect()).collect(),
        notes: language.notes(),
    };
    let day = run.environment.started.get(..10).unwrap_or_default();
    Ok(xlsx(day, &[content])?)
}

/// The columns at the left that hold words: case, method, measure, world.
const NAMES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::saved::tests::made_up;

    #[test]
    fn a_run_made_again_in_another_language_has_the_same_numbers() {
        let run = made_up();
        let text = String::from_utf8(csv(&run).unwrap()).unwrap();
        let heads = "case,method,measure,world,samples,predicted,observed,z,p,agrees";
        assert_eq!(text.lines().next(), Some(heads));
        assert!(text.contains("\npubsub,pub_sub,delivered,simulated,2000,0.999,"), "{text}");
        let english = markdown(&run, Language::En);
        let indonesian = markdown(&run, Language::Id);
        assert!(english.contains("| 0.99900 |") && indonesian.contains("| 0,99900 |"), "{english}");
        assert!(workbook(&run, Language::Id).unwrap().starts_with(b"PK"));
    }
}
