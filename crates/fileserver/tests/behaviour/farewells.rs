//! Clients that send all they have before they read anything: they learn why it was in vain.

use testkit::{PATIENCE, Peer, content, eventually, upload_request};

use crate::{
    Model,
    auth::{self, Guarded},
    stop_cleanly,
    tls::Secured,
};

for_every_model_and_store!(
    a_long_upload_to_a_busy_server_is_told_so,
    a_long_upload_beyond_the_limit_of_an_address_is_told_so,
    a_long_upload_that_is_refused_within_tls_is_told_why,
    a_long_upload_in_plain_text_to_a_tls_port_gets_a_clean_close;
    in_a_directory:
    a_long_upload_that_is_refused_is_told_why,
);

/// More than the sockets of both ends hold.
const LONG: usize = 20 << 20;

/// Sends all of `request`, which the server has no use for, and only then reads.
#[track_caller]
fn expect_told(mut peer: Peer, request: impl AsRef<[u8]>, outcome: &str) {
    peer.send(request);
    assert_eq!(peer.read_reply().outcome(), outcome);
}

fn a_long_upload_to_a_busy_server_is_told_so(model: Model) {
    let server = model.server().args(["--max-connections", "1", "--workers", "1"]).start();
    let mut idle = server.connect();
    assert_eq!(idle.request("PING").outcome(), "OK");
    let request = upload_request("a.bin", &content(1, LONG));
    for _ in 0..2 {
        expect_told(server.connect(), &request, "busy");
    }
    assert_eq!(idle.request("PING").outcome(), "OK");
    drop(idle);
    stop_cleanly(server);
}

fn a_long_upload_beyond_the_limit_of_an_address_is_told_so(model: Model) {
    let server = model.server().args(["--max-per-address", "1", "--workers", "3"]).start();
    let mut idle = server.connect();
    assert_eq!(idle.request("PING").outcome(), "OK");
    let request = upload_request("a.bin", &content(1, LONG));
    expect_told(server.connect(), request, "busy");
    drop(idle);
    eventually(PATIENCE, "there is room again", || server.ask("PING").outcome() == "OK");
    stop_cleanly(server);
}

fn a_long_upload_that_is_refused_is_told_why(model: Model) {
    let request = upload_request("a.bin", &content(1, LONG));
    let refuse = |args: &[&str], request: &str, outcome| {
        let server = model.server().args(args).start();
        server.place("a.bin", b"old");
        expect_told(server.connect(), request, outcome);
        assert_eq!(server.ask("PING").outcome(), "OK");
        assert_eq!((server.stored("a.bin").unwrap(), server.temporary_files()), (b"old".into(), 0));
        stop_cleanly(server);
    };
    refuse(&["--max-upload", "1000"], &request, "too-large");
    refuse(&["--read-only"], &request, "read-only");
    refuse(&["--read-only", "--max-upload", "1000"], &request, "read-only");
    refuse(&["--no-replace"], &request, "exists");
    refuse(&["--quota", "1000000"], &request, "no-space");
    refuse(&["--max-upload", "1000"], &request.replace("a.bin", "../a"), "bad-name");
    refuse(&[], &request.replace("UPLOAD", "IMAGE"), "unknown-request");
    refuse(&[], &request.replace("a.bin ", "a.bin||"), "head-too-long");
    refuse(&["--max-requests", "1"], &format!("PING\r\n\r\nPING\r\n\r\n{request}"), "OK");

    let Guarded { server, .. } = auth::start(model, &[]);
    expect_told(server.connect(), &request, "auth-required");
    stop_cleanly(server);
}

fn a_long_upload_that_is_refused_within_tls_is_told_why(model: Model) {
    let secured = Secured::start(model, &["--max-upload", "1000"]);
    let request = upload_request("a.bin", &content(1, LONG));
    expect_told(secured.connect(), request, "too-large");
    stop_cleanly(secured.server);
}

fn a_long_upload_in_plain_text_to_a_tls_port_gets_a_clean_close(model: Model) {
    let secured = Secured::start(model, &["--workers", "2"]);
    let request = upload_request("a.bin", &content(1, LONG));
    let mut plain = secured.server.connect();
    plain.send(request);
    // A reset would be an error here.
    assert_eq!(plain.read_some(&mut [0; 100]), 0);
    drop(plain);
    stop_cleanly(secured.server);
}
