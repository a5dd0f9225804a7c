//! Every operation of an upload and of a deletion fails once, in every way that matters.

use protocol::ErrorCode;
use rustix::io::Errno;

use super::*;
use crate::faults::{
    Faults,
    Operation::{self, *},
};

const WAYS: [(Errno, ErrorCode); 6] = [
    (Errno::NOSPC, ErrorCode::NoSpace),
    (Errno::DQUOT, ErrorCode::NoSpace),
    (Errno::ROFS, ErrorCode::ReadOnly),
    (Errno::ACCESS, ErrorCode::ReadOnly),
    (Errno::IO, ErrorCode::Internal),
    (Errno::MFILE, ErrorCode::Busy),
];

const NEW: &[u8] = b"new content, in three pieces";

/// A directory that is limited and as durable as can be, with one other file.
fn full() -> (TempDir, Directory, &'static Usage) {
    let options = DirectoryOptions {
        durability: Durability::Full,
        quota: 1000,
        files_max: 10,
        ..DirectoryOptions::default()
    };
    let (temp, directory, usage) = directory_with(options);
    upload(&directory, "other.txt", b"other").commit().unwrap();
    (temp, directory, usage)
}

fn store(directory: &Directory, if_exists: IfExists) -> Result<u64, StorageError> {
    let mut upload = directory.create(name("a.txt"), if_exists)?;
    for piece in NEW.chunks(10) {
        upload.write(piece)?;
    }
    upload.commit()
}

fn stored(directory: &Directory) -> Option<Vec<u8>> {
    directory.read(&name("a.txt")).ok().map(content)
}

fn temporaries(temp: &TempDir) -> usize {
    let entries = fs::read_dir(temp.path()).unwrap();
    entries.filter(|entry| temporary::is_temporary(&entry.as_ref().unwrap().file_name())).count()
}

/// The calls that `work` makes, each with how many of its kind came before.
fn calls_of(work: impl FnOnce()) -> Vec<(Operation, usize)> {
    let faults = Faults::none();
    work();
    let calls = faults.calls();
    let nth = |at: usize| calls[..at].iter().filter(|call| **call == calls[at]).count();
    (0..calls.len()).map(|at| (calls[at], nth(at))).collect()
}

fn operations(calls: &[(Operation, usize)]) -> Vec<Operation> {
    calls.iter().map(|(operation, _)| *operation).collect()
}

fn every_call_of_an_upload_fails(if_exists: IfExists, old: Option<&[u8]>, expected: &[Operation]) {
    let with_old = || {
        let (temp, directory, usage) = full();
        if let Some(old) = old {
            upload(&directory, "a.txt", old).commit().unwrap();
        }
        (temp, directory, usage)
    };
    let (_temp, directory, _) = with_old();
    let calls = calls_of(|| assert_eq!(store(&directory, if_exists).unwrap(), NEW.len() as u64));
    assert_eq!(operations(&calls), expected);

    for (operation, nth) in calls {
        for (errno, code) in WAYS {
            let call = format!("call {nth} of {operation:?}: {errno}");
            let (temp, directory, usage) = with_old();
            let before = used(usage);
            let faults = Faults::none().with(operation, nth, errno);
            let result = store(&directory, if_exists);
            drop(faults);
            match operation {
                // The upload is done; what stays is like what a killed process leaves.
                Remove => {
                    assert_eq!(result.unwrap(), NEW.len() as u64, "{call}");
                    assert_eq!(stored(&directory).as_deref(), Some(NEW), "{call}");
                    assert_eq!(temporaries(&temp), 1, "{call}");
                    directory.remove_abandoned_uploads().unwrap();
                }
                // The directory was there when the file got its name, and is not any more.
                Look if nth == 2 => {
                    assert!(matches!(result, Err(StorageError::Gone)), "{call}");
                    assert_eq!(stored(&directory).as_deref(), Some(NEW), "{call}");
                }
                Look => {
                    assert!(matches!(result, Err(StorageError::Gone)), "{call}");
                    assert_eq!(stored(&directory).as_deref(), old, "{call}");
                    assert_eq!(used(usage), before, "{call}");
                }
                SyncDirectory => {
                    assert_eq!(result.unwrap_err().code(), code, "{call}");
                    assert_eq!(stored(&directory).as_deref(), Some(NEW), "{call}");
                }
                _ => {
                    assert_eq!(result.unwrap_err().code(), code, "{call}");
                    assert_eq!(stored(&directory).as_deref(), old, "{call}");
                    assert_eq!(used(usage), before, "{call}");
                }
            }
            assert_eq!(temporaries(&temp), 0, "{call}");
            assert_eq!(used(usage), counted(&temp), "{call}");
            store(&directory, IfExists::Replace).unwrap();
            assert_eq!(stored(&directory).as_deref(), Some(NEW), "{call}");
            assert_eq!(used(usage), counted(&temp), "{call}");
        }
    }
}

