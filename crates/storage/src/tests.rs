mod attributes;
mod failing_disk;
mod limits;
mod parts;

use std::{
    fs, io,
    os::unix,
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use protocol::FileName;
use tempfile::TempDir;

use super::*;

fn directory() -> (TempDir, Directory) {
    let (temp, directory, _) = directory_with(DirectoryOptions::default());
    (temp, directory)
}

fn directory_with(options: DirectoryOptions) -> (TempDir, Directory, &'static Usage) {
    let temp = TempDir::new().unwrap();
    let usage = Box::leak(Box::default());
    let directory = Directory::open(temp.path(), &options, usage).unwrap();
    (temp, directory, usage)
}

fn name(name: &str) -> FileName {
    name.parse().unwrap()
}

fn upload(directory: &Directory, at: &str, content: &[u8]) -> Upload {
    let mut upload = directory.create(name(at), IfExists::Replace).unwrap();
    upload.write(content).unwrap();
    upload
}

fn content(mut file: StoredFile) -> Vec<u8> {
    let mut content = vec![0; file.len() as usize + 10];
    let len = file.read_chunk(&mut content).unwrap();
    content.truncate(len);
    content
}

fn entries(temp: &TempDir) -> usize {
    fs::read_dir(temp.path()).unwrap().count()
}

/// Bytes and files in the directory, as the usage ought to have them.
fn counted(temp: &TempDir) -> (u64, u64) {
    let entries = fs::read_dir(temp.path()).unwrap();
    let lens = entries.map(|entry| entry.unwrap().metadata().unwrap().len());
    lens.fold((0, 0), |(bytes, files), len| (bytes + len, files + 1))
}

fn used(usage: &Usage) -> (u64, u64) {
    (usage.bytes(), usage.files())
}

#[test]
fn an_upload_takes_its_name_when_it_is_whole() {
    let (temp, directory) = directory();
    let upload = upload(&directory, "a.txt", b"hello");
    assert!(matches!(directory.read(&name("a.txt")), Err(StorageError::NotFound(_))));
    assert_eq!(directory.list().unwrap(), []);
    assert_eq!(upload.commit().unwrap(), 5);
    assert_eq!(content(directory.read(&name("a.txt")).unwrap()), b"hello");
    assert_eq!(entries(&temp), 1);
}

#[test]
fn a_dropped_upload_leaves_the_old_file_and_nothing_else() {
    let (temp, directory) = directory();
    upload(&directory, "a.txt", b"old").commit().unwrap();
    drop(upload(&directory, "a.txt", b"new but broken"));
    assert_eq!(content(directory.read(&name("a.txt")).unwrap()), b"old");
    assert_eq!(entries(&temp), 1);
}

#[test]
fn a_reader_keeps_the_file_it_opened() {
    let (_temp, directory) = directory();
    upload(&directory, "a.txt", b"old").commit().unwrap();
    let replaced = directory.read(&name("a.txt")).unwrap();
    upload(&directory, "a.txt", b"newer").commit().unwrap();
    let deleted = directory.read(&name("a.txt")).unwrap();
    directory.delete(&name("a.txt")).unwrap();
    assert_eq!(content(replaced), b"old");
    assert_eq!(content(deleted), b"newer");
}

#[test]
fn an_existing_file_is_refused_at_both_ends_of_an_upload() {
    let (temp, directory) = directory();
    let late = directory.create(name("a.txt"), IfExists::Refuse).unwrap();
    upload(&directory, "a.txt", b"first").commit().unwrap();
    assert!(matches!(late.commit(), Err(StorageError::Exists(_))));
    assert!(matches!(
        directory.create(name("a.txt"), IfExists::Refuse),
        Err(StorageError::Exists(_))
    ));
    directory.create(name("b.txt"), IfExists::Refuse).unwrap().commit().unwrap();
    assert_eq!(directory.list().unwrap(), [name("a.txt"), name("b.txt")]);
    assert_eq!(entries(&temp), 2);
}

#[test]
fn only_regular_files_exist() {
    let (temp, directory) = directory();
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret"), b"secret").unwrap();
    unix::fs::symlink(outside.path().join("secret"), temp.path().join("link")).unwrap();
    fs::create_dir(temp.path().join("dir")).unwrap();
    unix::net::UnixListener::bind(temp.path().join("socket")).unwrap();
    assert_eq!(directory.list().unwrap(), []);
    for odd in ["link", "dir", "socket"] {
        assert!(matches!(directory.read(&name(odd)), Err(StorageError::NotFound(_))), "{odd}");
        assert!(matches!(directory.delete(&name(odd)), Err(StorageError::NotFound(_))), "{odd}");
        assert!(
            matches!(
                directory.create(name(odd), IfExists::Replace),
                Err(StorageError::NotAFile(_))
            ),
            "{odd}"
        );
    }
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(entries(&temp), 3);
}

#[test]
fn files_that_no_request_can_name_are_counted_and_hidden_ones_are_not() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let (temp, directory, usage) = directory_with(DirectoryOptions::default());
    for hidden in [&b".profile"[..], b".\xff", b"a.txt"] {
        fs::write(temp.path().join(OsStr::from_bytes(hidden)), "").unwrap();
    }
    assert_eq!(directory.left_out().unwrap(), LeftOut::default());
    for odd in [&b"\xff.txt"[..], b"a\nb", b"a\\b", "a\u{202e}b".as_bytes()] {
        fs::write(temp.path().join(OsStr::from_bytes(odd)), "").unwrap();
    }
    fs::create_dir(temp.path().join(OsStr::from_bytes(b"\xff"))).unwrap();
    assert_eq!(directory.list().unwrap(), [name("a.txt")]);
    assert_eq!(usage.left_out(), 4);
    let left_out = directory.left_out().unwrap();
    assert!(left_out.count == 4 && left_out.example.is_some(), "{left_out:?}");
    fs::remove_file(temp.path().join("a\nb")).unwrap();
    directory.list().unwrap();
    assert_eq!(usage.left_out(), 3);
}

