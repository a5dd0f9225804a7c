//! One TLS session over a TCP connection whose waits have an end.

use std::{
    io::{self, ErrorKind, Read, Write},
    mem,
    ops::Range,
    time::{Duration, Instant},
};

use rustls::ClientConnection;

use super::tcp::Tcp;
use crate::{
    ClientError,
    tls::{Tls, TlsError, server_name},
};

/// Four records: one read brings several.
const RECORDS_LEN: usize = 64 * 1024;

/// Agreeing takes at most `timeout`, but a moment needs a length of time that can be added to now.
const AGREE_TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// How often [`TlsSession::is_quiet`] reads: a server sends a few session tickets, not a flood.
const QUIET_READS_MAX: usize = 8;

#[derive(Debug)]
pub(super) struct TlsSession {
    connection: ClientConnection,
    /// Records as they came.
    records: Vec<u8>,
    /// What of the records the connection has not taken.
    unread: Range<usize>,
    /// Records to send, empty between calls.
    outgoing: Vec<u8>,
}

impl TlsSession {
    /// Agrees on TLS with the server at the other end. All of it takes at most as long as one wait
    /// may take.
    pub(super) fn agree(tls: &Tls, host: &str, tcp: &mut Tcp) -> Result<Self, ClientError> {
        let name = server_name(host)?;
        let connection = ClientConnection::new(tls.config(), name).map_err(TlsError::from)?;
        let records = vec![0; RECORDS_LEN];
        let mut session = Self { connection, records, unread: 0..0, outgoing: Vec::new() };
        session.shake_hands(tcp).map_err(|err| match err {
            ClientError::Peer(_) => TlsError::HungUp.into(),
            err => err,
        })?;
        Ok(session)
    }

    fn shake_hands(&mut self, tcp: &mut Tcp) -> Result<(), ClientError> {
        let end = Instant::now() + tcp.timeout().min(AGREE_TIMEOUT_MAX);
        self.flush(tcp, |_, _| false)?;
        while self.connection.is_handshaking() {
            if self.unread.is_empty() {
                match tcp.read_before(end, &mut self.records)? {
                    // The deadline may have come before the end, which the next read tells.
                    None if Instant::now() < end => continue,
                    None => return Err(ClientError::TimedOut(tcp.timeout())),
                    Some(0) => return Err(TlsError::HungUp.into()),
                    Some(len) => self.unread = 0..len,
                }
            }
            self.absorb(tcp)?;
        }
        Ok(())
    }

    pub(super) fn read(&mut self, tcp: &mut Tcp, buffer: &mut [u8]) -> Result<usize, ClientError> {
        let read = self.read_with(tcp, buffer, |tcp, records| tcp.read(records).map(Some));
        read.map(|len| len.expect("a read without a moment to end at does not end without a byte"))
    }

    pub(super) fn read_before(
        &mut self,
        tcp: &mut Tcp,
        moment: Instant,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, ClientError> {
        self.read_with(tcp, buffer, |tcp, records| tcp.read_before(moment, records))
    }

    /// What was sent to us, zero bytes at its end. `receive` brings more records, or `None`.
    fn read_with(
        &mut self,
        tcp: &mut Tcp,
        buffer: &mut [u8],
        receive: impl Fn(&mut Tcp, &mut [u8]) -> Result<Option<usize>, ClientError>,
    ) -> Result<Option<usize>, ClientError> {
        loop {
            match self.connection.reader().read(buffer) {
                Ok(len) => return Ok(Some(len)),
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                Err(err) => return Err(ClientError::Peer(err)),
            }
            if self.unread.is_empty() {
                match receive(tcp, &mut self.records)? {
                    None => return Ok(None),
                    Some(0) => return Err(cut_off()),
                    Some(len) => self.unread = 0..len,
                }
            }
            self.absorb(tcp)?;
        }
    }

    pub(super) fn write_all(&mut self, tcp: &mut Tcp, mut bytes: &[u8]) -> Result<(), ClientError> {
        while !bytes.is_empty() {
            let len = self.connection.writer().write(bytes).map_err(ClientError::Peer)?;
            bytes = &bytes[len..];
            self.flush(tcp, |session, tcp| !session.is_quiet(tcp))?;
        }
        Ok(())
    }

    /// Session tickets come when the server likes, and are nothing that a request is answered with.
    pub(super) fn is_quiet(&mut self, tcp: &Tcp) -> bool {
        for _ in 0..QUIET_READS_MAX {
            // First what earlier reads left.
            match self.has_nothing_to_tell() {
                Ok(true) => {}
                Ok(false) | Err(_) => return false,
            }
            match tcp.without_waiting(|mut stream| stream.read(&mut self.records)) {
                Ok(0) => return false,
                Ok(len) => self.unread = 0..len,
                Err(err) => return err.kind() == ErrorKind::WouldBlock,
            }
        }
        false
    }

    fn has_nothing_to_tell(&mut self) -> Result<bool, ClientError> {
        loop {
            let state = self.connection.process_new_packets().map_err(TlsError::from)?;
            if state.plaintext_bytes_to_read() > 0 || state.peer_has_closed() {
                return Ok(false);
            }
            if self.unread.is_empty() {
                return Ok(true);
            }
            self.take_records()?;
        }
    }

    /// Tells the server that nothing follows; one that does not hear it takes the end for a cut.
    pub(super) fn close(&mut self, tcp: &Tcp) {
        self.connection.send_close_notify();
        self.collect_outgoing();
        // Nobody waits for a connection that is given up.
        let _ = tcp.without_waiting(|mut stream| stream.write(&self.outgoing));
    }

    /// Lets the connection take some of the records, and sends what it answers to them.
    fn absorb(&mut self, tcp: &mut Tcp) -> Result<(), ClientError> {
        self.take_records()?;
        let outcome = self.connection.process_new_packets();
        let flushed = self.flush(tcp, |_, _| false);
        // The server is told why, but its certificate matters more than whether it heard.
        outcome.map_err(TlsError::from)?;
        flushed
    }

    fn take_records(&mut self) -> Result<(), ClientError> {
        let mut records = &self.records[self.unread.clone()];
        match self.connection.read_tls(&mut records).map_err(ClientError::Peer)? {
            // Nothing counts behind the server's word that it has closed.
            0 => self.unread = 0..0,
            len => self.unread.start += len,
        }
        Ok(())
    }

    fn flush(
        &mut self,
        tcp: &mut Tcp,
        has_spoken: impl Fn(&mut Self, &Tcp) -> bool,
    ) -> Result<(), ClientError> {
        self.collect_outgoing();
        let mut records = mem::take(&mut self.outgoing);
        let sent = tcp.write_all(&records, |tcp| has_spoken(self, tcp));
        records.clear();
        self.outgoing = records;
        sent
    }

    fn collect_outgoing(&mut self) {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.outgoing).expect("memory takes what is written");
        }
    }
}

/// Whoever can cut the connection can end it early; only the server can say that it has closed.
fn cut_off() -> ClientError {
    let reason = "the server did not say that it closes";
    ClientError::Peer(io::Error::new(ErrorKind::UnexpectedEof, reason))
}
