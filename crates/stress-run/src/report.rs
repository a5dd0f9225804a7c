//! What people read of a run, made from its raw files alone: so it can be made again, in another language
//! or by a later version.

mod charts;
pub(crate) mod conclusion;
mod disclosure;
mod facts;
mod findings;
mod footnotes;
mod modes;
mod next;
mod opening;
mod page;
mod prediction;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use figures::Page;

pub(crate) use self::{
    disclosure::{machine_terms, made_with, program_terms},
    table::on_screen,
};
use crate::{language::Language, results::Run};

/// The name of the report in the directory of its run.
pub(crate) const PAGE: &str = "report.html";

/// Writes the tables and the report into the directory of the run, and takes away those of an earlier
/// rendering. Each file is there whole or as it was. The paths that were written.
pub(crate) fn write(run: &Run, language: Language) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for part in table::Part::all(run) {
        files.push((part.csv_name(run), table::csv(run, part, language)?));
    }
    files.push((table::workbook_name(run), table::workbook(run, language)?));
    files.push(("table.md".to_owned(), table::markdown(run, language).into_bytes()));
    files.push((PAGE.to_owned(), page::page(run, language)?.html().into_bytes()));
    let paths = runs::write_all(&run.dir, files)?;
    remove_outdated(run, &paths)
        .with_context(|| format!("cannot take old tables out of {}", run.dir.display()))?;
    Ok(paths)
}

/// The report as one page, of what the directory of a run holds by now.
pub(crate) fn page_of(dir: &Path, language: Language) -> anyhow::Result<Page> {
    page::page(&Run::open(dir)?, language)
}

/// A table that says PARTIAL must not lie beside the whole one. Other files are their owner's.
fn remove_outdated(run: &Run, written: &[PathBuf]) -> std::io::Result<()> {
    for name in table::possible_names(run) {
        let path = run.dir.join(name);
        if !written.contains(&path) && path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
