//! Ctrl-C or SIGTERM while much is simulated.

use std::{
    fs,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use testkit::{PATIENCE, Signal, eventually, processes::send_signal};

use super::{TempDir, assert_code, chatsim, files, said};

/// A second is promised; the rest is for a machine that does much else.
const STOPS_WITHIN: Duration = Duration::from_secs(3);

/// It ends when dropped.
struct Long(Option<Child>);

impl Long {
    fn start(line: &str, out: &TempDir) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatsim"));
        command.args(line.split_whitespace()).current_dir(out.path());
        let long = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let status = format!("/proc/{}/status", long.id());
        let long = Self(Some(long));
        eventually(PATIENCE, "signals are waited for", || {
            let status = fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            let of_both = 1 << (Signal::SIGINT as u32 - 1) | 1 << (Signal::SIGTERM as u32 - 1);
            u64::from_str_radix(caught.trim(), 16).unwrap() & of_both == of_both
        });
        long
    }

    fn stop(mut self, signal: Signal) -> Output {
        let long = self.0.take().unwrap();
        let asked = Instant::now();
        send_signal(long.id(), signal);
        let output = long.wait_with_output().unwrap();
        let took = asked.elapsed();
        assert!(took < STOPS_WITHIN, "{took:?}: {}", said(&output));
        assert_code(&output, 130);
        output
    }
}

impl Drop for Long {
    fn drop(&mut self) {
        if let Some(long) = &mut self.0 {
            let _ = long.kill();
            let _ = long.wait();
        }
    }
}

#[test]
fn a_run_that_is_stopped_before_a_case_is_complete_keeps_no_half_of_one_and_says_so() {
    for (line, signal, said_then) in [
        ("run --experiment 1 --messages 10000000", Signal::SIGINT, "nothing is complete yet in"),
        (
            "run --experiment 2 --messages 10000000 --lang id",
            Signal::SIGTERM,
            "belum ada yang lengkap",
        ),
    ] {
        let out = TempDir::new().unwrap();
        let output = Long::start(line, &out).stop(signal);
        assert!(said(&output).contains(said_then), "{}", said(&output));
        let left: Vec<_> = files(out.path()).into_keys().collect();
        assert!(left.iter().all(|path| path.ends_with("environment.json")), "{left:?}");
        assert!(!out.path().join("results/chat/latest").exists());
    }
}

#[test]
fn what_a_sweep_has_completed_when_it_is_stopped_is_kept_and_makes_a_report() {
    let out = TempDir::new().unwrap();
    let timeouts: Vec<_> = (1..100).map(|it| (10 * it).to_string()).collect();
    let line = format!("sweep --threads 1 --messages 20000 --timeouts {}", timeouts.join(","));
    let sweep = Long::start(&line, &out);
    let records = || {
        let left = files(out.path()).into_keys();
        left.filter(|path| path.extension().is_some_and(|it| it == "gz")).count()
    };
    eventually(PATIENCE, "a case is complete", || records() > 0);
    let output = sweep.stop(Signal::SIGINT);
    let told = said(&output);
    let kept = format!("the records of {} case", records());
    assert!(told.contains(&kept), "{kept}: {told}");
    let (_, command) = told.split_once("`chatsim ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let dir = out.path().join(command.strip_prefix("report ").unwrap());
    assert_code(&chatsim(&format!("report {}", dir.display())), 0);
    assert!(fs::read_to_string(dir.join("table.md")).unwrap().contains("PARTIAL"));
}

#[test]
fn a_check_and_a_run_in_real_time_stop_when_they_are_told_to() {
    for (line, said_then) in [
        ("check --messages 10000000", "stopped: nothing is kept"),
        ("runners --in-flight 10000", "stopped: nothing is kept"),
        ("run --experiment 1 --messages 100 --live --speed 0.1", "stopped: "),
    ] {
        let out = TempDir::new().unwrap();
        let output = Long::start(line, &out).stop(Signal::SIGINT);
        assert!(said(&output).contains(said_then), "{line}: {}", said(&output));
    }
}