#[test]
fn a_file_that_shrinks_is_not_taken_for_a_whole_one() {
    let (temp, directory) = directory();
    upload(&directory, "a.txt", b"0123456789").commit().unwrap();
    let mut file = directory.read(&name("a.txt")).unwrap();
    fs::write(temp.path().join("a.txt"), b"012").unwrap();
    let err = file.read_chunk(&mut [0; 20]).unwrap_err();
    assert_eq!(err.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn a_part_of_a_file_is_read_and_what_was_taken_past_it_is_not() {
    let (_temp, directory) = directory();
    upload(&directory, "a.txt", b"0123456789").commit().unwrap();
    let mut buffer = [0; 20];
    for (offset, len, expected) in [
        (0, 10, &b"0123456789"[..]),
        (3, 4, b"3456"),
        (9, 5, b"9"),
        (8, u64::MAX, b"89"),
        (10, 1, b""),
        (99, 1, b""),
        (0, 0, b""),
    ] {
        let mut file = directory.read(&name("a.txt")).unwrap();
        file.select(offset, len).unwrap();
        assert_eq!((file.left(), file.position()), (expected.len() as u64, offset));
        let read = file.read_chunk(&mut buffer).unwrap();
        assert_eq!(&buffer[..read], expected, "{len} bytes from {offset}");
    }
    let mut file = directory.read(&name("a.txt")).unwrap();
    file.took(4);
    file.select(file.position(), file.left()).unwrap();
    let read = file.read_chunk(&mut buffer).unwrap();
    assert_eq!(&buffer[..read], b"456789");
}

#[test]
fn each_content_of_a_name_has_a_version_of_its_own() {
    let (temp, directory) = directory();
    let version = || directory.read(&name("a.txt")).unwrap().version();
    upload(&directory, "a.txt", b"first").commit().unwrap();
    let first = version();
    assert_eq!(version(), first);
    upload(&directory, "a.txt", b"other").commit().unwrap();
    let other = version();
    assert_ne!(other, first);
    fs::write(temp.path().join("a.txt"), b"longer").unwrap();
    assert_ne!(version(), other);
}

#[test]
fn opening_removes_abandoned_uploads_and_spares_live_ones() {
    let (temp, directory) = directory();
    fs::write(temp.path().join(".upload-1-0"), b"left by a killed server").unwrap();
    fs::write(temp.path().join(".profile"), b"a person's").unwrap();
    let live = upload(&directory, "a.txt", b"still coming");
    Directory::open(temp.path(), &DirectoryOptions::default(), Box::leak(Box::default())).unwrap();
    assert_eq!(entries(&temp), 2);
    live.commit().unwrap();
    assert_eq!(directory.list().unwrap(), [name("a.txt")]);
}

#[test]
fn what_cannot_be_served_is_named() {
    let temp = TempDir::new().unwrap();
    fs::write(temp.path().join("file"), "").unwrap();
    for (at, why) in [("missing", "there is no directory "), ("file", "is not a directory")] {
        let path = temp.path().join(at);
        let usage = Box::leak(Box::default());
        let err =
            Directory::open(&path, &DirectoryOptions::default(), usage).unwrap_err().to_string();
        assert!(err.contains(why) && err.contains(path.to_str().unwrap()), "{err}");
    }
}

/// All that can be asked of a directory that has `a.txt`, when it is gone.
#[track_caller]
fn expect_gone(directory: &Directory) {
    assert!(!directory.is_there());
    assert!(matches!(directory.list(), Err(StorageError::Gone)));
    for at in ["a.txt", "b.txt"] {
        assert!(matches!(directory.read(&name(at)), Err(StorageError::Gone)));
        let created = directory.create(name(at), IfExists::Replace);
        assert!(matches!(created, Err(StorageError::Gone)));
        assert!(matches!(directory.delete(&name(at)), Err(StorageError::Gone)));
    }
}

#[test]
fn a_directory_that_is_removed_is_gone_also_when_another_takes_its_place() {
    let (temp, directory) = directory();
    upload(&directory, "a.txt", b"there").commit().unwrap();
    let mut under_way = upload(&directory, "b.txt", b"hello");
    let mut reader = directory.read(&name("a.txt")).unwrap();
    fs::remove_dir_all(temp.path()).unwrap();
    expect_gone(&directory);
    fs::create_dir(temp.path()).unwrap();
    expect_gone(&directory);
    under_way.write(b" again").unwrap();
    assert!(matches!(under_way.commit(), Err(StorageError::Gone)));
    assert_eq!(reader.read_chunk(&mut [0; 20]).unwrap(), 5);
    assert_eq!(entries(&temp), 0);
}

#[test]
fn a_directory_that_is_moved_takes_nothing_until_it_is_back() {
    let temp = TempDir::new().unwrap();
    let (path, elsewhere) = (temp.path().join("vol"), temp.path().join("x"));
    fs::create_dir(&path).unwrap();
    let usage = Box::leak(Box::default());
    let directory = Directory::open(&path, &DirectoryOptions::default(), usage).unwrap();
    upload(&directory, "a.txt", b"old").commit().unwrap();
    let under_way = upload(&directory, "a.txt", b"new");
    fs::rename(&path, &elsewhere).unwrap();
    expect_gone(&directory);
    fs::create_dir(&path).unwrap();
    expect_gone(&directory);
    assert!(matches!(under_way.commit(), Err(StorageError::Gone)));
    assert_eq!(fs::read(elsewhere.join("a.txt")).unwrap(), b"old");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
    fs::remove_dir(&path).unwrap();
    for entry in ["file", "link"] {
        match entry {
            "file" => fs::write(&path, "").unwrap(),
            _ => unix::fs::symlink(&path, &path).unwrap(),
        }
        expect_gone(&directory);
        fs::remove_file(&path).unwrap();
    }
    // A link to where it went is as good as the way back.
    unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(content(directory.read(&name("a.txt")).unwrap()), b"old");
    fs::remove_file(&path).unwrap();
    fs::rename(&elsewhere, &path).unwrap();
    upload(&directory, "a.txt", b"new").commit().unwrap();
    assert_eq!(fs::read(path.join("a.txt")).unwrap(), b"new");
}

#[test]
fn a_file_that_comes_and_goes_is_read_or_not_found() {
    let (_temp, directory) = directory();
    let coming_and_going = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..2000 {
                upload(&directory, "a.txt", b"hello").commit().unwrap();
                directory.delete(&name("a.txt")).unwrap();
            }
            coming_and_going.store(false, Relaxed);
        });
        while coming_and_going.load(Relaxed) {
            match directory.read(&name("a.txt")) {
                Ok(_) | Err(StorageError::NotFound(_)) => {}
                Err(err) => panic!("{err:?}"),
            }
        }
    });
}

#[test]
fn what_takes_the_place_of_an_abandoned_upload_is_neither_waited_for_nor_followed() {
    let (temp, directory) = directory();
    let path = temp.path();
    fs::write(path.join("file"), "kept").unwrap();
    unix::fs::symlink("file", path.join("link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        path.join("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    assert!(disk::open_to_lock(&directory.dir, "link").is_err());
    // Waiting for a writer would never end.
    assert!(disk::open_to_lock(&directory.dir, "fifo").is_ok());
}
