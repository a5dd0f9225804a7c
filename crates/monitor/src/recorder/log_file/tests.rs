use std::{io::Read, os::unix::fs::symlink, process::Command, sync::Barrier};

use tempfile::TempDir;

use super::*;

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_log_that_is_reached_through_a_link_goes_on_in_a_new_file() {
    let dir = TempDir::new().unwrap();
    let (log, link) = (dir.path().join("log.txt"), dir.path().join("link"));
    symlink(&log, &link).unwrap();
    let mut file = LogFile::open(&link).unwrap();
    file.append(b"before\n").unwrap();
    std::fs::rename(&log, dir.path().join("log.txt.1")).unwrap();
    file.reopen().unwrap().unwrap();
    file.append(b"after\n").unwrap();
    assert_eq!(lines(&log), ["after"]);
}

#[test]
fn a_device_stays_open_when_the_log_is_to_be_opened_again() {
    assert!(LogFile::open(Path::new("/dev/full")).unwrap().reopen().is_none());
}

#[test]
fn half_a_line_of_a_killed_process_is_taken_away_and_foreign_text_is_not() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log.txt");
    let after = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut log = LogFile::open(&path).unwrap();
        log.append(b"next\n").unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    assert_eq!(after(""), "next\n");
    assert_eq!(after("whole\n"), "whole\nnext\n");
    assert_eq!(after("whole\n2026-11-20 15:00:00,123 - main - IN"), "whole\nnext\n");
    assert_eq!(after("whole\n{\"time\":\"2026"), "whole\nnext\n");
    assert_eq!(after("2026-1"), "next\n");
    assert_eq!(after("whole\nnotes of somebody"), "whole\nnotes of somebody\nnext\n");
}

#[test]
fn a_pipe_that_takes_half_a_line_gets_the_rest_later() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut log = LogFile::open(&path).unwrap();
    let mut reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    log.set_nonblocking();
    let line = [vec![b'x'; 9999], vec![b'\n']].concat();
    let mut wanted = 0;
    let unwritten = loop {
        match log.append(&line) {
            Ok(()) => wanted += 1,
            Err(unwritten) => break unwritten,
        }
    };
    assert_eq!(unwritten.error.kind(), io::ErrorKind::WouldBlock);
    wanted += unwritten.from / line.len();
    let mut room = vec![0; 30_000];
    reader.read_exact(&mut room).unwrap();
    log.append(&line).unwrap();
    wanted += 1;
    let mut rest = vec![0; wanted * line.len() - room.len()];
    reader.read_exact(&mut rest).unwrap();
    assert!([room, rest].concat().chunks(line.len()).all(|chunk| chunk == line));
}

#[test]
fn what_a_killed_writer_left_half_is_taken_away_by_whoever_writes_next() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log.txt");
    let mut log = LogFile::open(&path).unwrap();
    let mut killed = LogFile::open(&path).unwrap();
    for number in ["first", "second"] {
        killed.append(b"whole\n").unwrap();
        killed.file.write_all(b"{\"time\":\"20").unwrap();
        log.append(format!("{number}\n").as_bytes()).unwrap();
    }
    assert_eq!(lines(&path), ["whole", "first", "whole", "second"]);
}

#[test]
fn a_line_that_is_being_written_is_not_taken_for_half_a_one() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log.txt");
    let mut other = LogFile::open(&path).unwrap();
    other.file.lock().unwrap();
    other.file.write_all(b"2026-11-20 15:00:00,123 - the beg").unwrap();
    let starts = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            starts.wait();
            LogFile::open(&path).unwrap().append(b"next\n").unwrap();
        });
        starts.wait();
        other.file.write_all(b"inning and the end\n").unwrap();
        other.file.unlock().unwrap();
    });
    assert_eq!(lines(&path), ["2026-11-20 15:00:00,123 - the beginning and the end", "next"]);
}

#[test]
fn a_lock_that_is_not_given_back_costs_time_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("log.txt");
    let stopped = LogFile::open(&path).unwrap();
    stopped.file.lock().unwrap();
    let mut log = LogFile::open(&path).unwrap();
    let begins = Instant::now();
    log.append(b"one\n").unwrap();
    let waited = begins.elapsed();
    assert!((LOCK_PATIENCE..LOCK_PATIENCE * 20).contains(&waited), "{waited:?}");
    assert!(log.take_back(4).is_err(), "what another may have written after us was taken away");
    stopped.file.unlock().unwrap();
    log.append_all(b"two\n").unwrap();
    assert_eq!(lines(&path), ["one", "two"]);
}
