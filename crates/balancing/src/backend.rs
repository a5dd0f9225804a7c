//! A server behind the balancer: how much of the work it gets, and whether it gets any.
//!
//! Three parties have a say, each of whom can only refuse: the operator, who drains it; checks, which find
//! it down; and its own requests, whose failures eject it for a time. When it comes back it warms up.

mod ejection;
mod health;
mod warm_up;

use std::{num::NonZeroU16, time::Duration};

pub use self::ejection::EjectionRule;
use self::{
    ejection::Ejection,
    health::Health,
    warm_up::{WHOLE, WarmUp},
};

/// How old what a backend weighs may be while it warms up.
const WARM_UP_STEP: Duration = Duration::from_millis(1);

/// Names a backend of one pool. Never given to another one, also after this one was removed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BackendId(pub(crate) u64);

/// What an operator says of a backend.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackendSpec {
    pub name: String,
    /// Its share of the work is this, divided by the sum over those that share it. No work at all is
    /// [`Pool::drain`](crate::Pool::drain), not a weight.
    pub weight: NonZeroU16,
    /// As many requests as it may have at once.
    pub in_flight_max: usize,
}

/// Whether a backend gets new work, and why not. Where several reasons hold, the first of these is told:
/// draining, down, ejected, warming.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    Up,
    /// Checks have failed, and not passed often enough since.
    Down,
    /// Checks pass, but its requests failed: it gets none for a time.
    Ejected,
    /// An operator wants it to get nothing new.
    Draining,
    /// It has come back, and gets less than its share for a while.
    Warming,
}

/// One backend of a [`Pool`](crate::Pool), which alone changes it.
#[derive(Debug)]
pub struct Backend {
    pub(crate) id: BackendId,
    pub(crate) spec: BackendSpec,
    pub(crate) in_flight: usize,
    pub(crate) is_draining: bool,
    pub(crate) health: Health,
    pub(crate) ejection: Ejection,
    warm_up: WarmUp,
}

impl Backend {
    pub fn id(&self) -> BackendId {
        self.id
    }

    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// As it was configured, however warm it is.
    pub fn weight(&self) -> NonZeroU16 {
        self.spec.weight
    }

    /// Requests given to it that have not finished.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub fn in_flight_max(&self) -> usize {
        self.spec.in_flight_max
    }

    pub fn state(&self, now: Duration) -> State {
        if self.is_draining {
            State::Draining
        } else if !self.health.is_up() {
            State::Down
        } else if self.ejection.holds(now) {
            State::Ejected
        } else if self.warm_up.lasts(now) {
            State::Warming
        } else {
            State::Up
        }
    }
}

/// What the pool and its candidates ask.
impl Backend {
    /// A backend that is warm and up.
    pub(crate) fn new(id: BackendId, spec: BackendSpec) -> Self {
        Self {
            id,
            spec,
            in_flight: 0,
            is_draining: false,
            health: Health::up(),
            ejection: Ejection::default(),
            warm_up: WarmUp::default(),
        }
    }

    /// Operator and checks let it have work; it may be ejected.
    pub(crate) fn is_in_service(&self) -> bool {
        !self.is_draining && self.health.is_up()
    }

    pub(crate) fn is_ejected(&self, now: Duration) -> bool {
        self.is_in_service() && self.ejection.holds(now)
    }

    /// Nobody refuses it work.
    pub(crate) fn is_available(&self, now: Duration) -> bool {
        self.is_in_service() && !self.ejection.holds(now)
    }

    pub(crate) fn has_room(&self) -> bool {
        self.in_flight < self.spec.in_flight_max
    }

    /// What it weighs when it is warm, in 1024ths: whole numbers, so that sums are exact.
    pub(crate) fn weight_when_warm(&self) -> u64 {
        u64::from(self.spec.weight.get()) * WHOLE
    }

    /// What it weighs in a pick; 0 where it is no candidate.
    pub(crate) fn weight_in_pick(&self, now: Duration) -> u64 {
        if self.has_room() && self.is_available(now) {
            u64::from(self.spec.weight.get()) * self.warm_up.share(now)
        } else {
            0
        }
    }

    /// When time alone will change what it weighs.
    pub(crate) fn steady_until(&self, now: Duration) -> Duration {
        if self.ejection.holds(now) {
            self.ejection.until()
        } else if self.warm_up.lasts(now) {
            now.saturating_add(WARM_UP_STEP)
        } else {
            Duration::MAX
        }
    }

    /// Has it warm up for so long from `at` on, which may be still to come.
    pub(crate) fn comes_back(&mut self, at: Duration, warm_up: Duration) {
        self.warm_up = WarmUp::new(at, warm_up);
    }
}
