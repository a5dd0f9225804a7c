//! Backends that are told who is asking, by a header in front of each connection.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr},
};

use testkit::fake_server::{self, FakeServer};

use super::{async_server, expect_logged};
use crate::{balancer, named};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// For TCP over IPv4: what comes before the addresses, and these with the ports.
const HEADER_LEN: usize = 16 + 12;

#[test]
fn each_backend_connection_begins_with_its_client_and_serves_nobody_else() {
    let well = async_server().start();
    let fake = FakeServer::start(2, |_, stream| {
        let mut header = [0; HEADER_LEN];
        stream.read_exact(&mut header).unwrap();
        let mut requests = Vec::new();
        for _ in 0..2 {
            requests.push(fake_server::read_request(stream));
            stream.write_all(b"{\"status\":\"OK\",\"data\":[]}\r\n\r\n").unwrap();
        }
        (header, requests)
    });
    let backend = format!("fake={},check={}", fake.address, well.address());
    let balancer = balancer([backend]).args(["--send-proxy"]).start();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut peer = balancer.connect();
        clients.push(peer.address());
        assert_eq!(peer.request("LIST").outcome(), "OK");
        assert_eq!(peer.request("ECHO hello").outcome(), "OK");
    }
    for ((header, requests), client) in fake.finish().into_iter().zip(clients) {
        assert!(header.starts_with(SIGNATURE), "{}", header.escape_ascii());
        let address = Ipv4Addr::from_octets(header[16..20].try_into().unwrap());
        let port = u16::from_be_bytes(header[24..26].try_into().unwrap());
        assert_eq!(SocketAddr::from((address, port)), client);
        assert_eq!(requests, ["LIST\r\n\r\n", "ECHO hello\r\n\r\n"]);
    }
}

#[test]
fn a_server_that_accepts_such_headers_logs_who_is_asking() {
    let server = async_server().args(["--accept-proxy", "127.0.0.1"]).start();
    let balancer = balancer([named("a", &server)]).args(["--send-proxy"]).start();
    let mut peer = balancer.connect();
    assert_eq!(peer.request("LIST").outcome(), "OK");
    let client = format!("client={}", peer.address());
    expect_logged(&server, &["request", &client, "command=LIST"]);
}
