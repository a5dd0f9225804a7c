//! A gate makes a condition on the results the exit status.

use super::{TempDir, assert_code, chatsim, latest, run, said};

#[test]
fn a_gate_that_is_not_met_names_the_line_and_its_value() {
    let out = TempDir::new().unwrap();
    let line = "run --experiment 1 --messages 500 --gate";
    assert_code(&run(&format!("{line} case=pubsub,measure=delivered:observed>0.9"), &out), 0);
    let broken = run(&format!("{line} measure=delivered:observed>0.99"), &out);
    assert_code(&broken, 4);
    let said = said(&broken);
    assert!(
        said.contains("case=direct,measure=delivered,world=simulated: observed is 0."),
        "{said}"
    );
    let report = format!("report {} --gate measure=attempts:observed<1", latest(&out).display());
    assert_code(&chatsim(&report), 4);
}

#[test]
fn a_gate_about_nothing_is_refused_before_anything_is_simulated() {
    for gate in ["case=none:observed>0", "speed>1", "measure=delivered:method==1"] {
        let out = TempDir::new().unwrap();
        assert_code(&run(&format!("run --experiment 1 --gate {gate}"), &out), 2);
        assert_eq!(out.path().read_dir().unwrap().count(), 0, "{gate}");
    }
}

#[test]
fn a_sweep_has_a_case_for_each_number_of_retries_and_each_timeout_once() {
    let out = TempDir::new().unwrap();
    let line = "sweep --retries 3,0,3 --timeouts 400,200 --loss 30 --messages 300";
    assert_code(&run(line, &out), 0);
    let lines = super::lines(&latest(&out));
    let mut cases: Vec<_> = lines.iter().map(|line| line["case"].as_str()).collect();
    cases.dedup();
    assert_eq!(cases, ["r0-t200", "r0-t400", "r3-t200", "r3-t400"]);
}
