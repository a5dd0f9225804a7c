//! The protocol state of one connection: bytes and the time in, bytes out.
//!
//! A session holds no socket and no clock. What carries it calls [`Session::step`], does what it says,
//! and reports with [`Session::sent`], [`Session::received`] or nothing but a later `step`. All verbs,
//! replies, limits and timeouts are decided here and nowhere else, so every concurrency model
//! serves exactly the same protocol, in plain text and within TLS.
//!
//! Memory does not depend on the size of files: at most one received, one decoded and one encoded
//! piece, 256 KiB each, allocated when a transfer first needs them.

mod access;
mod buffers;
mod exchange;
mod fetching;
mod refusal;
mod storing;
mod transfer;

use core::net::SocketAddr;
use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::{ErrorCode, FrameError, Pause, QUIET, Reply, RequestFramer};
use serving::{
    Farewell, FileRange, LINGER, Leaving, Overdue, Phase, Step,
    timeouts::{Stage, Timeouts},
};
use telemetry::OpenConnection;

use self::{
    buffers::Input,
    exchange::{Exchange, Progress},
    fetching::{is_impossible, is_of_network},
};
use crate::{
    error::ConnectionError,
    service::{FileService, Limits},
};

/// Longest time that the peer is waited for before the next look: how soon a shutdown is noticed.
pub(crate) const TICK: Duration = Duration::from_millis(500);

/// Most bytes between two requests: blank lines, or the rest of a line after a closing quote. Whoever
/// sends them without a pause is never waited for, so no timeout would end that.
const BETWEEN_LEN_MAX: u64 = 64 * 1024;

/// The protocol state of one connection.
pub(crate) struct Session {
    service: Arc<FileService>,
    framer: RequestFramer,
    input: Input,
    exchange: Exchange,
    ending: Ending,
    /// Bytes since the last request that are none of the next.
    between_len: u64,
    peer_closed: bool,
    carrier: Carrier,
    /// This step is taken where it may wait for the store.
    may_block: bool,
    phase: Phase,
    timeouts: Timeouts,
    failure: Option<ConnectionError>,
}

/// How far the server is with closing a connection that its peer would keep open.
#[derive(Debug)]
enum Ending {
    Open,
    /// What is being sent is the last reply.
    LastReply(Farewell),
    /// Reading until the peer closes too.
    Leaving(Leaving),
}

/// What a session has to know of what carries its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carrier {
    /// It is not ready to carry any.
    pub(crate) in_handshake: bool,
    /// It has to send first: what the peer sends is not read, so its quiet means nothing.
    pub(crate) is_deaf: bool,
    /// It changes the bytes, so those of files pass through memory too.
    pub(crate) copies: bool,
}

impl Session {
    /// A session for a connection that a worker has just picked up.
    pub(crate) fn new(service: Arc<FileService>, connection: OpenConnection, now: Instant) -> Self {
        Self {
            exchange: Exchange::new(Arc::clone(&service), connection),
            service,
            framer: RequestFramer::default(),
            input: Input::default(),
            ending: Ending::Open,
            between_len: 0,
            peer_closed: false,
            carrier: Carrier::default(),
            may_block: false,
            phase: Phase::Serving,
            timeouts: Timeouts::new(now),
            failure: None,
        }
    }

    /// Works until only what carries the session can go on. An error ends the connection at once,
    /// without a reply.
    pub(crate) fn step(&mut self, now: Instant, phase: Phase) -> Result<Step, ConnectionError> {
        self.phase = phase;
        self.timeouts.waited_until(now);
        let step = self.next(now)?;
        self.may_block = false;
        if let Step::Receive(wait) | Step::Send(wait) | Step::SendFile(wait) = step {
            self.timeouts.grant(wait, now);
        }
        Ok(step)
    }

    /// The next step may wait for the store.
    pub(crate) fn may_block(&mut self) {
        self.may_block = true;
    }

    /// What is to be sent.
    pub(crate) fn output(&self) -> &[u8] {
        self.exchange.output()
    }

