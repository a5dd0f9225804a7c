//! The process pool when its processes are killed.
#![cfg(target_os = "linux")]

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use protocol::{
    Verb,
    stats::{Outcomes, WorkerState},
};
use testkit::{
    PATIENCE, Peer, Server, ServerBuilder, Signal, base64, content, eventually, processes, skip,
    upload_request,
};

/// More than the sockets of both ends hold: a transfer of it is under way until its client reads.
const LONG: usize = 20 << 20;

/// How soon a dead worker must have been replaced.
const REFILLED_WITHIN: Duration = Duration::from_secs(1);

fn start(workers: u32) -> Server {
    let workers = workers.to_string();
    ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["--mode", "process", "--workers", &workers])
        .start()
}

#[test]
fn a_worker_killed_in_mid_download_costs_its_client_alone() {
    let server = start(5);
    let content = content(1, LONG);
    server.place("down.bin", &content);
    let mut victim = begin_download(&server);
    let pid = the_busy_worker(&server);
    let mut others: Vec<_> = (0..3).map(|_| begin_download(&server)).collect();

    processes::send_signal(pid, Signal::SIGKILL);
    assert!(!victim.read_to_end().ends_with(b"}\r\n\r\n"));
    expect_full_pool(&server, 5);
    for other in &mut others {
        assert!(other.read_long_reply().content() == content);
    }
    drop(others);
    let of = |ok, failed| Outcomes { ok, failed };
    eventually(PATIENCE, "all downloads are counted", || {
        server.stats().requests[Verb::Get] == of(3, 1)
    });
    expect_one_death(&server);
}

#[test]
fn as_the_first_process_of_a_container_it_reaps_its_workers_and_its_monitor() {
    let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["--mode", "process", "--workers", "3"])
        .as_first_process();
    let Some(builder) = builder else {
        return skip("no process can be the first of a namespace here");
    };
    let mut server = builder.start();
    let before = processes::children(server.pid());
    assert_eq!(before.len(), 4);
    for pid in &before {
        processes::send_signal(*pid, Signal::SIGKILL);
    }
    eventually(PATIENCE, "all are replaced and none is left unreaped", || {
        let now = processes::children(server.pid());
        now.len() == 4
            && !now.iter().any(|pid| before.contains(pid))
            && processes::zombies(server.pid()) == 0
    });
    assert_eq!(server.ask("PING").outcome(), "OK");
    assert_eq!(server.stop().exit_code, Some(0));
}

#[test]
fn a_worker_killed_in_mid_upload_leaves_no_file_and_costs_its_client_alone() {
    let server = start(5);
    server.place("old.bin", b"old");
    let content = content(1, 1 << 20);
    let text = base64(&content);
    let (first, second) = text.split_at(text.len() / 2);
    let mut victim = server.connect();
    victim.send(format!("UPLOAD old.bin {first}"));
    await_temporary_files(&server, 1);
    let pid = the_busy_worker(&server);
    let mut others: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for (number, other) in others.iter_mut().enumerate() {
        other.send(format!("UPLOAD {number}.bin {first}"));
    }
    await_temporary_files(&server, 4);

    processes::send_signal(pid, Signal::SIGKILL);
    victim.expect_closed();
    // That of the dead worker is gone, those of the living are not.
    await_temporary_files(&server, 3);
    expect_full_pool(&server, 5);
    for (number, other) in others.iter_mut().enumerate() {
        other.send(format!("{second}\r\n\r\n"));
        assert_eq!(other.read_reply().outcome(), "OK");
        assert!(server.stored(&format!("{number}.bin")).unwrap() == content);
    }
    drop(others);
    assert_eq!(server.stored("old.bin").unwrap(), b"old");
    let of = |ok, failed| Outcomes { ok, failed };
    eventually(PATIENCE, "all uploads are counted", || {
        server.stats().requests[Verb::Upload] == of(3, 1)
    });
    assert_eq!(server.temporary_files(), 0);
    expect_one_death(&server);
}

