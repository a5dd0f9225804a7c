//! `chatsim run`, `sweep`, `report`, `check` and `replay`, as they are typed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

mod check;
mod gates;
mod reference;
mod report;
mod same_bytes;
mod stopped;
mod traces;

fn chatsim(line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatsim"));
    command.args(line.split_whitespace()).output().unwrap()
}

/// A run into a directory of its own.
fn run(line: &str, out: &TempDir) -> Output {
    chatsim(&format!("{line} --out {}", out.path().display()))
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

fn said(output: &Output) -> String {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    format!("{stdout}{stderr}")
}

fn latest(out: &TempDir) -> PathBuf {
    fs::canonicalize(out.path().join("latest")).unwrap()
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

/// The lines of a table, each by the names of its columns.
fn lines(dir: &Path) -> Vec<BTreeMap<String, String>> {
    let reader = csv::Reader::from_path(dir.join("table.csv")).unwrap();
    reader.into_deserialize().map(Result::unwrap).collect()
}

/// What was observed of a measure in a case.
fn observed(lines: &[BTreeMap<String, String>], case: &str, measure: &str) -> f64 {
    let line = lines.iter().find(|line| line["case"] == case && line["measure"] == measure);
    line.unwrap()["observed"].parse().unwrap()
}
