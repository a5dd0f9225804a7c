//! How durations are spread, counted without locks.

use std::{
    array,
    ops::AddAssign,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Upper ends of the buckets, in seconds: from a request of a few bytes to a file of gigabytes.
pub const BUCKETS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// Counts of durations by bucket, the last for whatever is longer. All zeros is empty.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Histogram {
    counts: [AtomicU64; BUCKETS.len() + 1],
    sum_ns: AtomicU64,
}

/// What a histogram held at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HistogramCounts {
    /// Durations in each bucket alone, not in those below it.
    pub counts: [u64; BUCKETS.len() + 1],
    pub sum_seconds: f64,
}

impl AddAssign for HistogramCounts {
    fn add_assign(&mut self, other: Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        self.sum_seconds += other.sum_seconds;
    }
}

impl Histogram {
    pub fn record(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        self.counts[bucket].fetch_add(1, Relaxed);
        self.sum_ns.fetch_add(duration.as_nanos() as u64, Relaxed);
    }

    pub fn spread(&self) -> HistogramCounts {
        HistogramCounts {
            counts: array::from_fn(|bucket| self.counts[bucket].load(Relaxed)),
            sum_seconds: self.sum_ns.load(Relaxed) as f64 / 1e9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_in_the_bucket_that_ends_with_it_or_after() {
        let histogram = Histogram::default();
        for ms in [1, 2, 100_000] {
            histogram.record(Duration::from_millis(ms));
        }
        let spread = histogram.spread();
        assert_eq!((spread.counts[1], spread.counts[2], spread.counts[15]), (1, 1, 1));
        assert_eq!(spread.counts.iter().sum::<u64>(), 3);
        assert!((spread.sum_seconds - 100.003).abs() < 1e-9);
    }
}
