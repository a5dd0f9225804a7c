use std::{fs, os::unix::fs::symlink, sync::Mutex};

use bao_tree::ChunkRanges;
use tempfile::TempDir;
use testkit::{PATIENCE, eventually};

use super::*;
use crate::blobs::tree::Blob;

/// A directory with these files, shared and looked through.
fn holdings(files: &[(&str, &[u8])]) -> (TempDir, Holdings) {
    let dir = TempDir::new().unwrap();
    for (name, content) in files {
        fs::write(dir.path().join(name), content).unwrap();
    }
    let holdings = Holdings::of_directory(dir.path()).unwrap();
    holdings.look(&|_| {});
    (dir, holdings)
}

fn names(holdings: &Holdings) -> Vec<String> {
    holdings.offered().iter().map(|held| held.name.to_string()).collect()
}

fn findings(holdings: &Holdings) -> Vec<Finding> {
    let findings = Mutex::new(Vec::new());
    holdings.look(&|finding| findings.lock().unwrap().push(finding));
    findings.into_inner().unwrap()
}

#[test]
fn regular_files_are_offered_by_name_and_by_hash() {
    let (dir, holdings) = holdings(&[("a.txt", b"content"), ("b.txt", b""), (".hidden", b"x")]);
    fs::create_dir(dir.path().join("folder")).unwrap();
    symlink("a.txt", dir.path().join("link")).unwrap();
    fs::write(dir.path().join("bell\x07"), b"x").unwrap();
    holdings.look(&|_| {});
    assert_eq!(names(&holdings), ["a.txt", "b.txt"]);

    let held = holdings.by_name(&"a.txt".parse().unwrap()).unwrap();
    assert_eq!(held.blob, Blob { hash: blake3::hash(b"content"), size: 7 });
    assert!(holdings.open_content(&blake3::hash(b"content")).is_some());
    assert!(holdings.open_content(&blake3::hash(b"other")).is_none());
}

#[test]
fn the_hash_of_a_file_of_many_pieces_is_its_blake3() {
    let content = testkit::content(1, 100_000);
    let (_dir, holdings) = holdings(&[("a", &content)]);
    assert!(holdings.open_content(&blake3::hash(&content)).is_some());
}

#[test]
fn a_file_that_was_changed_is_not_opened_and_is_hashed_again() {
    let (dir, holdings) = holdings(&[("a", b"before")]);
    fs::write(dir.path().join("a"), b"afterwards").unwrap();
    assert!(holdings.open_content(&blake3::hash(b"before")).is_none());
    assert_eq!(names(&holdings), [""; 0]);
    holdings.look(&|_| {});
    assert!(holdings.open_content(&blake3::hash(b"afterwards")).is_some());
}

#[test]
fn a_file_that_is_changed_while_it_is_sent_ends_the_answer() {
    let (dir, holdings) = holdings(&[("a", &testkit::content(1, 100_000))]);
    let opened = holdings.open_content(&holdings.offered()[0].blob.hash).unwrap();
    fs::write(dir.path().join("a"), b"short").unwrap();
    let mut sent = Vec::new();
    opened.write_to(&ChunkRanges::all(), &mut sent).unwrap_err();
    assert!(opened.has_changed());
}

#[test]
fn one_content_under_two_names_is_there_until_both_are_gone() {
    let (dir, holdings) = holdings(&[("a", b"same"), ("b", b"same")]);
    fs::remove_file(dir.path().join("a")).unwrap();
    holdings.look(&|_| {});
    assert!(holdings.open_content(&blake3::hash(b"same")).is_some());
    fs::remove_file(dir.path().join("b")).unwrap();
    holdings.look(&|_| {});
    assert!(holdings.open_content(&blake3::hash(b"same")).is_none());
    assert_eq!(holdings.read().memory, 0);
    assert!(holdings.read().by_hash.is_empty());
}

#[test]
fn what_changes_in_the_offer_is_told_and_what_does_not_is_not() {
    let (dir, holdings) = holdings(&[("a", b"1")]);
    assert!(findings(&holdings).is_empty());
    fs::write(dir.path().join("b"), b"22").unwrap();
    let told = findings(&holdings);
    assert!(
        matches!(&told[..], [Finding::Hashing { size: 2, .. }, Finding::OfferChanged { files: 2 }]),
        "{told:?}"
    );
    fs::remove_file(dir.path().join("a")).unwrap();
    let told = findings(&holdings);
    assert!(matches!(told[..], [Finding::OfferChanged { files: 1 }]), "{told:?}");
}

#[test]
fn a_person_reads_of_large_files_that_they_are_read() {
    let hashing = |size| Finding::Hashing { name: "a.bin".parse().unwrap(), size };
    assert_eq!(hashing(LARGE - 1).sentence(), None);
    assert_eq!(hashing(LARGE).sentence().unwrap(), "reading a.bin, 16.0 MiB");
    assert_eq!(Finding::OfferChanged { files: 1 }.sentence().unwrap(), "1 file is shared");
}

#[test]
fn one_file_is_shared_without_its_neighbours() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("a"), b"1").unwrap();
    fs::write(dir.path().join("b"), b"2").unwrap();
    let holdings = Holdings::of_file(&dir.path().join("a")).unwrap();
    holdings.look(&|_| {});
    assert_eq!(names(&holdings), ["a"]);
    for name in ["missing", ".", "..", "bell\x07"] {
        assert!(Holdings::of_file(&dir.path().join(name)).is_err(), "{name:?}");
    }
}

#[test]
fn the_directory_is_looked_after_until_the_holdings_are_dropped() {
    let dir = TempDir::new().unwrap();
    let holdings = Arc::new(Holdings::of_directory(dir.path()).unwrap());
    let (told, tells) = mpsc::channel();
    holdings.keep_current(move |finding| drop(told.send(finding))).unwrap();
    fs::write(dir.path().join("a"), b"1").unwrap();
    eventually(PATIENCE, "the file is offered", || !holdings.offered().is_empty());
    drop(holdings);
    // The thread held the other end.
    while tells.recv_timeout(PATIENCE).is_ok() {}
    assert_eq!(tells.try_recv().unwrap_err(), mpsc::TryRecvError::Disconnected);
}
