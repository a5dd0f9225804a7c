//! What a session does wrong when a test wants it to.

use super::*;
use crate::faults::Faults;

const SERVICE_TIME: Duration = Duration::from_millis(150);

fn with_fault(fault: &str) -> Bench {
    let faults = Faults::of(&[fault.parse().unwrap()]);
    Bench::with(|service| service.faults = faults)
}

#[track_caller]
fn expect_reply_after(bench: &mut Bench, wait: Duration, part: &str) {
    let rest = bench.rest();
    assert!(matches!(rest, Rest::Busy(asked) if asked == wait), "{rest:?}");
    bench.pass(wait - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    bench.expect_reply(part);
}

#[test]
fn a_transfer_or_an_echo_takes_the_service_time_from_its_head_to_its_reply() {
    let mut bench = with_fault("service-time=150");
    bench.receive("UPLOAD a.txt aGVs");
    bench.now += SERVICE_TIME / 3;
    bench.receive("bG8=\r\n");
    expect_reply_after(&mut bench, SERVICE_TIME / 3 * 2, r#""data_size":5"#);
    // Each request has its own time, also one that was sent ahead, and one that fails.
    bench.receive("GET a.txt\r\nGET b.txt\r\n");
    expect_reply_after(&mut bench, SERVICE_TIME, "aGVsbG8=");
    expect_reply_after(&mut bench, SERVICE_TIME, "not-found");
    bench.receive("ECHO halo\r\n");
    expect_reply_after(&mut bench, SERVICE_TIME, "halo");
}

#[test]
fn what_takes_longer_anyway_and_every_other_request_waits_no_longer() {
    let mut bench = with_fault("service-time=150");
    bench.receive("UPLOAD a.txt aGVs");
    bench.now += SERVICE_TIME;
    bench.receive("bG8=\r\n");
    bench.expect_reply("stored");
    for request in ["LIST\n", "DIGEST a.txt\n", "STATS\n", "DELETE a.txt\n", "PING\n"] {
        bench.receive(request);
        bench.expect_reply("OK");
    }
}

#[test]
fn a_half_closed_upload_sends_no_byte_ahead_of_its_service_time() {
    let mut bench = with_fault("service-time=150");
    bench.receive("UPLOAD a.txt Zm9v");
    assert!(matches!(bench.half_close(), Rest::Busy(time) if time == SERVICE_TIME));
    bench.pass(SERVICE_TIME - MOMENT);
    bench.expect_silence();
    bench.pass(MOMENT);
    assert_eq!(bench.sent, b"{");
    bench.pass(QUIET);
    bench.expect_reply("stored");
}

#[test]
fn the_service_time_is_not_held_against_the_peer() {
    let mut bench = with_fault("service-time=300000");
    bench.place("a.txt", b"hello");
    bench.receive("GET a.txt\n");
    bench.pass(IDLE_TIMEOUT * 5);
    bench.expect_reply("aGVsbG8=");
    assert!(matches!(bench.pass(IDLE_TIMEOUT - MOMENT), Rest::Receive(_)));
    assert!(matches!(bench.half_close(), Rest::Close));
    assert!(bench.close().is_ok());
}

#[test]
fn a_drain_lets_the_service_time_pass_and_the_end_of_the_grace_period_does_not() {
    let mut finished = with_fault("service-time=150");
    finished.receive("UPLOAD a.txt aGVsbG8=\n");
    finished.begin_drain();
    expect_reply_after(&mut finished, SERVICE_TIME, "stored");
    assert!(finished.has_finished_sending);

    let mut cut = with_fault("service-time=3600000");
    cut.receive("UPLOAD a.txt aGVsbG8=\n");
    cut.begin_drain();
    assert!(matches!(cut.pass(GRACE_PERIOD - MOMENT), Rest::Busy(_)));
    assert!(matches!(cut.pass(MOMENT), Rest::Failed(ConnectionError::ShutDown)));
    cut.expect_silence();
}

#[test]
fn one_bit_of_the_first_byte_is_flipped_on_its_way_out_and_nowhere_else() {
    let mut bench = with_fault("flip-byte");
    // Two pieces, and more than one file on the connection.
    let content = content(1, 300_000);
    for name in ["a.bin", "b.bin"] {
        bench.receive(format!("UPLOAD {name} {}\n", base64(&content)));
        bench.expect_reply(r#""data_size":300000"#);
        assert!(bench.stored(name) == content);
        bench.receive(format!("GET {name}\n"));
        let mut flipped = content.clone();
        flipped[0] ^= 1;
        bench.expect_reply(&base64(&flipped));
    }
    bench.place("empty", b"");
    bench.receive("GET empty\n");
    bench.expect_reply(r#""data_file":"""#);
}
