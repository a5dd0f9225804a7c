//! What a session does while the server drains, and at the end of the grace period.

use super::*;

#[test]
fn an_idle_connection_leaves_when_the_server_drains() {
    let mut bench = Bench::new();
    bench.receive("PING\r\n");
    bench.expect_reply("pong");
    bench.begin_drain();
    bench.rest();
    assert!(bench.has_finished_sending);
    bench.expect_silence();
    assert!(matches!(bench.half_close(), Rest::Close));
    assert!(bench.close().is_ok());
}

#[test]
fn a_connection_that_waited_for_its_worker_gets_its_first_request_answered() {
    let mut bench = Bench::new();
    bench.begin_drain();
    assert!(matches!(bench.rest(), Rest::Receive(_)));
    bench.receive("LIST\r\n\r\nPING\r\n\r\n");
    bench.expect_reply(r#""data":[]"#);
    assert!(bench.has_finished_sending);
    // One that has nothing to ask is not waited for.
    let mut silent = Bench::new();
    silent.begin_drain();
    silent.rest();
    let rest = silent.pass(QUIET);
    assert!(silent.has_finished_sending || matches!(rest, Rest::Close), "{rest:?}");
}

#[test]
fn what_is_under_way_is_finished_while_the_server_drains() {
    let mut upload = Bench::new();
    upload.receive("UPLOAD a.txt Zm9v");
    upload.begin_drain();
    upload.receive("YmFy\r\n");
    upload.expect_reply(r#""data_size":6"#);
    assert!(upload.has_finished_sending);

    let mut unended = Bench::new();
    unended.receive("PING");
    unended.begin_drain();
    unended.pass(QUIET);
    unended.expect_reply("pong");
    unended.pass(QUIET);
    assert!(unended.has_finished_sending);
}

#[test]
fn the_end_of_the_grace_period_cuts_what_is_under_way() {
    let mut bench = Bench::new();
    bench.receive("UPLOAD a.txt Zm9v");
    bench.begin_drain();
    assert!(matches!(bench.pass(GRACE_PERIOD - MOMENT), Rest::Receive(_)));
    assert!(matches!(bench.pass(MOMENT), Rest::Failed(ConnectionError::ShutDown)));
    bench.expect_silence();
    let Bench { session, dir, .. } = bench;
    drop(session);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
