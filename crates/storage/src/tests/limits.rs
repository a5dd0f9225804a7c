//! The quota and the number of files, alone and with many at once.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use protocol::ErrorCode;
use rustix::io::Errno;

use super::*;
use crate::{
    faults::{Faults, Operation},
    space::name_lock::NameLock,
};

const UPLOADS: usize = 50;

fn limited(quota: u64) -> (TempDir, Directory, &'static Usage) {
    directory_with(DirectoryOptions { quota, ..DirectoryOptions::default() })
}

fn store(directory: &Directory, at: &str, content: &[u8]) -> Result<u64, StorageError> {
    let mut upload = directory.create(name(at), IfExists::Replace)?;
    upload.write(content)?;
    upload.commit()
}

#[test]
fn an_upload_beyond_the_quota_is_refused_and_named() {
    let (temp, directory, usage) = limited(10);
    store(&directory, "a.txt", &[0; 6]).unwrap();
    let err = store(&directory, "b.txt", &[0; 5]).unwrap_err();
    assert_eq!(err.code(), ErrorCode::NoSpace);
    assert_eq!(
        err.to_string(),
        "the files of this server may take 10 bytes together, and this one does not fit"
    );
    assert_eq!(used(usage), (6, 1));
    store(&directory, "b.txt", &[0; 4]).unwrap();
    assert_eq!((used(usage), counted(&temp)), ((10, 2), (10, 2)));
}

#[test]
fn an_upload_takes_space_from_its_first_byte_until_it_is_dropped() {
    let (_temp, directory, usage) = limited(10);
    let under_way = upload(&directory, "a.txt", &[0; 6]);
    assert!(matches!(store(&directory, "b.txt", &[0; 5]), Err(StorageError::QuotaExceeded(10))));
    drop(under_way);
    assert_eq!(used(usage), (0, 0));
    store(&directory, "b.txt", &[0; 10]).unwrap();
}

#[test]
fn a_replaced_file_gives_its_space_back_when_it_is_replaced() {
    let (temp, directory, usage) = limited(10);
    store(&directory, "a.txt", &[0; 6]).unwrap();
    assert!(matches!(store(&directory, "a.txt", &[0; 5]), Err(StorageError::QuotaExceeded(10))));
    store(&directory, "a.txt", &[0; 4]).unwrap();
    assert_eq!((used(usage), counted(&temp)), ((4, 1), (4, 1)));
}

#[test]
fn a_deleted_file_gives_its_space_back() {
    let (_temp, directory, usage) = limited(10);
    store(&directory, "a.txt", &[0; 10]).unwrap();
    directory.delete(&name("a.txt")).unwrap();
    assert_eq!(used(usage), (0, 0));
}

#[test]
fn with_as_many_files_as_there_may_be_one_can_still_be_replaced() {
    let (temp, directory, usage) =
        directory_with(DirectoryOptions { files_max: 2, ..DirectoryOptions::default() });
    store(&directory, "a.txt", b"a").unwrap();
    store(&directory, "b.txt", b"b").unwrap();
    let err = store(&directory, "c.txt", b"c").unwrap_err();
    assert_eq!(err.code(), ErrorCode::NoSpace);
    assert_eq!(err.to_string(), "this server keeps at most 2 files");
    store(&directory, "a.txt", b"new").unwrap();
    assert_eq!((used(usage), counted(&temp)), ((4, 2), (4, 2)));
    directory.delete(&name("b.txt")).unwrap();
    let under_way = upload(&directory, "c.txt", b"c");
    assert!(matches!(store(&directory, "d.txt", b"d"), Err(StorageError::TooManyFiles(2))));
    drop(under_way);
    store(&directory, "d.txt", b"d").unwrap();
}

#[test]
fn without_limits_nothing_is_counted() {
    let (_temp, directory, usage) = directory_with(DirectoryOptions::default());
    store(&directory, "a.txt", b"hello").unwrap();
    assert_eq!(used(usage), (0, 0));
}

#[test]
fn what_is_there_already_counts() {
    let temp = TempDir::new().unwrap();
    fs::write(temp.path().join("a.txt"), [0; 6]).unwrap();
    fs::write(temp.path().join(".upload-1-0"), [0; 1000]).unwrap();
    fs::create_dir(temp.path().join("dir")).unwrap();
    unix::fs::symlink(std::env::current_exe().unwrap(), temp.path().join("link")).unwrap();
    let usage: &Usage = Box::leak(Box::default());
    let options = DirectoryOptions { quota: 10, ..DirectoryOptions::default() };
    let directory = Directory::open(temp.path(), &options, usage).unwrap();
    assert_eq!(used(usage), (6, 1));
    assert!(matches!(store(&directory, "b.txt", &[0; 5]), Err(StorageError::QuotaExceeded(10))));
}

#[test]
fn space_that_others_made_is_found_before_an_upload_is_refused() {
    let (temp, directory, usage) =
        directory_with(DirectoryOptions { quota: 10, files_max: 2, ..DirectoryOptions::default() });
    store(&directory, "a.txt", &[0; 5]).unwrap();
    store(&directory, "b.txt", &[0; 5]).unwrap();
    assert!(store(&directory, "a.txt", b"c").is_err());
    fs::remove_file(temp.path().join("a.txt")).unwrap();
    store(&directory, "c.txt", &[0; 5]).unwrap();
    fs::write(temp.path().join("b.txt"), [0; 2]).unwrap();
    store(&directory, "b.txt", &[0; 3]).unwrap();
    assert_eq!((used(usage), counted(&temp)), ((8, 2), (8, 2)));
}

