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
        let server = |mode: &str| json!({"mode": mode, "workers": 5});
        let environment = json!({
            "started": "2026-11-21T07-36-07", "preset": "full", "git_commit": "f957beb9cafb",
            "command_line": ["stress-run"], "version": "0.1.0", "rustc": "rustc 1.90",
            "build": "release", "cpu": "AMD EPYC", "cores": 2, "memory_bytes": 25_276_502_016_u64,
            "kernel": "Linux 6.18", "filesystem": "ext4", "connected_to": null,
            "plan": {
                "configurations": [server("thread"), server("process")], "operations": ["upload"],
                "volumes": [10_485_760], "clients": [1, 50], "client_pool": "thread", "sink": sink,
                "repetitions": 6, "seed": 1,
            },
            "needs": {
                "rows": 4, "cells": CELLS, "payload_bytes": 0, "disk_bytes": 0, "memory_bytes": 0,
            },
        });
        fs::write(self.dir(name).join("environment.json"), environment.to_string()).unwrap();
        fs::write(self.dir(name).join("cells.csv"), cells(factor)).unwrap();
    }

    fn compare(&self, args: &[&str]) -> Finished {
        self.compare_these("a", "b", args)
    }

    fn compare_these(&self, a: &str, b: &str, args: &[&str]) -> Finished {
        self.compare_those(&[a, b], args)
    }

    fn compare_those(&self, names: &[&str], args: &[&str]) -> Finished {
        let output = Command::new(Path::new(env!("CARGO_BIN_EXE_stress-run")))
            .arg("compare")
            .args(names.iter().map(|name| self.dir(name)))
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
    let rows = |verdict: &str| words(&finished.stdout).filter(|it| it.ends_with(verdict)).count();
    assert_eq!((rows(" slower"), rows(" within 5%")), (2, 2), "{}", finished.stdout);
    // Rows; faster, slower, within 5%, inconclusive, not comparable; the mean speed.
    for (mode, counts) in [("process", "2 0 2 0 0 0 0.800"), ("all", "4 0 2 2 0 0 0.894")] {
        let is_shown = words(&finished.stdout).any(|line| line == format!("{mode} {counts}"));
        assert!(is_shown, "{mode} {counts}: {}", finished.stdout);
    }
}

/// The lines of tables, their fields with one blank between.
fn words(screen: &str) -> impl Iterator<Item = String> {
    screen.lines().map(|line| {
        let fields: Vec<&str> = line.trim_matches('│').split_whitespace().collect();
        fields.join(" ")
    })
}

#[test]
fn nothing_on_the_screen_is_wider_than_80_columns() {
    let runs = Runs::new(1.25);
    for language in ["en", "id"] {
        for args in [&["--lang", language][..], &["--lang", language, "--between", "modes"]] {
            let finished =
                runs.compare_those(if args.len() > 2 { &["a"] } else { &["a", "b"] }, args);
            let widest = finished.stdout.lines().skip(2).max_by_key(|line| line.chars().count());
            assert!(widest.unwrap().chars().count() <= 80, "{}", finished.stdout);
        }
    }
}

