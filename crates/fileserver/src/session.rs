//! The protocol state of one connection: bytes and the time in, bytes out.
//!
//! A session holds no socket and no clock. A driver calls [`Session::step`], does what it says, and
//! reports with [`Session::sent`], [`Session::received`] or nothing but a later `step`. All verbs,
//! replies, limits and timeouts are decided here and nowhere else, so every concurrency model
//! serves exactly the same protocol.
//!
//! Memory does not depend on the size of files: at most one received, one decoded and one encoded
//! piece, 256 KiB each, allocated when a transfer first needs them.

mod buffers;
mod error;
mod exchange;
mod transfer;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::{ErrorCode, FrameError, Pause, Reply, RequestFramer};
use telemetry::Slot;

use crate::{service::Service, shutdown::Phase};
use buffers::Input;
pub(crate) use error::ConnectionError;
use exchange::{Exchange, Progress};

/// How long a request without an ending stays open for more; clients that send no endings wait for
/// it, and clients that send the canonical blank line late (up to 40 ms) must not run into it.
const QUIET: Duration = Duration::from_millis(250);

/// Longest time a driver waits for the peer before it asks again: how soon a shutdown is noticed.
const TICK: Duration = Duration::from_millis(500);

/// After its last reply the server reads on this long, and this much, before it closes: closing
/// with unread bytes would reset the connection and destroy the reply on its way.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_LEN_MAX: u64 = 64 << 20;

