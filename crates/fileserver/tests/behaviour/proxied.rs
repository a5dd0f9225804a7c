//! Connections of a proxy, which names the clients that it connects for (`--accept-proxy`).

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

use proxy_header::{ProxiedAddress, ProxyHeader};
use testkit::{PATIENCE, Peer, Server, eventually};

use crate::{Model, stop_cleanly, tls::Secured};

for_every_model_and_store!(
    the_client_that_a_proxy_names_is_whom_log_and_statistics_tell_of,
    a_header_may_come_with_what_follows_it_or_in_pieces,
    a_header_of_the_proxys_own_leaves_its_address,
    what_is_no_header_ends_the_connection_without_an_answer,
    a_header_that_does_not_come_in_time_ends_the_connection,
    a_header_from_elsewhere_is_no_request,
    the_limit_of_an_address_counts_the_client_that_is_named,
    tls_begins_behind_the_header,
    a_proxy_that_has_said_nothing_holds_up_no_shutdown,
);

/// Where the proxy connects from; whoever else connects comes from 127.0.0.1.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A connection of the proxy's own.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

fn start(model: Model, args: &[&str]) -> Server {
    model.server().args(["--accept-proxy", "127.0.0.2"]).args(args).start()
}

fn connect(server: &Server) -> Peer {
    Peer::connect_from(PROXY, server.address())
}

fn connect_for(client: &str, server: &Server) -> Peer {
    let mut peer = connect(server);
    peer.send(header(client));
    peer
}

/// What names the client.
fn header(client: &str) -> Vec<u8> {
    let client: SocketAddr = client.parse().unwrap();
    let here = if client.is_ipv4() { "127.0.0.2:8000" } else { "[::1]:8000" }.parse().unwrap();
    let mut wire = Vec::new();
    ProxyHeader::with_address(ProxiedAddress::stream(client, here)).encode_v2(&mut wire).unwrap();
    wire
}

#[track_caller]
fn await_logged(server: &Server, part: &str) {
    eventually(PATIENCE, &format!("the log has: {part}"), || server.stderr().contains(part));
}

