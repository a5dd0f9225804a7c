//! Every seed of the fuzzer, and every input that once broke something, still obeys its law.

mod laws;

use std::{collections::BTreeSet, fs, panic, path::PathBuf};

use laws::LAWS;

fn seeds() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

#[test]
fn every_seed_obeys_its_law() {
    let mut broken = Vec::new();
    for (target, law) in LAWS {
        for seed in fs::read_dir(seeds().join(target)).unwrap() {
            let path = seed.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if panic::catch_unwind(|| law(&bytes)).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(broken.is_empty(), "broken by {broken:#?}");
}

#[test]
fn every_law_has_its_target_and_its_seeds() {
    let laws: BTreeSet<String> = LAWS.iter().map(|(target, _)| (*target).to_owned()).collect();
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(seeds().with_file_name(folder)).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        entries.map(|entry| stem(entry.unwrap().path())).collect()
    };
    assert_eq!(names("seeds"), laws);
    assert_eq!(names("fuzz_targets"), laws);
}
