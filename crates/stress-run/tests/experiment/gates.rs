//! Gates on a run: the exit status, the rows that are named, and what is refused.

use super::{
    foreign_server::{self, Fault},
    run::{Finished, Run},
};

const SMALL: [&str; 8] =
    ["--modes", "thread", "--volumes", "0.25", "--clients", "1,2", "--servers", "1"];

fn gated(run: &Run, args: &[&str], gates: &[&str]) -> Finished {
    let gates = gates.iter().flat_map(|gate| ["--gate", *gate]);
    run.finish(&args.iter().copied().chain(gates).collect::<Vec<_>>())
}

#[test]
fn a_run_that_meets_its_gates_is_all_well() {
    let finished =
        gated(&Run::new(), &SMALL, &["failed==0", "clients=2:mean_s<60;servers=1:max_s>0"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.contains("gate 'failed==0': met (4 checked)\n"), "{}", finished.stdout);
    assert!(finished.stdout.contains("gate 'clients=2:mean_s<60': met (2 checked)\n"));
}

#[test]
fn a_gate_that_is_not_met_names_its_rows() {
    let gates = ["clients=2,operation=upload: goodput_bytes_per_s>=1e15", "failed==0"];
    let finished = gated(&Run::new(), &SMALL, &gates);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    let named = "NOT met by 1 of 1\n  mode=thread,operation=upload,encoding=base64,volume_bytes=262144,\
        clients=2,server_workers=1,repetition=1: goodput_bytes_per_s is ";
    assert!(finished.stdout.contains(named), "{}", finished.stdout);
}

#[test]
fn a_gate_that_cannot_be_broken_is_refused_before_anything_is_measured() {
    for gate in ["mean<3", "mode=async:failed==0", "repetition=2:failed==0", "invalid==0", "failed"]
    {
        let run = Run::new();
        let finished = gated(&run, &SMALL, &[gate]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{gate}");
        assert!(finished.stderr.contains("--gate"), "{}", finished.stderr);
        assert!(!run.out().exists() && run.leftovers() == 0, "{gate}");
    }
}

#[test]
fn a_broken_gate_comes_before_failures_and_a_met_one_does_not_hide_them() {
    let failing = [&SMALL[..], &["--fileserver", "/bin/false"]].concat();
    let finished = gated(&Run::new(), &failing, &["clients=1:mean_s<60"]);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stdout.contains(": mean_s has no value\n"), "{}", finished.stdout);
    let finished = gated(&Run::new(), &failing, &["succeeded==0"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stdout);
}

#[test]
fn wrong_bytes_come_before_a_broken_gate() {
    let address = foreign_server::start(Fault::WrongByte);
    let args = ["--connect", &address, "--servers", "1", "--volumes", "0.25", "--clients", "2"];
    let finished =
        gated(&Run::new(), &[&args[..], &["--ops", "download"]].concat(), &["failed==0"]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(finished.stdout.contains("gate 'failed==0': NOT met by 1 of 1"), "{}", finished.stdout);
}
