//! What a person sees of a long transfer.
#![cfg(target_os = "linux")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use testkit::Terminal;

use super::*;

const NAME: &str = "a-name-that-is-longer-than-most-and-is-shown-whole.bin";

/// The pace of a server that is seen to be slow; the test waits for nothing by it.
const PACE: Duration = Duration::from_millis(5);

#[test]
fn a_long_download_shows_how_far_it_is_and_how_long_it_takes() {
    let directory = tempfile::tempdir().unwrap();
    let was_seen = Arc::new(AtomicBool::new(false));
    let server = FakeServer::start(1, {
        let was_seen = Arc::clone(&was_seen);
        move |_, stream| {
            read_request(stream);
            let (size, mut left) = (300_000, 100_000);
            write!(stream, "{{\"status\":\"OK\",\"data_size\":{size},\"data_file\":\"").unwrap();
            while left > 1 && !was_seen.load(Relaxed) {
                stream.write_all(b"AAAA").unwrap();
                left -= 1;
                thread::sleep(PACE);
            }
            stream.write_all("AAAA".repeat(left).as_bytes()).unwrap();
            stream.write_all(b"\"}\r\n\r\n").unwrap();
        }
    });
    let mut command = fileclient(&server.address, directory.path());
    let mut terminal = Terminal::start(command.args(["get", NAME]), None);
    for part in [NAME, "%  ", " of 293 KiB  ", "B/s  ", " left"] {
        terminal.await_text(part);
    }
    was_seen.store(true, Relaxed);
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0));
    let last = shown.rsplit(&format!("saved {NAME} (293 KiB in ")).next().unwrap();
    assert!(last.contains(" s, ") && last.contains("iB/s)"), "{shown}");
}

#[test]
fn an_upload_begins_at_no_rate_that_no_network_has() {
    let directory = tempfile::tempdir().unwrap();
    let file = fs::File::create(directory.path().join(NAME)).unwrap();
    file.set_len(64 << 20).unwrap();
    let was_seen = Arc::new(AtomicBool::new(false));
    let server = FakeServer::start(1, {
        let was_seen = Arc::clone(&was_seen);
        move |_, stream| {
            let (mut piece, mut len) = (vec![0; 64 * 1024], 0);
            while !piece[..len].ends_with(b"\n") {
                len = stream.read(&mut piece).unwrap();
                assert_ne!(len, 0);
                if !was_seen.load(Relaxed) {
                    thread::sleep(PACE);
                }
            }
            stream.write_all(b"{\"status\":\"OK\",\"data_size\":67108864}\r\n\r\n").unwrap();
        }
    });
    let mut command = fileclient(&server.address, directory.path());
    let mut terminal = Terminal::start(command.args(["upload", NAME]), None);
    for part in ["%  ", " of 64.0 MiB  ", "MiB/s  ", " left"] {
        terminal.await_text(part);
    }
    let began = terminal.shown();
    assert!(!began.contains("GiB/s"), "{began}");
    was_seen.store(true, Relaxed);
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0));
    assert!(shown.contains(&format!("stored {NAME} (64.0 MiB in ")), "{shown}");
}

#[test]
fn one_progress_is_shown_for_many_files() {
    let directory = tempfile::tempdir().unwrap();
    let was_seen = Arc::new(AtomicBool::new(false));
    let server = FakeServer::start(1, {
        let was_seen = Arc::clone(&was_seen);
        move |_, stream| {
            read_request(stream);
            let file = |name| format!("{{\"filename\":\"{name}\",\"size\":150000}}");
            let list = [file("a"), file("b")].join(",");
            write!(stream, "{{\"status\":\"OK\",\"files\":[{list}]}}\r\n\r\n").unwrap();
            for name in ["a", "b"] {
                read_request(stream);
                write!(stream, "{{\"status\":\"OK\",\"data_namafile\":\"{name}\",\"data_file\":\"")
                    .unwrap();
                for _ in 0..1000 {
                    stream.write_all(&[b'A'; 200]).unwrap();
                    if name == "b" && !was_seen.load(Relaxed) {
                        thread::sleep(PACE);
                    }
                }
                stream.write_all(b"\"}\r\n\r\n").unwrap();
            }
        }
    });
    let mut command = fileclient(&server.address, directory.path());
    let mut terminal = Terminal::start(command.args(["get", "-r"]), None);
    for part in ["saved a (146 KiB", "b (2 of 2)", " of 293 KiB  "] {
        terminal.await_text(part);
    }
    let began = terminal.shown();
    let percent = began.split("] ").nth(1).and_then(|text| text.split('%').next());
    let percent: u32 = percent.unwrap().parse().unwrap();
    assert!(percent >= 50, "the first file is half of both: {began}");
    was_seen.store(true, Relaxed);
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0));
    assert!(shown.contains("saved b (146 KiB"), "{shown}");
}

/// Not even control characters reach what is no terminal.
#[test]
fn progress_is_for_terminals() {
    let directory = tempfile::tempdir().unwrap();
    let server = FakeServer::start(1, |_, stream| {
        read_request(stream);
        write!(stream, "{{\"status\":\"OK\",\"data_file\":\"").unwrap();
        for _ in 0..Duration::from_secs(1).as_millis() / PACE.as_millis() {
            stream.write_all(b"AAAA").unwrap();
            thread::sleep(PACE);
        }
        stream.write_all(b"\"}\r\n\r\n").unwrap();
    });
    let (code, out, err) = run(&server.address, directory.path(), &["get", "a"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let seconds =
        out.strip_prefix("saved a (600 bytes in ").and_then(|rest| rest.split(' ').next());
    assert!(seconds.unwrap().parse::<f64>().unwrap() >= 1.0, "{out}");
}