#[test]
fn an_upload_whose_worker_is_killed_gives_its_room_back() {
    let server = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
        .args(["--mode", "process", "--workers", "2", "--quota", "3000000"])
        .start();
    let content = content(1, 2_000_000);
    let text = base64(&content);
    for _ in 0..3 {
        let mut victim = server.connect();
        victim.send(format!("UPLOAD victim.bin {}", &text[..text.len() - 1000]));
        let mut pid = None;
        eventually(PATIENCE, "most of the quota is taken", || {
            let (name, len) = the_only_file(&server).unwrap_or_default();
            pid = name.split('-').nth(1).and_then(|pid| pid.parse().ok());
            len > 1_900_000
        });
        let pid = pid.expect("an upload's temporary name holds the id of its process");
        processes::send_signal(pid, Signal::SIGKILL);
        victim.expect_closed();
        await_temporary_files(&server, 0);
        let mut next = server.connect();
        next.send(upload_request("next.bin", &content));
        assert_eq!(next.read_reply().outcome(), "OK");
        assert_eq!(next.request("DELETE next.bin").outcome(), "OK");
        drop(next);
        eventually(PATIENCE, "the pool is idle", || server.stats().connections.active == 1);
    }
}

#[test]
fn the_only_worker_is_replaced_and_those_who_waited_are_served() {
    let mut server = start(1);
    let mut victim = server.connect();
    victim.send("UPLOAD a.txt Zm9v");
    await_temporary_files(&server, 1);
    let mut waiting = server.connect();
    waiting.send("PING\r\n\r\n");
    processes::send_signal(server.workers()[0], Signal::SIGKILL);
    assert_eq!(waiting.read_reply()["data"], "pong");
    victim.expect_closed();
    drop(waiting);
    assert_eq!(server.stats().connections.failed, 1);
    assert_eq!(server.temporary_files(), 0);
    let stopped = server.stop();
    assert_eq!(stopped.exit_code, Some(0));
    assert!(stopped.stderr.contains("1 workers replaced"), "{}", stopped.stderr);
}

#[test]
fn all_fifty_workers_are_replaced_when_all_die() {
    let server = start(50);
    let workers = server.workers();
    assert_eq!(workers.len(), 50);
    for pid in &workers {
        processes::send_signal(*pid, Signal::SIGKILL);
    }
    eventually(PATIENCE, "all old workers are gone", || {
        workers.iter().all(|pid| !processes::is_running(*pid))
    });
    expect_full_pool(&server, 50);
    let stats = server.stats();
    assert!(stats.worker.iter().all(|worker| worker.restarts == 1));
    assert_eq!(stats.connections.failed, 0);
}

#[test]
fn a_worker_that_keeps_dying_is_replaced_after_growing_pauses() {
    let server = start(1);
    for deaths in 1..=4 {
        let pid = the_only_child(&server);
        processes::send_signal(pid, Signal::SIGKILL);
        eventually(PATIENCE, "another worker runs", || {
            let children = server.workers();
            children.len() == 1 && children[0] != pid
        });
        let restarts = server.stats().worker[0].restarts;
        assert_eq!(restarts, deaths);
    }
    let log = server.stderr();
    for pause in ["0.010000", "0.020000", "0.040000", "0.080000"] {
        assert!(log.contains(&format!("replaced_in={pause}")), "{log}");
    }
}

#[test]
fn no_worker_outlives_its_supervisor() {
    let mut server = start(50);
    server.place("down.bin", &content(1, LONG));
    let mut busy = begin_download(&server);
    let workers = server.workers();
    assert_eq!(workers.len(), 50);
    server.kill(Signal::SIGKILL);
    eventually(Duration::from_secs(2), "all workers are gone", || {
        workers.iter().all(|pid| !processes::is_running(*pid))
    });
    assert!(!busy.read_to_end().ends_with(b"}\r\n\r\n"));
    assert_eq!(server.wait(PATIENCE).exit_code, None);
    assert!(server.refuses_connections());
}

