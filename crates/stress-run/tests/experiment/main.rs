//! The whole program on tiny volumes, against real and against dishonest servers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connected;
mod encodings;
mod endings;
mod foreign_server;
mod gates;
mod lists;
mod resume;
mod run;
mod stopped;
mod watch;
mod watched_server;

use std::{
    fs,
    process::{Command, Stdio},
};

use foreign_server::Fault;
use run::Run;
use testkit::{PATIENCE, eventually};

const HEADS: &str = "Number,Operation,Volume,Client workers,Server workers,\
    Total time per client (s),Throughput per client (bytes/s),\
    Client workers succeeded/failed,Server workers succeeded/failed";

const HEADS_ID: &str = "Nomor,Operasi,Volume,Jumlah client worker pool,Jumlah server worker pool,\
    Waktu total per client,Throughput per client,\
    Jumlah worker client yang sukses dan gagal,Jumlah worker server yang sukses dan gagal";

/// Every row has one volume of 0.25 MB and no failure, and time × throughput is that volume.
fn assert_good(rows: &[Vec<String>]) {
    for row in rows {
        assert_eq!(row.len(), 9, "{row:?}");
        assert_eq!(row[2], "0.25 MB");
        let product = row[5].parse::<f64>().unwrap() * row[6].parse::<f64>().unwrap();
        assert!((product / 262_144.0 - 1.0).abs() < 0.005, "{row:?}");
        assert_eq!(row[7], format!("{} succeeded, 0 failed", row[3]));
        let (succeeded, failed) = row[8].split_once(" succeeded, ").unwrap();
        assert_eq!(failed, "0 failed");
        let busy: u32 = succeeded.parse().unwrap();
        let most = row[3].parse::<u32>().unwrap().min(row[4].parse().unwrap());
        assert!((1..=most).contains(&busy), "{row:?}");
    }
}

fn column(rows: &[Vec<String>], index: usize) -> Vec<&str> {
    rows.iter().map(|row| row[index].as_str()).collect()
}

#[test]
fn all_four_modes_are_measured_to_whole_tables() {
    let run = Run::new();
    let modes = "thread,process,legacy,async";
    let args = ["--modes", modes, "--volumes", "0.25", "--clients", "1,3", "--servers", "1,2"];
    let finished = run.finish(&args);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(
        finished.stdout.contains("\nConfigurations completed: 8/8, failed: 0/8\n"),
        "{}",
        finished.stdout
    );
    for mode in modes.split(',') {
        let table = run.latest(&format!("table-{mode}.csv"));
        assert_eq!(table.lines().next(), Some(HEADS));
        let rows = run::rows(&table);
        assert_good(&rows);
        assert_eq!(column(&rows, 0), ["1", "2", "3", "4", "5", "6", "7", "8"]);
        let half = ["download", "upload"].map(|operation| [operation; 4]);
        assert_eq!(column(&rows, 1), half.concat());
        assert_eq!(column(&rows, 3), ["1", "1", "3", "3", "1", "1", "3", "3"]);
        assert_eq!(column(&rows, 4), ["1", "2"].repeat(4));
    }
    assert_eq!(run.cells(), 4 * 8);
    let transfers = run.transfers();
    assert!(transfers.len() >= 4 * (4 + 12), "{}", transfers.len());
    transfers.iter().for_each(expect_timeline);
    let environment: serde_json::Value =
        serde_json::from_str(&run.latest("environment.json")).unwrap();
    assert_eq!(environment["needs"]["cells"], 32);
    assert!(run.latest("table.md").contains("Server mode: async"));
    assert_eq!(run.leftovers(), 0);
}

/// What the server says of a client's transfer lies within what the client says.
#[track_caller]
fn expect_timeline(worker: &serde_json::Value) {
    let ns = |name: &str| worker[name].as_u64().unwrap_or_else(|| panic!("no {name}: {worker}"));
    assert_eq!(ns("released_ns"), 0, "{worker}");
    let in_order = ["accepted_ns", "picked_up_ns", "began_ns", "finished_ns"];
    assert!(in_order.map(ns).is_sorted(), "{worker}");
    assert!(worker["server_worker"].as_str().is_some_and(|name| name.contains('-')), "{worker}");
}