/// The calls of an upload of three pieces that is to outlast a power failure.
fn calls_of_upload(naming: &[Operation]) -> Vec<Operation> {
    let before = [Look, OpenDirectory, Create, Lock, Write, Write, Write, Sync, Look];
    [&before, naming, &[SyncDirectory, Look]].concat()
}

#[test]
fn whatever_fails_while_a_file_is_replaced_the_old_one_is_intact() {
    let calls = calls_of_upload(&[Rename]);
    every_call_of_an_upload_fails(IfExists::Replace, Some(b"old"), &calls);
}

#[test]
fn whatever_fails_while_a_file_is_added_there_is_none() {
    every_call_of_an_upload_fails(IfExists::Replace, None, &calls_of_upload(&[Rename]));
    every_call_of_an_upload_fails(IfExists::Refuse, None, &calls_of_upload(&[Link, Remove]));
}

#[test]
fn a_temporary_file_that_cannot_be_removed_is_counted_until_it_is_swept() {
    let (temp, directory, usage) = full();
    let before = used(usage);
    for operation in [Write, Sync, Rename] {
        let faults = Faults::none().with(operation, 0, Errno::IO).with(Remove, 0, Errno::IO);
        assert_eq!(store(&directory, IfExists::Replace).unwrap_err().code(), ErrorCode::Internal);
        drop(faults);
        assert_eq!((temporaries(&temp), stored(&directory)), (1, None), "{operation:?}");
        assert_eq!(usage.files(), 2, "{operation:?}");
        directory.remove_abandoned_uploads().unwrap();
        assert_eq!((temporaries(&temp), used(usage)), (0, before), "{operation:?}");
    }
}

#[test]
fn a_failed_sync_is_not_tried_again() {
    for operation in [Sync, SyncDirectory] {
        let (_temp, directory, _) = full();
        let faults = Faults::none().with(operation, 0, Errno::IO);
        store(&directory, IfExists::Replace).unwrap_err();
        assert_eq!(faults.calls().iter().filter(|call| **call == operation).count(), 1);
    }
}

#[test]
fn an_upload_that_lacks_a_piece_is_never_committed() {
    let (temp, directory, _) = full();
    let mut upload = directory.create(name("a.txt"), IfExists::Replace).unwrap();
    upload.write(b"first").unwrap();
    let faults = Faults::none().with(Write, 0, Errno::NOSPC);
    assert!(matches!(upload.write(b"second"), Err(StorageError::NoSpace)));
    drop(faults);
    assert!(matches!(upload.write(b"third"), Err(StorageError::Disk(_))));
    assert!(matches!(upload.commit(), Err(StorageError::Disk(_))));
    assert_eq!((stored(&directory), temporaries(&temp)), (None, 0));
}

#[test]
fn durability_decides_what_is_synced_and_when() {
    let syncs = |durability| {
        let (_temp, directory, _) =
            directory_with(DirectoryOptions { durability, ..DirectoryOptions::default() });
        let calls = calls_of(|| {
            store(&directory, IfExists::Replace).unwrap();
            directory.delete(&name("a.txt")).unwrap();
        });
        let mut calls = operations(&calls);
        calls.retain(|call| matches!(call, Sync | SyncDirectory | Rename | Remove));
        calls
    };
    assert_eq!(syncs(Durability::None), [Rename, Remove]);
    assert_eq!(syncs(Durability::File), [Sync, Rename, Remove]);
    assert_eq!(syncs(Durability::Full), [Sync, Rename, SyncDirectory, Remove, SyncDirectory]);
}

#[test]
fn whatever_fails_in_a_deletion_the_file_is_intact_or_gone() {
    let (_temp, directory, _) = full();
    let calls = calls_of(|| directory.delete(&name("other.txt")).unwrap());
    assert_eq!(operations(&calls), [Look, OpenDirectory, Remove, SyncDirectory]);
    for (operation, nth) in calls {
        for (errno, code) in WAYS {
            let (temp, directory, usage) = full();
            let faults = Faults::none().with(operation, nth, errno);
            let err = directory.delete(&name("other.txt")).unwrap_err();
            let code = if operation == Look { ErrorCode::Internal } else { code };
            assert_eq!(err.code(), code, "{operation:?}: {errno}");
            drop(faults);
            let left = usize::from(operation != SyncDirectory);
            assert_eq!(directory.list().unwrap().len(), left, "{operation:?}: {errno}");
            assert_eq!(used(usage), counted(&temp), "{operation:?}: {errno}");
        }
    }
}
