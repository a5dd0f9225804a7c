//! Runs that are stopped, and gone on with.

use std::{
    collections::HashSet,
    fs,
    path::PathBuf,
    process::{Child, Stdio},
};

use serde_json::Value;
use testkit::{PATIENCE, Signal, eventually, processes};

use super::run::{self, Run};

/// Three volumes, three numbers of clients, three pools and two operations: 54 rows.
const ROWS_54: [&str; 4] = ["--modes", "thread", "--volumes", "0.1,0.2,0.3"];

/// A cell that was disturbed is measured again.
const RERUN: [(&str, &str); 1] = [("STRESS_RERUNS", "1")];

/// Starts the 54 rows and stops them when some are on disk; the exit status.
fn stop_early(run: &Run, cells: usize) -> Option<i32> {
    let mut child = start(run);
    eventually(run::UNTIL_MEASURED, "some cells are on disk", || run.cells() >= cells);
    let children = processes::children(child.id());
    processes::send_signal(child.id(), Signal::SIGINT);
    let status = child.wait().unwrap();
    eventually(PATIENCE, "no child is left", || {
        children.iter().all(|&pid| !processes::is_running(pid))
    });
    status.code()
}

fn start(run: &Run) -> Child {
    let mut command = run.command(&ROWS_54);
    // So slow that it is not through before it is stopped.
    command.env("FILESERVER_INJECT", "service-time=10");
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn dir(run: &Run) -> PathBuf {
    run.out().join("latest").canonicalize().unwrap()
}

/// No attempt stands twice in `cells.csv`, no transfer twice in `workers.jsonl.gz`, and each of the 54 cells
/// has its clients.
fn expect_whole(run: &Run) {
    assert_eq!(run.cells(), 54);
    let cells = run.latest("cells.csv");
    let rows = run::rows(&cells);
    // The key and the number of the attempt.
    let attempts: HashSet<Vec<String>> = rows.iter().map(|row| row[..7].to_vec()).collect();
    assert_eq!(attempts.len(), rows.len());
    let mut transfers = HashSet::new();
    for line in run.transfers() {
        let key = ["operation", "volume_bytes", "clients", "server_workers", "attempt", "client"];
        assert!(transfers.insert(key.map(|name| line[name].to_string())), "{line}");
    }
    let clients: usize = rows.iter().map(|row| row[3].parse::<usize>().unwrap()).sum();
    assert_eq!(transfers.len(), clients);
    assert_eq!(run::rows(&run.latest("table-thread.csv")).len(), 54);
    assert!(!dir(run).join("table-thread-PARTIAL.csv").exists());
}

#[test]
fn a_run_that_was_stopped_is_gone_on_with_to_all_its_rows() {
    let run = Run::new();
    assert_eq!(stop_early(&run, 5), Some(130));
    let kept = run.cells();
    assert!((5..54).contains(&kept), "{kept}");
    let partial = run::rows(&run.latest("table-thread-PARTIAL.csv"));
    assert_eq!(partial.len(), kept);
    let cells = run.latest("cells.csv");
    let finished = run.resume(&[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(run.latest("cells.csv").starts_with(&cells), "finished rows are kept as they are");
    expect_whole(&run);
    let environment: Value = serde_json::from_str(&run.latest("environment.json")).unwrap();
    assert_eq!(environment["resumed"].as_array().unwrap().len(), 1);
    let again = run.resume(&[]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(2), ""));
    assert!(again.stderr.contains("is complete"), "{}", again.stderr);
}

#[test]
fn what_was_disturbed_to_the_last_attempt_is_measured_again() {
    let run = Run::new();
    let one_cell = ["--ops", "download", "--volumes", "0.1", "--clients", "1", "--servers", "1"];
    let begun = run.finish_with(&[&one_cell[..], &["--modes", "thread"]].concat(), &RERUN);
    assert_eq!(begun.code, Some(0), "{}", begun.stderr);
    let path = dir(&run).join("cells.csv");
    let mut cells = csv::Reader::from_path(&path).unwrap();
    let head = cells.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|head| head == name).unwrap();
    let mut lines: Vec<Vec<String>> = run::rows(&run.latest("cells.csv"));
    let last = lines.last_mut().unwrap();
    last[column("disturbed")] = "others took all".to_owned();
    let before = last[column("attempt")].parse::<u32>().unwrap();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(&head).unwrap();
    lines.iter().for_each(|line| writer.write_record(line).unwrap());
    writer.flush().unwrap();

    let resumed = run.resume(&[]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    let lines = run::rows(&run.latest("cells.csv"));
    assert!(lines.len() > before as usize, "{lines:?}");
    assert_eq!(lines[before as usize][column("attempt")], (before + 1).to_string());
}

#[test]
fn lines_that_were_cut_off_are_measured_again() {
    let run = Run::new();
    assert_eq!(stop_early(&run, 5), Some(130));
    let cut = |name: &str, by: usize| {
        let path = dir(&run).join(name);
        let text = fs::read(&path).unwrap();
        fs::write(&path, &text[..text.len() - by]).unwrap();
    };
    // The last cell is half written, and so are its clients.
    cut("cells.csv", 20);
    cut("workers.jsonl.gz", 20);
    let before = run.cells();
    let finished = run.resume(&[]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(before < 54);
    expect_whole(&run);
}

#[test]
fn another_program_or_plan_is_refused_and_the_run_stays_as_it_was() {
    let run = Run::new();
    assert_eq!(stop_early(&run, 1), Some(130));
    let other = run.out().join("fileserver");
    fs::copy(run::fileserver(), &other).unwrap();
    let mut program = fs::read(&other).unwrap();
    program.push(0);
    fs::write(&other, program).unwrap();
    let before = (run.latest("cells.csv"), run.latest("environment.json"));
    let other = other.to_str().unwrap();
    for (more, why) in [
        (&["--fileserver", other][..], "this is not the fileserver that began the run"),
        (&["--clients", "7"], "unexpected argument '--clients'"),
    ] {
        let refused = run.resume(more);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{more:?}");
        assert!(refused.stderr.contains(why), "{more:?}: {}", refused.stderr);
    }
    let environment = dir(&run).join("environment.json");
    fs::write(&environment, before.1.replace("\"kernel\": \"", "\"kernel\": \"Other ")).unwrap();
    let refused = run.resume(&[]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("another machine: its kernel"), "{}", refused.stderr);
    fs::write(&environment, &before.1).unwrap();
    assert_eq!(before, (run.latest("cells.csv"), run.latest("environment.json")));
    assert_eq!(run.leftovers(), 0);
}
