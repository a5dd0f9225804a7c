//! A client in full control of every byte, for behaviour that a well-made client never shows.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use socket2::SockRef;

use crate::{PATIENCE, Reply};

/// What the course's client reads at a time.
const COURSE_RECV_LEN: usize = 16;
const LONG_RECV_LEN: usize = 64 * 1024;

const ENDING: &[u8] = b"\r\n\r\n";

/// One connection to a server. Nothing it does takes longer than [`PATIENCE`].
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
    /// Received behind the last reply that was read.
    unread: Vec<u8>,
}

impl Peer {
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Self::try_connect(address)
            .unwrap_or_else(|err| panic!("{address} takes no connection: {err}"))
    }

    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        // Where nobody listens on a port, the kernel may connect a socket to itself.
        if stream.local_addr()? == address {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        // Each write is to arrive on its own.
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, unread: Vec::new() })
    }

    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes what the peer sends");
    }

    /// Sends to a server that may have good reasons to hang up.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// One write for each byte.
    #[track_caller]
    pub fn send_slowly(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Closes the sending half; replies can still be read.
    #[track_caller]
    pub fn half_close(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// Vanishes with a reset instead of a proper close.
    #[track_caller]
    pub fn reset(self) {
        SockRef::from(&self.stream)
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
        assert!(self.unread.is_empty(), "part of a reply was read already");
        read(&self.stream, buffer).expect("the server goes on sending")
    }

    /// All that comes until the server ends the connection, with a close or a reset.
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
        self.stream.set_nonblocking(true).expect("the connection is open");
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("the connection is open");
        !peeked.is_err_and(|err| err.kind() == io::ErrorKind::WouldBlock)
    }

    /// The server ends the connection and sends nothing before.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        let last = self.read_to_end();
        assert!(last.is_empty(), "before it hung up, the server sent: {}", last.escape_ascii());
    }

    #[track_caller]
    fn read_reply_by(&mut self, recv_len: usize) -> Reply {
        let deadline = Instant::now() + PATIENCE;
        let mut searched = 0;
        loop {
            let ending = self.unread[searched..].windows(ENDING.len()).position(|w| w == ENDING);
            if let Some(ending) = ending {
                let rest = self.unread.split_off(searched + ending + ENDING.len());
                let mut text = std::mem::replace(&mut self.unread, rest);
                text.truncate(searched + ending);
                return Reply::new(text);
            }
            searched = self.unread.len().saturating_sub(ENDING.len() - 1);
            assert!(Instant::now() < deadline, "no whole reply came within {PATIENCE:?}");
            if self.receive(recv_len) == 0 {
                panic!("instead of a whole reply came: {}", self.unread.escape_ascii());
            }
        }
    }

    /// Waits for up to `len` bytes; 0 when the connection has ended.
    #[track_caller]
    fn receive(&mut self, len: usize) -> usize {
        let before = self.unread.len();
        self.unread.resize(before + len, 0);
        let received = match read(&self.stream, &mut self.unread[before..]) {
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

/// Whatever interrupts a read with a time limit is no news from the server.
fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
