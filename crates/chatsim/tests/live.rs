//! Deliveries in real time, as they are typed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;

#[track_caller]
fn output(line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatsim"));
    let output = command.args(line.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// What the program prints on standard output.
#[track_caller]
fn chatsim(line: &str) -> String {
    String::from_utf8(output(line).stdout).unwrap()
}

/// Which messages of the records of a world were delivered.
fn delivered(run: &std::path::Path, world: &str) -> Vec<(u64, bool)> {
    let file = fs::File::open(run.join("records").join(world).join("direct.csv.gz")).unwrap();
    let text = flate2::read::GzDecoder::new(file);
    let mut reader = csv::Reader::from_reader(text);
    let heads = reader.headers().unwrap().clone();
    let column = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let (message, at) = (column("message"), column("delivered_ns"));
    let mut all: Vec<_> = reader
        .records()
        .map(|record| record.unwrap())
        .map(|record| (record[message].parse().unwrap(), !record[at].is_empty()))
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn a_live_run_delivers_what_the_simulated_one_does_and_says_what_it_cost() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().display();
    for runner in ["thread", "pool", "async"] {
        chatsim(&format!("run --experiment 1 --messages 50 --live --runner {runner} --out {to}"));
        let run = fs::canonicalize(out.path().join("latest")).unwrap();
        let live = delivered(&run, "live");
        assert_eq!(live.len(), 50);
        assert_eq!(live, delivered(&run, "simulated"), "{runner}");
        let costs = fs::read_to_string(run.join("live.csv")).unwrap();
        let lines: Vec<_> = costs.lines().collect();
        assert_eq!(lines.len(), 3, "{costs}");
        assert!(lines[1].starts_with(&format!("direct,{runner},10.0,50,")), "{costs}");
        let report = fs::read_to_string(run.join("report.html")).unwrap();
        let cost = format!("<td class=\"words\">pubsub</td><td class=\"words\">{runner}</td>");
        assert!(report.contains(&cost), "{runner}");
    }
}

/// Messages of the fifth experiment are a minute apart.
#[test]
fn what_would_take_hours_is_left_out_and_that_is_said() {
    let out = tempfile::tempdir().unwrap();
    let line = format!("run --experiment 5 --messages 1000 --live --out {}", out.path().display());
    let told = String::from_utf8(output(&line).stderr).unwrap();
    for case in ["direct-bursts", "pubsub-single", "pubsub-bursts"] {
        let left_out = format!("{case}, live: left out, since it would take 100 minutes");
        assert!(told.contains(&left_out), "{told}");
    }
    assert!(!out.path().join("latest/records/live").exists());
}

#[test]
fn a_thread_for_each_message_is_many_threads_and_the_others_need_few() {
    let lines: Value =
        serde_json::from_str(&chatsim("runners --in-flight 60 --speed 10 --json")).unwrap();
    let of = |runner: &str| {
        let mut lines = lines.as_array().unwrap().iter();
        lines.find(|line| line["runner"] == runner).unwrap().clone()
    };
    for runner in ["thread", "pool", "async"] {
        let line = of(runner);
        assert_eq!(line["in_flight"], 60);
        assert!(line["lateness_p99_ms"].as_f64().unwrap() >= 0.0, "{line}");
        // Most messages have two packets that arrive.
        assert!(line["timers_handled"].as_u64().unwrap() > 3 * 300 / 2, "{line}");
        let threads = line["threads"].as_u64().unwrap();
        assert_eq!(threads > 40, runner == "thread", "{line}");
    }
}
