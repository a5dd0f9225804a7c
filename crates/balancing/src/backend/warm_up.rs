//! The time after a backend has come back, in which it gets less than its share: caches are cold, and all
//! that waited must not fall on it at once.

use std::time::Duration;

/// The whole share. Shares are whole numbers of 1024ths, so that sums of weights are exact.
pub(crate) const WHOLE: u64 = 1024;
/// The first share, a tenth: with less, a pool of few requests would not warm it at all.
const FIRST: u64 = 102;

/// Begins with a tenth of the share, and grows by the same amount every second until it is whole.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WarmUp {
    since: Duration,
    length: Duration,
}

impl WarmUp {
    /// `since` may be still to come.
    pub(crate) fn new(since: Duration, length: Duration) -> Self {
        Self { since, length }
    }

    pub(crate) fn lasts(&self, now: Duration) -> bool {
        now.saturating_sub(self.since) < self.length
    }

    /// The share at this moment, of [`WHOLE`].
    pub(crate) fn share(&self, now: Duration) -> u64 {
        if !self.lasts(now) {
            return WHOLE;
        }
        let part = now.saturating_sub(self.since).div_duration_f64(self.length);
        FIRST + ((WHOLE - FIRST) as f64 * part) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_share_grows_from_a_tenth_to_the_whole_in_even_steps() {
        let warm_up = WarmUp::new(s(100), s(10));
        let shares: Vec<_> = (100..=111).map(|now| warm_up.share(s(now))).collect();
        assert_eq!(shares, [102, 194, 286, 378, 470, 563, 655, 747, 839, 931, 1024, 1024]);
        assert!(warm_up.lasts(s(109)) && !warm_up.lasts(s(110)));
    }

    #[test]
    fn without_a_length_there_is_no_warm_up() {
        for warm_up in [WarmUp::default(), WarmUp::new(s(5), Duration::ZERO)] {
            assert!(!warm_up.lasts(s(5)));
            assert_eq!(warm_up.share(s(5)), WHOLE);
        }
    }
}
