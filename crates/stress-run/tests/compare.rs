//! `stress-run compare` on directories of runs that are made up.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Thread and process mode, six repetitions of two rows each.
const CELLS: usize = 24;

struct Runs {
    temp: TempDir,
}

#[derive(Debug)]
struct Finished {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Runs {
    /// Run `b` takes so many times as long as run `a`, which takes 1 s for each client, in process
    /// mode; in thread mode they are alike.
    fn new(factor: f64) -> Self {
        let runs = Self { temp: TempDir::new().unwrap() };
        runs.make("a", 1.0, "file");
        runs.make("b", factor, "file");
        runs
    }

    fn dir(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn make(&self, name: &str, factor: f64, sink: &str) {
        fs::create_dir(self.dir(name)).unwrap();
        let environment = json!({
            "started": "2026-11-21T07-36-07", "preset": "full", "git_commit": "f957beb9cafb",
            "build": "release", "cpu": "AMD EPYC", "cores": 2, "memory_bytes": 25_276_502_016_u64,
            "kernel": "Linux 6.18", "filesystem": "ext4", "connected_to": null,
            "plan": {"client_pool": "thread", "sink": sink, "repetitions": 6},
            "needs": {"rows": 4, "cells": CELLS},
        });
        fs::write(self.dir(name).join("environment.json"), environment.to_string()).unwrap();
        fs::write(self.dir(name).join("cells.csv"), cells(factor)).unwrap();
    }

    fn compare(&self, args: &[&str]) -> Finished {
        self.compare_these("a", "b", args)
    }

    fn compare_these(&self, a: &str, b: &str, args: &[&str]) -> Finished {
        let output = Command::new(Path::new(env!("CARGO_BIN_EXE_stress-run")))
            .arg("compare")
            .args([self.dir(a), self.dir(b)])
            .args(args)
            .output()
            .unwrap();
        Finished {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn cells(factor: f64) -> String {
    let mut text = "a_later_column,mode,operation,volume_bytes,clients,server_workers,repetition,\
        clients_failed,mean_s,goodput_bytes_per_s,invalid\n"
        .to_owned();
    for (mode, factor) in [("thread", 1.0), ("process", factor)] {
        for clients in [1, 50] {
            for repetition in 1..=6 {
                let noise = 1.0 + 0.001 * f64::from(repetition * 7 % 5);
                let mean_s = factor * noise * f64::from(clients);
                let (volume, goodput) = (10_485_760, 1e9 / mean_s);
                writeln!(
                    text,
                    "x,{mode},upload,{volume},{clients},5,{repetition},0,{mean_s},{goodput},"
                )
                .unwrap();
            }
        }
    }
    text
}

#[test]
fn a_slower_mode_is_shown_row_by_row_and_as_a_whole() {
    let finished = Runs::new(1.25).compare(&[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = |verdict: &str| finished.stdout.matches(&format!("┆ {verdict} ")).count();
    assert_eq!((rows("slower"), rows("same")), (2, 2), "{}", finished.stdout);
    let summary = "process: 2 rows: 0 faster, 2 slower, 0 same, 0 inconclusive, 0 not comparable; \
        geometric mean of the speeds B / A: 0.800\n";
    assert!(finished.stdout.contains(summary), "{}", finished.stdout);
    assert!(finished.stdout.contains("all: 4 rows: 0 faster, 2 slower, 2 same"));
}

#[test]
fn the_comparison_follows_the_language() {
    let finished = Runs::new(0.5).compare(&["--lang", "id", "--gate", "geomean>9"]);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    for words in
        ["Mode server: process", "lebih cepat", "semua: 4 baris", "syarat 'geomean>9': TIDAK"]
    {
        assert!(finished.stdout.contains(words), "{words}: {}", finished.stdout);
    }
}

#[test]
fn programs_get_csv_or_json_and_nothing_else_on_standard_output() {
    let runs = Runs::new(1.25);
    let finished = runs.compare(&["--csv", "--gate", "slower==0"]);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert_eq!(finished.stdout.lines().count(), 1 + 4, "{}", finished.stdout);
    assert!(
        finished.stderr.contains("gate 'slower==0': NOT met by 1 of 4\n  slower is 2\n"),
        "{}",
        finished.stderr
    );
    let finished = runs.compare_these("b", "a", &["--json"]);
    let json: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!((&json["all"]["faster"], &json["all"]["slower"]), (&json!(2), &json!(0)));
    assert_eq!(json["by_mode"][1]["mode"], "process");
    assert_eq!(json["by_mode"][1]["geomean"], 1.25);
}

#[test]
fn a_gate_on_rows_names_those_that_broke_it() {
    let runs = Runs::new(1.25);
    let finished = runs.compare(&["--gate", "clients=50:speed_ratio>=0.9;mode=thread:slower==0"]);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        finished.stdout.contains(
            "gate 'clients=50:speed_ratio>=0.9': NOT met by 1 of 2\n  \
         mode=process,operation=upload,volume_bytes=10485760,clients=50,server_workers=5: \
         speed_ratio is 0.8"
        ),
        "{}",
        finished.stdout
    );
    assert!(finished.stdout.ends_with("gate 'mode=thread:slower==0': met (2 checked)\n"));
    assert_eq!(runs.compare_these("a", "a", &["--gate", "slower==0"]).code, Some(0));
    for gate in ["speed>1", "mode=async:slower==0", "slower"] {
        let refused = runs.compare(&["--gate", gate]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{gate}");
        assert!(refused.stderr.contains("--gate"), "{}", refused.stderr);
    }
}

#[test]
fn other_settings_are_said_once_and_no_row_is_compared() {
    let runs = Runs::new(1.25);
    runs.make("c", 1.0, "null");
    let finished = runs.compare_these("a", "c", &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let said = "not comparable: other settings: sink is file in A and null in B\n";
    assert_eq!(finished.stdout.matches(said).count(), 1, "{}", finished.stdout);
    assert!(finished.stdout.contains("4 not comparable; geometric mean of the speeds B / A: -"));
}

#[test]
fn a_run_that_cannot_be_read_is_a_sentence_and_bad_usage() {
    let runs = Runs::new(1.0);
    let refused = |why: &str| {
        let finished = runs.compare(&[]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{why}");
        assert!(finished.stderr.contains(why), "{why}: {}", finished.stderr);
    };
    let (environment, cells_csv) = ("b/environment.json", "b/cells.csv");
    fs::write(runs.dir(cells_csv), cells(1.0).replace("upload", "sideload")).unwrap();
    refused("b/cells.csv: line 2: unknown variant `sideload`");
    fs::write(runs.dir(cells_csv), cells(1.0).replace("mean_s", "mean")).unwrap();
    refused("b/cells.csv: no column mean_s");
    fs::write(runs.dir(cells_csv), cells(1.0).replacen(",\n", "\n", 2)).unwrap();
    refused("cannot understand");
    fs::write(runs.dir(cells_csv), "").unwrap();
    refused("b/cells.csv holds no measured cell");
    fs::remove_file(runs.dir(cells_csv)).unwrap();
    refused("cannot read");
    fs::write(runs.dir(environment), "{\"started\": 1}").unwrap();
    refused("b/environment.json: ");
    fs::remove_file(runs.dir(environment)).unwrap();
    refused("b/environment.json: ");
    fs::remove_dir(runs.dir("b")).unwrap();
    refused("b is not the directory of a run");
}
