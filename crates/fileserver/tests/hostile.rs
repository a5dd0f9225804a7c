//! Peers that behave badly on purpose: the server bounds what they cost and goes on.

use std::{
    thread,
    time::{Duration, Instant},
};

use protocol::Verb;
use testkit::{PATIENCE, Peer, Server, ServerBuilder, base64, content, eventually};

const MODES: [&str; 5] = ["legacy", "thread", "process", "async", "event"];

/// Lets hostile peers loose on a server of each mode, and sees whether it still answers.
#[track_caller]
fn every_mode_survives(args: &[&str], attack: impl Fn(&Server) + Sync) {
    thread::scope(|scope| {
        for mode in MODES {
            let builder = ServerBuilder::new(env!("CARGO_BIN_EXE_fileserver"))
                .args(["--mode", mode])
                .args(args);
            let attack = &attack;
            scope.spawn(move || {
                let server = builder.start();
                attack(&server);
                assert_eq!(server.ask("PING").outcome(), "OK", "{mode}");
                assert_eq!(server.temporary_files(), 0, "{mode}");
                let log = server.stderr();
                assert!(!log.contains("panicked"), "{mode}: {log}");
            });
        }
    });
}

#[test]
fn an_endless_head_is_refused_after_4_kib() {
    every_mode_survives(&[], |server| {
        for start in ["", "GET ", "UPLOAD ", "UPLOAD \"", "UPLOAD 'a' "] {
            let mut peer = server.connect();
            let endless = "x ".repeat(100_000);
            // It may be refused before all of it is sent.
            let _ = peer.try_send(format!("{start}{endless}"));
            let _ = peer.try_send("\r\n");
            let code = peer.read_reply().outcome().to_owned();
            let expected = ["head-too-long", "bad-base64", "bad-request", "unknown-request"];
            assert!(expected.contains(&code.as_str()), "{start}: {code}");
        }
        let mut peer = server.connect();
        let _ = peer.try_send("x".repeat(10 << 20));
        assert_eq!(peer.read_reply().outcome(), "unknown-request");
        peer.expect_closed();
    });
}

#[test]
fn an_upload_that_comes_one_byte_at_a_time_is_stored() {
    every_mode_survives(&[], |server| {
        let mut peer = server.connect();
        let content = content(1, 3000);
        peer.send_slowly(format!("UPLOAD slow.bin {}\r\n\r\n", base64(&content)));
        assert_eq!(peer.read_reply()["data_size"], 3000);
        assert!(server.stored("slow.bin").unwrap() == content);
        peer.send_slowly(format!("UPLOAD slow.bin \"{}\"", base64(&content)));
        assert_eq!(peer.read_reply()["data_size"], 3000);
    });
}

#[test]
fn a_client_that_never_reads_is_cut_off_at_the_idle_timeout() {
    every_mode_survives(&["--idle-timeout", "1", "--workers", "2"], |server| {
        server.place("down.bin", &content(1, 20 << 20));
        let mut deaf = server.connect();
        deaf.send("GET down.bin\r\n\r\n");
        eventually(PATIENCE, "the deaf client is cut off", || {
            server.stats().connections.failed == 1
        });
        assert_eq!(server.stats().requests[Verb::Get].failed, 1);
        assert!(!deaf.read_to_end().ends_with(b"}\r\n\r\n"));
    });
}

#[test]
fn a_client_that_only_asks_and_never_reads_is_cut_off_too() {
    every_mode_survives(&["--idle-timeout", "1", "--workers", "2"], |server| {
        for number in 0..200 {
            server.place(&format!("{number:0200}"), b"");
        }
        let mut deaf = server.connect();
        // Each LIST is answered with 40 KB, so the answers soon fill every buffer.
        let start = Instant::now();
        while deaf.try_send("LIST\r\n".repeat(100)).is_ok() {
            assert!(start.elapsed() < PATIENCE, "requests pile up without end");
        }
        eventually(PATIENCE, "the deaf client is cut off", || {
            server.stats().connections.failed == 1
        });
    });
}

#[test]
fn a_half_close_in_every_state_ends_the_connection() {
    every_mode_survives(&[], |server| {
        server.place("a.txt", b"hello");
        Peer::half_close_in_every_state(|| server.connect());
    });
}

#[test]
fn garbage_is_answered_or_cut_off() {
    every_mode_survives(&[], |server| {
        for seed in 0..30 {
            let mut peer = server.connect();
            // The server may hang up before it has read all.
            let _ = peer.try_send(content(seed, 50_000));
            let _ = peer.try_send("\r\n\r\n");
            drop(peer);
        }
        let tls_hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n";
        for garbage in [&tls_hello[..], b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\0\n", b"\xff\xfe\n"] {
            let mut peer = server.connect();
            peer.send(garbage);
            assert_ne!(peer.read_reply().outcome(), "OK");
        }
    });
}

#[test]
fn two_hundred_connections_opened_and_dropped_cost_nothing() {
    every_mode_survives(&["--workers", "5"], |server| {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..50 {
                        let mut peer = server.connect();
                        match number % 4 {
                            0 => {}
                            1 => peer.reset(),
                            2 => peer.send("UPLOAD a.txt Zm9v"),
                            _ => {
                                let _ = peer.try_send("PING\r\n\r\n");
                                peer.reset();
                            }
                        }
                    }
                });
            }
        });
        eventually(PATIENCE, "all connections end", || {
            let connections = server.stats().connections;
            connections.active == 1 && connections.waiting == 0
        });
        eventually(PATIENCE, "their uploads are gone", || server.temporary_files() == 0);
        assert_eq!(server.stored("a.txt"), None);
    });
}

#[test]
fn idle_connections_on_every_worker_give_way_at_the_idle_timeout() {
    every_mode_survives(&["--idle-timeout", "0.5", "--workers", "2"], |server| {
        let idle: Vec<_> = (0..4).map(|_| server.connect()).collect();
        let start = Instant::now();
        assert_eq!(server.ask("PING").outcome(), "OK");
        assert!(start.elapsed() < Duration::from_secs(15), "waited {:?}", start.elapsed());
        drop(idle);
    });
}

#[test]
fn nobody_hangs_in_a_crowd_beyond_the_backlog() {
    every_mode_survives(&["--workers", "1", "--backlog", "4"], |server| {
        let start = Instant::now();
        let mut served = server.connect();
        assert_eq!(served.request("PING").outcome(), "OK");
        let mut crowd: Vec<_> = (0..200).map(|_| server.connect()).collect();
        for peer in &mut crowd {
            // Who has been told to leave is gone before long.
            let _ = peer.try_send("PING\r\n\r\n");
        }
        drop(served);
        let outcome = |mut peer: Peer| peer.read_reply().outcome().to_owned();
        let outcomes: Vec<_> = crowd.into_iter().map(outcome).collect();
        assert!(outcomes.iter().all(|outcome| outcome == "OK" || outcome == "busy"));
        assert!(start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
    });
}
