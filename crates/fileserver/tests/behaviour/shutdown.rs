//! SIGTERM: what is under way is finished, nothing more is begun, and there is an end to waiting.

use std::time::{Duration, Instant};

use testkit::{PATIENCE, Peer, Server, Signal, base64, content, eventually};

use crate::{Model, await_temporary_files, stop_cleanly};

for_every_model_and_store!(
    a_server_without_connections_stops_at_once,
    an_idle_connection_does_not_hold_up_a_shutdown,
    an_idle_client_that_never_hangs_up_does_not_hold_up_a_shutdown,
    silent_clients_in_the_line_do_not_hold_up_a_shutdown,
    no_request_is_begun_during_a_shutdown,
    a_second_signal_cuts_open_transfers,
    interrupt_stops_as_terminate_does,
    open_transfers_are_cut_when_the_grace_period_ends;
    in_a_directory:
    shutdown_lets_open_transfers_finish,
    shutdown_finishes_an_upload_that_a_half_close_ends,
    an_upload_cut_by_the_shutdown_leaves_nothing,
);

/// More than the sockets of both ends hold.
const LONG: usize = 20 << 20;

fn a_server_without_connections_stops_at_once(model: Model) {
    let start = Instant::now();
    stop_cleanly(model.start());
    assert!(start.elapsed() < Duration::from_secs(5));
}

fn shutdown_lets_open_transfers_finish(model: Model) {
    let mut server = model.server().args(["--workers", "5", "--drain", "60"]).start();
    let content = content(1, LONG);
    server.place("down.bin", &content);
    let mut downloads: Vec<_> = (0..3).map(|_| begin_download(&server)).collect();
    let text = base64(&content);
    let (first, second) = text.split_at(text.len() / 2);
    let mut uploads = [server.connect(), server.connect()];
    for (number, peer) in uploads.iter_mut().enumerate() {
        peer.send(format!("UPLOAD up{number}.bin {first}"));
    }
    await_temporary_files(&server, 2);

    server.kill(Signal::SIGTERM);
    await_refusal(&server);
    for peer in &mut uploads {
        peer.send(format!("{second}\r\n\r\n"));
        assert_eq!(peer.read_reply()["data_size"], LONG);
        peer.expect_closed();
    }
    for peer in &mut downloads {
        assert!(peer.read_long_reply().content() == content);
        peer.expect_closed();
    }
    let stopped = server.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    let last = stopped.stderr.lines().last().unwrap();
    assert!(last.contains("get 3/0, upload 2/0"), "{last}");
    for name in ["up0.bin", "up1.bin"] {
        assert!(server.stored(name).unwrap() == content);
    }
    assert_eq!(server.temporary_files(), 0);
}

fn shutdown_finishes_an_upload_that_a_half_close_ends(model: Model) {
    let mut server = model.start();
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt Zm9v");
    await_temporary_files(&server, 1);
    server.kill(Signal::SIGTERM);
    await_refusal(&server);
    peer.half_close();
    assert_eq!(peer.read_reply()["data_size"], 3);
    assert_eq!(server.wait(PATIENCE).exit_code, Some(0));
    assert_eq!(server.stored("a.txt").unwrap(), b"foo");
}

fn an_idle_connection_does_not_hold_up_a_shutdown(model: Model) {
    let mut server = model.start();
    let mut idle = server.connect();
    assert_eq!(idle.request("PING").outcome(), "OK");
    server.kill(Signal::SIGTERM);
    idle.expect_closed();
    drop(idle);
    assert_eq!(server.wait(Duration::from_secs(8)).exit_code, Some(0));
}

fn an_idle_client_that_never_hangs_up_does_not_hold_up_a_shutdown(model: Model) {
    let mut server = model.start();
    let mut idle = server.connect();
    assert_eq!(idle.request("PING").outcome(), "OK");
    let silent = server.connect();
    eventually(PATIENCE, "both connections are picked up", || {
        server.stats().connections.active == 3
    });
    server.kill(Signal::SIGTERM);
    assert_eq!(server.wait(Duration::from_secs(8)).exit_code, Some(0));
    drop((idle, silent));
}

