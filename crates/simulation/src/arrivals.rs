//! When something arrives from outside, whatever is still going on: an open loop.

use std::time::Duration;

use crate::{chance::Chance, distribution::from_nanos};

/// A way of arriving. A rate that is not positive means that nothing ever comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// Independently of one another, as those of many people do.
    Poisson { per_second: f64 },
    /// In equal distances, the first at the beginning.
    Steady { per_second: f64 },
    /// Together, `size` at a time, the first of them at the beginning.
    Bursts { size: u32, every: Duration },
}

impl Arrivals {
    /// The moments since the beginning, in order and without end. They depend on `chance` alone, so who
    /// draws from another stream does not move them.
    pub fn moments(self, chance: Chance) -> Moments {
        Moments { arrivals: self, chance, count: 0, elapsed_ns: 0.0 }
    }

    pub fn per_second(self) -> f64 {
        match self {
            Self::Poisson { per_second } | Self::Steady { per_second } => per_second.max(0.0),
            Self::Bursts { size, every } => f64::from(size) / every.as_secs_f64(),
        }
    }
}

/// The moments at which something arrives.
#[derive(Clone, Debug)]
pub struct Moments {
    arrivals: Arrivals,
    chance: Chance,
    count: u64,
    /// Of Poisson arrivals. Rounding each gap to whole nanoseconds would change a rate of a million.
    elapsed_ns: f64,
}

const NANOS: f64 = 1e9;

impl Iterator for Moments {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let before = self.count;
        self.count += 1;
        Some(match self.arrivals {
            Arrivals::Poisson { per_second } => {
                let gap = self.chance.exponential() / per_second.max(0.0);
                // Without a rate a gap of zero would be no number, and the end is as far away.
                self.elapsed_ns += if gap.is_nan() { f64::INFINITY } else { gap * NANOS };
                from_nanos(self.elapsed_ns)
            }
            Arrivals::Steady { per_second } => {
                from_nanos(before as f64 / per_second.max(0.0) * NANOS)
            }
            Arrivals::Bursts { size, every } => {
                let burst = before / u64::from(size.max(1));
                Duration::from_nanos(nanos(every).saturating_mul(burst))
            }
        })
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first<const N: usize>(arrivals: Arrivals) -> [Duration; N] {
        let mut moments = arrivals.moments(Chance::new(1, 0));
        [(); N].map(|()| moments.next().unwrap())
    }

    #[test]
    fn steady_arrivals_stay_in_step_with_their_rate() {
        let per_second = 3.0;
        let moments = first::<4>(Arrivals::Steady { per_second });
        assert_eq!(
            moments.map(|moment| moment.as_nanos()),
            [0, 333_333_333, 666_666_667, 1_000_000_000]
        );
        let later = Arrivals::Steady { per_second }.moments(Chance::new(1, 0)).nth(3_000_000);
        assert_eq!(later, Some(Duration::from_secs(1_000_000)));
    }

    #[test]
    fn bursts_come_together() {
        let arrivals = Arrivals::Bursts { size: 2, every: Duration::from_secs(1) };
        assert_eq!(first::<5>(arrivals).map(|moment| moment.as_secs()), [0, 0, 1, 1, 2]);
        assert_eq!(arrivals.per_second(), 2.0);
        // A burst of none would have no next one.
        let none = Arrivals::Bursts { size: 0, every: Duration::MAX };
        assert_eq!(first::<2>(none)[0], Duration::ZERO);
    }

    #[test]
    fn without_a_rate_nothing_comes() {
        const NEVER: Duration = Duration::from_nanos(u64::MAX);
        for per_second in [0.0, -1.0, f64::NAN] {
            assert_eq!(first::<2>(Arrivals::Poisson { per_second }), [NEVER; 2], "{per_second}");
            assert_eq!(first::<2>(Arrivals::Steady { per_second })[1], NEVER, "{per_second}");
            assert_eq!(Arrivals::Poisson { per_second }.per_second(), 0.0);
        }
    }
}
