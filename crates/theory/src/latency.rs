//! How long it takes until the first copy, or the first ACK, of those messages that get one.

use crate::{attempts::Attempts, integral::integral, moments::Moments};

/// A chance below this is none: what is left of 1 has no digits to tell it from rounding.
pub(crate) const NEVER: f64 = 1e-12;

/// The distribution of a latency, among the messages that it happens to. In milliseconds since the
/// first attempt.
#[derive(Clone, Debug)]
pub struct Latency {
    pub moments: Moments,
    attempts: Attempts,
    until: Until,
    earliest: f64,
    latest: f64,
    /// That it happens at all.
    ever: f64,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    Delivered,
    Acknowledged,
}

impl Latency {
    /// To the first delivery. `None` if nothing is ever delivered.
    pub(crate) fn of_delivery(attempts: &Attempts) -> Option<Self> {
        let last = attempts.sent_at.last().copied().unwrap_or_default();
        let (earliest, latest) = (attempts.travel.min, last + attempts.travel.max);
        Self::new(attempts, Until::Delivered, earliest, latest)
    }

    /// To the first ACK, if it comes before the sender gives up. `None` if none ever does.
    pub(crate) fn of_ack(attempts: &Attempts) -> Option<Self> {
        let (earliest, latest) = (2.0 * attempts.travel.min, attempts.given_up_at);
        Self::new(attempts, Until::Acknowledged, earliest, latest)
    }

    fn new(attempts: &Attempts, until: Until, earliest: f64, latest: f64) -> Option<Self> {
        let moments = until.moments(attempts, earliest, latest)?;
        let ever = 1.0 - until.missing(attempts, latest);
        Some(Self { moments, attempts: attempts.clone(), until, earliest, latest, ever })
    }

    /// Which part of them takes at most so long: the distribution function.
    pub fn at_most(&self, time_ms: f64) -> f64 {
        (1.0 - self.until.missing(&self.attempts, time_ms.min(self.latest))) / self.ever
    }

    /// The shortest time which this part of them does not exceed: 0.5 for the median, 0.99 for p99.
    pub fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (self.earliest, self.latest);
        if self.at_most(low) >= share {
            return low;
        }
        loop {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                return high;
            }
            if self.at_most(middle) < share { low = middle } else { high = middle }
        }
    }

    /// Mean and variance among those that take at most so long: what can be known of a message of
    /// that age. `None` if none is so fast.
    pub fn moments_up_to(&self, time_ms: f64) -> Option<Moments> {
        self.until.moments(&self.attempts, self.earliest, time_ms.min(self.latest))
    }
}

impl Until {
    /// That it has not happened by then.
    fn missing(self, attempts: &Attempts, time: f64) -> f64 {
        match self {
            Self::Delivered => attempts.undelivered(time),
            Self::Acknowledged => attempts.unacknowledged(time),
        }
    }

    /// Among those to whom it happens from the earliest possible moment to the latest that counts.
    ///
    /// E\[X\] is the integral of P(X > t) and E\[X²\] that of 2t P(X > t). Counted from the
    /// earliest moment, so that the variance is not what is left of two large numbers.
    fn moments(self, attempts: &Attempts, earliest: f64, latest: f64) -> Option<Moments> {
        let never = self.missing(attempts, latest);
        let ever = 1.0 - never;
        if latest < earliest || ever <= NEVER {
            return None;
        }
        let breaks = match self {
            Self::Delivered => attempts.breaks(&attempts.travel.one_way_breaks(), earliest, latest),
            Self::Acknowledged => {
                attempts.breaks(&attempts.travel.round_trip_breaks(), earliest, latest)
            }
        };
        let exceeds = |time: f64| (self.missing(attempts, time) - never) / ever;
        let beyond = integral(exceeds, &breaks);
        let square = integral(|time| 2.0 * (time - earliest) * exceeds(time), &breaks);
        Some(attempts.moments(earliest + beyond, square - beyond * beyond))
    }
}
