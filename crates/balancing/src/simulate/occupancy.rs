//! How many requests each backend has, and how full the fullest is, over time.

use std::time::Duration;

/// Finds the fullest at each change without looking at all of them.
#[derive(Debug)]
pub(super) struct Occupancy {
    in_flight: Vec<usize>,
    peaks: Vec<usize>,
    /// How many backends have 0, 1, 2 … requests.
    backends_with: Vec<usize>,
    total: usize,
    fullest: usize,
    /// Integrals over the time that is measured, in request seconds.
    total_s: f64,
    fullest_s: f64,
    began: Duration,
    changed: Duration,
}

impl Occupancy {
    pub(super) fn new(backends: usize) -> Self {
        Self {
            in_flight: vec![0; backends],
            peaks: vec![0; backends],
            backends_with: vec![backends],
            total: 0,
            fullest: 0,
            total_s: 0.0,
            fullest_s: 0.0,
            began: Duration::ZERO,
            changed: Duration::ZERO,
        }
    }

    /// Forgets what has been; what is in flight stays.
    pub(super) fn measure_from(&mut self, now: Duration) {
        self.peaks.clone_from(&self.in_flight);
        (self.total_s, self.fullest_s) = (0.0, 0.0);
        (self.began, self.changed) = (now, now);
    }

    pub(super) fn enter(&mut self, backend: usize, now: Duration) {
        self.pass(now);
        let count = self.in_flight[backend] + 1;
        self.backends_with.resize(self.backends_with.len().max(count + 1), 0);
        self.backends_with[count - 1] -= 1;
        self.backends_with[count] += 1;
        self.in_flight[backend] = count;
        self.peaks[backend] = self.peaks[backend].max(count);
        self.total += 1;
        self.fullest = self.fullest.max(count);
    }

    /// Of a request that has entered.
    pub(super) fn leave(&mut self, backend: usize, now: Duration) {
        self.pass(now);
        let count = self.in_flight[backend];
        self.backends_with[count] -= 1;
        self.backends_with[count - 1] += 1;
        self.in_flight[backend] = count - 1;
        self.total -= 1;
        if self.backends_with[self.fullest] == 0 {
            self.fullest -= 1;
        }
    }

    fn pass(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.changed).as_secs_f64();
        self.total_s += self.total as f64 * seconds;
        self.fullest_s += self.fullest as f64 * seconds;
        self.changed = now;
    }

    /// The mean over time of what a backend has in flight, and the fullest one. Zero of no time, and of no
    /// backends.
    pub(super) fn means(&mut self, now: Duration) -> (f64, f64) {
        self.pass(now);
        let seconds = (now - self.began).as_secs_f64();
        if seconds == 0.0 {
            return (0.0, 0.0);
        }
        let backends = self.in_flight.len().max(1) as f64;
        (self.total_s / seconds / backends, self.fullest_s / seconds)
    }

    /// The most that each backend had at once.
    pub(super) fn peaks(&self) -> &[usize] {
        &self.peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn means_are_over_time_not_over_requests() {
        let mut occupancy = Occupancy::new(2);
        occupancy.enter(0, s(1));
        occupancy.enter(0, s(2));
        occupancy.enter(1, s(3));
        occupancy.leave(0, s(5));
        occupancy.leave(0, s(6));
        // In all 0 1 2 3 3 2 1 1 1 1, in the fullest 0 1 2 2 2 1 1 1 1 1, a second each.
        assert_eq!(occupancy.means(s(10)), (0.75, 1.2));
        assert_eq!(occupancy.peaks(), [2, 1]);
    }

    #[test]
    fn what_was_before_is_not_measured() {
        let mut occupancy = Occupancy::new(2);
        assert_eq!(occupancy.means(s(0)), (0.0, 0.0));
        assert_eq!(Occupancy::new(0).means(s(1)), (0.0, 0.0));
        (0..3).for_each(|_| occupancy.enter(0, s(0)));
        occupancy.leave(0, s(5));
        occupancy.measure_from(s(5));
        occupancy.leave(0, s(6));
        assert_eq!(occupancy.means(s(7)), (0.75, 1.5));
        assert_eq!(occupancy.peaks(), [2, 0]);
    }

    #[test]
    fn the_fullest_is_the_one_that_counting_finds() {
        let mut occupancy = Occupancy::new(5);
        let mut counts = [0_usize; 5];
        let mut chance = simulation::Chance::new(1, 0);
        for second in 0..2_000 {
            let backend = chance.below(5);
            if chance.unit() < 0.5 {
                counts[backend] += 1;
                occupancy.enter(backend, s(second));
            } else if counts[backend] > 0 {
                counts[backend] -= 1;
                occupancy.leave(backend, s(second));
            }
            assert_eq!(Some(occupancy.fullest), counts.iter().copied().max());
        }
    }
}
