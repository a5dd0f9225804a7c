//! The longest time without a success: what a failover costs.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use serde::Serialize;

/// Successes in the order in which they happened, though they are told a little out of order.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// The latest successes, the earliest of them first.
    untold: BinaryHeap<Reverse<Duration>>,
    last: Duration,
    longest: Gap,
}

/// A time between two successes, or between one and the beginning or the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Gap {
    #[serde(rename = "from_s", serialize_with = "in_seconds")]
    pub(crate) from: Duration,
    #[serde(rename = "seconds", serialize_with = "in_seconds")]
    pub(crate) length: Duration,
}

fn in_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// So many successes may be told before one that happened earlier. A client is hardly held up for longer
/// between the end of a request and telling of it.
const UNTOLD_MAX: usize = 4_096;

impl Gaps {
    pub(super) fn success(&mut self, at: Duration) {
        self.untold.push(Reverse(at));
        if self.untold.len() > UNTOLD_MAX {
            self.tell();
        }
    }

    fn tell(&mut self) {
        if let Some(Reverse(at)) = self.untold.pop() {
            self.close(at);
        }
    }

    fn close(&mut self, at: Duration) {
        let length = at.saturating_sub(self.last);
        if length > self.longest.length {
            self.longest = Gap { from: self.last, length };
        }
        self.last = self.last.max(at);
    }

    /// Of several that are equally long, the first.
    pub(super) fn longest(mut self, end: Duration) -> Gap {
        while !self.untold.is_empty() {
            self.tell();
        }
        self.close(end);
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn longest(successes: &[u64], end: u64) -> Gap {
        let mut gaps = Gaps::default();
        successes.iter().for_each(|at| gaps.success(ms(*at)));
        gaps.longest(ms(end))
    }

    fn gap(from: u64, to: u64) -> Gap {
        Gap { from: ms(from), length: ms(to - from) }
    }

    #[test]
    fn the_longest_gap_is_between_two_successes_or_at_an_end() {
        assert_eq!(longest(&[10, 20, 500, 510], 600), gap(20, 500));
        assert_eq!(longest(&[300, 310], 320), gap(0, 300));
        assert_eq!(longest(&[10, 20], 900), gap(20, 900));
        assert_eq!(longest(&[], 700), gap(0, 700));
        assert_eq!(longest(&[100, 200, 300], 300), gap(0, 100));
    }

    #[test]
    fn successes_that_are_told_late_close_the_gap_in_which_they_happened() {
        assert_eq!(longest(&[10, 500, 250, 20], 500), gap(250, 500));
        // More than are kept, each told before the one that happened before it.
        let pairs = (0..UNTOLD_MAX as u64).flat_map(|pair| [2 * pair + 1, 2 * pair]);
        assert_eq!(longest(&pairs.collect::<Vec<_>>(), 0).length, ms(1));
    }
}
