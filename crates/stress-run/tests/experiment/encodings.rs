//! Content as it is beside content as base64: both are measured, counted and shown.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{
    assert_good,
    foreign_server::{self, Fault},
    run::{self, Run},
};

const ALL_MODES: &str = "legacy,thread,process,async,event";

/// The values of one column of `cells.csv` or `ceilings.csv`, sorted.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let index = reader.headers().unwrap().iter().position(|head| head == name).unwrap();
    let mut values: Vec<String> =
        reader.records().map(|record| record.unwrap()[index].to_owned()).collect();
    values.sort_unstable();
    values
}

#[test]
fn both_encodings_are_measured_to_tables_of_their_own_and_one_figure() {
    let run = Run::new();
    let args = ["--encoding", "base64,raw", "--modes", ALL_MODES, "--volumes", "0.25"];
    let finished = run.finish(&[&args[..], &["--clients", "1,3", "--servers", "2"]].concat());
    // The server's counts of the four verbs agree with the clients', or the status would be 3.
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for mode in ALL_MODES.split(',') {
        let [base64, raw] = [mode.to_owned(), format!("{mode}-raw")]
            .map(|table| run::rows(&run.latest(&format!("table-{table}.csv"))));
        assert_good(&base64);
        assert_good(&raw);
        let settings = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
            rows.iter().map(|row| row[..5].to_vec()).collect()
        };
        assert_eq!((base64.len(), settings(&base64)), (4, settings(&raw)));
    }
    assert_eq!(
        column(&run.latest("cells.csv"), "encoding"),
        [["base64"; 20], ["raw"; 20]].concat()
    );
    assert_eq!(
        column(&run.latest("ceilings.csv"), "encoding"),
        [["base64"; 4], ["raw"; 4]].concat()
    );
    let raw = run.transfers().into_iter().filter(|line| line["encoding"] == "raw");
    assert!(raw.clone().count() >= 5 * (2 + 6));
    raw.for_each(|line| super::expect_timeline(&line));
    assert!(run.latest("report.html").contains("What base64 costs"));
    assert!(
        finished.stderr.contains(": download raw 0.25 MiB, 3 clients: "),
        "{}",
        finished.stderr
    );
    assert!(finished.stdout.contains("CPU seconds a GB × "), "{}", finished.stdout);
    assert_eq!(run.leftovers(), 0);
}

#[test]
fn client_processes_move_content_as_it_is_too() {
    let run = Run::new();
    let args =
        ["--encoding", "raw", "--client-pool", "process", "--sink", "null", "--modes", "event"];
    let small = ["--volumes", "0.25", "--clients", "3", "--servers", "2"];
    let finished = run.finish(&[&args[..], &small].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-event-raw-process-clients.csv"));
    assert_eq!(rows.len(), 2);
    assert_good(&rows);
    assert_eq!(column(&run.latest("cells.csv"), "encoding"), ["raw"; 2]);
}

#[test]
fn nobody_who_asks_for_no_encoding_is_told_of_any_but_in_the_last_column() {
    let run = Run::new();
    let args = ["--modes", "thread", "--volumes", "0.25", "--clients", "1", "--servers", "1"];
    let finished = run.finish(&[&args[..], &["--ops", "download,list"]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    for name in ["table-thread.csv", "table-thread-list.csv", "environment.json", "table.md"] {
        let text = run.latest(name);
        assert!(!text.contains("encoding") && !text.contains("base64"), "{name}: {text}");
    }
    let cells = run.latest("cells.csv");
    assert!(cells.lines().next().unwrap().ends_with(",invalid,encoding"), "{cells}");
    assert_eq!(column(&cells, "encoding"), ["", "base64"], "a list moves no content");
    assert!(run.transfers().iter().all(|line| line["encoding"].is_null()));
}

#[test]
fn a_run_in_both_encodings_goes_on_where_it_was_stopped_and_can_be_compared_within() {
    let run = Run::new();
    let args = ["--encoding", "raw,base64", "--modes", "thread", "--servers", "1"];
    let small = ["--volumes", "0.1", "--clients", "1,2", "--repeat", "2"];
    let gate = ["--gate", "encoding=raw:failed==0"];
    let finished = run.finish(&[&args[..], &small, &gate].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.contains(": met (8 checked)"), "{}", finished.stdout);
    let path = run.out().join("latest/cells.csv");
    let whole = fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = whole.lines().take(1 + 9).collect();
    fs::write(&path, kept.join("\n") + "\n").unwrap();
    let resumed = run.resume(&[]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.stderr);
    assert_eq!((run.cells(), run::rows(&run.latest("table-thread-raw.csv")).len()), (16, 4));
    let latest = run.out().join("latest");
    let latest = latest.to_str().unwrap();
    let compared = run::command(&["compare", latest, "--between", "encodings", "--csv"]);
    assert_eq!(compared.code, Some(0), "{}", compared.stderr);
    assert_eq!(column(&compared.stdout, "encoding"), ["raw"; 4]);
}

#[test]
fn a_server_that_knows_only_base64_is_refused_before_anything_is_written() {
    let address = foreign_server::start(Fault::KeepsFiles);
    let scripts = tempfile::tempdir().unwrap();
    let script = scripts.path().join("old-fileserver");
    fs::write(&script, format!("#!/bin/sh\necho listening on {address}\nexec sleep 600\n"))
        .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let small = ["--volumes", "0.25", "--clients", "1", "--servers", "1"];
    for (server, named) in [
        (["--connect", &address], format!("the server at {address} does not")),
        (["--fileserver", script.to_str().unwrap()], format!("{} does not", script.display())),
    ] {
        for (encoding, ops, verbs) in [
            ("raw", "download", "FETCH"),
            ("base64,raw", "download,upload,list", "FETCH and STORE"),
        ] {
            let run = Run::new();
            let args = ["--encoding", encoding, "--ops", ops];
            let finished = run.finish(&[&server[..], &args, &small].concat());
            assert_eq!(finished.code, Some(2), "{}", finished.stderr);
            let sentence = format!(
                "--encoding raw needs a server that knows {verbs}, and {named}; leave raw out"
            );
            assert!(finished.stderr.contains(&sentence), "{sentence}: {}", finished.stderr);
            assert!(!run.out().exists() && run.leftovers() == 0, "{}", finished.stderr);
        }
    }
}