#[test]
fn what_others_added_is_noticed_when_the_last_count_is_old() {
    let (temp, directory, usage) = limited(10);
    fs::write(temp.path().join("a.txt"), [0; 100]).unwrap();
    store(&directory, "b.txt", &[0; 5]).unwrap();
    usage.make_stale();
    assert!(matches!(store(&directory, "c.txt", b"c"), Err(StorageError::QuotaExceeded(10))));
    assert_eq!(used(usage), (105, 2));
}

#[test]
fn what_a_killed_process_had_reserved_comes_back() {
    let (_temp, directory, usage) = limited(10);
    let _live = upload(&directory, "live.txt", &[0; 2]);
    upload(&directory, "a.txt", &[0; 8]).kill();
    assert_eq!(used(usage), (10, 2));
    directory.remove_abandoned_uploads().unwrap();
    assert_eq!(used(usage), (2, 1));
    store(&directory, "a.txt", &[0; 8]).unwrap();
}

#[test]
fn what_was_being_written_by_a_killed_process_comes_back_in_a_quiet_moment() {
    let (_temp, directory, usage) = limited(10);
    let live = upload(&directory, "live.txt", &[0; 2]);
    let mut killed = directory.create(name("a.txt"), IfExists::Replace).unwrap();
    let faults = Faults::none().with(Operation::Write, 0, Errno::IO);
    killed.write(&[0; 8]).unwrap_err();
    drop(faults);
    killed.kill();
    directory.remove_abandoned_uploads().unwrap();
    assert_eq!(used(usage), (10, 1));
    drop(live);
    directory.remove_abandoned_uploads().unwrap();
    assert_eq!(used(usage), (0, 0));
    let _live = upload(&directory, "live.txt", &[0; 2]);
    upload(&directory, "a.txt", &[0; 8]).kill();
    directory.remove_abandoned_uploads().unwrap();
    assert_eq!(used(usage), (2, 1));
}

#[test]
fn a_stranger_who_locks_the_directory_cannot_stop_uploads() {
    let (temp, directory, usage) = limited(10);
    let stranger = fs::File::open(temp.path()).unwrap();
    stranger.lock().unwrap();
    store(&directory, "a.txt", &[0; 6]).unwrap();
    assert_eq!(used(usage), (6, 1));
}

/// While `work` runs in many threads at once, no moment may see more than the limits allow.
fn never_beyond_the_limits(
    options: DirectoryOptions,
    work: impl Fn(&Directory, usize, usize) + Sync,
) -> (TempDir, Directory, &'static Usage) {
    let (temp, directory, usage) = directory_with(options);
    let start = Barrier::new(UPLOADS + 1);
    let done = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let workers: Vec<_> = (0..UPLOADS)
            .map(|worker| {
                let (start, directory, work) = (&start, &directory, &work);
                scope.spawn(move || {
                    start.wait();
                    (0..20).for_each(|round| work(directory, worker, round));
                })
            })
            .collect();
        let watcher = scope.spawn(|| {
            let dir = disk::open_again(&directory.dir).unwrap();
            start.wait();
            let mut looks = 0;
            while !done.load(SeqCst) {
                // Without the lock, files seen at different moments would be added up.
                let Some(_names) = NameLock::exclusive_within(Duration::from_millis(1), &dir)
                else {
                    continue;
                };
                let (bytes, files) = counted(&temp);
                assert!(bytes <= options.quota, "{bytes} bytes");
                assert!(files <= options.files_max, "{files} files");
                looks += 1;
            }
            looks
        });
        let ended: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
        done.store(true, SeqCst);
        ended.into_iter().for_each(|ended| ended.unwrap());
        watcher.join().unwrap()
    });
    assert!(looks > 0);
    (temp, directory, usage)
}

#[test]
fn fifty_uploads_at_once_stay_within_the_quota_together() {
    let quota = 400_000;
    let options = DirectoryOptions { quota, files_max: 30, ..DirectoryOptions::default() };
    let (temp, _directory, usage) = never_beyond_the_limits(options, |directory, worker, round| {
        let at = format!("{worker}-{}.bin", round % 3);
        let Ok(mut upload) = directory.create(name(&at), IfExists::Refuse) else {
            let _ = directory.delete(&name(&at));
            return;
        };
        for piece in 0..=worker % 7 {
            if upload.write(&vec![0; 5000 + 1000 * piece]).is_err() {
                return;
            }
        }
        if round % 4 > 0 {
            upload.commit().unwrap();
        }
    });
    assert_eq!(used(usage), counted(&temp));
}

#[test]
fn many_commits_to_one_name_do_not_lower_the_count_too_far() {
    let quota = 1_000_000;
    let options = DirectoryOptions { quota, ..DirectoryOptions::default() };
    let (temp, directory, usage) = never_beyond_the_limits(options, |directory, worker, round| {
        let at = name(["same.bin", "twin.bin"][round % 2]);
        let mut upload = directory.create(at.clone(), IfExists::Replace).unwrap();
        if upload.write(&vec![0; 10_000 + 1000 * worker]).is_ok() {
            upload.commit().unwrap();
        }
        if worker.is_multiple_of(10) {
            let _ = directory.delete(&at);
        }
    });
    let (bytes, files) = counted(&temp);
    assert!(usage.bytes() >= bytes && usage.files() >= files);
    directory.remove_abandoned_uploads().unwrap();
    assert_eq!(used(usage), (bytes, files));
}
