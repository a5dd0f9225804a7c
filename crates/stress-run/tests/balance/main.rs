//! `stress-run balance` with real servers behind real balancers, in rows that are as short as can be.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    fs,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;
use testkit::{PATIENCE, Signal, Viewer, eventually, processes::send_signal};

/// Rows of less than a second, on machines that are slow.
const SHORT: &str = "--workers 2 --utilisation 0.2 --in-flight 32";

fn stress_run(line: &str) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_stress-run"));
    for other in ["fileserver", "filebalancer"] {
        let is_built = program.with_file_name(other).is_file();
        assert!(is_built, "build the whole workspace first: cargo test --workspace does");
    }
    let mut command = Command::new(program);
    command.args(line.split_whitespace()).stdin(Stdio::null());
    command
}

fn balance(out: &TempDir, options: &str) -> Command {
    stress_run(&format!("balance {SHORT} {options} --out {}", out.path().display()))
}

fn latest(out: &TempDir) -> PathBuf {
    fs::canonicalize(out.path().join("latest")).unwrap()
}

/// The rows of a run, each by the names of its columns.
fn rows(dir: &Path) -> Vec<HashMap<String, String>> {
    let reader = csv::Reader::from_path(dir.join("rows.csv")).unwrap();
    reader.into_deserialize().map(Result::unwrap).collect()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    assert_eq!(output.status.code(), Some(code), "{stdout}\n{stderr}");
}

