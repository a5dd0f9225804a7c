//! Tables and report come from the raw files alone.

use std::fs;

use super::{TempDir, Value, assert_code, chatsim, files, latest, run, said};

#[test]
fn what_people_read_is_made_again_from_the_raw_files_alone() {
    let out = TempDir::new().unwrap();
    assert_code(&run("run --experiment 1 --messages 1000", &out), 0);
    let dir = latest(&out);
    let before = files(&dir);
    let made = ["table.csv", "table.md", "table.xlsx", "report.html"];
    for name in made {
        fs::remove_file(dir.join(name)).unwrap();
    }
    let report = format!("report {}", dir.display());
    assert_code(&chatsim(&report), 0);
    let differing: Vec<_> =
        files(&dir).into_iter().filter(|(path, bytes)| before.get(path) != Some(bytes)).collect();
    assert!(
        differing.is_empty(),
        "{:?}",
        differing.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    assert_code(&chatsim(&format!("{report} --lang id")), 0);
    let page = fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(page.contains("lang=\"id\"") && page.contains("Yang ditemukan"), "{page}");
}

#[test]
fn json_has_every_number_and_nothing_else_is_on_standard_output() {
    let out = TempDir::new().unwrap();
    let output = run("run --experiment 2 --messages 500 --json --gate samples>0", &out);
    assert_code(&output, 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((json["messages"].as_u64(), json["seed"].as_u64()), (Some(500), Some(1)));
    let numbers = json["numbers"].as_array().unwrap();
    let found = numbers.iter().find(|it| it["case"] == "pubsub" && it["measure"] == "delivered");
    assert_eq!(found.unwrap()["predicted"].as_f64(), Some(0.875));
    assert!(String::from_utf8_lossy(&output.stderr).contains("met"), "{}", said(&output));
}

#[test]
fn each_experiment_says_what_was_expected_and_what_is_so() {
    for experiment in 1..=5 {
        let out = TempDir::new().unwrap();
        let output = run(&format!("run --experiment {experiment} --messages 300"), &out);
        assert_code(&output, 0);
        assert!(said(&output).contains("- Expected before the run: "), "{}", said(&output));
        assert!(said(&output).contains("numbers agree with theory"), "{}", said(&output));
    }
}

#[test]
fn what_is_no_run_is_refused_in_words() {
    let out = TempDir::new().unwrap();
    let output = chatsim(&format!("report {}", out.path().display()));
    assert_code(&output, 2);
    assert!(said(&output).contains("environment.json"), "{}", said(&output));
}
