//! How long many things took: their quantiles, their mean, and how sure that is.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;

use crate::batch_means::BatchMeans;

/// Durations in a histogram of three digits, so a quantile is at most 0.1% too long. It grows with the
/// longest one: up to a second it takes 200 KB, and never more than 500.
///
/// Mean, shortest and longest are exact. The standard error of the mean is that of batch means, since a
/// wait is like the one before it; they have to be recorded in the order in which they happened.
#[derive(Clone)]
pub struct Latencies {
    histogram: Histogram<u64>,
    shortest: Duration,
    longest: Duration,
    total: Duration,
    batches: BatchMeans,
}

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new(3).expect("a histogram can have three digits");
        Self {
            histogram,
            shortest: Duration::MAX,
            longest: Duration::ZERO,
            total: Duration::ZERO,
            batches: BatchMeans::default(),
        }
    }
}

impl Latencies {
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.histogram.record(nanos).expect("a histogram grows to hold any number of 64 bits");
        self.shortest = self.shortest.min(latency);
        self.longest = self.longest.max(latency);
        self.total = self.total.saturating_add(latency);
        self.batches.record(latency.as_secs_f64());
    }

    /// Takes what another has recorded as well, as if it had happened afterwards.
    pub fn add(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("a histogram grows to hold any other");
        self.shortest = self.shortest.min(other.shortest);
        self.longest = self.longest.max(other.longest);
        self.total = self.total.saturating_add(other.total);
        self.batches.add(&other.batches);
    }

    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// `None` where nothing was recorded, as with all that follows.
    pub fn mean(&self) -> Option<Duration> {
        let count = self.count();
        (count > 0).then(|| Duration::from_nanos_u128(self.total.as_nanos() / u128::from(count)))
    }

    /// The smallest of them that at least this share of all does not exceed.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let nanos = self.histogram.value_at_quantile(share);
        (self.count() > 0).then(|| Duration::from_nanos(nanos).clamp(self.shortest, self.longest))
    }

    pub fn shortest(&self) -> Option<Duration> {
        (self.count() > 0).then_some(self.shortest)
    }

    pub fn longest(&self) -> Option<Duration> {
        (self.count() > 0).then_some(self.longest)
    }

    /// Of the mean, by batch means. It is only right where a batch, at least a 64th of all, is long
    /// against the time in which a queue forgets how long it was. `None` of fewer than 10.
    pub fn standard_error(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.batches.standard_error()?).ok()
    }

    /// The true mean is this near to the measured one with 95% confidence. `None` of fewer than 10.
    pub fn margin_of_error(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.batches.margin_of_error()?).ok()
    }
}

/// In a few words: a histogram has tens of thousands of counts.
impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latencies")
            .field("count", &self.count())
            .field("mean", &self.mean())
            .field("standard_error", &self.standard_error())
            .field("median", &self.quantile(0.5))
            .field("longest", &self.longest())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn of(latencies: impl IntoIterator<Item = Duration>) -> Latencies {
        let mut all = Latencies::default();
        latencies.into_iter().for_each(|latency| all.record(latency));
        all
    }

    #[test]
    fn quantiles_are_at_most_a_thousandth_too_long() {
        let latencies = of((1..=10_000).rev().map(|count| count * MS));
        for (share, exact) in
            [(0.0, 1), (0.0001, 1), (0.5, 5_000), (0.9, 9_000), (0.999, 9_990), (1.0, 10_000)]
        {
            let quantile = latencies.quantile(share).unwrap();
            let (least, most) = (exact * MS, exact * MS + exact * MS / 1000);
            assert!((least..=most).contains(&quantile), "{share}: {quantile:?}");
        }
        assert_eq!((latencies.shortest(), latencies.longest()), (Some(MS), Some(10_000 * MS)));
        assert_eq!((latencies.count(), latencies.mean()), (10_000, Some(5_000 * MS + MS / 2)));
    }

    #[test]
    fn the_shortest_and_the_longest_are_exact() {
        let (short, long) = (Duration::from_nanos(7), Duration::from_nanos(123_456_789_012));
        let latencies = of([long, short, long]);
        assert_eq!((latencies.quantile(0.0), latencies.quantile(1.0)), (Some(short), Some(long)));
        let endless = of([Duration::MAX]);
        assert_eq!(endless.quantile(0.5), Some(Duration::MAX));
    }

    #[test]
    fn of_nothing_nothing_is_said() {
        let nothing = Latencies::default();
        assert_eq!((nothing.count(), nothing.mean(), nothing.quantile(0.5)), (0, None, None));
        assert_eq!((nothing.shortest(), nothing.longest()), (None, None));
        assert_eq!((nothing.standard_error(), nothing.margin_of_error()), (None, None));
    }

    #[test]
    fn added_up_they_are_as_if_recorded_together() {
        let [mut first, second] =
            [0..300, 300..1000].map(|range| of(range.map(|count| count * MS)));
        let together = of((0..1000).map(|count| count * MS));
        first.add(&second);
        first.add(&Latencies::default());
        assert_eq!((first.count(), first.mean()), (1000, together.mean()));
        assert_eq!((first.shortest(), first.longest()), (together.shortest(), together.longest()));
        assert_eq!(first.quantile(0.9), together.quantile(0.9));
    }
}