/// Some worker says that it runs a connection of this client.
#[track_caller]
fn expect_shown(peer: &mut Peer, client: &str) {
    let reply = peer.request("STATS");
    let shown = format!(r#""current":{{"client":"{client}""#);
    assert!(reply.text().contains(&shown), "no {client} in {}", reply.text());
}

fn the_client_that_a_proxy_names_is_whom_log_and_statistics_tell_of(model: Model) {
    let server = start(model, &[]);
    for client in ["192.0.2.7:5000", "[2001:db8::7]:5000"] {
        let mut peer = connect_for(client, &server);
        expect_shown(&mut peer, client);
        let proxy = peer.address();
        drop(peer);
        await_logged(&server, &format!(" client={client} proxy={proxy}"));
        await_logged(&server, &format!(" client={client} command=STATS"));
        await_logged(&server, &format!(" client={client} outcome=ok requests=1"));
    }
    stop_cleanly(server);
}

fn a_header_may_come_with_what_follows_it_or_in_pieces(model: Model) {
    let server = start(model, &[]);
    let mut peer = connect(&server);
    peer.send([&header("192.0.2.7:5000")[..], b"PING\r\n\r\nECHO halo\r\n\r\n"].concat());
    assert_eq!(peer.read_reply()["data"], "pong");
    assert_eq!(peer.read_reply()["data"], "halo");
    let mut peer = connect(&server);
    peer.send_slowly([&header("[2001:db8::7]:5000")[..], b"PING"].concat());
    assert_eq!(peer.read_reply()["data"], "pong");
    drop(peer);
    stop_cleanly(server);
}

fn a_header_of_the_proxys_own_leaves_its_address(model: Model) {
    let server = start(model, &[]);
    let mut peer = connect(&server);
    peer.send(LOCAL);
    let address = peer.address().to_string();
    expect_shown(&mut peer, &address);
    drop(peer);
    stop_cleanly(server);
}

fn what_is_no_header_ends_the_connection_without_an_answer(model: Model) {
    let server = start(model, &[]);
    let mut too_long = header("192.0.2.7:5000");
    // The first byte of the length of the rest.
    too_long[14] = 0xff;
    for (sent, why) in [
        (&b"PING\r\n\r\n"[..], "what came first is no PROXY header of version 2"),
        (b"PROXY TCP4 192.0.2.7 127.0.0.2 5000 8000\r\n", "no PROXY header of version 2"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x01?", "the PROXY header is malformed"),
        (&too_long, "the PROXY header is longer than 536 bytes"),
    ] {
        let mut peer = connect(&server);
        peer.send(sent);
        peer.expect_closed();
        await_logged(&server, why);
    }
    let mut cut_off = connect(&server);
    cut_off.send(&header("192.0.2.7:5000")[..20]);
    cut_off.half_close();
    cut_off.expect_closed();
    await_logged(&server, "the connection ended within the PROXY header");
    eventually(PATIENCE, "they are counted", || server.stats().connections.failed == 5);
    stop_cleanly(server);
}

fn a_header_that_does_not_come_in_time_ends_the_connection(model: Model) {
    let server = start(model, &["--head-timeout", "1", "--workers", "3"]);
    let began = Instant::now();
    let (mut silent, mut dripping) = (connect(&server), connect(&server));
    for byte in header("[2001:db8::7]:5000").iter().cycle() {
        if dripping.has_received() {
            break;
        }
        let _ = dripping.try_send([*byte]);
        assert!(began.elapsed() < PATIENCE, "a header goes on for ever");
        thread::sleep(Duration::from_millis(50));
    }
    silent.expect_closed();
    dripping.expect_closed();
    assert!(began.elapsed() >= Duration::from_secs(1));
    await_logged(&server, "no PROXY header came whole within 1 s");
    eventually(PATIENCE, "both are counted", || server.stats().connections.failed == 2);
    stop_cleanly(server);
}

fn a_header_from_elsewhere_is_no_request(model: Model) {
    let server = start(model, &[]);
    let mut peer = server.connect();
    assert_eq!(peer.request("PING")["data"], "pong");
    peer.send(header("192.0.2.7:5000"));
    assert_eq!(peer.read_reply().outcome(), "unknown-request");
    peer.expect_closed();
    assert!(!server.stderr().contains("192.0.2.7"), "{}", server.stderr());
    stop_cleanly(server);
}

fn the_limit_of_an_address_counts_the_client_that_is_named(model: Model) {
    let server = start(model, &["--max-per-address", "2", "--workers", "8"]);
    // The proxy itself has as many as it likes.
    let clients = ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "192.0.2.3:1", "[2001:db8::1]:1"];
    let mut open = clients.map(|client| connect_for(client, &server));
    for peer in &mut open {
        assert_eq!(peer.request("PING")["data"], "pong");
    }
    let mut own = connect(&server);
    own.send(LOCAL);
    assert_eq!(own.request("PING")["data"], "pong");
    let mut third = connect_for("192.0.2.1:3", &server);
    third.send("PING\r\n\r\n");
    let busy = third.read_reply();
    assert_eq!(busy.outcome(), "busy");
    let why = "the server takes 2 connections from one address";
    assert_eq!(busy["data"], why);
    third.expect_closed();
    await_logged(&server, &format!("client=192.0.2.1:3 limit=\"{why}\""));
    await_logged(
        &server,
        &format!("client=192.0.2.1:3 outcome=failed cause=\"turned away: {why}\""),
    );
    let [first, ..] = open;
    drop(first);
    eventually(PATIENCE, "there is room again", || {
        connect_for("192.0.2.1:4", &server).request("PING").outcome() == "OK"
    });
    stop_cleanly(server);
}

fn tls_begins_behind_the_header(model: Model) {
    let args = ["--accept-proxy", "127.0.0.0/30", "--max-per-address", "1", "--workers", "3"];
    let Secured { server, certificates } = Secured::start(model, &args);
    let mut peer = connect_for("192.0.2.7:5000", &server).try_secure(&certificates).unwrap();
    expect_shown(&mut peer, "192.0.2.7:5000");
    connect_for("192.0.2.7:5001", &server).expect_closed();
    let mut other = connect_for("192.0.2.8:5000", &server).try_secure(&certificates).unwrap();
    assert_eq!(other.request("ECHO halo")["data"], "halo");
    // 127.0.0.1 is in the network too, so whoever begins with TLS there is closed.
    assert!(Peer::try_connect_tls(server.address(), &certificates).is_err());
    drop((peer, other));
    stop_cleanly(server);
}

fn a_proxy_that_has_said_nothing_holds_up_no_shutdown(model: Model) {
    let mut server = start(model, &["--workers", "2", "--drain", "60"]);
    let short = connect(&server);
    let address = short.address();
    drop(short);
    await_logged(&server, &format!(" client={address} outcome=ok requests=0"));
    let mut silent = connect(&server);
    assert_eq!(server.stop().exit_code, Some(0));
    silent.expect_closed();
}