/// Ctrl-C in a terminal, `kill %1` in a shell and a service manager all signal the whole group.
#[test]
fn a_signal_to_the_whole_group_still_drains() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        drain_by_group_signal(signal);
    }
}

fn drain_by_group_signal(signal: Signal) {
    let mut server = start(2);
    let content = content(1, LONG);
    server.place("down.bin", &content);
    let mut peer = begin_download(&server);
    let workers = server.workers();
    for pid in workers.iter().chain([&server.pid()]) {
        processes::send_signal(*pid, signal);
    }
    eventually(PATIENCE, "connections are refused", || server.refuses_connections());
    assert!(peer.read_long_reply().content() == content);
    drop(peer);
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert!(stopped.stderr.contains("0 workers replaced"), "{}", stopped.stderr);
}

#[test]
fn one_worker_and_fifty_workers_serve_fifty_clients() {
    for workers in [1, 50] {
        let server = start(workers);
        let peers: Vec<_> = (0..50).map(|_| server.connect()).collect();
        thread::scope(|scope| {
            for (seed, mut peer) in (0..).zip(peers) {
                scope.spawn(move || {
                    let content = content(seed, 10_000);
                    peer.send(upload_request(&format!("{seed}.bin"), &content));
                    assert_eq!(peer.read_reply().outcome(), "OK");
                    assert!(peer.request(&format!("GET {seed}.bin")).content() == content);
                });
            }
        });
        eventually(PATIENCE, "all connections are counted", || {
            server.stats().connections.succeeded >= 50
        });
        assert_eq!(server.stats().connections.failed, 0);
    }
}

/// A download of `down.bin` whose first bytes have arrived.
fn begin_download(server: &Server) -> Peer {
    let mut peer = server.connect();
    peer.send("GET down.bin\r\n\r\n");
    peer.await_bytes(1000);
    peer
}

#[track_caller]
fn await_temporary_files(server: &Server, count: usize) {
    let what = format!("{count} temporary files in the served directory");
    eventually(PATIENCE, &what, || server.temporary_files() == count);
}

fn the_only_file(server: &Server) -> Option<(String, u64)> {
    let entry = fs::read_dir(server.dir()).ok()?.next()?.ok()?;
    Some((entry.file_name().into_string().ok()?, entry.metadata().ok()?.len()))
}

/// The worker that runs the only transfer.
#[track_caller]
fn the_busy_worker(server: &Server) -> u32 {
    let mut busy = Vec::new();
    eventually(PATIENCE, "one worker moves content", || {
        let stats = server.stats();
        let transfers = stats.worker.iter().filter(|worker| {
            worker.state == WorkerState::Busy && worker.bytes_in + worker.bytes_out > 0
        });
        busy = transfers.map(|worker| worker.pid).collect();
        busy.len() == 1
    });
    busy[0]
}

fn the_only_child(server: &Server) -> u32 {
    let children = server.workers();
    assert_eq!(children.len(), 1);
    children[0]
}

/// As many workers as there are slots run again, soon.
#[track_caller]
fn expect_full_pool(server: &Server, workers: usize) {
    let start = Instant::now();
    eventually(REFILLED_WITHIN, "the pool is full again", || server.workers().len() == workers);
    let stats = server.stats();
    assert_eq!(stats.worker.len(), workers, "after {:?}", start.elapsed());
}

#[track_caller]
fn expect_one_death(server: &Server) {
    let stats = server.stats();
    assert_eq!(stats.connections.failed, 1);
    assert_eq!(stats.worker.iter().map(|worker| worker.restarts).sum::<u64>(), 1);
    assert_eq!(stats.worker.iter().map(|worker| worker.connections.failed).sum::<u64>(), 1);
    assert_eq!(server.temporary_files(), 0);
}
