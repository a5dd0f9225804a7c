use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::blobs::{known::Known, tree::PIECE_LEN};

fn write(partial: &mut Partial, known: &Known, bytes: Range<u64>) {
    known.pieces(bytes).iter().for_each(|piece| partial.write(piece).unwrap());
}

fn target(dir: &TempDir, if_exists: IfExists) -> Target {
    Target { path: dir.path().join("a.bin"), if_exists }
}

fn open(dir: &TempDir, known: &Known) -> (Partial, Vec<Range<u64>>) {
    Partial::open(target(dir, IfExists::Refuse), known.blob()).unwrap()
}

fn entries(dir: &TempDir) -> usize {
    fs::read_dir(dir.path()).unwrap().count()
}

#[test]
fn a_whole_file_has_its_name_and_nothing_is_left_beside_it() {
    for len in [0, 1, 16_384, 16_385, 300_001] {
        let (dir, known) = (TempDir::new().unwrap(), Known::of_len(len));
        let (mut partial, _) = open(&dir, &known);
        write(&mut partial, &known, 0..len as u64);
        let path = partial.finish().unwrap();
        assert!(fs::read(path).unwrap() == known.content, "{len}");
        assert_eq!(entries(&dir), 1, "{len}");
    }
}

#[test]
fn what_was_written_is_proved_and_not_missing_any_more() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(300_001));
    let (mut partial, missing) = open(&dir, &known);
    let all = 0..300_001;
    assert_eq!(missing, [all]);
    write(&mut partial, &known, 2 * PIECE_LEN..4 * PIECE_LEN);
    write(&mut partial, &known, 18 * PIECE_LEN..300_001);
    drop(partial);
    let (mut partial, missing) = open(&dir, &known);
    assert_eq!(missing, [0..2 * PIECE_LEN, 4 * PIECE_LEN..18 * PIECE_LEN]);
    missing.into_iter().for_each(|bytes| write(&mut partial, &known, bytes));
    assert!(fs::read(partial.finish().unwrap()).unwrap() == known.content);
}

#[test]
fn what_was_altered_on_the_disk_is_missing() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(300_001));
    let (mut partial, _) = open(&dir, &known);
    write(&mut partial, &known, 0..300_001);
    partial.file.write_all_at(b"?", 3 * PIECE_LEN + 5).unwrap();
    drop(partial);
    let altered = 3 * PIECE_LEN..4 * PIECE_LEN;
    assert_eq!(open(&dir, &known).1, [altered]);
}

#[test]
fn a_whole_file_that_was_killed_before_it_had_its_name_is_found() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(300_001));
    let (mut partial, _) = open(&dir, &known);
    write(&mut partial, &known, 0..300_001);
    partial.file.set_len(300_001).unwrap();
    drop(partial);
    let (partial, missing) = open(&dir, &known);
    assert_eq!(missing, []);
    assert!(fs::read(partial.finish().unwrap()).unwrap() == known.content);
}

#[test]
fn a_file_under_way_that_is_empty_is_not_left_behind() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(300_001));
    drop(open(&dir, &known));
    assert_eq!(entries(&dir), 0);
}

#[test]
fn one_content_is_fetched_into_a_folder_once_at_a_time() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(300_001));
    let (first, _) = open(&dir, &known);
    let second = Partial::open(target(&dir, IfExists::Refuse), known.blob());
    assert!(matches!(second, Err(TargetError::Busy(_))));
    drop(first);
    open(&dir, &known);
}

#[test]
fn a_file_is_replaced_only_when_that_was_asked_for() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(5));
    // It comes into being while the content is under way.
    let (mut partial, _) = open(&dir, &known);
    write(&mut partial, &known, 0..5);
    fs::write(dir.path().join("a.bin"), b"old").unwrap();
    assert!(matches!(partial.finish(), Err(TargetError::Exists(_))));
    assert_eq!(fs::read(dir.path().join("a.bin")).unwrap(), b"old");

    let refused = Partial::open(target(&dir, IfExists::Refuse), known.blob());
    assert!(matches!(refused, Err(TargetError::Exists(_))));
    let replacing = Partial::open(target(&dir, IfExists::Replace), known.blob());
    let path = replacing.unwrap().0.finish().unwrap();
    assert!(fs::read(path).unwrap() == known.content);
    assert_eq!(entries(&dir), 1);
}

#[test]
fn what_is_no_file_is_neither_replaced_nor_followed() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(5));
    symlink("elsewhere", dir.path().join("a.bin")).unwrap();
    let replacing = Partial::open(target(&dir, IfExists::Replace), known.blob());
    assert!(matches!(replacing, Err(TargetError::NotAFile(_))));

    fs::remove_file(dir.path().join("a.bin")).unwrap();
    fs::write(dir.path().join("precious"), b"x").unwrap();
    let partial = format!("{PREFIX}{}{SUFFIX}", known.blob().hash);
    symlink("precious", dir.path().join(partial)).unwrap();
    let followed = Partial::open(target(&dir, IfExists::Refuse), known.blob());
    assert!(matches!(followed, Err(TargetError::Busy(_))));
    assert_eq!(fs::read(dir.path().join("precious")).unwrap(), b"x");
}

#[test]
fn files_that_nobody_went_on_with_are_removed_after_a_week() {
    let (dir, known) = (TempDir::new().unwrap(), Known::of_len(300_001));
    let hash = |content: &[u8]| blake3::hash(content).to_hex();
    let old = SystemTime::now() - ABANDONED_AFTER - Duration::from_secs(1);
    let make = |name: String, modified: SystemTime| {
        File::create(dir.path().join(name)).unwrap().set_modified(modified).unwrap();
    };
    make(format!("{PREFIX}{}{SUFFIX}", hash(b"abandoned")), old);
    make(format!("{PREFIX}{}{SUFFIX}", hash(b"young")), SystemTime::now());
    make(format!("{PREFIX}mine{SUFFIX}"), old);
    let (partial, _) = open(&dir, &known);
    assert_eq!(entries(&dir), 3);
    drop(partial);
    assert!(!dir.path().join(format!("{PREFIX}{}{SUFFIX}", hash(b"abandoned"))).exists());
}
