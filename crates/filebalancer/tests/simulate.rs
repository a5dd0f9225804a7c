//! `filebalancer simulate`, as it is typed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use serde_json::Value;

fn simulate(line: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filebalancer"));
    let output = command.arg("simulate").args(line.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_same_seed_prints_the_same_and_another_one_another() {
    let line = "--backends 100 --policy two-choices --requests 20000 --json --seed ";
    let first = simulate(&format!("{line}7"));
    assert_eq!(simulate(&format!("{line}7")), first);
    assert_ne!(simulate(&format!("{line}8")), first);
}

#[test]
fn mean_and_prediction_stand_side_by_side() {
    let line = "--backends 1 --rate 500 --service 1ms --requests 200000";
    let report: Value = serde_json::from_str(&simulate(&format!("{line} --json"))).unwrap();
    assert_eq!(report["predicted"]["model"], "M/D/1");
    let [mean, predicted, margin] = [
        &report["response"]["mean_s"],
        &report["predicted"]["mean_s"],
        &report["response"]["margin_s"],
    ]
    .map(|value| value.as_f64().unwrap());
    assert!((mean - predicted).abs() < 2.0 * margin, "{report}");
    let text = simulate(line);
    let row = text.lines().find(|line| line.starts_with("predicted (M/D/1)")).unwrap();
    assert!(row.ends_with(" 1.50 ms"), "{text}");
    assert!(text.contains("180000 answered, 0 failed"), "{text}");
}

#[test]
fn a_slow_backend_is_seen_to_be_busier() {
    let line = "--backends 2 --service 1ms,4ms --rate 200 --requests 20000";
    let report: Value = serde_json::from_str(&simulate(&format!("{line} --json"))).unwrap();
    // Each gets half of 200 requests a second.
    for (place, expected) in [(0, 0.1), (1, 0.4)] {
        let share = report["backends"][place]["busy_share"].as_f64().unwrap();
        assert!((share / expected - 1.0).abs() < 0.05, "{report}");
    }
    let text = simulate(line);
    assert!(text.contains("busy %"), "{text}");
}

#[test]
fn too_much_work_fails_and_says_why() {
    let text = simulate("--backends 2 --rate 4000 --max 1 --queue 10 --requests 10000");
    assert!(text.contains("found the queue full"), "{text}");
    assert!(!text.contains("predicted"), "{text}");
}