#[test]
fn the_end_says_what_was_found_where_the_report_is_and_what_comes_next() {
    let run = Run::new();
    let args = ["--quick", "--modes", "thread", "--clients", "1,3", "--servers", "1,2"];
    let finished = run.finish(&args);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let (_, end) = finished.stdout.split_once("\nWhat was found:\n").unwrap();
    let (findings, end) = end.split_once("\n\n").unwrap();
    let count = findings.lines().filter(|line| line.starts_with("- ")).count();
    assert!((2..=3).contains(&count), "{findings}");
    assert!(!findings.contains('<') && findings.contains("(thread, row "), "{findings}");
    assert!(findings.lines().all(|line| line.chars().count() <= 80), "{findings}");
    let lines: Vec<&str> = end.lines().collect();
    let [report, _, next] = lines[..] else { panic!("{end}") };
    let report = report.strip_prefix("Report: ").unwrap();
    assert!(fs::read_to_string(report).unwrap().contains("</html>"));
    let next: Vec<&str> = next.split_whitespace().collect();
    assert_eq!(next[next.len() - 6..], args[1..]);
}

#[test]
fn after_enough_repetitions_of_two_modes_the_next_command_compares_them() {
    let run = Run::new();
    let args = ["--modes", "thread,async", "--volumes", "0.01", "--clients", "1", "--servers", "1"];
    let finished = run.finish(&[&args[..], &["--repeat", "4", "--min-time", "0"]].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let next = finished.stdout.lines().last().unwrap();
    let words: Vec<&str> = next.split_whitespace().collect();
    let [program, "compare", .., "--between", "modes"] = words[..] else { panic!("{next}") };
    let output = Command::new(program).args(&words[1..]).output().unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{screen}");
    let rows = screen.lines().filter(|line| line.starts_with('│'));
    assert_eq!(rows.filter(|row| row.contains("fastest")).count(), 2, "{screen}");
}

#[test]
fn the_indonesian_table_has_the_assignments_words() {
    let run = Run::new();
    let args = ["--lang", "id", "--volumes", "0.25", "--clients", "2", "--servers", "1"];
    let finished = run.finish(&args);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let table = run.latest("table-process.csv");
    assert_eq!(table.lines().next(), Some(HEADS_ID));
    let row = &run::rows(&table)[0];
    assert_eq!((row[7].as_str(), row[8].as_str()), ("2 sukses, 0 gagal", "1 sukses, 0 gagal"));
    assert!(finished.stdout.contains("\nKonfigurasi berhasil: 2/2, gagal: 0/2\n"));
}

#[test]
fn process_clients_repetitions_and_a_null_sink_give_the_same_table() {
    let run = Run::new();
    let finished = run.finish(&[
        "--modes",
        "thread",
        "--volumes",
        "0.25",
        "--clients",
        "3",
        "--servers",
        "2",
        "--client-pool",
        "process",
        "--repeat",
        "3",
        "--sink",
        "null",
    ]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-thread-process-clients.csv"));
    assert_eq!(rows.len(), 2);
    assert_good(&rows);
    assert_eq!(run.cells(), 6);
}

#[test]
fn the_assignments_variables_select_one_cell() {
    let run = Run::new();
    let finished = run.finish_with(
        &["--modes", "thread", "--servers", "1"],
        &[
            ("STRESS_OP", "upload"),
            ("FILE_SIZE_MB", "0.25"),
            ("CLIENT_POOL", "2"),
            ("CLIENT_POOL_TYPE", "process"),
        ],
    );
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let rows = run::rows(&run.latest("table-thread-process-clients.csv"));
    assert_eq!(rows.len(), 1);
    assert_good(&rows);
    assert_eq!((rows[0][1].as_str(), rows[0][3].as_str()), ("upload", "2"));
}

#[test]
fn quick_divides_the_volumes_and_says_so() {
    let run = Run::new();
    let finished =
        run.finish(&["--quick", "--modes", "async", "--volumes", "2.5", "--clients", "1"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_good(&run::rows(&run.latest("table-async.csv")));
    assert!(finished.stdout.contains("QUICK"));
    assert!(run.latest("table.md").starts_with("> **QUICK"));
}

#[test]
fn a_wrong_byte_makes_the_run_invalid() {
    let run = Run::new();
    let address = foreign_server::start(Fault::WrongByte);
    let finished = run.finish(&[
        "--connect",
        &address,
        "--servers",
        "1",
        "--volumes",
        "0.25",
        "--clients",
        "2",
        "--ops",
        "download",
    ]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stdout.contains("INVALID"), "{}", finished.stdout);
    assert!(run.latest("table.md").starts_with("> **INVALID"));
    let row = &run::rows(&run.latest("table-server-INVALID.csv"))[0];
    // No success: no time, never zero. No STATS: no server columns.
    assert_eq!((row[5].as_str(), row[6].as_str()), ("", ""));
    assert_eq!((row[7].as_str(), row[8].as_str()), ("0 succeeded, 2 failed", ""));
}

#[test]
fn a_server_that_does_not_start_is_data() {
    let run = Run::new();
    let finished = run.finish(&[
        "--fileserver",
        "/bin/false",
        "--modes",
        "thread",
        "--volumes",
        "0.25",
        "--clients",
        "2",
        "--servers",
        "1,2",
        "--ops",
        "upload",
    ]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let row = &run::rows(&run.latest("table-thread.csv"))[1];
    assert_eq!((row[5].as_str(), row[7].as_str()), ("", "0 succeeded, 2 failed"));
    assert!(finished.stdout.contains("\nConfigurations completed: 0/2, failed: 2/2\n"));
    assert!(finished.stderr.contains("the server did not start"), "{}", finished.stderr);
}

#[test]
fn a_server_that_dies_is_told_and_replaced() {
    let run = Run::new();
    let clients: Vec<String> = (1..=20).map(|clients| clients.to_string()).collect();
    let child = Command::new(run::stress_run())
        .args(["--modes", "thread", "--volumes", "1", "--servers", "1"])
        .args(["--clients", &clients.join(",")])
        .args(run.directories())
        .envs(run::ALONE_ONCE)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _guard = run::KillOnDrop(child.id());
    eventually(run::UNTIL_MEASURED, "the first cell is on disk", || run.cells() > 0);
    for server in testkit::processes::children(child.id()) {
        testkit::processes::send_signal(server, testkit::Signal::SIGKILL);
    }
    let output = child.wait_with_output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("the server died: it ended with signal: 9"), "{stderr}");
    assert!(stdout.contains("\nConfigurations completed: 0/1, failed: 1/1\n"), "{stdout}");
    // Most cells were measured on the server that took its place.
    let rows = run::rows(&run.latest("table-thread.csv"));
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().filter(|row| row[7].ends_with(" 0 failed")).count() >= 30);
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_written() {
    for (args, sentence) in [
        (&["--clients", "0"][..], "0 is not in 1..=1000"),
        (&["--volumes", "x"], "\"x\" is not a number of MiB"),
        (&["--volumes", "100000000", "--clients", "50"], "choose smaller --volumes"),
        (&["--work-dir", "/no/such/dir"], "/no/such/dir"),
        (&["--connect", "127.0.0.1:1"], "cannot connect to 127.0.0.1:1"),
    ] {
        let run = Run::new();
        let finished = run.finish(args);
        assert_eq!(finished.code, Some(2), "{args:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(sentence), "{args:?}: {}", finished.stderr);
        assert!(!run.out().exists());
    }
    let refused = Run::new().finish_with(&[], &[("CLIENT_POOL", "many")]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("CLIENT_POOL"), "{}", refused.stderr);
}

#[test]
fn the_plan_of_one_mode_is_54_rows_and_56_gigabytes() {
    let finished = run::command(&["plan", "--json", "--modes", "thread"]);
    let plan: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(plan["rows"], 54);
    assert_eq!(plan["payload_bytes"], 56_371_445_760_u64);
    assert_eq!(plan["cells"].as_array().unwrap().len(), 54);
    let text = run::command(&["plan"]).stdout;
    assert_eq!(text.lines().count(), 108 + 5);
    assert!(text.contains("takes about 5 minutes on two cores"), "{text}");
}

#[test]
fn an_interrupted_run_keeps_what_it_has_and_leaves_no_process() {
    let run = Run::new();
    let child = Command::new(run::stress_run())
        .args(["--modes", "process", "--volumes", "4", "--clients", "5", "--servers", "2"])
        // Enough cells that it is still running when the first is on disk.
        .args(["--repeat", "500"])
        .args(run.directories())
        .envs(run::ALONE_ONCE)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _guard = run::KillOnDrop(child.id());
    eventually(run::UNTIL_MEASURED, "the first cell is on disk", || run.cells() > 0);
    let server = testkit::processes::children(child.id());
    testkit::processes::send_signal(child.id(), testkit::Signal::SIGINT);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let (stdout, dir) = (String::from_utf8(output.stdout).unwrap(), run.out().join("20"));
    let resume = format!(" resume {}", dir.display());
    assert!(stdout.lines().last().unwrap().contains(&resume), "{stdout}");
    eventually(PATIENCE, "the server has ended", || {
        server.iter().all(|&pid| !testkit::processes::is_running(pid))
    });
    assert_eq!(run::rows(&run.latest("table-process-PARTIAL.csv")).len(), 2.min(run.cells()));
    assert!(run.latest("table.md").starts_with("> **PARTIAL"));
    assert_eq!(run.leftovers(), 0);
}
