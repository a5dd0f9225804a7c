//! Content on lines of its own, and what other dialects are told.

use testkit::wrapped_base64;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Content that fills so many lines of 64 characters, and its text.
fn lines(count: usize) -> (Vec<u8>, String) {
    let content = content(7, count * 48);
    let text = wrapped_base64(&content, 64, "\r\n");
    (content, text)
}

#[test]
fn content_on_lines_that_ends_as_requests_do_needs_no_waiting() {
    let (one, line) = lines(1);
    let (many, text) = lines(1000);
    for (request, content) in [
        (format!("UPLOAD a {line}\r\n\r\n"), &one),
        (format!("UPLOAD a\r\n{line}\r\n\r\n"), &one),
        (format!("UPLOAD a {text}\r\n\r\n"), &many),
        (format!("UPLOAD a\n{text}\n\n"), &many),
        (format!("UPLOAD a \"{text}\r\n\""), &many),
        (format!("UPLOAD a\r\n{text}\r\nZg==\r\n"), &[&many[..], b"f"].concat()),
    ] {
        let mut bench = Bench::new();
        bench.receive(request);
        bench.expect_reply(&format!(r#""data_size":{}"#, content.len()));
        assert!(bench.stored("a") == *content);
    }
}

#[test]
fn one_full_line_is_taken_for_the_whole_content_after_two_seconds() {
    let (content, line) = lines(1);
    for start in ["UPLOAD a ", "UPLOAD a\r\n"] {
        let mut bench = Bench::new();
        bench.receive(format!("{start}{line}\r\n"));
        bench.pass(2 * SECOND - MOMENT);
        bench.expect_silence();
        bench.pass(MOMENT);
        bench.expect_reply("stored");
        assert!(bench.stored("a") == content);
    }
}

#[test]
fn no_quiet_completes_content_of_more_than_one_line() {
    let (_, text) = lines(2);
    for stalled in [format!("UPLOAD a {text}\r\n"), format!("UPLOAD a\n{text}\nZm9v")] {
        let mut bench = Bench::new();
        bench.place("a", b"old");
        bench.receive(stalled);
        bench.pass(IDLE_TIMEOUT - MOMENT);
        bench.expect_silence();
        bench.pass(MOMENT);
        bench.expect_reply("unended");
        assert_eq!(bench.stored("a"), b"old");
        assert_eq!(bench.entries(), 1);
    }
}

#[test]
fn half_closed_content_of_full_lines_is_confirmed_before_it_is_stored() {
    let (content, text) = lines(3);
    let mut bench = Bench::new();
    bench.receive(format!("UPLOAD a {text}\r\n"));
    assert!(matches!(bench.half_close(), Rest::Wait(wait) if wait == QUIET));
    assert_eq!(bench.sent, b"{");
    assert!(matches!(bench.pass(QUIET), Rest::Close));
    bench.expect_reply("stored");
    assert!(bench.stored("a") == content);
}

#[test]
fn a_line_that_does_not_belong_is_answered_once_and_nothing_is_stored() {
    let (_, text) = lines(3);
    for stray in ["PING", "hello, world", "Zm9", &"A".repeat(68)] {
        let mut bench = Bench::new();
        bench.place("a", b"old");
        bench.receive(format!("UPLOAD a {text}\r\n{stray}\r\n{text}\r\n\r\nPING\r\n\r\n"));
        bench.expect_reply("bad-base64");
        assert!(bench.has_finished_sending, "{stray}");
        assert_eq!((bench.stored("a"), bench.entries()), (b"old".to_vec(), 1));
        assert!(matches!(bench.half_close(), Rest::Close));
    }
}

#[test]
fn an_upload_that_is_refused_early_is_answered_once_however_its_lines_go_on() {
    let (_, text) = lines(100);
    for (name, more) in [("../x", "\r\n\r\n"), ("a", "\r\n!\r\n"), ("../x", "\r\nPING\r\n")] {
        let mut bench = Bench::with(|service| service.limits.upload_len_max = 1000);
        bench.receive(format!("UPLOAD {name}\r\n{text}{more}"));
        let replies = bench.replies();
        assert_eq!(replies.matches("\r\n\r\n").count(), 1, "{replies}");
        assert_eq!(bench.entries(), 0);
    }
}

#[test]
fn line_breaks_alone_do_not_keep_an_upload_going() {
    let mut bench = Bench::new();
    bench.receive("UPLOAD a.txt \"Zm9v");
    bench.receive("\n".repeat(60_000));
    bench.expect_silence();
    bench.receive("\n".repeat(10_000));
    bench.expect_reply("too-large");
}

#[test]
fn an_upload_without_content_is_told_so_after_a_second() {
    let mut bench = Bench::new();
    bench.receive("UPLOAD a.txt\r\n");
    bench.pass(SECOND - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply(r#""code":"bad-request""#);
    bench.receive("PING\n");
    bench.expect_reply("pong");
    assert_eq!(bench.entries(), 0);
}

#[test]
fn other_dialects_are_told_once_and_within_a_second_what_is_wrong() {
    let json = r#"{"command": "GET", "name": "a.txt"}"#;
    let pretty = json.replace(' ', "\r\n ");
    let long = "QUJD".repeat(300_000);
    let (_, text) = lines(30);
    for (sent, code, words) in [
        (json.to_owned(), "unknown-request", "requests are text here, for example GET name"),
        (format!("{json}\r\n\r\n"), "unknown-request", "requests are text here"),
        (pretty, "unknown-request", "requests are text here"),
        (format!("{{\"data\":\"{long}\"}}"), "unknown-request", "requests are text here"),
        ("UPLOAD a.txt||QUJD".into(), "bad-request", "a blank after the file name"),
        ("UPLOAD a.txt||QU/D\r\n\r\n".into(), "bad-request", "a blank after the file name"),
        (format!("UPLOAD a.txt||{long}"), "head-too-long", "a blank goes between"),
        ("UPLOAD a.txt 8 QUJDQUJD".into(), "bad-base64", "base64 and nothing else"),
        ("UPLOAD a.txt b'QUJD'".into(), "bad-base64", "base64 and nothing else"),
        ("b'LIST'".into(), "unknown-request", "this is how Python shows bytes"),
        (format!("b\"UPLOAD {long}\""), "unknown-request", "this is how Python shows bytes"),
        ("DOWNLOAD a.txt".into(), "unknown-request", "\"request tidak dikenali\""),
        ("ADD a.txt QUJD\r\n\r\n".into(), "unknown-request", "\"request tidak dikenali\""),
        (format!("ADD a.txt\r\n{text}\r\n"), "unknown-request", "\"request tidak dikenali\""),
        (format!("IMAGE {long}"), "unknown-request", "a request starts with LIST"),
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\nx".into(), "unknown-request", "tidak dikenali"),
        ("GET / HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\n".into(), "bad-request", "GET"),
    ] {
        let mut bench = Bench::new();
        bench.receive(&sent);
        bench.pass(SECOND);
        let replies = bench.replies();
        assert_eq!(replies.matches("\r\n\r\n").count(), 1, "{sent:.40}: {replies}");
        assert!(replies.contains(&format!(r#""code":"{code}""#)), "{sent:.40}: {replies}");
        assert!(replies.contains(words), "{sent:.40}: {replies}");
        assert_eq!(bench.entries(), 0);
    }
}

#[test]
fn each_word_that_is_no_request_is_answered_to_a_peer_that_may_have_read_the_last_answer() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.receive("HALLO\r\n");
        bench.expect_reply("request tidak dikenali");
    }
    // What came along was sent in ignorance; but requests are requests.
    bench.receive("HALLO\r\nPING\r\n");
    assert_eq!(bench.replies().matches("\r\n\r\n").count(), 2);
    bench.receive("HALLO\r\nHALLO\r\nPING\r\n");
    bench.expect_reply("request tidak dikenali");
    assert!(bench.has_finished_sending);
}
