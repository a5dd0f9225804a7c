//! Memory does not depend on the size of files: fifty transfers at once stay under the bounds. What
//! `--inject` adds to it can be seen.
//!
//! `KOLAM_TEST_MB` sets the size of each transfer in megabytes; the bounds are meant for 100 of
//! them and hold for any number.
#![cfg(target_os = "linux")]

use std::{
    env, mem,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::Duration,
};

use testkit::{PATIENCE, Peer, Server, ServerBuilder, base64, content, eventually, processes};

const CLIENTS: usize = 50;

/// Between two looks at the memory of all processes, each of which costs CPU time itself.
const SAMPLE_PAUSE: Duration = Duration::from_millis(20);

#[test]
fn fifty_transfers_in_thread_mode_stay_under_64_mib() {
    expect_constant_memory("thread", 64);
}

#[test]
fn fifty_transfers_in_async_mode_stay_under_64_mib() {
    expect_constant_memory("async", 64);
}

#[test]
fn fifty_transfers_in_event_mode_stay_under_64_mib() {
    expect_constant_memory("event", 64);
}

#[test]
fn fifty_transfers_in_process_mode_stay_under_128_mib() {
    expect_constant_memory("process", 128);
}

/// Touched by each worker for itself it would be there many times.
#[test]
fn memory_that_a_test_has_touched_is_there_once_in_every_mode() {
    for mode in ["legacy", "thread", "process", "async", "event"] {
        let server = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
            .args(["--mode", mode, "--workers", "5", "--inject", "touch-memory=64MiB"])
            .start();
        let kib = processes::tree_pss_kib(server.pid());
        assert!((64 * 1024..128 * 1024).contains(&kib), "{mode}: {kib} KiB");
    }
}

#[track_caller]
fn expect_constant_memory(mode: &str, mib_max: u64) {
    let server = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["--mode", mode, "--workers", "50"])
        .start();
    let megabytes = env::var("KOLAM_TEST_MB")
        .map_or(4, |value| value.parse().expect("KOLAM_TEST_MB is a number"));
    let content = content(1, megabytes * 1_000_000);
    let text = base64(&content);
    for (what, transfer) in [
        ("uploads", upload as Transfer),
        ("downloads", download),
        ("stores", store),
        ("fetches", fetch),
    ] {
        let peak_kib = peak_of(&server, &text, transfer);
        println!("{mode}: {CLIENTS} {what} of {megabytes} MB: {peak_kib} KiB at most");
        assert!(peak_kib > 0, "no memory was seen");
        assert!(peak_kib < mib_max * 1024, "{what} in {mode} mode took {peak_kib} KiB");
    }
    for client in 0..CLIENTS {
        assert!(server.stored(&client.to_string()).is_some_and(|stored| stored == content));
    }
}

/// Moves the file of one client, whose base64 text is given; waits at the gate in the middle.
type Transfer = fn(Peer, usize, &str, &Gate);

/// Holds all clients until every one of them is in the middle of its transfer.
#[derive(Debug, Default)]
struct Gate {
    arrived: AtomicUsize,
    open: AtomicBool,
}

impl Gate {
    fn wait(&self) {
        self.arrived.fetch_add(1, Relaxed);
        eventually(PATIENCE, "all clients transfer at once", || self.open.load(Relaxed));
    }
}

/// The most memory seen while all clients transfer at once.
fn peak_of(server: &Server, text: &str, transfer: Transfer) -> u64 {
    let gate = Gate::default();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (peer, gate) = (server.connect(), &gate);
                scope.spawn(move || transfer(peer, client, text, gate))
            })
            .collect();
        let mut peak_kib = 0;
        while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
            let all_transfer = gate.arrived.load(Relaxed) == CLIENTS;
            peak_kib = peak_kib.max(processes::tree_pss_kib(server.pid()));
            gate.open.store(all_transfer, Relaxed);
            thread::park_timeout(SAMPLE_PAUSE);
        }
        peak_kib
    })
}

fn upload(mut peer: Peer, client: usize, text: &str, gate: &Gate) {
    let (first, second) = text.split_at(text.len() / 2);
    peer.send(format!("UPLOAD {client} "));
    peer.send(first);
    gate.wait();
    peer.send(second);
    peer.send("\r\n\r\n");
    assert_eq!(peer.read_reply().outcome(), "OK");
}

fn download(mut peer: Peer, client: usize, text: &str, gate: &Gate) {
    let size = text.len() / 4 * 3 - text.matches('=').count();
    let prefix =
        format!(r#"{{"status":"OK","data_namafile":"{client}","data_size":{size},"data_file":""#);
    let expected = [prefix.as_str(), text, "\"}\r\n\r\n"];
    peer.send(format!("GET {client}\r\n\r\n"));
    let mut buffer = vec![0; 64 * 1024];
    let mut position = 0;
    let len = expected.iter().map(|part| part.len()).sum::<usize>();
    let mut waits = true;
    while position < len {
        let received = peer.read_some(&mut buffer);
        assert!(received > 0, "the reply ends at byte {position}");
        assert!(continues(&expected, position, &buffer[..received]), "wrong near byte {position}");
        position += received;
        if position > len / 2 && mem::take(&mut waits) {
            gate.wait();
        }
    }
}

/// The text itself is the content of another file.
fn store(mut peer: Peer, client: usize, text: &str, gate: &Gate) {
    let (first, second) = text.split_at(text.len() / 2);
    let begun = peer.begin_store(&format!("raw{client} length={}", text.len()));
    assert_eq!(begun, Ok(0));
    peer.send(first);
    gate.wait();
    peer.send(second);
    assert_eq!(peer.read_reply().outcome(), "OK");
}

fn fetch(mut peer: Peer, client: usize, text: &str, gate: &Gate) {
    peer.send(format!("FETCH raw{client}\r\n\r\n"));
    peer.await_bytes(1000);
    gate.wait();
    assert!(peer.read_fetched().1 == text.as_bytes());
}

/// Whether `piece` is what follows `position` in the parts one after another.
fn continues(parts: &[&str], mut position: usize, mut piece: &[u8]) -> bool {
    for part in parts {
        let Some(rest) = part.as_bytes().get(position..) else {
            position -= part.len();
            continue;
        };
        let len = rest.len().min(piece.len());
        if rest[..len] != piece[..len] {
            return false;
        }
        piece = &piece[len..];
        position = 0;
    }
    piece.is_empty()
}
