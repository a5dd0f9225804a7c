//! The same protocol within TLS.

use std::{
    thread,
    time::{Duration, Instant},
};

use testkit::{Certificates, PATIENCE, Peer, Server, base64, content, eventually, upload_request};

use crate::{Model, await_temporary_files, stop_cleanly};

for_every_model_and_store!(
    every_request_works_within_tls,
    large_files_pass_unchanged_in_both_directions_within_tls,
    a_client_in_plain_text_gets_a_clean_close,
    a_tls_half_close_ends_an_upload_as_a_plain_one_does,
    a_reset_after_the_last_reply_is_no_failure_within_tls_either,
    a_peer_that_failed_at_tls_does_not_hold_up_a_shutdown,
    a_handshake_that_stalls_is_cut_off,
    one_too_many_is_closed_without_a_plain_reply;
    in_a_directory:
    an_upload_cut_off_without_a_tls_ending_is_never_stored,
    transfers_within_tls_finish_while_the_server_drains,
);

/// A server that speaks TLS, and what vouches for it.
pub(crate) struct Secured {
    pub(crate) server: Server,
    pub(crate) certificates: Certificates,
}

impl Secured {
    pub(crate) fn start(model: Model, args: &[&str]) -> Self {
        let certificates = Certificates::make();
        let server = model
            .server()
            .args([
                "--tls-cert".as_ref(),
                certificates.cert().as_os_str(),
                "--tls-key".as_ref(),
                certificates.key().as_os_str(),
            ])
            .args(args)
            .start();
        Self { server, certificates }
    }

    #[track_caller]
    pub(crate) fn connect(&self) -> Peer {
        Peer::connect_tls(self.server.address(), &self.certificates)
    }
}

