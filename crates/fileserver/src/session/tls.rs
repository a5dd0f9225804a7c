//! TLS around a session: ciphertext and the time in, ciphertext out.
//!
//! Like the session it holds no socket and no clock and takes the same steps, so every concurrency
//! model serves TLS without knowing of it. The limits are the session's: a handshake must come to its
//! end within the time of a head, and ciphertext is what moves.
//!
//! Memory: what TLS buffers (64 KiB), its ciphertext, and as much room for input as the session has.

use std::{
    io::{self, Read, Write},
    mem,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{InvalidMessage, ServerConfig, ServerConnection};

use super::{ConnectionError, Next, Session, Step, TICK};
use crate::{
    farewell::{LINGER, Leaving},
    shutdown::Phase,
};

/// The type of the first record that a client sends (RFC 8446, 5.1). Who sends another could not
/// read an alert.
const HANDSHAKE_RECORD: u8 = 22;

#[derive(Debug)]
pub(super) struct SecuredSession {
    session: Session,
    tls: ServerConnection,
    /// Ciphertext received, and what of it is not decrypted.
    input: Vec<u8>,
    unused: Range<usize>,
    has_received: bool,
    peer_closed: bool,
    /// Ciphertext to send, of which so much is sent.
    output: Vec<u8>,
    sent: usize,
    /// How much of what the session sends is on its way as ciphertext.
    in_flight: usize,
    /// Until then nothing else happens while there is output; after it follows this.
    flush_until: Option<Instant>,
    after_flush: Option<Next>,
    /// TLS failed; the peer may take its time to leave.
    failure: Option<(rustls::Error, Leaving)>,
}

impl SecuredSession {
    /// Puts TLS around `session`, which is new. Fails only where `config` is of no use.
    ///
    /// Not inlined: thousands of threads in plain text would have room for it on their stacks.
    #[inline(never)]
    pub(super) fn new(mut session: Session, config: Arc<ServerConfig>) -> Option<Box<Self>> {
        session.in_handshake = true;
        let tls = match ServerConnection::new(config) {
            Ok(tls) => tls,
            Err(err) => {
                session.close(Err(ConnectionError::Tls(err)));
                return None;
            }
        };
        Some(Box::new(Self {
            session,
            tls,
            input: Vec::new(),
            unused: 0..0,
            has_received: false,
            peer_closed: false,
            output: Vec::new(),
            sent: 0,
            in_flight: 0,
            flush_until: None,
            after_flush: None,
            failure: None,
        }))
    }

    /// As [`Session::step`].
    pub(super) fn step(&mut self, now: Instant) -> Result<Step<'_>, ConnectionError> {
        Ok(match self.next(now)? {
            Next::Send(wait) => Step::Send(&self.output[self.sent..], wait),
            Next::Receive(wait) => Step::Receive(&mut self.input, wait),
            Next::Wait(wait) => Step::Wait(wait),
            Next::Yield => Step::Yield,
            Next::FinishSending => Step::FinishSending,
            Next::Close => Step::Close,
        })
    }

    /// As [`Session::sent`]. The session learns of it when all that it gave is sent.
    pub(super) fn sent(&mut self, len: usize) {
        self.sent += len;
        self.session.timeouts.moved(len);
        self.encrypt();
        if !self.has_output() && self.in_flight > 0 {
            self.session.exchange.sent(mem::take(&mut self.in_flight));
        }
    }

    /// As [`Session::received`].
    pub(super) fn received(&mut self, len: usize) {
        self.peer_closed |= len == 0;
        self.unused = 0..len;
        self.session.timeouts.moved(len);
        if let Some((_, leaving)) = &mut self.failure {
            leaving.heard(len);
        }
    }

    /// As [`Session::peer_lost`]. What TLS still had to say has nobody to hear it.
    pub(super) fn peer_lost(&mut self, why: ConnectionError) -> Result<(), ConnectionError> {
        self.session.peer_lost(why)?;
        self.output.clear();
        self.sent = 0;
        self.peer_closed = true;
        Ok(())
    }

    /// As [`Session::close`].
    pub(super) fn close(self: Box<Self>, outcome: Result<(), ConnectionError>) {
        let Self { session, failure, .. } = *self;
        session.close(match failure {
            Some((why, _)) => outcome.and(Err(ConnectionError::Tls(why))),
            None => outcome,
        });
    }

    fn next(&mut self, now: Instant) -> Result<Next, ConnectionError> {
        // A shutdown waits for nobody's goodbye.
        let over = self.session.service.phase(now) == Phase::Over;
        loop {
            if !over && self.has_output() && self.flush_until.is_some_and(|until| now < until) {
                return Ok(Next::Send(TICK));
            }
            self.flush_until = None;
            if let Some(next) = self.after_flush.take() {
                return Ok(next);
            }
            if let Some((_, leaving)) = &mut self.failure {
                return Ok(match leaving.left(now) {
                    Some(left) if !over && !self.peer_closed => Next::Receive(left.min(TICK)),
                    _ => Next::Close,
                });
            }
            if let Some(next) = self.next_of_session(now)? {
                return Ok(next);
            }
        }
    }

    /// `None`: there is more to be had at once.
    fn next_of_session(&mut self, now: Instant) -> Result<Option<Next>, ConnectionError> {
        match self.session.step(now)? {
            // It waited in vain before it could be spoken to.
            Step::Send(..) if self.tls.is_handshaking() => Err(ConnectionError::NoHandshake),
            Step::Send(plain, wait) => {
                if self.in_flight == 0 {
                    let taken = self.tls.writer().write(plain);
                    self.in_flight = taken.map_err(ConnectionError::Peer)?;
                    self.encrypt();
                }
                Ok(Some(Next::Send(wait)))
            }
            Step::Receive(room, wait) => {
                let room_len = room.len();
                match self.tls.reader().read(room) {
                    Ok(len) => self.session.take(len),
                    Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                        return Ok(self.next_of_tls(room_len, wait, now));
                    }
                    // The end came without TLS saying so: anyone could have cut the connection.
                    Err(err) => self.session.peer_lost(ConnectionError::Peer(err))?,
                }
                Ok(None)
            }
            Step::Wait(wait) => Ok(Some(Next::Wait(wait))),
            Step::Yield => Ok(Some(Next::Yield)),
            Step::FinishSending => Ok(self.say_goodbye(Next::FinishSending, now)),
            Step::Close => Ok(self.say_goodbye(Next::Close, now)),
        }
    }

    /// The session waits for what TLS has not got yet.
    fn next_of_tls(&mut self, room_len: usize, wait: Duration, now: Instant) -> Option<Next> {
        if !self.unused.is_empty() {
            self.decrypt(now);
            return None;
        }
        self.session.is_deaf = self.has_output();
        if self.session.is_deaf {
            return Some(Next::Send(wait));
        }
        if self.peer_closed {
            self.decrypt(now);
            return None;
        }
        if self.input.len() != room_len {
            // A session that gives its buffers back is idle.
            self.input = vec![0; room_len];
            self.output = Vec::new();
        }
        Some(Next::Receive(wait))
    }

    /// Takes a piece of what was received, or its end.
    fn decrypt(&mut self, now: Instant) {
        let mut unread = &self.input[self.unused.clone()];
        let is_first = !mem::replace(&mut self.has_received, true);
        if is_first && unread.first().is_some_and(|byte| *byte != HANDSHAKE_RECORD) {
            return self.break_off(InvalidMessage::InvalidContentType.into(), now);
        }
        let taken = match self.tls.read_tls(&mut unread) {
            Ok(len) => self.tls.process_new_packets().map(|_| len),
            Err(err) => Err(rustls::Error::General(err.to_string())),
        };
        self.session.in_handshake = self.tls.is_handshaking();
        self.encrypt();
        match taken {
            Ok(len) => self.unused.start += len,
            Err(why) => self.break_off(why, now),
        }
    }

    /// Turns what TLS has to say into output.
    fn encrypt(&mut self) {
        if !self.has_output() {
            self.output.clear();
            self.sent = 0;
        }
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.output).expect("memory takes all that is written");
        }
    }

    fn has_output(&self) -> bool {
        self.sent < self.output.len()
    }

    /// Says that no more will come, then does the last thing that is left.
    fn say_goodbye(&mut self, last: Next, now: Instant) -> Option<Next> {
        self.tls.send_close_notify();
        self.encrypt();
        self.flush_until = Some(now + LINGER);
        self.after_flush = Some(last);
        None
    }

    /// Sends the alert, if there is one, and lets the peer go.
    fn break_off(&mut self, why: rustls::Error, now: Instant) {
        self.flush_until = Some(now + LINGER);
        self.after_flush = Some(Next::FinishSending);
        self.failure = Some((why, Leaving::new(self.session.farewell(), now)));
    }
}
