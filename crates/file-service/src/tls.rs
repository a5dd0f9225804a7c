//! TLS around a session: ciphertext and the time in, ciphertext out.
//!
//! Like the session it holds no socket and no clock and takes the same steps, so every concurrency
//! model serves TLS without knowing of it. The limits are the session's: a handshake must come to its
//! end within the time of a head, and ciphertext is what moves.
//!
//! Memory: what TLS buffers (64 KiB), its ciphertext, and as much room for input as the session has.

use core::net::SocketAddr;
use std::{
    io::{self, Read, Write},
    mem,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{InvalidMessage, ServerConfig, ServerConnection};
use serving::{LINGER, Leaving, Phase, Step};

use crate::{
    error::ConnectionError,
    session::{Carrier, Session, TICK},
};

/// The type of the first record that a client sends (RFC 8446, 5.1). Who sends another could not
/// read an alert.
const HANDSHAKE_RECORD: u8 = 22;

pub(crate) struct SecuredSession {
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
    after_flush: Option<Step>,
    /// TLS failed; the peer may take its time to leave.
    failure: Option<(rustls::Error, Leaving)>,
}

impl SecuredSession {
    /// Puts TLS around `session`, which is new. Fails only where `config` is of no use.
    ///
    /// Not inlined: thousands of threads in plain text would have room for it on their stacks.
    #[inline(never)]
    pub(crate) fn new(mut session: Session, config: Arc<ServerConfig>) -> Option<Box<Self>> {
        session.carried_by(Carrier { in_handshake: true, is_deaf: false, copies: true });
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
    pub(crate) fn step(&mut self, now: Instant, phase: Phase) -> Result<Step, ConnectionError> {
        // A shutdown waits for nobody's goodbye.
        let over = phase == Phase::Over;
        loop {
            if !over && self.has_output() && self.flush_until.is_some_and(|until| now < until) {
                return Ok(Step::Send(TICK));
            }
            self.flush_until = None;
            if let Some(step) = self.after_flush.take() {
                return Ok(step);
            }
            if let Some((_, leaving)) = &mut self.failure {
                return Ok(match leaving.left(now) {
                    Some(left) if !over && !self.peer_closed => Step::Receive(left.min(TICK)),
                    _ => Step::Close,
                });
            }
            if let Some(step) = self.step_of_session(now, phase)? {
                return Ok(step);
            }
        }
    }

    /// As [`Session::may_block`].
    pub(crate) fn may_block(&mut self) {
        self.session.may_block();
    }

    /// As [`Session::named`].
    pub(crate) fn named(&mut self, client: SocketAddr) {
        self.session.named(client);
    }

    /// Ciphertext to send.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// Where ciphertext goes.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.input
    }

    /// As [`Session::sent`]. The session learns of it when all that it gave is sent.
    pub(crate) fn sent(&mut self, len: usize) {
        self.sent += len;
        self.session.moved(len);
        self.encrypt();
        if !self.has_output() && self.in_flight > 0 {
            self.session.sent(mem::take(&mut self.in_flight));
        }
    }

    /// As [`Session::received`].
    pub(crate) fn received(&mut self, len: usize) {
        self.peer_closed |= len == 0;
        self.unused = 0..len;
        self.session.moved(len);
        if let Some((_, leaving)) = &mut self.failure {
            leaving.heard(len);
        }
    }

    /// As [`Session::peer_lost`]. What TLS still had to say has nobody to hear it.
    pub(crate) fn peer_lost(&mut self, why: ConnectionError) -> Result<(), ConnectionError> {
        self.session.peer_lost(why)?;
        self.output.clear();
        self.sent = 0;
        self.peer_closed = true;
        Ok(())
    }

    /// As [`Session::close`].
    pub(crate) fn close(self: Box<Self>, outcome: Result<(), ConnectionError>) {
        let Self { session, failure, .. } = *self;
        session.close(match failure {
            Some((why, _)) => outcome.and(Err(ConnectionError::Tls(why))),
            None => outcome,
        });
    }

    /// `None`: there is more to be had at once.
    fn step_of_session(
        &mut self,
        now: Instant,
        phase: Phase,
    ) -> Result<Option<Step>, ConnectionError> {
        match self.session.step(now, phase)? {
            // It has waited in vain before it could be spoken to.
            Step::Send(_) if self.tls.is_handshaking() => Err(ConnectionError::NoHandshake),
            Step::Send(wait) => {
                if self.in_flight == 0 {
                    let taken = self.tls.writer().write(self.session.output());
                    self.in_flight = taken.map_err(ConnectionError::Peer)?;
                    self.encrypt();
                }
                Ok(Some(Step::Send(wait)))
            }
            Step::Receive(wait) => {
                let room = self.session.room();
                let room_len = room.len();
                match self.tls.reader().read(room) {
                    Ok(len) => self.session.received(len),
                    Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                        return Ok(self.step_of_tls(room_len, wait, now));
                    }
                    // The end came without TLS saying so: anyone could have cut the connection.
                    Err(err) => self.session.peer_lost(ConnectionError::Peer(err))?,
                }
                Ok(None)
            }
            last @ (Step::FinishSending | Step::Close) => {
                self.say_goodbye(last, now);
                Ok(None)
            }
            // A carrier that copies is given no files.
            step @ (Step::SendFile(_)
            | Step::Wait(_)
            | Step::Busy(_)
            | Step::Yield
            | Step::Block) => Ok(Some(step)),
        }
    }

    /// The session waits for what TLS has not got yet.
    fn step_of_tls(&mut self, room_len: usize, wait: Duration, now: Instant) -> Option<Step> {
        if !self.unused.is_empty() {
            self.decrypt(now);
            return None;
        }
        self.tell_session();
        if self.has_output() {
            return Some(Step::Send(wait));
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
        Some(Step::Receive(wait))
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
        self.encrypt();
        self.tell_session();
        match taken {
            Ok(len) => self.unused.start += len,
            Err(why) => self.break_off(why, now),
        }
    }

    /// While there is output nothing is received.
    fn tell_session(&mut self) {
        let (in_handshake, is_deaf) = (self.tls.is_handshaking(), self.has_output());
        self.session.carried_by(Carrier { in_handshake, is_deaf, copies: true });
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
    fn say_goodbye(&mut self, last: Step, now: Instant) {
        self.tls.send_close_notify();
        self.encrypt();
        self.flush_until = Some(now + LINGER);
        self.after_flush = Some(last);
    }

    /// Sends the alert, if there is one, and lets the peer go.
    fn break_off(&mut self, why: rustls::Error, now: Instant) {
        self.flush_until = Some(now + LINGER);
        self.after_flush = Some(Step::FinishSending);
        self.failure = Some((why, Leaving::new(self.session.farewell(), now)));
    }
}
