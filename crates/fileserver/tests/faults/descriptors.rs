//! A server that has used up its descriptors answers or lets wait, and goes on once some are free.

use testkit::{PATIENCE, Peer, Server, eventually, processes};

use crate::{Model, expect_recovery, fileserver, warm_up};

for_model!(legacy_mode "legacy": without_descriptors_clients_get_an_answer_or_wait);
for_model!(thread_mode "thread": without_descriptors_clients_get_an_answer_or_wait);
for_model!(async_mode "async": without_descriptors_clients_get_an_answer_or_wait);
for_model!(event_mode "event": without_descriptors_clients_get_an_answer_or_wait);

const CLIENTS: usize = 60;

fn without_descriptors_clients_get_an_answer_or_wait(model: Model) {
    let workers = CLIENTS as u64;
    let server = fileserver(model).args(["--workers", &workers.to_string()]).start();
    let before = warm_up(&server, CLIENTS);
    server.place("a.txt", b"hello");
    // Half of the clients fit.
    leave_descriptors(server.pid(), before.descriptors, CLIENTS / 2);
    let mut peers: Vec<_> = (0..CLIENTS).map(|_| server.connect()).collect();
    for peer in &mut peers {
        peer.send("PING\r\n\r\n");
    }
    eventually(PATIENCE, "the log tells the operator", || {
        server.stderr().contains("cannot accept a connection for now")
    });
    let accepted = &mut peers[0];
    assert_eq!(accepted.read_reply().outcome(), "OK");
    expect_answers_without_files(accepted);

    // Those who were served leave, and the others need not come again.
    let mut waiting = peers.split_off(CLIENTS / 2);
    drop(peers);
    for peer in &mut waiting {
        assert_eq!(peer.read_reply().outcome(), "OK");
    }
    drop(waiting);
    eventually(PATIENCE, "the server has closed their connections", || {
        processes::descriptor_count(server.pid()) <= before.descriptors
    });
    assert_eq!(server.ask("GET a.txt").content(), b"hello");
    expect_recovery(&server, &before, workers);
}

/// Whatever takes a file fails with an answer; the rest goes on.
#[track_caller]
fn expect_answers_without_files(peer: &mut Peer) {
    for request in ["GET a.txt", "DIGEST a.txt", "LIST", "UPLOAD a.txt Zm9v"] {
        expect_refusal(peer, request);
    }
    assert_eq!(peer.request("PING").outcome(), "OK");
}

#[track_caller]
fn expect_refusal(peer: &mut Peer, request: &str) {
    let reply = peer.request(request);
    assert_eq!(reply.outcome(), "busy", "{request}: {}", reply.text());
}

/// Each process has descriptors of its own, and runs one connection at a time.
#[test]
fn a_worker_process_without_descriptors_answers_or_waits() {
    let server = fileserver(Model::named("process")).args(["--workers", "1"]).start();
    let worker = server.workers()[0];
    let own = processes::descriptor_count(worker);
    let before = warm_up(&server, 1);
    server.place("a.txt", b"hello");

    leave_descriptors(worker, own, 1);
    let mut peer = server.connect();
    expect_answers_without_files(&mut peer);
    drop(peer);

    // With a few more an upload gets to a later point before it fails, and at last is stored.
    let mut outcomes = Vec::new();
    for count in 2..6 {
        leave_descriptors(worker, own, count);
        let mut peer = server.connect();
        assert_eq!(peer.request("GET a.txt").content(), b"hello");
        outcomes.push(peer.request("UPLOAD a.txt aGVsbG8=").outcome().to_owned());
        assert_eq!(peer.request("PING").outcome(), "OK");
        assert_eq!(server.temporary_files(), 0, "{count} descriptors");
    }
    assert_ne!(outcomes[0], "OK");
    assert_eq!(outcomes[3], "OK");

    leave_descriptors(worker, own, 0);
    let (first, mut waiting) = fill_the_line(&server);
    eventually(PATIENCE, "the log tells the operator", || {
        server.stderr().contains("cannot accept a connection for now")
    });
    processes::leave_descriptors(worker, 100);
    assert_eq!(waiting.read_reply().outcome(), "OK");
    drop((first, waiting));
    assert_eq!(server.workers(), [worker], "the worker was replaced");
    expect_recovery(&server, &before, 1);
}

/// The acceptor sleeps between its tries, but not through a signal.
#[test]
fn a_server_that_cannot_accept_still_stops() {
    for mode in ["legacy", "thread", "process", "async", "event"] {
        let mut server: Server = fileserver(Model::named(mode)).args(["--workers", "1"]).start();
        for pid in processes::children(server.pid()).into_iter().chain([server.pid()]) {
            processes::leave_descriptors(pid, 0);
        }
        let waiting = fill_the_line(&server);
        eventually(PATIENCE, "the log tells the operator", || {
            server.stderr().contains("cannot accept a connection for now")
        });
        let stopped = server.stop();
        assert_eq!(stopped.exit_code, Some(0), "{mode}: {}", stopped.stderr);
        drop(waiting);
    }
}

/// Leaves so many descriptors to an idle process that has `own` of them. One of a connection that is
/// just being closed would be one more.
#[track_caller]
fn leave_descriptors(pid: u32, own: usize, count: usize) {
    eventually(PATIENCE, "the last connection is closed", || {
        processes::descriptor_count(pid) == own
    });
    processes::leave_descriptors(pid, count);
}

/// Two clients of a server that has no descriptor left. The first may be served nevertheless, for an
/// accept that waits has its descriptor already; then it leaves, and it is the second who waits.
fn fill_the_line(server: &Server) -> (Peer, Peer) {
    let mut peers = [server.connect(), server.connect()];
    for peer in &mut peers {
        peer.send("PING\r\n\r\n");
    }
    let [mut first, second] = peers;
    first.half_close();
    (first, second)
}
