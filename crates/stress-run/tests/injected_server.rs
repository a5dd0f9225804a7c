//! Servers with faults of a known size, and other things whose size is known: what is measured must be
//! that size.
//!
//! These tests read clocks, so they are a program of their own, in which one runs at a time; under a
//! runner that starts a process for each test they disturb one another.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the experiment use the rest")]
#[path = "experiment/run.rs"]
mod run;

use std::{
    hint,
    process::Stdio,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use run::Run;
use serde_json::Value;

const MIB: f64 = 1_048_576.0;

/// A test that shares the processors with another measures that other one as well.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A run against servers with these faults, which must end well.
fn run_with(faults: &str, args: &[&str]) -> Run {
    let run = Run::new();
    let finished = run.finish_with(args, &[("FILESERVER_INJECT", faults)]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    run
}

/// The number in a column of one row of `cells.csv`.
fn number(csv: &str, row: &[String], head: &str) -> f64 {
    let column = csv.lines().next().unwrap().split(',').position(|it| it == head).unwrap();
    row[column].parse().unwrap_or_else(|_| panic!("{head} is {:?}", row[column]))
}

/// In which a connection waits for others with a service time that was injected.
const MODES_OF_TURNS: &str = "thread,process,event";

#[test]
fn fifty_clients_of_five_workers_wait_in_line_as_long_as_ten_rounds_take() {
    let _alone = alone();
    // Ten rounds of 0.5 s, so long that fifty clients who begin at once on a slow machine take less
    // than 5% of it: the mean client leaves after 5.5 rounds, and waits for 4.5.
    let args = ["--ops", "download", "--volumes", "0.01", "--clients", "50", "--servers", "5"];
    let run = run_with("service-time=500", &[&args[..], &["--modes", MODES_OF_TURNS]].concat());
    let cells = run.latest("cells.csv");
    let rows = run::last_attempts(&cells);
    assert_eq!(rows.len(), 3);
    for row in &rows {
        // Where other programs take processors from this one, that much later.
        let late_s = number(&cells, row, "foreign_cpu_s") + number(&cells, row, "steal_s");
        let mut expected = vec![("mean_s", 2.75), ("max_s", 5.0)];
        // In event mode a worker has picked up all of them before the first has sent its request.
        if !row.contains(&"event".to_owned()) {
            expected.push(("queue_mean_s", 2.25));
        }
        for (head, expected_s) in expected {
            let measured_s = number(&cells, row, head);
            let off_s = (measured_s - expected_s).abs();
            assert!(off_s <= 0.05 * expected_s + late_s, "{head} {measured_s}: {row:?}");
        }
    }
}

fn compared(a: &Run, b: &Run) -> Value {
    let dir = |run: &Run| run.out().join("latest").to_str().unwrap().to_owned();
    let finished = run::command(&["compare", &dir(a), &dir(b), "--json"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).unwrap()
}

fn verdicts(comparison: &Value) -> Vec<&str> {
    let pairs = comparison["pairs"].as_array().unwrap();
    pairs.iter().map(|pair| pair["verdict"].as_str().unwrap()).collect()
}

#[test]
fn a_slowdown_of_a_fifth_is_found_and_noise_is_not() {
    let _alone = alone();
    // So long that what other programs take from a processor is not 5% of it.
    let args = [
        "--ops",
        "upload",
        "--modes",
        "thread",
        "--volumes",
        "0.01",
        "--clients",
        "5",
        "--servers",
        "5",
        "--repeat",
        "4",
    ];
    let [first, second] = [(), ()].map(|()| run_with("service-time=1000", &args));
    let slow = run_with("service-time=1200", &args);
    let with_itself = compared(&first, &first);
    assert_eq!(verdicts(&with_itself), ["same"]);
    assert_eq!(with_itself["all"]["geomean"], 1.0);
    for verdict in verdicts(&compared(&first, &second)) {
        assert!(!["faster", "slower"].contains(&verdict), "{verdict}");
    }
    let (slower, faster) = (compared(&first, &slow), compared(&slow, &first));
    assert_eq!(verdicts(&slower), ["slower"]);
    assert_eq!(verdicts(&faster), ["faster"]);
    let ratios = |comparison: &Value| -> Vec<f64> {
        let pairs = comparison["pairs"].as_array().unwrap();
        pairs.iter().map(|pair| pair["speed_ratio"].as_f64().unwrap()).collect()
    };
    for (there, back) in ratios(&slower).into_iter().zip(ratios(&faster)) {
        assert!((there * back - 1.0).abs() < 1e-12, "{there} {back}");
    }
}

#[test]
fn memory_that_workers_share_with_their_parent_is_counted_once() {
    let _alone = alone();
    let args = ["--modes", "process", "--volumes", "0.25", "--clients", "5", "--servers", "5"];
    let run = run_with("touch-memory=200MiB", &args);
    let cells = run.latest("cells.csv");
    for row in run::last_attempts(&cells) {
        let peak_mib = number(&cells, &row, "server_peak_pss_bytes") / MIB;
        assert!((180.0..=220.0).contains(&peak_mib), "{peak_mib} MiB: {row:?}");
    }
}

#[test]
fn what_a_client_costs_does_not_grow_with_the_number_of_clients() {
    let _alone = alone();
    let (few, many) = (20.0, 400.0);
    let args = ["--ops", "upload", "--volumes", "0.01", "--clients", "20,400", "--servers", "50"];
    let run = Run::new();
    let finished = run.finish(&[&args[..], &["--modes", "thread"]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for name in ["ceilings.csv", "cells.csv"] {
        let csv = run.latest(name);
        let rows = run::rows(&csv);
        let cost_s = |clients: f64| {
            let row = rows.iter().find(|row| number(&csv, row, "clients") == clients).unwrap();
            number(&csv, row, "generator_cpu_s") / clients
        };
        assert!(cost_s(many) <= 2.5 * cost_s(few), "{name}: {} {}", cost_s(few), cost_s(many));
    }
}

/// Keeps two processors busy until it is dropped.
struct OtherLoad<'a>(&'a AtomicBool);

impl Drop for OtherLoad<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn a_cell_beside_other_load_is_measured_again_and_every_attempt_is_kept() {
    let _alone = alone();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _load = OtherLoad(&is_over);
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    hint::spin_loop();
                }
            });
        }
        let args = [&ONE_CELL[..], &["--reruns", "2"]].concat();
        let run = run_with("service-time=500", &args);
        let cells = run.latest("cells.csv");
        let rows = run::rows(&cells);
        let attempts: Vec<f64> = rows.iter().map(|row| number(&cells, row, "attempt")).collect();
        assert_eq!(attempts, [1.0, 2.0, 3.0], "{cells}");
        for row in &rows {
            assert!(number(&cells, row, "foreign_cpu_s") > 0.1, "{row:?}");
        }
        assert_eq!(cells.matches("of CPU time other programs took").count(), 3, "{cells}");
        assert!(run.latest("table.md").contains("> **DISTURBED"));
        assert_eq!(run::rows(&run.latest("table-thread.csv")).len(), 1);
    });
}

