//! What is kept of files that are stored in more than one go.

use std::time::Duration;

use protocol::ErrorCode;
use rustix::io::Errno;

use super::*;
use crate::{
    faults::{Faults, Operation},
    part::PartKey,
};

const LEN: u64 = 10;
const DAY: Duration = Duration::from_secs(24 * 3600);

fn key(digit: char) -> PartKey {
    let id = digit.to_string().repeat(32).parse().unwrap();
    PartKey { id, visitor: Some("alice".to_owned()) }
}

fn store(directory: &Directory, at: &str, key: &PartKey) -> Result<Upload, StorageError> {
    directory.store(name(at), LEN, IfExists::Replace, Some(key))
}

/// Leaves a part of `content`.
fn leave(directory: &Directory, key: &PartKey, content: &[u8]) {
    store(directory, "a.txt", key).unwrap().write(content).unwrap();
}

fn make_older(temp: &TempDir, age: Duration) {
    for entry in fs::read_dir(temp.path()).unwrap() {
        let file = fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - age).unwrap();
    }
}

#[test]
fn what_came_is_kept_and_gone_on_with_until_it_takes_its_name() {
    let (temp, directory) = directory();
    leave(&directory, &key('1'), b"0123");
    assert_eq!((directory.list().unwrap(), entries(&temp)), (vec![], 1));
    let mut upload = store(&directory, "a.txt", &key('1')).unwrap();
    assert_eq!(upload.len(), 4);
    let mut kept = [0; 20];
    assert_eq!(upload.read_at(&mut kept, 1).unwrap(), 3);
    assert_eq!(&kept[..3], b"123");
    upload.write(b"456789").unwrap();
    assert_eq!(upload.commit().unwrap(), LEN);
    assert_eq!(content(directory.read(&name("a.txt")).unwrap()), b"0123456789");
    assert_eq!(entries(&temp), 1);
    assert_eq!(store(&directory, "a.txt", &key('1')).unwrap().len(), 0);
    assert_eq!(entries(&temp), 1, "what nothing came of leaves nothing");
}

#[test]
fn a_part_is_for_its_own_visitor_name_and_length_alone() {
    let (temp, directory) = directory();
    leave(&directory, &key('1'), b"0123");
    let bob = PartKey { visitor: Some("bob".to_owned()), ..key('1') };
    let nobody = PartKey { visitor: None, ..key('1') };
    let refused = [
        store(&directory, "a.txt", &bob),
        store(&directory, "a.txt", &nobody),
        store(&directory, "b.txt", &key('1')),
        directory.store(name("a.txt"), LEN + 1, IfExists::Replace, Some(&key('1'))),
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().code(), ErrorCode::Forbidden);
    }
    assert_eq!(store(&directory, "a.txt", &key('2')).unwrap().len(), 0);
    assert_eq!(store(&directory, "a.txt", &key('1')).unwrap().len(), 4);
    assert_eq!(entries(&temp), 1);
}

#[test]
fn one_connection_at_a_time_adds_to_a_part() {
    let (_temp, directory) = directory();
    let first = store(&directory, "a.txt", &key('1')).unwrap();
    let second = store(&directory, "a.txt", &key('1'));
    assert_eq!(second.unwrap_err().code(), ErrorCode::Busy);
    drop(first);
    store(&directory, "a.txt", &key('1')).unwrap();
}

#[test]
fn parts_outlast_their_server_and_expire() {
    for age in [DAY - Duration::from_secs(60), DAY + Duration::from_secs(60)] {
        let (temp, old) = directory();
        leave(&old, &key('1'), b"0123");
        make_older(&temp, age);
        let usage = Box::leak(Box::default());
        let new = Directory::open(temp.path(), &DirectoryOptions::default(), usage).unwrap();
        assert_eq!(entries(&temp), usize::from(age < DAY), "{age:?}");
        // Also for a server that was there all the time.
        assert_eq!(store(&new, "a.txt", &key('1')).unwrap().len(), if age < DAY { 4 } else { 0 });
    }
}

