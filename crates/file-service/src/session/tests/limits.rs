//! What a peer may not do for ever, and what it may not do at all.

use super::*;
use crate::tokens::{Permission, Tokens, line};

const RATE: u64 = 100;

fn with_rate() -> Bench {
    Bench::with(|service| service.limits.min_rate = RATE)
}

/// A server that knows one token for reading and one for everything.
fn with_tokens() -> Bench {
    let (reader, writer) = ("reader".parse().unwrap(), "writer".parse().unwrap());
    let lines =
        [line(&reader, "rita", Permission::Read), line(&writer, "will", Permission::ReadWrite)];
    Bench::with(|service| service.tokens = Some(Tokens::parse(&lines.join("\n")).unwrap()))
}

/// Sends one byte a second until the session answers or a minute has passed; returns the seconds.
fn drip(bench: &mut Bench, byte: &str) -> u64 {
    (0..60)
        .find(|_| {
            bench.pass(Duration::from_secs(1));
            if bench.sent.is_empty() {
                bench.receive(byte);
            }
            !bench.sent.is_empty()
        })
        .map_or(60, |second| second + 1)
}

#[test]
fn a_head_that_drips_is_cut_off_at_the_head_timeout() {
    for head in ["UPLOAD a", "UPLOAD \"a", "UPLOAD "] {
        let mut bench = Bench::new();
        bench.receive(head);
        assert_eq!(drip(&mut bench, "b"), HEAD_TIMEOUT.as_secs(), "{head}");
        bench.expect_reply(r#""code":"timeout""#);
        assert!(bench.has_finished_sending);
    }
}

#[test]
fn one_byte_a_second_is_no_conversation() {
    let mut bench = Bench::new();
    for _ in 0..9 {
        bench.receive("x");
        bench.pass(Duration::from_secs(1));
        bench.expect_reply("request tidak dikenali");
    }
    // Whoever says something in between may go on.
    bench.receive("PING\n");
    bench.expect_reply("pong");
    for _ in 0..10 {
        assert!(!bench.has_finished_sending);
        bench.receive("x");
        bench.pass(Duration::from_secs(1));
        bench.expect_reply("request tidak dikenali");
    }
    assert!(bench.has_finished_sending);
}

#[test]
fn a_head_that_stops_is_cut_off_at_the_head_timeout() {
    let mut bench = Bench::new();
    bench.receive("UPLOAD a.txt");
    bench.pass(HEAD_TIMEOUT - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply("the head of the request did not come whole within 10 s");
    assert!(matches!(bench.half_close(), Rest::Close));
    assert!(bench.close().is_err());
}

#[test]
fn blank_lines_are_no_request() {
    for byte in ["\n", " "] {
        let mut bench = Bench::new();
        let seconds = (1..100).find(|_| {
            bench.pass(Duration::from_secs(1));
            if bench.sent.is_empty() {
                bench.receive(byte);
            }
            !bench.sent.is_empty()
        });
        assert_eq!(seconds, Some(IDLE_TIMEOUT.as_secs()), "{byte:?}");
        bench.expect_reply("no request came for 60 s");
    }
}

#[test]
fn bytes_that_drip_faster_than_quiet_ends_a_request_move_no_limit() {
    for (start, byte, limit) in [
        ("GET ", "x", HEAD_TIMEOUT),
        ("UPLOAD a.txt \"\" x", "x", IDLE_TIMEOUT),
        ("UPLOAD a.txt aGVsbG8=", " ", IDLE_TIMEOUT),
    ] {
        let mut bench = with_rate();
        bench.receive(start);
        bench.replies();
        let began = bench.now;
        while bench.sent.is_empty() && bench.now < began + 2 * limit {
            bench.receive(byte);
            bench.pass(QUIET - Duration::from_millis(100));
        }
        assert!(bench.now <= began + limit + QUIET, "{start}: after {:?}", bench.now - began);
        assert!(bench.has_finished_sending, "{start}");
    }
}

#[test]
fn what_is_no_request_ends_without_a_pause_too() {
    for (start, more) in [("", "\r\n"), ("UPLOAD a.txt \"Zm9v\"", "12")] {
        let mut bench = Bench::new();
        bench.receive(start);
        bench.replies();
        for _ in 0..8 {
            bench.receive(more.repeat(4 * 1024));
            bench.expect_silence();
        }
        bench.receive(&more[1..]);
        bench.expect_reply("bytes came that are no request");
        assert!(bench.has_finished_sending);
    }
}

#[test]
fn what_is_no_request_is_counted_from_one_request_to_the_next() {
    let mut bench = Bench::new();
    for _ in 0..20 {
        bench.receive(format!("{}PING\n", "\n".repeat(8 * 1024)));
        bench.expect_reply("pong");
    }
}

#[test]
fn an_upload_that_drips_is_cut_off_after_the_idle_timeout() {
    let mut bench = with_rate();
    bench.receive("UPLOAD a.txt Z");
    assert_eq!(drip(&mut bench, "Z"), 60);
    bench.expect_reply("the upload was too slow: fewer than 100 bytes a second moved over 60 s");
    assert!(bench.has_finished_sending);
    assert_eq!(bench.entries(), 0);
}

#[test]
fn an_upload_that_keeps_to_the_rate_is_stored() {
    let mut bench = with_rate();
    bench.receive("UPLOAD a.txt ");
    let text = base64(&content(1, 30_000));
    for piece in text.as_bytes().chunks(RATE as usize + 10) {
        bench.pass(Duration::from_secs(1));
        bench.receive(piece);
    }
    bench.receive("\n");
    bench.expect_reply(r#""data_size":30000"#);
}

#[test]
fn blanks_after_the_content_do_not_keep_an_upload_going() {
    let mut bench = Bench::with(|service| service.limits.upload_len_max = 3000);
    bench.receive("UPLOAD a.txt Zm9v");
    bench.receive(" ".repeat(60_000));
    bench.expect_silence();
    bench.receive(" ".repeat(10_000));
    bench.expect_reply("too-large");
}

#[test]
fn a_reader_that_takes_less_than_the_rate_is_cut_off() {
    let read = |bytes_a_second: usize| {
        let mut bench = with_rate();
        bench.place("a.bin", &content(1, 30_000));
        bench.receive_piece(b"GET a.bin\n");
        (0..200).try_for_each(|_| {
            match bench.step() {
                Ok(Step::Send(_)) => {
                    let len = bench.session.output().len().min(bytes_a_second);
                    bench.send(len);
                }
                Ok(_) => {}
                Err(err) => return Err(err),
            }
            // The kernel took it at once and then nothing for as long as the driver waits.
            assert!(matches!(bench.step(), Ok(Step::Send(TICK))));
            bench.now += TICK;
            Ok(())
        })
    };
    assert!(matches!(
        read(RATE as usize / 2 - 1),
        Err(ConnectionError::Overdue(Overdue::Slow { rate: RATE, .. }))
    ));
    assert!(read(RATE as usize / 2).is_ok());
}

#[test]
fn a_connection_makes_so_many_requests_and_no_more() {
    let mut bench = Bench::with(|service| service.limits.requests_max = 3);
    for _ in 0..3 {
        bench.receive("PING\n");
        bench.expect_reply("pong");
    }
    bench.receive("PING\nPING\n");
    bench.expect_reply("too-many-requests");
    assert!(bench.has_finished_sending);
    assert_eq!(bench.counts().requests(Verb::Ping.label()).failed, 1);
}

#[test]
fn a_stranger_may_ping_and_nothing_else() {
    for request in
        ["LIST", "GET a.txt", "DIGEST a.txt", "DELETE a.txt", "STATS", "UPLOAD a.txt \"Zm9v\""]
    {
        let mut bench = with_tokens();
        bench.place("a.txt", b"hello");
        bench.receive("PING\n");
        bench.expect_reply("pong");
        bench.receive(format!("{request}\n"));
        bench.expect_reply("auth-required");
        bench.receive("PING\n");
        bench.expect_reply("pong");
        assert_eq!(bench.stored("a.txt"), b"hello");
    }
}

#[test]
fn a_token_allows_what_its_line_says() {
    for (token, may_write) in [("reader", false), ("writer", true)] {
        let mut bench = with_tokens();
        bench.receive(format!("AUTH {token}\n"));
        bench.expect_reply(r#""status":"OK""#);
        for request in ["UPLOAD a.txt Zm9v", "DELETE a.txt"] {
            bench.receive(format!("{request}\n"));
            bench.expect_reply(if may_write { r#""status":"OK""# } else { "forbidden" });
        }
        bench.place("a.txt", b"hello");
        for (request, answer) in [("LIST", "a.txt"), ("GET a.txt", "aGVsbG8="), ("STATS", "mode")] {
            bench.receive(format!("{request}\n"));
            bench.expect_reply(answer);
        }
    }
}

#[test]
fn a_wrong_token_costs_a_second_and_what_was_allowed_before() {
    let mut bench = with_tokens();
    bench.receive("AUTH writer\n");
    bench.expect_reply("welcome will");
    let rest = bench.receive("AUTH writes\nLIST\n");
    assert!(matches!(rest, Rest::Wait(_)), "{rest:?}");
    bench.pass(Duration::from_secs(1) - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    let replies = bench.replies();
    assert!(replies.contains("auth-failed") && replies.contains("auth-required"), "{replies}");
}

#[test]
fn a_stranger_does_not_stay() {
    let mut silent = with_tokens();
    silent.pass(HEAD_TIMEOUT);
    silent.expect_reply("timeout");
    let mut pinging = with_tokens();
    for _ in 0..10 {
        pinging.receive("PING\n");
        pinging.expect_reply("pong");
    }
    pinging.receive("PING\n");
    assert!(pinging.has_finished_sending);
    let mut uploading = with_tokens();
    uploading.receive("UPLOAD a.txt Zm9v");
    uploading.expect_reply("auth-required");
    uploading.receive("A".repeat(64 * 1024));
    uploading.pass(MOMENT);
    assert!(uploading.has_finished_sending);
    // Within a refused upload no byte buys more time.
    for head in ["UPLOAD a.txt ", "UPLOAD a.txt \"", "UPLOAD a.txt Zm9v"] {
        let mut dripping = with_tokens();
        dripping.receive(head);
        dripping.expect_reply("auth-required");
        for _ in 0..HEAD_TIMEOUT.as_secs() {
            assert!(!dripping.has_finished_sending, "{head}");
            dripping.receive(" ".repeat(100));
            dripping.pass(Duration::from_secs(1));
        }
        assert!(dripping.has_finished_sending, "{head}");
    }
}

#[test]
fn a_server_without_tokens_takes_any() {
    let mut bench = Bench::new();
    bench.receive("AUTH whatever\n");
    bench.expect_reply("asks for no token");
    bench.receive("LIST\n");
    bench.expect_reply("OK");
}

#[test]
fn a_clock_that_jumps_ahead_is_not_held_against_the_peer() {
    let mut bench = with_rate();
    bench.receive("UPLOAD a.txt Zm9v");
    // The machine slept: far more time has passed than the driver was told to wait.
    bench.now += Duration::from_secs(24 * 3600);
    assert!(matches!(bench.rest(), Rest::Receive(_)));
    bench.receive("YmFy\n");
    bench.expect_reply(r#""data_size":6"#);
}

#[test]
fn long_lists_are_bounded_for_all_connections_together() {
    let mut bench = Bench::new();
    for number in 0..1100 {
        bench.place(&format!("{number:0250}"), b"");
    }
    let taken = bench.service.long_replies.reserve(64 << 20).unwrap();
    bench.receive("LIST\n");
    bench.expect_reply("busy");
    drop(taken);
    bench.receive("LIST\n");
    assert!(bench.replies().len() > 275_000);
    // It is given back once the list is sent.
    assert!(bench.service.long_replies.reserve(64 << 20).is_some());
}
