//! How long what is left takes, by the pace until now.

use std::time::{Duration, Instant};

/// The share of the work, as one part of so many, from which on the pace says something.
const KNOWN_FROM: u64 = 50;

/// Work in any unit of which a run knows how much there is, such as the time that a row should take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    started: Instant,
    all: u64,
    done: u64,
    /// By an earlier part of the run.
    before: u64,
}

impl Pace {
    pub fn new(all: u64, before: u64) -> Self {
        Self { started: Instant::now(), all, done: before, before }
    }

    pub fn add(&mut self, done: u64) {
        self.done += done;
    }

    pub fn done(&self) -> u64 {
        self.done
    }

    /// Up to 1.
    pub fn share(&self) -> f64 {
        (self.done as f64 / self.all.max(1) as f64).min(1.0)
    }

    /// `None` while nothing is known of the pace.
    pub fn left(&self) -> Option<Duration> {
        self.left_after(self.started.elapsed())
    }

    fn left_after(&self, elapsed: Duration) -> Option<Duration> {
        let measured = self.done - self.before;
        let is_known = measured >= self.all / KNOWN_FROM && measured > 0;
        let left = self.all.saturating_sub(self.done) as f64;
        is_known.then(|| elapsed.mul_f64(left / measured as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_takes_as_long_as_what_this_part_of_the_run_has_done() {
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(1_000, 400);
        assert_eq!((pace.left_after(second), pace.share()), (None, 0.4));
        pace.add(19);
        assert_eq!(pace.left_after(second), None, "a fiftieth is too little");
        pace.add(181);
        assert_eq!(pace.left_after(10 * second), Some(20 * second));
        pace.add(500);
        assert_eq!((pace.left_after(second), pace.share()), (Some(Duration::ZERO), 1.0));
        assert_eq!(Pace::new(0, 0).left_after(second), None);
    }
}
