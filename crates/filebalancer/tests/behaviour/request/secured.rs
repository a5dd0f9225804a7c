//! TLS with clients, with backends, and with both.

use std::{
    fs,
    io::{Read, Write},
    sync::{
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use protocol::Verb;
use testkit::{
    Certificates, PATIENCE, Peer, Server, ServerBuilder, Signal, content, eventually,
    fake_server::{self, FakeServer},
    upload_request,
};

use super::{Shared, async_server, expect_logged, tokens::Guarded};
use crate::{balancer, named, row, start_with_status};

const PONG: &[u8] = b"{\"status\":\"OK\",\"data\":\"pong\"}\r\n\r\n";

/// Has a server speak TLS, or a balancer with its clients.
fn speaking_tls(builder: ServerBuilder, certificates: &Certificates) -> ServerBuilder {
    let (certificate, key) = (certificates.cert(), certificates.key());
    builder.args(["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()])
}

/// Has a balancer speak TLS with backends that these vouch for.
fn trusting(builder: ServerBuilder, certificates: &Certificates) -> ServerBuilder {
    builder.args(["--backend-tls", "--backend-ca", certificates.ca().to_str().unwrap()])
}

/// A server that speaks TLS.
#[track_caller]
fn secured_server(certificates: &Certificates) -> Server {
    speaking_tls(async_server(), certificates).start()
}

fn transfer(peer: &mut Peer) {
    let large = content(7, 3 << 20);
    peer.send(upload_request("large.bin", &large));
    assert_eq!(peer.read_reply()["data_size"], large.len());
    assert!(peer.request("GET large.bin").content() == large);
    assert_eq!(peer.request("LIST")["data"][0], "large.bin");
    assert_eq!(peer.request("ECHO halo")["data"], "halo");
    assert_eq!(peer.request("PING")["data"], "pong");
    // Without an ending, and one byte at a time.
    peer.send_slowly("LIST");
    assert_eq!(peer.read_reply().outcome(), "OK");
}

#[test]
fn every_request_works_with_tls_on_either_side_and_on_both() {
    let certificates = Certificates::make();
    for (client_side, backend_side) in [(true, false), (false, true), (true, true)] {
        let server = match backend_side {
            true => secured_server(&certificates),
            false => async_server().start(),
        };
        let mut builder = balancer([named("a", &server)]);
        if client_side {
            builder = speaking_tls(builder, &certificates);
        }
        if backend_side {
            builder = trusting(builder, &certificates);
        }
        let mut balancer = builder.start();
        let mut peer = match client_side {
            true => Peer::connect_tls(balancer.address(), &certificates),
            false => balancer.connect(),
        };
        transfer(&mut peer);
        balancer.kill(Signal::SIGTERM);
        // A client that speaks TLS would fail here without a word of farewell.
        peer.expect_closed();
        let stopped = balancer.wait(PATIENCE);
        assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    }
}

#[test]
fn one_handshake_is_enough_for_many_requests() {
    let certificates = Certificates::make();
    let server = secured_server(&certificates);
    let quiet = ["--check-interval", "3600"];
    let balancer = trusting(balancer([named("a", &server)]), &certificates).args(quiet).start();
    let mut peer = balancer.connect();
    for _ in 0..50 {
        assert_eq!(peer.request("LIST").outcome(), "OK");
    }
    let connections = balancer.stats().backend[0].connections;
    assert!(connections.ok <= 2 && connections.failed == 0, "{connections:?}");
}

#[test]
fn a_backend_is_told_the_end_of_a_connection_as_tls_has_it_told() {
    let (certificates, well) = (Certificates::make(), async_server().start());
    let fake = FakeServer::start_tls(1, &certificates, |_, stream| {
        for _ in 0..10 {
            fake_server::read_request(stream);
            stream.write_all(PONG).unwrap();
        }
        // An end without a word would be an error.
        stream.read_to_end(&mut Vec::new()).is_ok()
    });
    let backend = format!("fake={},max=5,check={}", fake.address, well.address());
    let balancer = trusting(balancer([backend]), &certificates).start();
    let mut peer = balancer.connect();
    // A connection for one client alone ends with it.
    assert_eq!(peer.request("AUTH some-token").outcome(), "OK");
    for _ in 0..9 {
        assert_eq!(peer.request("ECHO halo")["data"], "pong");
    }
    drop(peer);
    assert_eq!(fake.finish(), [true]);
}

#[test]
fn a_connection_that_its_backend_has_ended_within_tls_is_not_used_again() {
    let (certificates, well) = (Certificates::make(), async_server().start());
    let (ended, has_ended) = mpsc::channel();
    let fake = FakeServer::start_tls(2, &certificates, move |_, stream| {
        let asked = fake_server::read_request(stream);
        stream.write_all(PONG).unwrap();
        fake_server::close(stream);
        ended.send(()).unwrap();
        asked
    });
    let backend = format!("fake={},max=5,check={}", fake.address, well.address());
    let balancer = trusting(balancer([backend]), &certificates).start();
    let mut peer = balancer.connect();
    // Sent to a connection that has ended, it would not be sent again.
    for _ in 0..2 {
        assert_eq!(peer.request("DELETE a.txt")["data"], "pong");
        has_ended.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!(fake.finish(), ["DELETE a.txt\r\n\r\n"; 2]);
}

#[test]
fn a_backend_that_nobody_vouches_for_gets_nothing_and_the_log_says_why() {
    let (certificates, others) = (Certificates::make(), Certificates::make());
    let for_elsewhere = Certificates::make_for(&["elsewhere.example"]);
    for (of_server, trusted, why) in [
        (&certificates, &others, "not signed by anyone who is trusted here"),
        (&for_elsewhere, &for_elsewhere, "the server's certificate is not for 127.0.0.1"),
    ] {
        let server = secured_server(of_server);
        let balancer = trusting(balancer([named("far", &server)]), trusted)
            .args(["--check-interval", "5", "--check-timeout", "5", "--fall", "1"])
            .start();
        expect_logged(&balancer, &["backend=far", "fell", why]);
        assert_eq!(balancer.ask("LIST").outcome(), "unavailable");
    }
}

#[test]
fn a_backend_in_plain_text_is_named_and_others_get_its_requests() {
    let certificates = Certificates::make();
    let (plain, secured) = (async_server().start(), secured_server(&certificates));
    let backends = [named("plain", &plain), named("secured", &secured)];
    let balancer = trusting(balancer(backends), &certificates).start();
    let mut peer = balancer.connect();
    for number in 0..10 {
        assert_eq!(peer.request(&format!("ECHO {number}"))["data"], number.to_string());
    }
    expect_logged(&balancer, &["backend=plain", "fell", "the server does not speak TLS"]);
}

#[test]
fn a_backend_that_stalls_in_the_handshake_is_not_waited_for() {
    let certificates = Certificates::make();
    let (secured, well) = (secured_server(&certificates), async_server().start());
    // Takes what comes and never answers.
    let silent = FakeServer::forever(|_, stream| stream.read_to_end(&mut Vec::new()).is_ok());
    let backends =
        [format!("silent={silent},check={}", well.address()), named("secured", &secured)];
    // The other one may take as long for its handshake.
    let timeout = ["--connect-timeout", "1"];
    let balancer = trusting(balancer(backends), &certificates).args(timeout).start();
    let mut peer = balancer.connect();
    for number in 0..4 {
        assert_eq!(peer.request(&format!("ECHO {number}"))["data"], number.to_string());
    }
    assert!(balancer.stats().backend[0].connections.failed > 0);
}

#[test]
fn a_door_for_checks_is_asked_in_plain_text() {
    let certificates = Certificates::make();
    let (server, well) = (secured_server(&certificates), async_server().start());
    let backend = format!("{},check={}", named("a", &server), well.address());
    let balancer = trusting(balancer([backend]), &certificates)
        .args(["--check-interval", "5", "--check-timeout", "5", "--fall", "1"])
        .start();
    eventually(PATIENCE, "the door is asked", || well.stats().requests[Verb::Ping].ok > 0);
    assert_eq!(balancer.ask("LIST").outcome(), "OK");
    assert!(!balancer.stderr().contains("fell"), "{}", balancer.stderr());
}

#[test]
fn a_token_reaches_backends_within_tls_and_stays_its_clients() {
    let certificates = Certificates::make();
    let (certificate, key) = (certificates.cert(), certificates.key());
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let mode = ["--mode", "async", "--tls-cert", certificate, "--tls-key", key];
    let guarded = Guarded::start(&mode);
    let backends = [named("a", &guarded.servers[0]), named("b", &guarded.servers[1])];
    let builder = trusting(balancer(backends), &certificates);
    let balancer = speaking_tls(builder, &certificates).start();
    let connect = || Peer::connect_tls(balancer.address(), &certificates);
    let (mut known, mut stranger) = (connect(), connect());
    assert_eq!(known.request(&format!("AUTH {}", guarded.token)).outcome(), "OK");
    for _ in 0..10 {
        assert_eq!(known.request("GET secret.txt").content(), b"hello");
        assert_eq!(stranger.request("GET secret.txt").outcome(), "auth-required");
    }
}

#[test]
fn a_client_is_named_in_plain_text_before_tls_begins() {
    let certificates = Certificates::make();
    let builder = async_server().args(["--accept-proxy", "127.0.0.1"]);
    let server = speaking_tls(builder, &certificates).start();
    let builder = trusting(balancer([named("a", &server)]), &certificates);
    let balancer = speaking_tls(builder.args(["--send-proxy"]), &certificates).start();
    let mut peer = Peer::connect_tls(balancer.address(), &certificates);
    assert_eq!(peer.request("LIST").outcome(), "OK");
    let client = format!("client={}", peer.address());
    expect_logged(&server, &["request", &client, "command=LIST"]);
    assert!(!balancer.stderr().contains("fell"), "{}", balancer.stderr());
}

#[test]
fn a_client_in_plain_text_is_seen_off_and_one_that_stalls_is_cut_off() {
    let certificates = Certificates::make();
    let server = async_server().start();
    let builder = speaking_tls(balancer([named("a", &server)]), &certificates);
    let balancer = builder.args(["--head-timeout", "1"]).start();
    let mut plain = balancer.connect();
    plain.send("LIST\r\n\r\n");
    // An alert at most; a reset would be an error here.
    while plain.read_some(&mut [0; 100]) > 0 {}
    expect_logged(&balancer, &["TLS: "]);
    let mut silent = balancer.connect();
    // The beginning of a record that never comes whole.
    silent.send(b"\x16\x03\x01");
    silent.expect_closed();
    expect_logged(&balancer, &["the TLS handshake did not come to its end within 1 s"]);
    let mut peer = Peer::connect_tls(balancer.address(), &certificates);
    assert_eq!(peer.request("LIST").outcome(), "OK");
}

#[test]
fn an_upload_that_is_cut_off_without_a_tls_ending_is_never_stored() {
    let certificates = Certificates::make();
    let server = secured_server(&certificates);
    let builder = trusting(balancer([named("a", &server)]), &certificates);
    let (balancer, status) = start_with_status(speaking_tls(builder, &certificates));
    for upload in ["UPLOAD a.txt Zm9vYmFy", "UPLOAD a.txt \"Zm9v"] {
        let mut peer = Peer::connect_tls(balancer.address(), &certificates);
        peer.send(upload);
        eventually(PATIENCE, "the upload is under way", || row(status, "a").in_flight == 1);
        peer.cut_off();
        eventually(PATIENCE, "the upload is over", || row(status, "a").in_flight == 0);
    }
    eventually(PATIENCE, "the uploads are gone", || server.temporary_files() == 0);
    assert_eq!(server.stored("a.txt"), None);
    // One that its client has ended within TLS is whole.
    let mut peer = Peer::connect_tls(balancer.address(), &certificates);
    peer.send("UPLOAD a.txt Zm9v");
    peer.half_close();
    assert_eq!(peer.read_reply().outcome(), "OK");
    assert_eq!(server.stored("a.txt"), Some(b"foo".to_vec()));
}

#[test]
fn a_client_in_mid_handshake_holds_up_no_shutdown() {
    let certificates = Certificates::make();
    let server = async_server().start();
    let mut balancer = speaking_tls(balancer([named("a", &server)]), &certificates).start();
    let mut stalled = balancer.connect();
    stalled.send(b"\x16\x03\x01");
    stalled.await_taken();
    let start = Instant::now();
    balancer.kill(Signal::SIGTERM);
    let stopped = balancer.wait(PATIENCE);
    assert_eq!(stopped.exit_code, Some(0), "{}", stopped.stderr);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_backend_that_was_started_again_gets_its_requests_on_new_connections_within_tls() {
    let certificates = Certificates::make();
    let mut server = secured_server(&certificates);
    let builder = trusting(balancer([named("a", &server)]), &certificates);
    let balancer = builder.args(["--check-interval", "3600"]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("LIST").outcome(), "OK");
    let port = server.address().port().to_string();
    server.kill(Signal::SIGKILL);
    server.wait(PATIENCE);
    let again = async_server().without_defaults().args(["--dir", ".", "--port", &port]);
    let again = speaking_tls(again, &certificates).start();
    for request in ["UPLOAD a.txt aGVsbG8=", "DELETE a.txt", "LIST"] {
        assert_eq!(peer.request(request).outcome(), "OK", "{request}");
    }
    drop(again);
}

/// A reply of one record has come whole or has not begun; one that had begun would end with its connection.
#[test]
fn no_short_request_fails_when_a_backend_within_tls_is_killed_under_load() {
    const CLIENTS: usize = 8;
    const EACH: usize = 60;
    let certificates = Certificates::make();
    let mut servers = [secured_server(&certificates), secured_server(&certificates)];
    let balancer =
        trusting(balancer([named("a", &servers[0]), named("b", &servers[1])]), &certificates)
            .start();
    let done = AtomicUsize::new(0);
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (balancer, done) = (&balancer, &done);
            scope.spawn(move || {
                let mut peer = balancer.connect();
                for number in 0..EACH {
                    let text = format!("{client} {number}");
                    assert_eq!(peer.request(&format!("ECHO {text}"))["data"], text);
                    done.fetch_add(1, SeqCst);
                }
            });
        }
        eventually(PATIENCE, "a third of the requests is made", || {
            done.load(SeqCst) >= CLIENTS * EACH / 3
        });
        servers[0].kill(Signal::SIGKILL);
        servers[0].wait(PATIENCE);
    });
    assert_eq!(done.load(SeqCst), CLIENTS * EACH);
    assert_eq!(balancer.stats().requests[Verb::Echo].failed, 0);
}

#[test]
fn a_reload_has_clients_see_the_certificate_that_is_there_now_or_changes_nothing() {
    let (old, new) = (Certificates::make(), Certificates::make());
    let server = async_server().start();
    let balancer = speaking_tls(balancer([named("a", &server)]), &old).start();
    let mut open = Peer::connect_tls(balancer.address(), &old);
    fs::copy(new.cert(), old.cert()).unwrap();
    balancer.kill(Signal::SIGHUP);
    expect_logged(&balancer, &["the configuration stays as it was", "is not the key of"]);
    assert_eq!(Peer::connect_tls(balancer.address(), &old).request("LIST").outcome(), "OK");
    fs::copy(new.key(), old.key()).unwrap();
    balancer.kill(Signal::SIGHUP);
    expect_logged(&balancer, &["new connections have the certificates that were read now"]);
    assert_eq!(Peer::connect_tls(balancer.address(), &new).request("LIST").outcome(), "OK");
    assert!(Peer::try_connect_tls(balancer.address(), &old).is_err());
    assert_eq!(open.request("LIST").outcome(), "OK");
}

#[test]
fn a_reload_has_backends_vouched_for_by_those_who_are_trusted_now() {
    let (old, new) = (Certificates::make(), Certificates::make());
    let server = secured_server(&new);
    let balancer = trusting(balancer([named("far", &server)]), &old)
        .args(["--check-interval", "0.5", "--check-timeout", "0.5", "--fall", "1", "--rise", "1"])
        .start();
    expect_logged(&balancer, &["backend=far", "fell"]);
    fs::copy(new.ca(), old.ca()).unwrap();
    balancer.kill(Signal::SIGHUP);
    expect_logged(&balancer, &["backend=far", "rose"]);
    // One slow handshake of a check, and it is down once more.
    eventually(PATIENCE, "it is asked", || balancer.ask("LIST").outcome() == "OK");
}

#[test]
fn at_level_connection_tls_passes_through_to_the_backend() {
    let certificates = Certificates::make();
    let server = secured_server(&certificates);
    let balancer = balancer([named("a", &server)]).args(["--level", "connection"]).start();
    transfer(&mut Peer::connect_tls(balancer.address(), &certificates));
}

#[test]
fn silent_clients_cost_little_with_tls_too() {
    const CLIENTS: usize = 400;
    const KIB_EACH: u64 = 32;
    let certificates = Certificates::make();
    let shared = Shared::start([async_server()]);
    let limits = ["--max-connections", "1000", "--max-per-address", "1000"];
    let balancer = speaking_tls(shared.balancer(), &certificates).args(limits).start();
    let connect = || Peer::connect_tls(balancer.address(), &certificates);
    assert_eq!(connect().request("LIST").outcome(), "OK");
    let before = balancer.footprint();
    let mut silent: Vec<_> = (0..CLIENTS).map(|_| connect()).collect();
    silent.iter_mut().for_each(|peer| assert_eq!(peer.request("LIST").outcome(), "OK"));
    let mut growth = 0;
    eventually(PATIENCE, "silent clients hold no room for bytes", || {
        growth = balancer.footprint().memory_kib.saturating_sub(before.memory_kib);
        growth < CLIENTS as u64 * KIB_EACH
    });
    assert_eq!(connect().request("LIST").outcome(), "OK");
}