fn every_request_works_within_tls(model: Model) {
    let secured = Secured::start(model, &[]);
    let mut peer = secured.connect();
    assert_eq!(peer.request("PING")["data"], "pong");
    assert_eq!(peer.request("ECHO halo")["data"], "halo");
    assert_eq!(peer.request("UPLOAD a.txt \"aGVsbG8=\"").outcome(), "OK");
    assert_eq!(peer.request("GET a.txt").content(), b"hello");
    assert_eq!(peer.request("LIST").text(), r#"{"status":"OK","data":["a.txt"]}"#);
    assert_eq!(peer.request("DIGEST a.txt")["data_size"], 5);
    assert_eq!(peer.request("STATS")["data"]["mode"], model.mode);
    // Without an ending, and one byte at a time.
    peer.send_slowly("LIST");
    assert_eq!(peer.read_reply().outcome(), "OK");
    assert_eq!(peer.request("DELETE a.txt").outcome(), "OK");
    drop(peer);
    stop_cleanly(secured.server);
}

fn large_files_pass_unchanged_in_both_directions_within_tls(model: Model) {
    let secured = Secured::start(model, &[]);
    thread::scope(|scope| {
        for client in 0..5 {
            let mut peer = secured.connect();
            scope.spawn(move || {
                let content = content(client, 3 << 20);
                peer.send(upload_request(&format!("{client}.bin"), &content));
                assert_eq!(peer.read_reply()["data_size"], 3 << 20);
                peer.send(format!("GET {client}.bin\r\n\r\n"));
                assert!(peer.read_long_reply().content() == content);
            });
        }
    });
    stop_cleanly(secured.server);
}

fn a_client_in_plain_text_gets_a_clean_close(model: Model) {
    let secured = Secured::start(model, &["--workers", "2"]);
    for request in ["LIST\r\n\r\n", "UPLOAD a.txt Zm9v", "LIST"] {
        let mut plain = secured.server.connect();
        plain.send(request);
        // A reset would be an error here.
        assert_eq!(plain.read_some(&mut [0; 100]), 0, "{request}");
        plain.half_close();
    }
    assert_eq!(secured.connect().request("PING").outcome(), "OK");
    assert_eq!(secured.server.stored("a.txt"), None);
    stop_cleanly(secured.server);
}

fn an_upload_cut_off_without_a_tls_ending_is_never_stored(model: Model) {
    let secured = Secured::start(model, &[]);
    // Anyone on the way can close a connection; only the client can end it within TLS.
    for upload in ["UPLOAD a.txt Zm9vYmFy", "UPLOAD a.txt \"Zm9v", "UPLOAD a.txt "] {
        let mut peer = secured.connect();
        peer.send(upload);
        eventually(PATIENCE, "the upload begins", || secured.server.temporary_files() == 1);
        peer.cut_off();
        eventually(PATIENCE, "the upload is gone", || secured.server.temporary_files() == 0);
    }
    assert_eq!(secured.server.stored("a.txt"), None);
    let stats = &secured.connect().request("STATS")["data"];
    assert_eq!(stats["connections"]["failed"], 3);
    assert_eq!(stats["requests"]["upload"]["failed"], 3);
    stop_cleanly(secured.server);
}

fn a_tls_half_close_ends_an_upload_as_a_plain_one_does(model: Model) {
    let secured = Secured::start(model, &[]);
    let mut peer = secured.connect();
    peer.send("UPLOAD a.txt Zm9vYmFy");
    peer.half_close();
    assert_eq!(peer.read_reply()["data_size"], 6);
    peer.expect_closed();
    assert_eq!(secured.server.stored("a.txt").unwrap(), b"foobar");
    stop_cleanly(secured.server);
}

fn a_reset_after_the_last_reply_is_no_failure_within_tls_either(model: Model) {
    let secured = Secured::start(model, &[]);
    for _ in 0..5 {
        let mut peer = secured.connect();
        assert_eq!(peer.request("PING").outcome(), "OK");
        peer.reset();
    }
    let mut peer = secured.connect();
    eventually(PATIENCE, "all are booked as succeeded", || {
        let connections = &peer.request("STATS")["data"]["connections"];
        assert_eq!(connections["failed"], 0);
        connections["succeeded"] == 5
    });
}

fn a_peer_that_failed_at_tls_does_not_hold_up_a_shutdown(model: Model) {
    let mut secured = Secured::start(model, &["--drain", "0"]);
    let mut plain = secured.server.connect();
    plain.send("LIST\r\n\r\n");
    assert_eq!(plain.read_some(&mut [0; 100]), 0);
    // It stays connected.
    assert_eq!(secured.server.stop().exit_code, Some(0));
}

fn a_handshake_that_stalls_is_cut_off(model: Model) {
    let secured = Secured::start(model, &["--head-timeout", "1", "--workers", "2"]);
    let start = Instant::now();
    let mut silent = secured.server.connect();
    let mut dripping = secured.server.connect();
    // The start of a record that announces more than ever comes.
    dripping.send(b"\x16\x03\x01\x02\x00");
    while !dripping.has_received() {
        let _ = dripping.try_send(b"\x01");
        assert!(start.elapsed() < PATIENCE, "a handshake goes on for ever");
        thread::sleep(Duration::from_millis(50));
    }
    silent.expect_closed();
    assert!(start.elapsed() >= Duration::from_secs(1), "after {:?}", start.elapsed());
    assert_eq!(secured.connect().request("PING").outcome(), "OK");
    stop_cleanly(secured.server);
}

fn one_too_many_is_closed_without_a_plain_reply(model: Model) {
    let secured = Secured::start(model, &["--max-per-address", "1", "--workers", "2"]);
    let mut only = secured.connect();
    assert_eq!(only.request("PING").outcome(), "OK");
    let mut second = secured.server.connect();
    second.expect_closed();
    assert_eq!(only.request("PING").outcome(), "OK");
}

fn transfers_within_tls_finish_while_the_server_drains(model: Model) {
    let mut secured = Secured::start(model, &["--drain", "60"]);
    let content = content(1, 20 << 20);
    secured.server.place("down.bin", &content);
    let mut download = secured.connect();
    download.send("GET down.bin\r\n\r\n");
    download.await_bytes(1000);
    let mut upload = secured.connect();
    upload.send("UPLOAD up.bin ");
    await_temporary_files(&secured.server, 1);
    secured.server.kill(testkit::Signal::SIGTERM);
    upload.send(format!("{}\r\n", base64(&content[..300_000])));
    assert_eq!(upload.read_reply()["data_size"], 300_000);
    assert!(download.read_long_reply().content() == content);
    // A goodbye within TLS, not a cut: `read_to_end` would tell.
    upload.expect_closed();
    drop((upload, download));
    assert_eq!(secured.server.wait(PATIENCE).exit_code, Some(0));
}