    /// Where what is received goes.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.input.room()
    }

    /// The peer moved so many bytes, in either direction and whatever they mean.
    pub(crate) fn moved(&mut self, len: usize) {
        self.timeouts.moved(len);
    }

    /// The first `len` bytes of the output are sent.
    pub(crate) fn sent(&mut self, len: usize) {
        self.exchange.sent(len);
    }

    /// What is to be sent past the output.
    pub(crate) fn file(&self) -> Option<FileRange<'_>> {
        self.exchange.file()
    }

    /// So much of it was sent, or why none was.
    pub(crate) fn file_sent(&mut self, outcome: io::Result<usize>) -> Result<(), ConnectionError> {
        match outcome {
            Ok(0) => Err(ConnectionError::Disk(io::ErrorKind::UnexpectedEof.into())),
            Ok(len) => {
                self.moved(len);
                self.exchange.file_sent(len);
                Ok(())
            }
            Err(err) if is_impossible(&err) => self.exchange.copy_file(),
            Err(err) if is_of_network(&err) => self.peer_lost(ConnectionError::Peer(err)),
            Err(err) => Err(ConnectionError::Disk(err)),
        }
    }

    /// `len` bytes came into the room; none means that the peer has closed its half.
    pub(crate) fn received(&mut self, len: usize) {
        self.peer_closed |= len == 0;
        self.exchange.heard();
        match &mut self.ending {
            Ending::Leaving(leaving) => leaving.heard(len),
            Ending::Open | Ending::LastReply(_) => self.input.received(len),
        }
    }

    /// The peer is a proxy, and connects for `client`.
    pub(crate) fn named(&mut self, client: SocketAddr) {
        self.exchange.named(client);
    }

    /// There is no room for the connection: says why, then closes.
    pub(crate) fn turn_away(&mut self, why: String) {
        self.exchange.abort(&Reply::error(ErrorCode::Busy, &why));
        self.exchange.limited(&why);
        self.failure = Some(ConnectionError::TurnedAway(why));
        self.ending = Ending::LastReply(self.short_farewell(QUIET));
    }

    /// What carries the session is like this from now on.
    pub(crate) fn carried_by(&mut self, carrier: Carrier) {
        self.carrier = carrier;
    }

    /// The peer reset the connection. An error, unless that loses nothing: every reply is sent and
    /// no request has begun. Clients that close with the last ending unread leave that way.
    pub(crate) fn peer_lost(&mut self, why: ConnectionError) -> Result<(), ConnectionError> {
        let idle = self.framer.is_between_requests() && self.exchange.is_idle();
        if !idle && !matches!(self.ending, Ending::Leaving(_)) {
            return Err(why);
        }
        self.peer_closed = true;
        Ok(())
    }

    /// Counts how the connection went: `outcome` is the driver's, whose steps came to
    /// [`Step::Close`] or to an error.
    pub(crate) fn close(self, outcome: Result<(), ConnectionError>) {
        let failure = outcome.err().or(self.failure);
        self.exchange.close(failure.as_ref());
    }

    fn next(&mut self, now: Instant) -> Result<Step, ConnectionError> {
        if self.phase == Phase::Over {
            return self.end_with_grace_period();
        }
        loop {
            if !self.may_block && self.exchange.may_block() {
                return Ok(Step::Block);
            }
            match self.exchange.advance(now)? {
                Progress::Output => return self.send(Step::Send),
                Progress::File if self.carrier.copies => {
                    self.exchange.copy_file()?;
                    continue;
                }
                Progress::File => return self.send(Step::SendFile),
                Progress::Yield => return Ok(Step::Yield),
                Progress::Wait(wait) => return Ok(Step::Wait(wait.min(TICK))),
                Progress::Busy(time) => return Ok(Step::Busy(time.min(TICK))),
                Progress::NeedsInput => {}
            }
            let next = match &mut self.ending {
                Ending::Open => self.receive(now),
                Ending::LastReply(farewell) => {
                    self.ending = Ending::Leaving(Leaving::new(*farewell, now));
                    Some(Step::FinishSending)
                }
                Ending::Leaving(leaving) => {
                    if self.phase == Phase::Draining {
                        leaving.hurry();
                    }
                    match leaving.left(now) {
                        Some(left) if !self.peer_closed => Some(Step::Receive(left.min(TICK))),
                        _ => Some(Step::Close),
                    }
                }
            };
            if let Some(next) = next {
                return Ok(next);
            }
        }
    }

    /// A connection without a request, or with its last reply, loses nothing.
    fn end_with_grace_period(&self) -> Result<Step, ConnectionError> {
        let is_idle = self.framer.is_between_requests() && self.exchange.is_idle();
        if is_idle || matches!(self.ending, Ending::Leaving(_)) {
            return Ok(Step::Close);
        }
        Err(ConnectionError::ShutDown)
    }

    fn send(&mut self, step: fn(Duration) -> Step) -> Result<Step, ConnectionError> {
        self.timeouts.enter(Stage::Transfer);
        match self.timeouts.left(&self.service.limits.time()) {
            Ok(left) => Ok(step(left.min(TICK))),
            Err(overdue) => {
                // Otherwise a limit was told already, and this is about the last reply.
                if matches!(self.ending, Ending::Open) {
                    self.exchange.limited(overdue);
                }
                Err(ConnectionError::Overdue(overdue))
            }
        }
    }

    /// Works on the input received; asks for more when all of it is used up.
    fn receive(&mut self, now: Instant) -> Option<Step> {
        if let Some(spent) = self.exchange.spent() {
            self.exchange.limited(spent);
            self.ending = Ending::LastReply(self.farewell());
            return None;
        }
        if self.exchange.is_broken_off() {
            self.ending = Ending::LastReply(self.farewell());
            return None;
        }
        if let Some(len) = self.exchange.take_content_expected() {
            self.framer.expect_raw(len);
        }
        if self.must_leave() {
            let silence_max = if self.exchange.has_answered() { QUIET } else { Duration::ZERO };
            self.ending = Ending::LastReply(self.short_farewell(silence_max));
            return None;
        }
        // Also without input: the end of a head that was a whole line is still to be taken.
        match self.framer.next(self.input.unused()) {
            Ok((None, used)) => {
                self.input.used(used);
                if self.is_babble(used) {
                    let why = format!("more than {BETWEEN_LEN_MAX} bytes came that are no request");
                    self.exchange.limited(&why);
                    self.exchange.abort(&Reply::error(ErrorCode::BadRequest, why));
                    self.ending = Ending::LastReply(self.farewell());
                    return None;
                }
                return self.input.is_empty().then(|| self.await_input(now)).flatten();
            }
            Ok((Some(fragment), used)) => {
                self.exchange.take(fragment, now);
                self.input.used(used);
                self.between_len = 0;
            }
            Err(err) => self.lose_frame(err),
        }
        None
    }

    /// Of `len` more bytes no request was made, and there were too many before.
    fn is_babble(&mut self, len: usize) -> bool {
        let is_between = self.framer.is_between_requests();
        self.between_len = if is_between { self.between_len + len as u64 } else { 0 };
        self.between_len > BETWEEN_LEN_MAX
    }

    /// Leaves as soon as it may; but a connection that has waited for its worker until now still
    /// gets its first request answered.
    fn must_leave(&self) -> bool {
        let served = self.exchange.has_answered() || self.timeouts.silence() >= QUIET;
        served && self.may_leave()
    }

    /// The server is shutting down and no request is under way.
    fn may_leave(&self) -> bool {
        self.phase == Phase::Draining && self.framer.is_between_requests()
    }

    fn await_input(&mut self, now: Instant) -> Option<Step> {
        if self.peer_closed {
            return self.pause(Pause::Closed, now).then_some(Step::Close);
        }
        let silent = self.timeouts.silence();
        let is_quiet =
            !self.carrier.is_deaf && self.framer.quiet().is_some_and(|quiet| silent >= quiet);
        if is_quiet && !self.pause(Pause::Quiet, now) {
            return None;
        }
        self.timeouts.enter(self.stage());
        let left = match self.timeouts.left(&self.service.limits.time()) {
            Ok(left) => left,
            Err(overdue) => {
                self.give_up_waiting(overdue);
                return None;
            }
        };
        if silent >= TICK && self.framer.is_between_requests() {
            // An idle connection holds no more than a new one does.
            self.input = Input::default();
            self.exchange.release_output();
        }
        let tick = match self.framer.quiet() {
            Some(quiet) => quiet.saturating_sub(silent).min(TICK),
            None if self.may_leave() => QUIET,
            None => TICK,
        };
        Some(Step::Receive(left.min(tick)))
    }

    fn stage(&self) -> Stage {
        if self.framer.is_in_head() {
            Stage::Head
        } else if !self.exchange.knows_peer() || self.carrier.in_handshake {
            // Also within an upload, which is refused: skipping it is no transfer.
            Stage::Introduction
        } else if !self.framer.is_between_requests() {
            Stage::Transfer
        } else {
            Stage::Idle
        }
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
        self.exchange.abort(&Reply::error(err.code(), &err));
        self.fail(ConnectionError::Frame(err));
    }

    /// The server waits no longer: says so, then closes.
    fn give_up_waiting(&mut self, overdue: Overdue) {
        // The peer may take as long again to read why.
        self.timeouts.restart();
        let reply = match overdue {
            Overdue::NoRequest(_) | Overdue::Head(_) => Reply::error(ErrorCode::Timeout, overdue),
            Overdue::Silent(_) if self.exchange.is_storing() => {
                let why = format!("the content did not come whole: {overdue}");
                Reply::error(ErrorCode::Unended, why)
            }
            Overdue::Silent(_) => Reply::unended(overdue),
            Overdue::Slow { .. } => Reply::too_slow(overdue),
        };
        self.exchange.abort(&reply);
        self.exchange.limited(overdue);
        match overdue {
            Overdue::NoRequest(_) => self.ending = Ending::LastReply(self.farewell()),
            _ => self.fail(ConnectionError::Overdue(overdue)),
        }
    }

    fn fail(&mut self, failure: ConnectionError) {
        self.failure = Some(failure);
        self.ending = Ending::LastReply(self.farewell());
    }

    /// Where others may be waiting for this worker, and for the end of the drain.
    fn short_farewell(&self, silence_max: Duration) -> Farewell {
        Farewell { silence_max, time_max: Duration::ZERO, ..self.farewell() }
    }

    /// What is granted after the last reply: no longer than a peer may do nothing otherwise.
    pub(crate) fn farewell(&self) -> Farewell {
        let Limits { idle_timeout, head_timeout, min_rate, .. } = self.service.limits;
        let is_known = self.exchange.knows_peer() && !self.carrier.in_handshake;
        Farewell {
            silence_max: LINGER,
            time_max: if is_known { idle_timeout } else { head_timeout },
            bytes_per_second_min: min_rate,
        }
    }
}

#[cfg(test)]
mod tests;