fn silent_clients_in_the_line_do_not_hold_up_a_shutdown(model: Model) {
    let mut server = model.server().args(["--workers", "2"]).start();
    let silent: Vec<_> = (0..20).map(|_| server.connect()).collect();
    server.kill(Signal::SIGTERM);
    assert_eq!(server.wait(Duration::from_secs(9)).exit_code, Some(0));
    drop(silent);
}

fn no_request_is_begun_during_a_shutdown(model: Model) {
    let mut server = model.server().args(["--drain", "60"]).start();
    server.place("down.bin", &content(1, LONG));
    let mut peer = begin_download(&server);
    server.kill(Signal::SIGTERM);
    await_refusal(&server);
    peer.send("DELETE down.bin\r\n\r\n");
    assert_eq!(peer.read_long_reply().outcome(), "OK");
    peer.expect_closed();
    drop(peer);
    assert_eq!(server.wait(PATIENCE).exit_code, Some(0));
    assert_eq!(server.stored("down.bin").map(|content| content.len()), Some(LONG));
}

fn a_second_signal_cuts_open_transfers(model: Model) {
    let mut server = model.server().args(["--drain", "300"]).start();
    server.place("down.bin", &content(1, LONG));
    let mut peer = begin_download(&server);
    server.kill(Signal::SIGTERM);
    await_refusal(&server);
    server.kill(Signal::SIGTERM);
    let stopped = server.wait(Duration::from_secs(10));
    assert_eq!(stopped.exit_code, Some(1), "{}", stopped.stderr);
    assert!(!peer.read_to_end().ends_with(b"}\r\n\r\n"));
    expect_final_statistics(&stopped.stderr, "get 0/1");
}

fn interrupt_stops_as_terminate_does(model: Model) {
    let mut server = model.start();
    assert_eq!(server.ask("PING").outcome(), "OK");
    server.kill(Signal::SIGINT);
    let stopped = server.wait(Duration::from_secs(8));
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
}

fn open_transfers_are_cut_when_the_grace_period_ends(model: Model) {
    let mut server = model.server().args(["--drain", "1"]).start();
    server.place("down.bin", &content(1, LONG));
    let mut peer = begin_download(&server);
    server.kill(Signal::SIGTERM);
    let start = Instant::now();
    let stopped = server.wait(Duration::from_secs(10));
    assert_eq!(stopped.exit_code, Some(1), "{}", stopped.stderr);
    assert!(start.elapsed() >= Duration::from_millis(950), "cut after {:?}", start.elapsed());
    assert!(!peer.read_to_end().ends_with(b"}\r\n\r\n"));
    expect_final_statistics(&stopped.stderr, "get 0/1");
}

fn an_upload_cut_by_the_shutdown_leaves_nothing(model: Model) {
    let mut server = model.server().args(["--drain", "0.5"]).start();
    server.place("a.txt", b"old");
    let mut peer = server.connect();
    peer.send("UPLOAD a.txt Zm9vYmFy");
    await_temporary_files(&server, 1);
    server.kill(Signal::SIGTERM);
    let stopped = server.wait(Duration::from_secs(10));
    assert_eq!(stopped.exit_code, Some(1), "{}", stopped.stderr);
    expect_final_statistics(&stopped.stderr, "upload 0/1");
    assert_eq!(server.stored("a.txt").unwrap(), b"old");
    assert_eq!(server.temporary_files(), 0, "temporary files are left in the served directory");
    peer.read_to_end();
}

/// A download of `down.bin` whose first bytes have arrived.
fn begin_download(server: &Server) -> Peer {
    let mut peer = server.connect();
    peer.send("GET down.bin\r\n\r\n");
    peer.await_bytes(1000);
    peer
}

#[track_caller]
fn await_refusal(server: &Server) {
    eventually(PATIENCE, "connections are refused", || server.refuses_connections());
}

#[track_caller]
fn expect_final_statistics(stderr: &str, what: &str) {
    let last = stderr.lines().last().unwrap_or_default();
    assert!(last.contains("stopped after ") && last.contains(what), "{stderr}");
}
