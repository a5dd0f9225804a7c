//! A trace is told, and held against a simulator that is asked the same.

use std::fs;

use super::{TempDir, assert_code, chatsim, latest, run, said};

#[test]
fn the_traces_of_every_case_are_the_same_once_more() {
    for experiment in 1..=5 {
        let out = TempDir::new().unwrap();
        assert_code(&run(&format!("run --experiment {experiment} --messages 50"), &out), 0);
        for entry in latest(&out).join("traces").read_dir().unwrap() {
            let path = entry.unwrap().path();
            let output = chatsim(&format!("replay {}", path.display()));
            assert_code(&output, 0);
            assert!(said(&output).contains("Message 19"), "{}", path.display());
        }
    }
}

#[test]
fn a_trace_that_was_changed_is_found() {
    let out = TempDir::new().unwrap();
    assert_code(&run("run --experiment 1 --messages 50", &out), 0);
    let path = latest(&out).join("traces/pubsub.jsonl");
    let trace = fs::read_to_string(&path).unwrap();
    fs::write(&path, trace.replace("\"seed\":1,", "\"seed\":2,")).unwrap();
    let output = chatsim(&format!("replay {} --lang id", path.display()));
    assert_code(&output, 1);
    assert!(said(&output).contains("BERBEDA"), "{}", said(&output));
}
