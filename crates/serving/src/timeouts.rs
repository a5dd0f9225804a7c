//! How long the peer may take for what it is waited for, also for leaving.
//!
//! Only time that the driver was told to wait counts: what the disk or another connection took in
//! between is not the peer's, but for at most a tick of each wait that ends late because all workers
//! were busy. Each stage has a limit that dripping bytes do not move: a connection
//! between requests, a head on its way, and a body or a reply, which must keep to a rate.

mod farewell;

use std::time::{Duration, Instant};

pub use self::farewell::{Farewell, LINGER, Leaving};

/// How long a peer may take, as whoever starts a server chooses.
#[derive(Clone, Copy, Debug)]
pub struct TimeLimits {
    /// Between requests, and without a byte within a transfer.
    pub idle_timeout: Duration,
    /// From the first byte of a head to its last.
    pub head_timeout: Duration,
    /// Bytes a second that a transfer must move, averaged over the idle timeout.
    pub min_rate: u64,
}

/// What the peer is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// A first request that says who the peer is, or the rest of one that does not.
    Introduction,
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head,
    /// A body, or room for a reply.
    Transfer,
}

/// How the peer has used up its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Overdue {
    #[error("no request came for {} s", .0.as_secs_f64())]
    NoRequest(Duration),
    #[error("the head of the request did not come whole within {} s", .0.as_secs_f64())]
    Head(Duration),
    #[error("nothing moved for {} s", .0.as_secs_f64())]
    Silent(Duration),
    #[error("fewer than {rate} bytes a second moved over {} s", interval.as_secs_f64())]
    Slow { rate: u64, interval: Duration },
}

/// The time that one peer has used up.
#[derive(Debug)]
pub struct Timeouts {
    asked_at: Instant,
    granted: Duration,
    has_moved: bool,
    silence: Duration,
    stage: Stage,
    /// In this stage, or in this interval of a transfer.
    waited: Duration,
    moved: u64,
}

impl Timeouts {
    pub fn new(now: Instant) -> Self {
        Self {
            asked_at: now,
            granted: Duration::ZERO,
            has_moved: false,
            silence: Duration::ZERO,
            stage: Stage::Idle,
            waited: Duration::ZERO,
            moved: 0,
        }
    }

    /// Counts the wait that ends now.
    pub fn waited_until(&mut self, now: Instant) {
        let spent = now.duration_since(self.asked_at).min(self.granted);
        self.waited += spent;
        self.silence = if self.has_moved { Duration::ZERO } else { self.silence + spent };
        self.has_moved = false;
        self.grant(Duration::ZERO, now);
    }

    /// The driver is told to wait so long.
    pub fn grant(&mut self, wait: Duration, now: Instant) {
        self.granted = wait;
        self.asked_at = now;
    }

    /// The peer moved bytes, in either direction.
    pub fn moved(&mut self, len: usize) {
        self.has_moved = true;
        self.moved += len as u64;
    }

    /// Since the peer last moved a byte.
    pub fn silence(&self) -> Duration {
        self.silence
    }

    /// What the peer is waited for from now on. Another stage starts with all its time.
    pub fn enter(&mut self, stage: Stage) {
        if self.stage != stage {
            self.stage = stage;
            self.restart();
        }
    }

    /// Gives the peer all the time of its stage again.
    pub fn restart(&mut self) {
        self.silence = Duration::ZERO;
        self.waited = Duration::ZERO;
        self.moved = 0;
    }

    /// How much longer the peer may take, or why it may not.
    pub fn left(&mut self, limits: &TimeLimits) -> Result<Duration, Overdue> {
        let (limit, overdue) = match self.stage {
            Stage::Introduction => (limits.head_timeout, Overdue::NoRequest(limits.head_timeout)),
            Stage::Idle => (limits.idle_timeout, Overdue::NoRequest(limits.idle_timeout)),
            Stage::Head => (limits.head_timeout, Overdue::Head(limits.head_timeout)),
            Stage::Transfer => return self.left_of_transfer(limits),
        };
        limit.checked_sub(self.waited).filter(|left| !left.is_zero()).ok_or(overdue)
    }

    /// Silence is judged from the last byte, the rate over intervals of the same length.
    fn left_of_transfer(&mut self, limits: &TimeLimits) -> Result<Duration, Overdue> {
        let interval = limits.idle_timeout;
        if self.silence >= interval {
            return Err(Overdue::Silent(interval));
        }
        if self.waited >= interval {
            if (self.moved as f64) < limits.min_rate as f64 * interval.as_secs_f64() {
                return Err(Overdue::Slow { rate: limits.min_rate, interval });
            }
            self.waited = Duration::ZERO;
            self.moved = 0;
        }
        Ok(interval - self.silence.max(self.waited))
    }
}
