//! `filepeer demo`, `simulate` and `report`, as they are typed; the run that is kept in `results/reference-peer`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

mod demo;
mod reference;
mod simulate;

fn filepeer(line: &str, dir: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filepeer"));
    command.args(line.split_whitespace()).current_dir(dir).output().unwrap()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

fn said(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{stdout}{stderr}")
}

/// The files below a directory, by their names, with their content.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

/// The names of those that differ, or are in one of both alone.
fn differing(a: &BTreeMap<PathBuf, Vec<u8>>, b: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let names = a.keys().chain(b.keys());
    let mut differing: Vec<_> =
        names.filter(|name| a.get(*name) != b.get(*name)).cloned().collect();
    differing.dedup();
    differing
}

/// What `report` makes.
const MADE: [&str; 4] = ["table.csv", "table.md", "table.xlsx", "report.html"];
