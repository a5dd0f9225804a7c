//! `chatsim run --broker`, as somebody types it.

use std::{
    fs::{self, File},
    io::Read,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{Nats, PATIENCE, Signal, eventually, processes::send_signal};

use super::streams;

fn chatsim(broker: &str, messages: u32, out: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatsim"));
    command.args(["run", "--experiment", "1", "--messages", "100", "--json", "--broker", broker]);
    command.args(["--broker-messages", &messages.to_string(), "--out"]).arg(out.path());
    command
}

/// A run that goes on for minutes, once it has its stream on the server.
struct LongRun {
    run: Child,
    told: PathBuf,
}

impl LongRun {
    fn start(nats: &Nats, out: &TempDir) -> Self {
        Self::of(chatsim(&nats.url(), 5_000, out), nats, out)
    }

    fn of(mut command: Command, nats: &Nats, out: &TempDir) -> Self {
        let told = out.path().join("stderr");
        let stderr = File::create(&told).unwrap();
        let run = command.stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let this = Self { run, told };
        // Before that it has one for a moment too, to see whether the server can be had.
        eventually(PATIENCE, "messages are carried", || this.told().contains(&nats.url()));
        eventually(PATIENCE, "the run has its stream", || streams(nats).len() == 1);
        this
    }

    fn end(&mut self, signal: Signal) -> ExitStatus {
        send_signal(self.run.id(), signal);
        eventually(PATIENCE, "the run ends", || self.run.try_wait().unwrap().is_some());
        self.run.wait().unwrap()
    }

    fn told(&self) -> String {
        fs::read_to_string(&self.told).unwrap()
    }
}

impl Drop for LongRun {
    fn drop(&mut self) {
        let _ = self.run.kill();
        let _ = self.run.wait();
    }
}

#[test]
fn what_a_broker_did_stands_beside_what_was_predicted_and_simulated() {
    let Some(nats) = Nats::start() else { return };
    let out = TempDir::new().unwrap();
    let output = chatsim(&nats.url(), 20, &out).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains(&format!("{} carries the messages of 2 cases", nats.url())), "{told}");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of_world = |world: &str| {
        let numbers = run["numbers"].as_array().unwrap().iter();
        let delivered = numbers.filter(|it| it["measure"] == "delivered" && it["world"] == world);
        delivered.map(|it| it["samples"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((of_world("simulated"), of_world("broker")), (vec![100; 2], vec![20; 2]));
    assert_eq!(streams(&nats), [""; 0]);
}

/// In both languages.
#[test]
fn a_server_that_is_killed_in_mid_run_is_said_to_be_away_and_the_run_goes_on_when_it_is_back() {
    let Some(mut nats) = Nats::start() else { return };
    let url = nats.url();
    for (lang, [away, back]) in [
        ("en", ["is away since", "is back after"]),
        ("id", ["tidak terjangkau sejak", "kembali setelah"]),
    ] {
        let out = TempDir::new().unwrap();
        let mut command = chatsim(&url, 30, &out);
        command.args(["--lang", lang]);
        let mut run = LongRun::of(command, &nats, &out);
        nats.kill();
        eventually(PATIENCE, "it is said to be away", || run.told().contains(away));
        nats.start_again();
        eventually(PATIENCE, "the run ends", || run.run.try_wait().unwrap().is_some());
        let told = run.told();
        assert!(run.run.wait().unwrap().success(), "{told}");
        for said in [away, back] {
            let lines: Vec<_> = told.lines().filter(|line| line.contains(said)).collect();
            assert!(
                lines.len() == 1 && lines[0].contains(&url),
                "{said} once for all cases: {told}"
            );
        }
        for case in ["direct", "pubsub"] {
            let path = out.path().join(format!("latest/records/broker/{case}.csv.gz"));
            let mut records = String::new();
            GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut records).unwrap();
            assert_eq!(records.lines().count(), 1 + 30, "each message of {case}, once: {records}");
        }
        assert_eq!(streams(&nats), [""; 0]);
    }
}

#[test]
fn a_run_that_is_interrupted_removes_what_it_has_on_the_server() {
    let Some(nats) = Nats::start() else { return };
    let out = TempDir::new().unwrap();
    let mut run = LongRun::start(&nats, &out);
    let code = run.end(Signal::SIGINT).code();
    let told = run.told();
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("stopped: the records of 2 cases are complete"), "{told}");
    assert_eq!(streams(&nats), [""; 0]);
}

#[test]
fn what_a_killed_run_has_left_on_the_server_the_next_one_removes() {
    let Some(nats) = Nats::start() else { return };
    let out = TempDir::new().unwrap();
    LongRun::start(&nats, &out).end(Signal::SIGKILL);
    let left = streams(&nats);
    assert_eq!(left.len(), 1);
    assert!(chatsim(&nats.url(), 1, &out).output().unwrap().status.success());
    assert_eq!(streams(&nats), [""; 0]);
}

#[test]
fn without_a_server_nothing_is_run() {
    let out = TempDir::new().unwrap();
    let output = chatsim("nats://127.0.0.1:1", 1, &out).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.starts_with("chatsim: no NATS server answers at nats://127.0.0.1:1: "), "{told}");
    assert!(out.path().read_dir().unwrap().next().is_none());
}
