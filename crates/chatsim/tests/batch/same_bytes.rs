//! The same seed gives the same records, to the last byte.

use std::{collections::BTreeMap, path::PathBuf};

use tempfile::TempDir;

use super::{assert_code, files, latest, lines, observed, run};

/// Of records and traces; what else is in the directory says when it was made.
fn raw(line: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let out = TempDir::new().unwrap();
    assert_code(&run(line, &out), 0);
    let dir = latest(&out);
    let raw = [dir.join("records"), dir.join("traces")];
    let raw = raw.iter().flat_map(|part| files(part));
    raw.map(|(path, bytes)| (path.strip_prefix(&dir).unwrap().to_owned(), bytes)).collect()
}

#[test]
fn records_are_the_same_bytes_on_any_number_of_threads() {
    let line = "run --experiment 4 --messages 2000 --seed 7";
    let first = raw(&format!("{line} --threads 1"));
    assert_eq!(first.len(), 24);
    assert!(raw(&format!("{line} --threads 4")) == first, "four threads");
    assert!(raw(&format!("{line} --threads 1")) == first, "once more");
    assert!(raw(&format!("{line} --watch")) == first, "while it can be watched");
    assert!(raw("run --experiment 4 --messages 2000 --seed 8") != first, "another seed");
}

#[test]
fn a_timeout_does_not_change_how_many_messages_are_delivered() {
    let out = TempDir::new().unwrap();
    assert_code(&run("run --experiment 4 --messages 5000", &out), 0);
    let lines = lines(&latest(&out));
    for retries in [0, 1, 2, 5] {
        let delivered = [300, 600, 1000]
            .map(|timeout| observed(&lines, &format!("r{retries}-t{timeout}"), "delivered"));
        assert!(delivered.iter().all(|share| *share == delivered[0]), "{retries}: {delivered:?}");
    }
}
