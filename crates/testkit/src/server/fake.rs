//! Servers written by hand, each for one test: a thread that plays one part of the protocol.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{self, Receiver},
    },
    thread,
};

use rustls::{ServerConnection, StreamOwned};

use crate::{Certificates, PATIENCE};

/// Plays on the connections that come, in order, and ends after the last of them.
pub struct FakeServer<T> {
    pub address: String,
    outcome: Receiver<Vec<T>>,
}

impl<T: Send + 'static> FakeServer<T> {
    /// `play` runs once for each of `connections` connections, which closes when it returns.
    pub fn start(
        connections: usize,
        play: impl Fn(usize, &mut TcpStream) -> T + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, outcome) = mpsc::channel();
        thread::spawn(move || {
            let play_next = |index| {
                let (mut stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_nodelay(true).unwrap();
                play(index, &mut stream)
            };
            sender.send((0..connections).map(play_next).collect()).unwrap();
        });
        Self { address, outcome }
    }

    /// Plays on every connection that comes, as long as the test runs.
    pub fn forever(play: impl Fn(usize, &mut TcpStream) -> T + Send + 'static) -> String {
        Self::start(usize::MAX, play).address
    }

    /// The same over TLS. The parts of the handshake go over the wire with the first read and write.
    pub fn start_tls(
        connections: usize,
        certificates: &Certificates,
        play: impl Fn(usize, &mut Secured) -> T + Send + 'static,
    ) -> Self {
        let config = certificates.server_config();
        Self::start(connections, move |index, stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            play(index, &mut StreamOwned::new(connection, stream.try_clone().unwrap()))
        })
    }

    /// What `play` returned on each connection.
    pub fn finish(self) -> Vec<T> {
        self.outcome.recv_timeout(PATIENCE).expect("the server played its part")
    }
}

/// Dropping one ends the TCP connection and not the TLS session in it.
pub type Secured = StreamOwned<ServerConnection, TcpStream>;

/// Ends a TLS session as it should end.
pub fn close(stream: &mut Secured) {
    stream.conn.send_close_notify();
    stream.flush().unwrap();
}

/// What one `recv` brings, which some servers take for the whole request.
pub fn recv(stream: &mut impl Read) -> String {
    String::from_utf8(recv_bytes(stream)).unwrap()
}

pub fn recv_bytes(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = vec![0; 64 * 1024];
    let len = stream.read(&mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}

/// Reads up to the blank line that ends a request.
pub fn read_request(stream: &mut impl Read) -> String {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        let piece = recv(stream);
        assert!(!piece.is_empty(), "closed after {request:?}");
        request.push_str(&piece);
    }
    request
}

/// Waits until the client has closed; what it sent before.
pub fn read_to_close(stream: &mut impl Read) -> String {
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    rest
}

/// A server that answers each connection's first request with `reply` and closes.
pub fn answering(reply: impl Into<Vec<u8>>) -> FakeServer<String> {
    let reply = reply.into();
    FakeServer::start(1, move |_, stream| {
        let request = read_request(stream);
        stream.write_all(&reply).unwrap();
        request
    })
}