/// What a driver does next.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    /// Write these bytes or the first of them, waiting at most so long.
    Send(&'a [u8], Duration),
    /// Read into this room, waiting at most so long.
    Receive(&'a mut [u8], Duration),
    /// Neither read nor write for so long.
    Wait(Duration),
    /// Others may go first.
    Yield,
    /// Close the sending half: no reply will follow.
    FinishSending,
    /// Close the connection; [`Session::into_outcome`] says how it went.
    Close,
}

/// The protocol state of one connection.
#[derive(Debug)]
pub(crate) struct Session {
    service: Arc<Service>,
    framer: RequestFramer,
    input: Input,
    exchange: Exchange,
    ending: Ending,
    peer_closed: bool,
    silence: Silence,
    failure: Option<ConnectionError>,
}

/// How far the server is with closing a connection that its peer would keep open.
#[derive(Debug)]
enum Ending {
    Open,
    /// What is being sent is the last reply; then so long for the peer to close.
    LastReply {
        linger: Duration,
    },
    /// Reading until the peer closes too.
    Linger {
        until: Instant,
        skipped: u64,
    },
}

/// How long the peer has moved no byte while it was waited for.
///
/// What the disk or another connection took in between is not the peer's: of the time between two
/// steps only so much counts as the first of them told the driver to wait.
#[derive(Debug)]
struct Silence {
    length: Duration,
    asked_at: Instant,
    granted: Duration,
}

/// A [`Step`] that has not borrowed its buffers yet.
enum Next {
    Send,
    Receive(Duration),
    Wait(Duration),
    Yield,
    FinishSending,
    Close,
}

impl Session {
    /// A session for a connection that the worker of `slot` has just picked up.
    pub(crate) fn new(service: Arc<Service>, slot: &'static Slot, now: Instant) -> Self {
        Self {
            exchange: Exchange::new(Arc::clone(&service), slot),
            service,
            framer: RequestFramer::default(),
            input: Input::default(),
            ending: Ending::Open,
            peer_closed: false,
            silence: Silence { length: Duration::ZERO, asked_at: now, granted: Duration::ZERO },
            failure: None,
        }
    }

    /// Works until only the driver can go on. An error ends the connection at once, without a
    /// reply.
    pub(crate) fn step(&mut self, now: Instant) -> Result<Step<'_>, ConnectionError> {
        self.silence.waited_until(now);
        let next = self.next(now)?;
        self.silence.grant(match next {
            Next::Send => TICK,
            Next::Receive(wait) => wait,
            Next::Wait(_) | Next::Yield | Next::FinishSending | Next::Close => Duration::ZERO,
        });
        Ok(match next {
            Next::Send => Step::Send(self.exchange.output(), TICK),
            Next::Receive(wait) => Step::Receive(self.input.room(), wait),
            Next::Wait(wait) => Step::Wait(wait),
            Next::Yield => Step::Yield,
            Next::FinishSending => Step::FinishSending,
            Next::Close => Step::Close,
        })
    }

    /// The first `len` bytes of the last [`Step::Send`] were written.
    pub(crate) fn sent(&mut self, len: usize) {
        self.exchange.sent(len);
        self.silence.end();
    }

    /// `len` bytes were read into the room of the last [`Step::Receive`]; none means that the peer
    /// has closed its half.
    pub(crate) fn received(&mut self, len: usize) {
        self.peer_closed |= len == 0;
        self.silence.end();
        match &mut self.ending {
            Ending::Linger { skipped, .. } => *skipped += len as u64,
            Ending::Open | Ending::LastReply { .. } => self.input.received(len),
        }
    }

    /// The peer reset the connection. An error, unless that loses nothing: every reply is sent and
    /// no request has begun. Clients that close with the last ending unread leave that way.
    pub(crate) fn peer_lost(&mut self, why: ConnectionError) -> Result<(), ConnectionError> {
        let idle = self.framer.is_between_requests() && self.exchange.is_idle();
        if !idle && !matches!(self.ending, Ending::Linger { .. }) {
            return Err(why);
        }
        self.peer_closed = true;
        Ok(())
    }

    /// How the connection went, after [`Step::Close`].
    pub(crate) fn into_outcome(mut self) -> Result<(), ConnectionError> {
        match self.failure {
            Some(failure) => Err(failure),
            None => {
                self.exchange.connection_succeeded();
                Ok(())
            }
        }
    }

    fn next(&mut self, now: Instant) -> Result<Next, ConnectionError> {
        if self.service.phase(now) == Phase::Over {
            return self.end_with_grace_period();
        }
        loop {
            match self.exchange.advance(now)? {
                Progress::Output => return self.send(),
                Progress::Yield => return Ok(Next::Yield),
                Progress::Wait(wait) => return Ok(Next::Wait(wait)),
                Progress::NeedsInput => {}
            }
            let next = match self.ending {
                Ending::Open => self.receive(now),
                Ending::LastReply { linger } => {
                    self.ending = Ending::Linger { until: now + linger, skipped: 0 };
                    Some(Next::FinishSending)
                }
                Ending::Linger { until, skipped } => {
                    let over = self.peer_closed || now >= until || skipped > LINGER_LEN_MAX;
                    Some(if over { Next::Close } else { Next::Receive((until - now).min(TICK)) })
                }
            };
            if let Some(next) = next {
                return Ok(next);
            }
        }
    }

    /// A connection without a request loses nothing.
    fn end_with_grace_period(&self) -> Result<Next, ConnectionError> {
        if self.framer.is_between_requests() && self.exchange.is_idle() {
            return Ok(Next::Close);
        }
        self.service.drain_flag.request_cut();
        Err(ConnectionError::ShutDown)
    }

    fn send(&self) -> Result<Next, ConnectionError> {
        let silent = self.silence.length;
        if silent >= self.service.limits.idle_timeout {
            return Err(ConnectionError::Stalled(silent));
        }
        Ok(Next::Send)
    }

    /// Works on the input received; asks for more when all of it is used up.
    fn receive(&mut self, now: Instant) -> Option<Next> {
        if self.exchange.skipped_too_much() {
            self.ending = Ending::LastReply { linger: LINGER };
            return None;
        }
        if self.must_leave(now) {
            // Others may be waiting for this worker, and for the end of the drain.
            let linger = if self.exchange.has_answered() { QUIET } else { Duration::ZERO };
            self.ending = Ending::LastReply { linger };
            return None;
        }
        // Also without input: the end of a head that was a whole line is still to be taken.
        match self.framer.next(self.input.unused()) {
            Ok((None, used)) => {
                self.input.used(used);
                return self.input.is_empty().then(|| self.await_input(now)).flatten();
            }
            Ok((Some(fragment), used)) => {
                self.exchange.take(fragment, now);
                self.input.used(used);
            }
            Err(err) => self.lose_frame(err),
        }
        None
    }

    /// Leaves as soon as it may; but a connection that has waited for its worker until now still
    /// gets its first request answered.
    fn must_leave(&self, now: Instant) -> bool {
        let served = self.exchange.has_answered() || self.silence.length >= QUIET;
        served && self.may_leave(now)
    }

    /// The server is shutting down and no request is under way.
    fn may_leave(&self, now: Instant) -> bool {
        self.service.phase(now) == Phase::Draining && self.framer.is_between_requests()
    }

    fn await_input(&mut self, now: Instant) -> Option<Next> {
        let silent = self.silence.length;
        if self.peer_closed {
            return self.pause(Pause::Closed, now).then_some(Next::Close);
        }
        if self.framer.quiet_ends_request() {
            if silent < QUIET {
                return Some(Next::Receive(QUIET - silent));
            }
            if !self.pause(Pause::Quiet, now) {
                return None;
            }
        }
        let idle_timeout = self.service.limits.idle_timeout;
        if silent >= idle_timeout {
            self.give_up_waiting(idle_timeout);
            return None;
        }
        if silent >= TICK && self.framer.is_between_requests() {
            // An idle connection holds no more than a new one does.
            self.input = Input::default();
            self.exchange.release_output();
        }
        let tick = if self.may_leave(now) { QUIET } else { TICK };
        Some(Next::Receive((idle_timeout - silent).min(tick)))
    }

    /// Tells the framer that nothing comes; true when that completes nothing.
    fn pause(&mut self, why: Pause, now: Instant) -> bool {
        match self.framer.end_of_input(why) {
            Ok(None) => return true,
            Ok(Some(fragment)) => self.exchange.take(fragment, now),
            Err(err) => self.lose_frame(err),
        }
        false
    }

    /// Where the next request starts is no longer known: answers once, then closes.
    fn lose_frame(&mut self, err: FrameError) {
        let code = match err {
            FrameError::HeadTooLong => ErrorCode::HeadTooLong,
            FrameError::UnclosedQuote => ErrorCode::BadBase64,
            FrameError::Unended => ErrorCode::Unended,
        };
        self.exchange.abort(&Reply::error(code, &err));
        self.fail(ConnectionError::Frame(err));
    }

    /// Nothing came for as long as the server waits: says so, then closes.
    fn give_up_waiting(&mut self, waited: Duration) {
        // The peer may take as long again to read why.
        self.silence.end();
        let waited_s = waited.as_secs_f64();
        if self.framer.is_between_requests() {
            let sentence = format!("no request came for {waited_s} s");
            self.exchange.abort(&Reply::error(ErrorCode::Timeout, sentence));
            self.ending = Ending::LastReply { linger: LINGER };
            return;
        }
        let sentence = format!(
            "the upload did not end: nothing came for {waited_s} s; nothing was stored; \
             a line ending ends it, or a closing quote where the content is quoted"
        );
        self.exchange.abort(&Reply::error(ErrorCode::Unended, sentence));
        self.fail(ConnectionError::Stalled(waited));
    }

    fn fail(&mut self, failure: ConnectionError) {
        self.failure = Some(failure);
        self.ending = Ending::LastReply { linger: LINGER };
    }
}

impl Silence {
    fn waited_until(&mut self, now: Instant) {
        self.length += now.duration_since(self.asked_at).min(self.granted);
        self.granted = Duration::ZERO;
        self.asked_at = now;
    }

    fn grant(&mut self, wait: Duration) {
        self.granted = wait;
    }

    fn end(&mut self) {
        self.length = Duration::ZERO;
        self.granted = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests;