#[test]
fn a_row_has_what_was_measured_what_was_simulated_and_what_is_known_on_paper() {
    let out = TempDir::new().unwrap();
    let options = "--requests 200 --scenarios equal --policies round-robin,peak-ewma";
    assert_code(&balance(&out, options).output().unwrap(), 0);
    let rows = rows(&latest(&out));
    assert_eq!(rows.len(), 2);
    for row in &rows {
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        // Less is impossible: the servers are told to take as long.
        for mean in ["mean_ms", "simulated_mean_ms", "predicted_least_ms"] {
            assert!(number(mean) >= 5.0, "{mean}: {row:?}");
        }
        assert!((number("predicted_share_a") - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(row["requests_succeeded"], row["servers_requests"]);
        assert_eq!(row["requests_succeeded"], row["balancer_requests"]);
        assert_eq!((row["requests_failed"].as_str(), row["invalid"].as_str()), ("0", ""));
    }
    assert_eq!(rows[0]["requests_succeeded"], rows[1]["requests_succeeded"], "the same arrivals");
    // Of turns all is known, of peak EWMA only that no policy is better than one queue.
    let [in_turn, by_time] = [&rows[0], &rows[1]];
    let models = [in_turn, by_time].map(|row| row["predicted_by"].as_str());
    assert_eq!(models, ["E_n/D/c", "M/D/c"]);
    assert_eq!(by_time["predicted_least_ms"], in_turn["predicted_least_ms"]);
    assert_eq!(in_turn["predicted_most_ms"], in_turn["predicted_least_ms"]);
    assert_eq!(by_time["predicted_most_ms"], "");
    assert!((rows[0]["share_a"].parse::<f64>().unwrap() - 1.0 / 3.0).abs() < 0.01);
}

#[test]
fn whatever_happens_to_a_server_no_request_fails_and_it_is_back_at_the_end() {
    let out = TempDir::new().unwrap();
    let options = "--scenarios killed,stopped,drained --policies least-connections \
                   --requests 600 --gate failed==0";
    assert_code(&balance(&out, options).output().unwrap(), 0);
    let dir = latest(&out);
    let rows = rows(&dir);
    let scenarios: Vec<&str> = rows.iter().map(|row| row["scenario"].as_str()).collect();
    assert_eq!(scenarios, ["killed", "stopped", "drained"]);
    for row in &rows {
        assert_eq!(row["invalid"], "", "{row:?}");
        assert!(row["share_a"].parse::<f64>().unwrap() < 0.33, "{row:?}");
    }
    let slices = fs::read_to_string(dir.join("slices.csv")).unwrap();
    assert_eq!(slices.lines().count(), 1 + 3 * 60);
}

#[test]
fn a_run_that_was_interrupted_is_resumed_and_rendered_again_from_its_files() {
    let out = TempDir::new().unwrap();
    let options = "--scenarios equal,burst,unequal --policies round-robin --requests 400";
    let running = Running(balance(&out, options).stdout(Stdio::null()).spawn().unwrap());
    let has_row =
        || fs::read_to_string(out.path().join("latest/rows.csv")).is_ok_and(|it| !it.is_empty());
    eventually(PATIENCE, "a row is there", has_row);
    send_signal(running.0.id(), Signal::SIGINT);
    assert_eq!(running.wait(), Some(130));
    let dir = latest(&out);
    let begun = rows(&dir);
    assert!((1..3).contains(&begun.len()), "{begun:?}");
    assert!(fs::read_to_string(dir.join("table.md")).unwrap().contains("PARTIAL"));

    let balancer = Path::new(env!("CARGO_BIN_EXE_stress-run")).with_file_name("filebalancer");
    let options = format!("--filebalancer {} --lang id", balancer.display());
    let resumed = stress_run(&format!("resume {} {options}", dir.display())).output().unwrap();
    assert_code(&resumed, 0);
    let all = rows(&dir);
    assert_eq!((all.len(), &all[..begun.len()]), (3, &begun[..]));
    let markdown = fs::read_to_string(dir.join("table.md")).unwrap();
    assert!(markdown.contains("Skenario") && !markdown.contains("PARTIAL"), "{markdown}");

    fs::remove_file(dir.join("table.md")).unwrap();
    assert_code(&stress_run(&format!("report {}", dir.display())).output().unwrap(), 0);
    assert!(fs::read_to_string(dir.join("table.md")).unwrap().contains("Scenario"));
    let again = stress_run(&format!("resume {}", dir.display())).output().unwrap();
    assert_code(&again, 2);
    assert!(String::from_utf8_lossy(&again.stderr).contains("is complete"));
    let compared = stress_run(&format!("compare {0} {0}", dir.display())).output().unwrap();
    assert_code(&compared, 0);
    assert_eq!(String::from_utf8_lossy(&compared.stdout).matches("within 5%").count(), 3);
    let modes = format!("compare {} --between modes", dir.display());
    let refused = stress_run(&modes).output().unwrap();
    assert_code(&refused, 2);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has no modes"));
}

#[test]
fn gates_are_checked_before_anything_starts_and_held_against_the_rows() {
    let out = TempDir::new().unwrap();
    for gate in ["speed<5", "scenario=burst:mean_ms<5", "policy<5"] {
        let options =
            format!("--requests 200 --scenarios equal --policies two-choices --gate {gate}");
        assert_code(&balance(&out, &options).output().unwrap(), 2);
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
    let options =
        "--requests 200 --scenarios equal --policies two-choices --gate scenario=equal:mean_ms<1";
    let output = balance(&out, options).output().unwrap();
    assert_code(&output, 4);
    assert!(String::from_utf8_lossy(&output.stdout).contains("policy=two-choices"));
}

#[test]
fn of_several_repetitions_each_has_its_row_and_arrivals_of_its_own() {
    let out = TempDir::new().unwrap();
    let options = "--requests 200 --scenarios equal --policies round-robin --repeat 2";
    assert_code(&balance(&out, options).output().unwrap(), 0);
    let dir = latest(&out);
    let rows = rows(&dir);
    let numbers: Vec<&str> = rows.iter().map(|row| row["repetition"].as_str()).collect();
    assert_eq!(numbers, ["1", "2"]);
    assert_ne!(rows[0]["simulated_mean_ms"], rows[1]["simulated_mean_ms"]);
    let table = fs::read_to_string(dir.join("table.csv")).unwrap();
    assert_eq!(table.lines().count(), 2, "the median one is shown: {table}");
}

#[test]
fn who_watches_is_told_each_row_and_sees_all_of_them_at_the_end() {
    let out = TempDir::new().unwrap();
    let options = "--requests 200 --scenarios equal --policies round-robin,two-choices --watch";
    let mut command = balance(&out, options);
    let mut running =
        Running(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(running.0.stderr.take().unwrap());
    let mut viewer = Viewer::invited(&mut said);
    let heard = viewer.hear_until(|told| told.event == "over");
    for words in
        ["0 of 2 measured; now equal, round-robin", "1 of 2 measured; now equal, two-choices; 0:0"]
    {
        assert!(heard.iter().any(|told| told.data.contains(words)), "{words}: {heard:?}");
    }
    let page = viewer.page();
    assert!(page.contains("equal, two-choices") && page.contains("The run is over."), "{page}");
    assert_eq!(running.wait(), Some(0));
    assert!(viewer.is_alone());
}

/// Killed when dropped.
struct Running(Child);

impl Running {
    fn wait(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
