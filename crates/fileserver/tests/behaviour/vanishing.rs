//! Clients that vanish, with a close or a reset, at every point where it matters.

use protocol::Verb;
use testkit::{Peer, Server, base64, content, upload_request};

use crate::{Model, await_failed_connections, await_temporary_files, stop_cleanly};

for_every_model_and_store!(
    a_client_that_vanishes_in_mid_download_costs_nothing,
    a_client_that_resets_after_its_reply_has_not_failed,
    a_client_that_comes_and_goes_without_a_word_has_not_failed;
    in_a_directory:
    an_upload_whose_client_closes_is_not_stored,
    an_upload_whose_client_resets_is_not_stored,
    a_long_upload_whose_client_vanishes_is_not_stored,
);

/// Where the bytes so far stop: inside a group, at the end of one, and before the first. Whole
/// groups are what a whole file looks like, too.
const CUT_OFF: [&str; 5] = [
    "UPLOAD a.txt Zm9vYmF",
    "UPLOAD a.txt Zm9vYmFy",
    "UPLOAD a.txt \"Zm9vYmFy",
    "UPLOAD a.txt ",
    "UPLOAD a.txt",
];

fn an_upload_whose_client_closes_is_not_stored(model: Model) {
    cut_off_uploads_are_not_stored(model, drop);
}

fn an_upload_whose_client_resets_is_not_stored(model: Model) {
    cut_off_uploads_are_not_stored(model, Peer::reset);
}

fn cut_off_uploads_are_not_stored(model: Model, vanish: fn(Peer)) {
    let server = model.start();
    server.place("a.txt", b"old");
    for (seen, cut_off) in (1..).zip(CUT_OFF) {
        let mut peer = server.connect();
        peer.send(cut_off);
        if cut_off != "UPLOAD a.txt" {
            await_temporary_files(&server, 1);
        }
        vanish(peer);
        await_ended_connections(&server, seen);
        assert_eq!(server.stored("a.txt").unwrap(), b"old", "{cut_off:?}");
    }
    assert_eq!(server.stats().requests[Verb::Upload].ok, 0);
    stop_cleanly(server);
}

/// Connections that ended, apart from those that asked for statistics.
fn await_ended_connections(server: &Server, count: u64) {
    testkit::eventually(testkit::PATIENCE, "the connection has ended", || {
        let stats = server.stats();
        let statistics = stats.requests[Verb::Stats].ok;
        stats.connections.active <= 1
            && stats.connections.succeeded + stats.connections.failed >= count + statistics
    });
    await_temporary_files(server, 0);
}

fn a_long_upload_whose_client_vanishes_is_not_stored(model: Model) {
    let server = model.start();
    let text = base64(&content(1, 3 << 20));
    for (failed, vanish) in (1..).zip([drop, Peer::reset]) {
        let mut peer = server.connect();
        peer.send(format!("UPLOAD a.bin {text}"));
        await_temporary_files(&server, 1);
        vanish(peer);
        await_failed_connections(&server, failed);
        assert_eq!(server.stored("a.bin"), None);
        assert_eq!(server.stats().requests[Verb::Upload].failed, failed);
    }
    stop_cleanly(server);
}

fn a_client_that_vanishes_in_mid_download_costs_nothing(model: Model) {
    let server = model.server().args(["--workers", "2"]).start();
    server.place("a.bin", &content(1, 20 << 20));
    for (failed, vanish) in (1..).zip([drop, Peer::reset, drop, Peer::reset]) {
        let mut peer = server.connect();
        peer.send("GET a.bin\r\n\r\n");
        peer.await_bytes(1000);
        vanish(peer);
        await_failed_connections(&server, failed);
    }
    assert_eq!(server.stats().requests[Verb::Get].failed, 4);
    stop_cleanly(server);
}

fn a_client_that_resets_after_its_reply_has_not_failed(model: Model) {
    let server = model.start();
    let mut peer = server.connect();
    peer.send(upload_request("a.txt", b"hello"));
    assert_eq!(peer.read_reply().outcome(), "OK");
    peer.reset();
    await_ended_connections(&server, 1);
    assert_eq!(server.stats().connections.failed, 0);
    assert_eq!(server.stored("a.txt").unwrap(), b"hello");
}

fn a_client_that_comes_and_goes_without_a_word_has_not_failed(model: Model) {
    let server = model.start();
    for vanish in [drop, Peer::reset, Peer::reset, drop] {
        vanish(server.connect());
    }
    let mut peer = server.connect();
    peer.half_close();
    peer.expect_closed();
    testkit::eventually(testkit::PATIENCE, "all connections end", || {
        server.stats().connections.active == 1
    });
    assert_eq!(server.stats().connections.failed, 0);
}