#[test]
fn an_expired_part_is_not_gone_on_with_and_makes_room_for_others() {
    let options = DirectoryOptions { quota: LEN, ..DirectoryOptions::default() };
    let (temp, directory, usage) = directory_with(options);
    leave(&directory, &key('1'), b"0123");
    assert_eq!(used(usage), (4, 1));
    make_older(&temp, DAY);
    let again = store(&directory, "a.txt", &key('1')).unwrap();
    assert_eq!((again.len(), used(usage)), (0, (0, 1)));
    drop(again);
    leave(&directory, &key('1'), b"0123");
    make_older(&temp, DAY);
    leave(&directory, &key('2'), b"012345");
    assert_eq!((used(usage), counted(&temp)), ((6, 1), (6, 1)));
    make_older(&temp, DAY);
    directory.create(name("b.txt"), IfExists::Replace).unwrap().write(&[0; 10]).unwrap();
    assert_eq!(entries(&temp), 0);
}

#[test]
fn a_part_that_somebody_adds_to_does_not_expire() {
    let (temp, directory) = directory();
    let mut slow = store(&directory, "a.txt", &key('1')).unwrap();
    slow.write(b"0123").unwrap();
    make_older(&temp, DAY);
    drop(store(&directory, "b.txt", &key('2')).unwrap());
    Directory::open(temp.path(), &DirectoryOptions::default(), Box::leak(Box::default())).unwrap();
    slow.write(b"456789").unwrap();
    slow.commit().unwrap();
    assert_eq!(content(directory.read(&name("a.txt")).unwrap()), b"0123456789");
}

#[test]
fn parts_count_towards_the_quota_and_what_cannot_fit_is_refused_before_it_comes() {
    let options = DirectoryOptions { quota: 15, files_max: 3, ..DirectoryOptions::default() };
    let (temp, directory, usage) = directory_with(options);
    leave(&directory, &key('1'), b"0123");
    leave(&directory, &key('2'), b"01");
    assert_eq!((used(usage), counted(&temp)), ((6, 2), (6, 2)));
    let too_much = store(&directory, "a.txt", &key('3'));
    assert!(matches!(too_much, Err(StorageError::QuotaExceeded(15))), "{too_much:?}");
    let again = store(&directory, "a.txt", &key('1')).unwrap();
    assert_eq!(used(usage), (6, 2));
    let mut again = again;
    again.write(b"456789").unwrap();
    again.commit().unwrap();
    assert_eq!((used(usage), counted(&temp)), ((12, 2), (12, 2)));
}

#[test]
fn ten_thousand_parts_fill_no_more_than_the_limits_allow() {
    let options = DirectoryOptions { files_max: 50, ..DirectoryOptions::default() };
    let (temp, directory, _) = directory_with(options);
    let mut refused = 0;
    for number in 0..10_000 {
        let id = format!("{number:032x}").parse().unwrap();
        match store(&directory, "a.txt", &PartKey { id, visitor: None }) {
            Ok(mut upload) => upload.write(b"0").unwrap(),
            Err(StorageError::TooManyFiles(50)) => refused += 1,
            Err(err) => panic!("{err:?}"),
        }
    }
    assert_eq!((entries(&temp), refused), (50, 9_950));
}

#[test]
fn what_a_full_disk_has_no_room_for_is_not_kept() {
    let options = DirectoryOptions { quota: 1000, ..DirectoryOptions::default() };
    let (temp, directory, usage) = directory_with(options);
    let mut upload = store(&directory, "a.txt", &key('1')).unwrap();
    upload.write(b"01").unwrap();
    let faults = Faults::none().with(Operation::Write, 0, Errno::NOSPC);
    assert!(matches!(upload.write(b"23"), Err(StorageError::NoSpace)));
    drop(faults);
    drop(upload);
    assert_eq!((entries(&temp), used(usage)), (0, (0, 0)));
}

#[test]
fn a_server_that_keeps_no_parts_begins_anew() {
    let options = DirectoryOptions { keep_parts: Duration::ZERO, ..DirectoryOptions::default() };
    let (temp, directory, _) = directory_with(options);
    leave(&directory, &key('1'), b"0123");
    assert_eq!(entries(&temp), 0);
}

#[test]
fn a_part_of_a_writer_that_was_killed_is_counted_and_gone_on_with() {
    let options = DirectoryOptions { quota: 1000, ..DirectoryOptions::default() };
    let (temp, directory, usage) = directory_with(options);
    let mut upload = store(&directory, "a.txt", &key('1')).unwrap();
    upload.write(b"0123").unwrap();
    upload.kill();
    directory.remove_abandoned_uploads().unwrap();
    assert_eq!((used(usage), counted(&temp)), ((4, 1), (4, 1)));
    assert_eq!(store(&directory, "a.txt", &key('1')).unwrap().len(), 4);
}
