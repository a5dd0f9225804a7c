//! A client in full control of every byte, for behaviour that a well-made client never shows.

mod half_close;
pub(crate) mod sockets;
mod viewer;

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use rustls::{ClientConnection, StreamOwned};
use socket2::{Domain, SockRef, Socket, Type};

pub use self::viewer::{Told, Viewer};
use crate::{Certificates, PATIENCE, Reply, eventually};

/// What the course's client reads at a time.
const COURSE_RECV_LEN: usize = 16;
const LONG_RECV_LEN: usize = 64 * 1024;

const ENDING: &[u8] = b"\r\n\r\n";

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// One connection to a server, TCP or TLS over it: then each write is a record. Nothing it does takes
/// longer than [`PATIENCE`].
#[derive(Debug)]
pub struct Peer {
    stream: Stream,
    /// Received behind the last reply that was read.
    unread: Vec<u8>,
}

impl Peer {
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address)
            .unwrap_or_else(|err| panic!("{address} takes no connection: {err}"))
    }

    /// Connects with TLS to a server that `certificates` vouch for.
    #[track_caller]
    pub fn connect_tls(address: SocketAddr, certificates: &Certificates) -> Self {
        Self::try_connect_tls(address, certificates)
            .unwrap_or_else(|err| panic!("{address} does not agree on TLS: {err}"))
    }

    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: Stream::Plain(connect(address)?), unread: Vec::new() })
    }

    /// Connects from another address of this machine than the usual one.
    #[track_caller]
    pub fn connect_from(here: IpAddr, address: SocketAddr) -> Self {
        let connect = || -> io::Result<Self> {
            let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
            socket.bind(&SocketAddr::new(here, 0).into())?;
            socket.connect_timeout(&address.into(), PATIENCE)?;
            Ok(Self { stream: Stream::Plain(set_up(socket.into())?), unread: Vec::new() })
        };
        connect().unwrap_or_else(|err| panic!("{address} takes no connection from {here}: {err}"))
    }

    /// The same with TLS, agreed on when this returns.
    pub fn try_connect_tls(address: SocketAddr, certificates: &Certificates) -> io::Result<Self> {
        Self::try_connect(address)?.try_secure(certificates)
    }

    /// Goes on with TLS, agreed on when this returns, on a connection in plain text.
    pub fn try_secure(self, certificates: &Certificates) -> io::Result<Self> {
        let Stream::Plain(mut tcp) = self.stream else { panic!("the peer speaks TLS already") };
        let mut client = certificates.client(tcp.peer_addr()?.ip());
        while client.is_handshaking() || client.wants_write() {
            client.complete_io(&mut tcp)?;
        }
        let stream = Stream::Tls(Box::new(StreamOwned::new(client, tcp)));
        Ok(Self { stream, unread: self.unread })
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes what the peer sends");
    }

    /// Sends to a server that may have good reasons to hang up.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.write_all(bytes.as_ref()),
            Stream::Tls(stream) => {
                stream.write_all(bytes.as_ref())?;
                stream.flush()
            }
        }
    }

    /// One write for each byte.
    #[track_caller]
    pub fn send_slowly(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Waits until the server has read all that was sent: a reset would take back the rest.
    #[track_caller]
    pub fn await_taken(&self) {
        Self::await_all_taken(std::slice::from_ref(self));
    }

    /// [`await_taken`](Self::await_taken) for many at once.
    #[track_caller]
    pub fn await_all_taken(peers: &[Self]) {
        let addresses = |peer: &Self| Ok((peer.tcp().local_addr()?, peer.tcp().peer_addr()?));
        let connections: io::Result<Vec<_>> = peers.iter().map(addresses).collect();
        let connections = connections.expect("the sockets are connected");
        eventually(PATIENCE, "the server reads all that was sent", || {
            sockets::all_was_read(&connections)
        });
    }

    /// Closes the sending half; replies can still be read. With TLS the server is told so.
    #[track_caller]
    pub fn half_close(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            stream.flush().expect("the connection is open");
        }
        self.cut_off();
    }

    /// Closes the sending half of the TCP connection, whatever TLS there is over it.
    #[track_caller]
    pub fn cut_off(&mut self) {
        self.try_cut_off().expect("the connection is open");
    }

    /// The same where the server may have ended the connection.
    pub fn try_cut_off(&mut self) -> io::Result<()> {
        self.tcp().shutdown(Shutdown::Write)
    }

    /// Vanishes with a reset instead of a proper close.
    #[track_caller]
    pub fn reset(self) {
        SockRef::from(self.tcp())
            .set_linger(Some(Duration::ZERO))
            .expect("the option exists everywhere");
    }

    /// Sends a request with the canonical ending and reads its reply.
    #[track_caller]
    pub fn request(&mut self, request: &str) -> Reply {
        self.send(format!("{request}\r\n\r\n"));
        self.read_reply()
    }

    /// Reads as the course's client does: 16 bytes at a time, until CRLF CRLF.
    #[track_caller]
    pub fn read_reply(&mut self) -> Reply {
        self.read_reply_by(COURSE_RECV_LEN)
    }

    /// Reads a reply in larger pieces.
    #[track_caller]
    pub fn read_long_reply(&mut self) -> Reply {
        self.read_reply_by(LONG_RECV_LEN)
    }

    /// Asks for bytes of a file as they are: the reply, and what follows it of which that tells.
    #[track_caller]
    pub fn fetch(&mut self, what: &str) -> (Reply, Vec<u8>) {
        self.send(format!("FETCH {what}\r\n\r\n"));
        self.read_fetched()
    }

    /// The reply to a FETCH, and its bytes.
    #[track_caller]
    pub fn read_fetched(&mut self) -> (Reply, Vec<u8>) {
        self.try_read_fetched().expect("the server goes on sending")
    }

    /// The same from a server that may die over it.
    #[track_caller]
    pub fn try_read_fetched(&mut self) -> Option<(Reply, Vec<u8>)> {
        let reply = self.try_read_long_reply().ok()?;
        let len = reply["data_length"].as_u64().unwrap_or(0) as usize;
        while self.unread.len() < len {
            if self.receive(LONG_RECV_LEN) == 0 {
                return None;
            }
        }
        let rest = self.unread.split_off(len);
        Some((reply, std::mem::replace(&mut self.unread, rest)))
    }

    /// Stores bytes as they are, from where the server wants them: its last reply.
    #[track_caller]
    pub fn store(&mut self, name: &str, content: &[u8]) -> Reply {
        match self.begin_store(&format!("{name} length={}", content.len())) {
            Ok(offset) => {
                self.send(&content[offset..]);
                self.read_reply()
            }
            Err(refused) => refused,
        }
    }

    /// Sends the head of a STORE: from where on its content may come, or why it may not.
    #[track_caller]
    pub fn begin_store(&mut self, what: &str) -> Result<usize, Reply> {
        let reply = self.request(&format!("STORE {what}"));
        match reply["data_offset"].as_u64() {
            Some(offset) => Ok(offset as usize),
            None => Err(reply),
        }
    }

    /// The next reply of a server that may die over it; an error is what came of it until then.
    #[track_caller]
    pub fn try_read_long_reply(&mut self) -> Result<Reply, Vec<u8>> {
        self.try_read_reply_by(LONG_RECV_LEN)
    }

    /// Reads on until at least `len` bytes of the next reply are here, and leaves them there.
    #[track_caller]
    pub fn await_bytes(&mut self, len: usize) {
        while self.unread.len() < len {
            assert!(self.receive(COURSE_RECV_LEN) > 0, "the server hung up in mid-reply");
        }
    }

    /// The next bytes, at most as many as `buffer` holds; 0 at the end of the connection.
    #[track_caller]
    pub fn read_some(&mut self, buffer: &mut [u8]) -> usize {
        self.try_read_some(buffer).expect("the server goes on sending")
    }

    /// The next bytes from a server that may reset the connection.
    #[track_caller]
    pub fn try_read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(self.unread.is_empty(), "part of a reply was read already");
        self.stream.receive(buffer)
    }

    /// All that comes until the server ends the connection, with a close or a reset. A TLS server
    /// that closes without saying so fails the test.
    #[track_caller]
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        while self.receive(LONG_RECV_LEN) > 0 {
            assert!(Instant::now() < deadline, "the server never ends the connection");
        }
        std::mem::take(&mut self.unread)
    }

    /// Whether anything has come that was not read, or the connection has ended. Does not wait.
    #[track_caller]
    pub fn has_received(&self) -> bool {
        if !self.unread.is_empty() {
            return true;
        }
        self.tcp().set_nonblocking(true).expect("the connection is open");
        let peeked = self.tcp().peek(&mut [0]);
        self.tcp().set_nonblocking(false).expect("the connection is open");
        !peeked.is_err_and(|err| err.kind() == io::ErrorKind::WouldBlock)
    }

    /// The server ends the connection and sends nothing before.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        let last = self.read_to_end();
        assert!(last.is_empty(), "before it hung up, the server sent: {}", last.escape_ascii());
    }

    /// As the server sees the peer.
    pub fn address(&self) -> SocketAddr {
        self.tcp().local_addr().expect("the socket is bound")
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref(),
        }
    }

    #[track_caller]
    fn read_reply_by(&mut self, recv_len: usize) -> Reply {
        self.try_read_reply_by(recv_len).unwrap_or_else(|received| {
            panic!("instead of a whole reply came: {}", received.escape_ascii())
        })
    }

    #[track_caller]
    fn try_read_reply_by(&mut self, recv_len: usize) -> Result<Reply, Vec<u8>> {
        let deadline = Instant::now() + PATIENCE;
        let mut searched = 0;
        loop {
            let ending = self.unread[searched..].windows(ENDING.len()).position(|w| w == ENDING);
            if let Some(ending) = ending {
                let rest = self.unread.split_off(searched + ending + ENDING.len());
                let mut text = std::mem::replace(&mut self.unread, rest);
                text.truncate(searched + ending);
                return Ok(Reply::new(text));
            }
            searched = self.unread.len().saturating_sub(ENDING.len() - 1);
            assert!(Instant::now() < deadline, "no whole reply came within {PATIENCE:?}");
            if self.receive(recv_len) == 0 {
                return Err(std::mem::take(&mut self.unread));
            }
        }
    }

    /// Waits for up to `len` bytes; 0 when the connection has ended.
    #[track_caller]
    fn receive(&mut self, len: usize) -> usize {
        let before = self.unread.len();
        self.unread.resize(before + len, 0);
        let received = match self.stream.receive(&mut self.unread[before..]) {
            Ok(received) => received,
            Err(err) if err.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(err) => panic!(
                "the server sends nothing ({err}) after: {}",
                self.unread[..before.min(200)].escape_ascii()
            ),
        };
        self.unread.truncate(before + received);
        received
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    // Where nobody listens on a port, the kernel may connect a socket to itself.
    if stream.local_addr()? == address {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    set_up(stream)
}

fn set_up(stream: TcpStream) -> io::Result<TcpStream> {
    // Each write is to arrive on its own.
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

impl Stream {
    /// Whatever interrupts a read with a time limit is no news from the server.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let outcome = match self {
                Self::Plain(stream) => stream.read(buffer),
                Self::Tls(stream) => stream.read(buffer),
            };
            match outcome {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use rustls::ServerConnection;

    use super::*;

    /// A server that answers one request, reads to the end and goes as `go` says.
    fn played(go: fn(&mut StreamOwned<ServerConnection, TcpStream>)) -> (Certificates, SocketAddr) {
        let certificates = Certificates::make();
        let connection = ServerConnection::new(certificates.server_config()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (tcp, _) = listener.accept().unwrap();
            let mut stream = StreamOwned::new(connection, tcp);
            let mut request = [0; b"PING\r\n\r\n".len()];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(&request, b"PING\r\n\r\n");
            stream.write_all(b"{\"status\":\"OK\"}\r\n\r\n").unwrap();
            assert_eq!(stream.read(&mut request).unwrap(), 0, "the peer says that it closes");
            go(&mut stream);
        });
        (certificates, address)
    }

    #[test]
    fn a_tls_peer_asks_and_half_closes_as_a_plain_one() {
        let (certificates, address) = played(|stream| {
            stream.write_all(b"bye").unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        });
        let mut peer = Peer::connect_tls(address, &certificates);
        assert_eq!(peer.request("PING").outcome(), "OK");
        peer.half_close();
        assert_eq!(peer.read_to_end(), b"bye");
    }

    #[test]
    #[should_panic(expected = "close_notify")]
    fn a_server_that_cuts_its_tls_stream_off_fails_the_test() {
        let (certificates, address) = played(|_| {});
        let mut peer = Peer::connect_tls(address, &certificates);
        peer.request("PING");
        peer.half_close();
        peer.expect_closed();
    }

    #[test]
    fn a_peer_trusts_its_own_authority_alone() {
        let (_certificates, address) = played(|_| {});
        assert!(Peer::try_connect_tls(address, &Certificates::make()).is_err());
    }
}
