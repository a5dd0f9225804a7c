//! What a session makes of a peer that sends no more, or is gone.

use super::*;

#[test]
fn a_half_closed_upload_is_confirmed_before_it_is_stored() {
    let mut bench = Bench::new();
    bench.place("a.txt", b"old");
    bench.receive("UPLOAD a.txt Zm9v");
    assert!(matches!(bench.half_close(), Rest::Wait(wait) if wait == QUIET));
    assert_eq!(bench.sent, b"{");
    assert!(matches!(bench.pass(QUIET - MOMENT), Rest::Wait(wait) if wait == MOMENT));
    assert_eq!(bench.sent, b"{");
    assert_eq!(bench.stored("a.txt"), b"old");
    assert!(matches!(bench.pass(MOMENT), Rest::Close));
    let stored =
        r#"{"status":"OK","data":"a.txt stored, 3 bytes","data_namafile":"a.txt","data_size":3}"#;
    assert_eq!(bench.replies(), format!("{stored}\r\n\r\n"));
    assert_eq!(bench.stored("a.txt"), b"foo");
    assert!(bench.close().is_ok());
}

#[test]
fn a_half_closed_upload_whose_peer_is_lost_stores_nothing() {
    // The driver drops the session when the second byte cannot be written.
    for steps_until_lost in 0..3 {
        let mut bench = Bench::new();
        bench.receive("UPLOAD a.txt Zm9v");
        bench.half_close();
        bench.now += QUIET;
        for _ in 0..steps_until_lost {
            if let Ok(Step::Send(_)) = bench.step() {
                assert_eq!(bench.session.output(), b"\"");
            }
        }
        let Bench { session, slot, dir, .. } = bench;
        drop(session);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let counts = slot.counts();
        assert_eq!(counts.requests(Verb::Upload.label()).failed, 1);
        assert_eq!(counts.connections.failed, 1);
    }
}

#[test]
fn a_half_close_that_leaves_no_doubt_needs_no_confirmation() {
    for (sent, reply) in [
        ("UPLOAD a.txt Zg==", "stored"),
        ("UPLOAD a.txt \"Zm9v\"", "stored"),
        ("GET b.txt", "not-found"),
        ("UPLOAD a.txt \"Zm9v", "unended"),
    ] {
        let mut bench = Bench::new();
        bench.receive(sent);
        assert!(matches!(bench.half_close(), Rest::Close), "{sent}");
        bench.expect_reply(reply);
    }
}

#[test]
fn a_reset_is_a_failure_only_where_something_is_lost() {
    let mut bench = Bench::new();
    bench.receive("PING\r\n");
    assert!(bench.session.peer_lost(lost()).is_ok());
    assert!(matches!(bench.rest(), Rest::Close));
    assert!(bench.close().is_ok());
    for lossy in ["UPLOAD a.txt Zm9v", "UPLOAD a.txt \"Zm9v", "UPLOAD a.txt ", "GET a.t"] {
        let mut bench = Bench::new();
        bench.receive(lossy);
        assert!(bench.session.peer_lost(lost()).is_err(), "{lossy}");
    }
}
