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
    busy: Vec<Busy>,
}

/// The workers of one backend that have a request.
#[derive(Clone, Debug)]
struct Busy {
    workers: usize,
    /// The integral over the time that is measured, up to the last change.
    worker_s: f64,
    changed: Duration,
}

impl Busy {
    fn pass(&mut self, in_flight: usize, now: Duration) {
        let seconds = now.saturating_sub(self.changed).as_secs_f64();
        self.worker_s += in_flight.min(self.workers) as f64 * seconds;
        self.changed = now;
    }
}

impl Occupancy {
    /// Of backends that have so many workers each.
    pub(super) fn new(workers: impl IntoIterator<Item = usize>) -> Self {
        let began = Duration::ZERO;
        let busy: Vec<_> = workers
            .into_iter()
            .map(|workers| Busy { workers, worker_s: 0.0, changed: began })
            .collect();
        let backends = busy.len();
        Self {
            in_flight: vec![0; backends],
            peaks: vec![0; backends],
            backends_with: vec![backends],
            total: 0,
            fullest: 0,
            total_s: 0.0,
            fullest_s: 0.0,
            began,
            changed: began,
            busy,
        }
    }

    /// Forgets what has been; what is in flight stays.
    pub(super) fn measure_from(&mut self, now: Duration) {
        self.peaks.clone_from(&self.in_flight);
        (self.total_s, self.fullest_s) = (0.0, 0.0);
        (self.began, self.changed) = (now, now);
        for busy in &mut self.busy {
            (busy.worker_s, busy.changed) = (0.0, now);
        }
    }

    pub(super) fn enter(&mut self, backend: usize, now: Duration) {
        self.pass(now);
        self.busy[backend].pass(self.in_flight[backend], now);
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
        self.busy[backend].pass(count, now);
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

    /// The share of its workers that each backend had busy, in the mean over time. Zero of no time.
    pub(super) fn busy_shares(&mut self, now: Duration) -> Vec<f64> {
        let seconds = now.saturating_sub(self.began).as_secs_f64();
        let share = |(busy, in_flight): (&mut Busy, &usize)| {
            busy.pass(*in_flight, now);
            if seconds == 0.0 { 0.0 } else { busy.worker_s / seconds / busy.workers as f64 }
        };
        self.busy.iter_mut().zip(&self.in_flight).map(share).collect()
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
        let mut occupancy = Occupancy::new([2, 1]);
        occupancy.enter(0, s(1));
        occupancy.enter(0, s(2));
        occupancy.enter(1, s(3));
        occupancy.leave(0, s(5));
        occupancy.leave(0, s(6));
        // In all 0 1 2 3 3 2 1 1 1 1, in the fullest 0 1 2 2 2 1 1 1 1 1, a second each.
        assert_eq!(occupancy.means(s(10)), (0.75, 1.2));
        // The first has two workers: half of it for two seconds, all of it for three.
        assert_eq!(occupancy.busy_shares(s(10)), [0.4, 0.7]);
        assert_eq!(occupancy.peaks(), [2, 1]);
    }

    #[test]
    fn what_was_before_is_not_measured() {
        let mut occupancy = Occupancy::new([1, 1]);
        assert_eq!(occupancy.means(s(0)), (0.0, 0.0));
        assert_eq!(Occupancy::new([]).means(s(1)), (0.0, 0.0));
        (0..3).for_each(|_| occupancy.enter(0, s(0)));
        occupancy.leave(0, s(5));
        occupancy.measure_from(s(5));
        occupancy.leave(0, s(6));
        assert_eq!(occupancy.means(s(7)), (0.75, 1.5));
        assert_eq!(occupancy.busy_shares(s(7)), [1.0, 0.0]);
        assert_eq!(occupancy.peaks(), [2, 0]);
    }

    #[test]
    fn the_fullest_is_the_one_that_counting_finds() {
        let mut occupancy = Occupancy::new([1; 5]);
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
