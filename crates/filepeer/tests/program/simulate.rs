//! Tables and report come from the raw files alone; gates; what is refused.

use std::{
    fs,
    process::{Child, Stdio},
};

use serde_json::Value;
use testkit::{PATIENCE, Signal, eventually, processes};

use super::{
    Command, MADE, Output, PathBuf, TempDir, assert_code, differing, filepeer, files, said,
};

/// A process that is killed with the test.
struct Running(Option<Child>);

impl Running {
    fn end(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

const SMALL: &str = "simulate --nodes 20,40 --degree 3 --searches 10 --out out";

fn latest(dir: &TempDir) -> PathBuf {
    fs::canonicalize(dir.path().join("out/latest")).unwrap()
}

#[test]
fn what_people_read_is_made_again_from_the_raw_files_alone() {
    let dir = TempDir::new().unwrap();
    assert_code(&filepeer(SMALL, dir.path()), 0);
    let run = latest(&dir);
    let before = files(&run);
    for name in MADE {
        fs::remove_file(run.join(name)).unwrap();
    }
    let report = format!("report {}", run.display());
    assert_code(&filepeer(&report, dir.path()), 0);
    let differing = differing(&before, &files(&run));
    assert!(differing.is_empty(), "{differing:?}");
    assert_code(&filepeer(&format!("{report} --lang id"), dir.path()), 0);
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("lang=\"id\"") && page.contains("Yang ditemukan"), "{page}");
}

#[test]
fn the_same_seeds_give_the_same_searches_on_any_number_of_threads() {
    let searches = |threads: u32| {
        let dir = TempDir::new().unwrap();
        assert_code(&filepeer(&format!("{SMALL} --threads {threads}"), dir.path()), 0);
        let run = latest(&dir);
        let files = files(&run.join("searches")).into_iter();
        files.map(|(path, text)| (path.file_name().unwrap().to_owned(), text)).collect::<Vec<_>>()
    };
    let alone = searches(1);
    // Four methods, two sizes, nodes that stay and nodes that come and go.
    assert_eq!(alone.len(), 16);
    assert!(alone == searches(3), "threads decide nothing");
}

/// What the design of the program expects of it, and what the README says of it.
#[test]
fn a_hundred_nodes_find_everything_within_five_hops_and_as_predicted() {
    let dir = TempDir::new().unwrap();
    let gates = [
        "found==1",
        "method=flood:messages_max<=401",
        "method=flood:hops_max<=5",
        "method=bloom:messages_p95<=20",
        "method=flood:off==0",
        "method=rings:off==0",
    ];
    let gates = gates.map(|gate| format!("--gate {gate}")).join(" ");
    let line = format!("simulate --nodes 100 --away 0 --json {gates}");
    let output = filepeer(&line, dir.path());
    assert_code(&output, 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let numbers = json["numbers"].as_array().unwrap();
    assert_eq!(numbers.len(), 4);
    let means = [0, 3].map(|method| numbers[method]["messages_mean"].as_f64().unwrap().round());
    let [flood, bloom] = means;
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md"));
    let readme = readme.unwrap().replace('\n', " ");
    let sentence = format!(
        "a flood takes {flood} messages, exactly as predicted; Bloom filters find the same files with {bloom} on \
         average"
    );
    assert!(readme.contains(&sentence), "the README should say: {sentence}");
}

#[test]
fn a_gate_that_is_not_met_is_the_exit_status_and_one_about_nothing_is_refused() {
    let dir = TempDir::new().unwrap();
    let output = filepeer(&format!("{SMALL} --gate method=flood:messages_mean<1"), dir.path());
    assert_code(&output, 4);
    assert!(said(&output).contains("NOT met by 4 of 4"), "{}", said(&output));
    for (gate, why) in [
        ("method=it:found==1", "no row is selected"),
        ("depth==1", "there is no column \"depth\""),
        ("method==1", "holds words"),
        ("found", "has none of ==, !=, <, <=, > and >=, as in method=flood:found>0.99"),
    ] {
        let output = filepeer(&format!("{SMALL} --gate {gate}"), dir.path());
        assert_code(&output, 2);
        assert!(said(&output).contains(why), "{gate}: {}", said(&output));
    }
}

#[test]
fn ctrl_c_reports_what_was_done() {
    let dir = TempDir::new().unwrap();
    let line = "simulate --nodes 60 --searches 20 --seeds 1..1000 --methods bloom --away 0 --threads 1 \
                --out out";
    let child = Command::new(env!("CARGO_BIN_EXE_filepeer"))
        .args(line.split_whitespace())
        .current_dir(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (id, running) = (child.id(), Running(Some(child)));
    // The directory is made when the first search begins, after the signals are awaited.
    eventually(PATIENCE, "the run begins", || dir.path().join("out").exists());
    processes::send_signal(id, Signal::SIGINT);
    let output = running.end();
    assert_code(&output, 130);
    assert!(said(&output).contains("Stopping"), "{}", said(&output));
    let table = fs::read_to_string(latest(&dir).join("table.md")).unwrap();
    assert!(table.contains("PARTIAL"), "{table}");
}

#[test]
fn what_is_no_run_is_refused_in_words() {
    let dir = TempDir::new().unwrap();
    let output = filepeer("report .", dir.path());
    assert_code(&output, 2);
    assert!(said(&output).contains("environment.json"), "{}", said(&output));
}
