//! How much is written down in a second: others decide how often something happens, and must not fill a disk.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Events that may be told at once, and how long each takes until another may: a hundred in a second, which are about
/// a gigabyte in a day.
const BURST: u32 = 1000;
const EACH: Duration = Duration::from_millis(10);

/// A token bucket, as the moment at which it will be full again; full at first.
#[derive(Debug, Default)]
pub(super) struct Pace {
    full_at: Mutex<Option<Instant>>,
}

impl Pace {
    /// Whether one more may be told.
    pub(super) fn takes_one(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.map_or(now, |full_at| full_at.max(now)) + EACH;
        let is_taken = next - now <= EACH * BURST;
        if is_taken {
            *full_at = Some(next);
        }
        is_taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_are_told_at_once_and_then_a_hundred_in_a_second() {
        let (pace, now) = (Pace::default(), Instant::now());
        let told = |at_ms| {
            let now = now + Duration::from_millis(at_ms);
            (0..5000).filter(|_| pace.takes_one(now)).count()
        };
        assert_eq!([0, 9, 10, 1010, 60_000].map(told), [1000, 0, 1, 100, 1000]);
    }
}
