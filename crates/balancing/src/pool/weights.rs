//! What each backend weighs in a pick. To work that out for all of them would be most of the work that a
//! pick is, so it is kept until something changes.

use std::time::Duration;

use crate::backend::Backend;

#[derive(Debug, Default)]
pub(crate) struct Weights {
    by_place: Vec<u64>,
    /// Of the heaviest, when it is warm.
    max: u64,
    /// From then on they are of the past.
    hold_until: Duration,
}

impl Weights {
    /// Something has changed, and they are worked out again before the next pick.
    pub(crate) fn outdate(&mut self) {
        self.hold_until = Duration::ZERO;
    }

    /// Only this backend has changed, as it does all the time: it has become full, or has room again.
    pub(crate) fn set(&mut self, place: usize, weight: u64) {
        // Where there is none yet, they are outdated.
        if let Some(known) = self.by_place.get_mut(place) {
            *known = weight;
        }
    }

    /// As they are now, and the largest that any can be.
    pub(crate) fn at(&mut self, backends: &[Backend], now: Duration) -> (&[u64], u64) {
        if now >= self.hold_until {
            self.by_place.clear();
            self.by_place.extend(backends.iter().map(|backend| backend.weight_in_pick(now)));
            self.max = backends.iter().map(Backend::weight_when_warm).max().unwrap_or(0);
            let steady = backends.iter().map(|backend| backend.steady_until(now));
            self.hold_until = steady.min().unwrap_or(Duration::MAX);
        }
        (&self.by_place, self.max)
    }
}
