//! A connection of a proxy, until it has said whom it connects for.
//!
//! The PROXY header comes before TLS and before the first request: it begins as our requests end, so
//! nothing else could read it. It is read to its last byte and no further; what follows waits in the socket
//! for the layers behind. A header is required, within the time of a head: whoever may name clients must not
//! be taken for one by mistake.

mod header;

use core::net::SocketAddr;
use std::{io, time::Instant};

use protocol::QUIET;
use serving::{
    Admitted, Phase, Step,
    timeouts::{Stage, TimeLimits, Timeouts},
};

use self::header::{HeaderReader, Source};
use crate::{error::ConnectionError, session::TICK};

pub use header::ProxyHeaderError;

pub(crate) struct Proxied {
    header: HeaderReader,
    /// The place of the connection among those that are open.
    admitted: Admitted,
    limits: TimeLimits,
    timeouts: Timeouts,
    peer_closed: bool,
}

/// What a connection of a proxy does next.
#[derive(Debug)]
pub(crate) enum Next {
    Step(Step),
    /// The header is whole; `None`: the connection is the proxy's own.
    Named(Option<SocketAddr>),
}

impl Proxied {
    /// For a connection that a worker picks up `now`.
    pub(crate) fn new(admitted: Admitted, limits: TimeLimits, now: Instant) -> Self {
        let mut timeouts = Timeouts::new(now);
        timeouts.enter(Stage::Head);
        Self { header: HeaderReader::default(), admitted, limits, timeouts, peer_closed: false }
    }

    /// An error ends the connection at once, without a word: whoever sent this would not understand one.
    pub(crate) fn next(&mut self, now: Instant, phase: Phase) -> Result<Next, ConnectionError> {
        self.timeouts.waited_until(now);
        Ok(match self.header.source().map_err(ConnectionError::ProxyHeader)? {
            Some(Source::Client(client)) => Next::Named(Some(client)),
            Some(Source::Proxy) => Next::Named(None),
            None => Next::Step(self.wait(now, phase)?),
        })
    }

    fn wait(&mut self, now: Instant, phase: Phase) -> Result<Step, ConnectionError> {
        let may_go = match phase {
            Phase::Serving => false,
            // One that has waited for its worker until now is served before the shutdown.
            Phase::Draining => self.timeouts.silence() >= QUIET,
            Phase::Over => true,
        };
        if self.header.is_empty() && (self.peer_closed || may_go) {
            return Ok(Step::Close);
        }
        if self.peer_closed {
            return Err(ConnectionError::ProxyHeader(ProxyHeaderError::CutOff));
        }
        if phase == Phase::Over {
            return Err(ConnectionError::ShutDown);
        }
        let timeout = self.limits.head_timeout;
        let left = self.timeouts.left(&self.limits);
        let wait = left.map_err(|_| ConnectionError::NoProxyHeader(timeout))?.min(TICK);
        self.timeouts.grant(wait, now);
        Ok(Step::Receive(wait))
    }

    /// Where the next bytes go.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.header.room()
    }

    /// So many bytes came; none means that the peer has closed its half.
    pub(crate) fn received(&mut self, len: usize) {
        self.peer_closed |= len == 0;
        self.timeouts.moved(len);
        self.header.received(len);
    }

    /// The peer reset the connection, which loses nothing before it has sent anything.
    pub(crate) fn peer_lost(&mut self, why: io::Error) -> Result<(), ConnectionError> {
        if !self.header.is_empty() {
            return Err(ConnectionError::Peer(why));
        }
        self.peer_closed = true;
        Ok(())
    }

    /// Counts the connection with those of `client`. Where that is one too many, says so in words.
    pub(crate) fn count_for(&self, client: SocketAddr) -> Result<(), String> {
        self.admitted.count_for(client)
    }
}