#[test]
fn the_modes_of_one_run_are_compared_by_goodput() {
    let runs = Runs::new(1.25);
    let finished = runs.compare_those(&["b"], &["--between", "modes"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for line in
        ["10 50 process 5 15.2 0.80 0.80–0.80 0.00216 slower", "10 1 thread 5 952 1.00 fastest"]
    {
        assert!(words(&finished.stdout).any(|it| it == line), "{line}: {}", finished.stdout);
    }
    for sentence in [
        "upload, all loads: thread has the highest goodput; process is slower",
        "Load by load, process is slower under 2 of 2, at worst 0.80 times as fast as",
    ] {
        assert!(finished.stdout.contains(sentence), "{sentence}: {}", finished.stdout);
    }
    let gates =
        ["mode=process,a_mode=thread:slower==2", "mode=thread:slower==0;mode=thread:faster==2"];
    for gate in gates {
        let finished =
            runs.compare_those(&["b"], &["--between", "modes", "--gate", gate, "--json"]);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let json: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(json["all_loads"][1]["clients"], Value::Null);
        assert_eq!(
            (&json["b"], &json["decided_by"]),
            (&Value::Null, &json!("goodput_bytes_per_s"))
        );
    }
    // Of all pairs, each of which is there both ways, as many are slower as are faster.
    for gate in ["slower==0", "geomean>=1", "clients=50:faster>0"] {
        let refused = runs.compare_those(&["b"], &["--between", "modes", "--gate", gate]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{gate}");
        assert!(refused.stderr.contains("say which mode is meant"), "{}", refused.stderr);
    }
}

#[test]
fn a_run_of_one_mode_has_none_to_compare() {
    let runs = Runs::new(1.0);
    let path = runs.dir("a").join("cells.csv");
    let of_both = cells(1.0);
    let of_thread = of_both.split_inclusive('\n').filter(|line| !line.contains("process"));
    fs::write(path, of_thread.collect::<String>()).unwrap();
    let refused = runs.compare_those(&["a"], &["--between", "modes"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    assert!(
        refused.stderr.contains("a has downloads or uploads of one server mode at most"),
        "{}",
        refused.stderr
    );
}

#[test]
fn two_runs_or_one_and_what_is_compared_in_it_are_needed() {
    let runs = Runs::new(1.0);
    let (one, two) = (&["a"][..], &["a", "b"][..]);
    for (dirs, args) in
        [(one, &[][..]), (two, &["--between", "modes"]), (one, &["--across-machines"])]
    {
        assert_eq!(runs.compare_those(dirs, args).code, Some(2), "{dirs:?} {args:?}");
    }
}

#[test]
fn the_comparison_follows_the_language() {
    let finished = Runs::new(0.5).compare(&["--lang", "id", "--gate", "geomean>9"]);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    for words in
        ["Mode server: process", "lebih cepat", "Tidak sebanding", "syarat 'geomean>9': TIDAK"]
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
         mode=process,operation=upload,encoding=base64,volume_bytes=10485760,clients=50,server_workers=5: \
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
fn other_settings_are_said_once_and_no_row_is_printed() {
    let runs = Runs::new(1.25);
    runs.make("c", 1.0, "null");
    let finished = runs.compare_these("a", "c", &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let said = "\n\nNothing can be compared:\n  other settings: sink is file in A and null in B\n";
    assert!(finished.stdout.ends_with(said), "{}", finished.stdout);
    assert_eq!(finished.stdout.lines().count(), 5, "{}", finished.stdout);
}

#[test]
fn rows_of_one_run_only_are_counted_and_not_printed() {
    let runs = Runs::new(1.25);
    let path = runs.dir("b").join("cells.csv");
    let renamed = fs::read_to_string(&path).unwrap().replace("process", "async");
    fs::write(&path, &renamed).unwrap();
    let finished = runs.compare(&[]);
    let said = "\nNot compared (--csv names the rows):\n  2 rows: not measured in A\n  2 rows: not \
        measured in B\n";
    assert!(finished.stdout.ends_with(said), "{}", finished.stdout);
    assert!(!finished.stdout.contains("Server mode: async"), "{}", finished.stdout);
    fs::write(&path, renamed.replace("thread", "legacy")).unwrap();
    let finished = runs.compare(&[]);
    assert!(finished.stdout.contains("\nNothing can be compared:\n  4 rows: not measured in A\n"));
    assert!(!finished.stdout.contains('│'), "{}", finished.stdout);
}

#[test]
fn two_machines_are_compared_only_when_asked_and_it_says_what_that_is() {
    let runs = Runs::new(1.25);
    let path = runs.dir("b").join("environment.json");
    let environment = fs::read_to_string(&path).unwrap();
    fs::write(&path, environment.replace("AMD EPYC", "Xeon")).unwrap();
    let machine = "  another machine: cpu is AMD EPYC in A and Xeon in B\n";
    let refused = runs.compare(&[]);
    let hint = "With --across-machines runs of two machines are compared all the same.\n";
    assert!(refused.stdout.ends_with(&format!("{machine}{hint}")), "{}", refused.stdout);
    let allowed = runs.compare(&["--across-machines"]);
    let warning =
        "ACROSS MACHINES: a difference may come from the machine, not from the program:\n";
    assert!(allowed.stdout.contains(&format!("{warning}{machine}")), "{}", allowed.stdout);
    let slower = words(&allowed.stdout).filter(|line| line.ends_with(" slower")).count();
    assert_eq!(slower, 2, "{}", allowed.stdout);
    fs::write(&path, environment.replace("AMD EPYC", "Xeon").replace("release", "debug")).unwrap();
    let refused = runs.compare(&["--across-machines"]);
    let settings =
        "Nothing can be compared:\n  other settings: build is release in A and debug in B\n";
    assert!(refused.stdout.contains(settings), "{}", refused.stdout);
}

#[test]
fn other_load_and_faults_that_a_run_was_made_with_are_told() {
    let runs = Runs::new(1.0);
    let path = runs.dir("b").join("cells.csv");
    let disturbed = fs::read_to_string(&path).unwrap().replacen("invalid", "invalid,disturbed", 1);
    fs::write(&path, disturbed.replace(",\n", ",,others\n")).unwrap();
    let environment = runs.dir("a").join("environment.json");
    let injected = fs::read_to_string(&environment).unwrap();
    fs::write(environment, injected.replacen('{', "{\"injected\": \"reset=0.5\",", 1)).unwrap();
    let finished = runs.compare(&[]);
    for mark in [
        "   INJECTED: the server was told to make faults: reset=0.5\nB: ",
        "   DISTURBED: the machine had other load, or stood still, during 24 cells\n\nServer mode: thread",
    ] {
        assert!(finished.stdout.contains(mark), "{mark}: {}", finished.stdout);
    }
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