/// One small upload, which takes as long as a fault says.
const ONE_CELL: [&str; 10] = [
    "--modes",
    "thread",
    "--volumes",
    "0.01",
    "--clients",
    "1",
    "--servers",
    "1",
    "--ops",
    "upload",
];

/// Stops the process that `choose` finds in a run, lets it go on, and so forth until the run is over. The
/// reason why its cell was disturbed.
fn disturbed_by_stopping(choose: fn(u32) -> Option<u32>) -> String {
    let run = Run::new();
    let mut command = run.command(&ONE_CELL);
    command.env("FILESERVER_INJECT", "service-time=3000");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _guard = run::KillOnDrop(child.id());
    while child.try_wait().unwrap().is_none() {
        if run.out().join("latest/ceilings.csv").metadata().is_ok_and(|file| file.len() > 0)
            && let Some(pid) = choose(child.id())
        {
            let pid = Pid::from_raw(pid as i32);
            // It may have ended.
            let _ = kill(pid, Signal::SIGSTOP);
            thread::sleep(Duration::from_millis(400));
            let _ = kill(pid, Signal::SIGCONT);
        }
        thread::sleep(Duration::from_millis(400));
    }
    let cells = run.latest("cells.csv");
    let disturbed = cells.lines().next().unwrap().split(',').position(|head| head == "disturbed");
    run::rows(&cells)[0][disturbed.unwrap()].clone()
}

#[test]
fn a_cell_in_which_the_clients_or_the_server_were_stopped_is_disturbed() {
    let _alone = alone();
    let reason = disturbed_by_stopping(Some);
    assert!(reason.contains("s stress-run stood still for "), "{reason}");
    let reason = disturbed_by_stopping(|run| testkit::processes::children(run).first().copied());
    assert!(reason.contains("the server was stopped for a time"), "{reason}");
    assert!(!reason.contains("stood still"), "{reason}");
}

#[test]
fn a_cell_in_which_a_limit_on_processor_time_stopped_the_programs_is_disturbed() {
    let _alone = alone();
    // A tenth of a processor.
    let Some(group) = run::Group::with_limit("cpu", "cpu.cfs_quota_us", "10000") else {
        testkit::skip("this user may not limit the processor time of a group");
        return;
    };
    let run = Run::new();
    let mut command = group.command(run::stress_run());
    command.args(["--modes", "thread", "--volumes", "5", "--clients", "1", "--servers", "1"]);
    let output = command.args(run.directories()).envs(run::ALONE_ONCE).output().unwrap();
    assert!(output.status.success(), "{}", output.stderr.escape_ascii());
    let cells = run.latest("cells.csv");
    for row in run::rows(&cells) {
        assert!(number(&cells, &row, "throttled_times") > 0.0, "{row:?}");
    }
    assert_eq!(cells.matches("a limit on CPU time stopped the programs").count(), 2, "{cells}");
}
