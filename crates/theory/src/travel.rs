//! How long a packet travels that is not lost: anything between two latencies, all equally likely.

/// From `min` to `max`, in milliseconds. Where both are the same it takes exactly that long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Travel {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Travel {
    pub(crate) fn width(self) -> f64 {
        self.max - self.min
    }

    /// `F_L`: the chance that a message has arrived by so long after it was sent. The distribution
    /// function of the uniform distribution on [a, b].
    pub(crate) fn one_way(self, elapsed: f64) -> f64 {
        if elapsed < self.min {
            0.0
        } else if elapsed >= self.max {
            1.0
        } else {
            (elapsed - self.min) / self.width()
        }
    }

    /// `F_RTT`: the chance that the ACK, too, has arrived by so long after the message was sent.
    ///
    /// The sum of two independent uniform times has a triangle on [2a, 2b] as its density, with the
    /// top at a + b; so the area under it is (x - 2a)² / 2w² before the top and, by symmetry, 1 -
    /// (2b - x)² / 2w² after it.
    pub(crate) fn round_trip(self, elapsed: f64) -> f64 {
        let twice_the_square = 2.0 * self.width().powi(2);
        if elapsed < 2.0 * self.min {
            0.0
        } else if elapsed >= 2.0 * self.max {
            1.0
        } else if elapsed <= self.min + self.max {
            (elapsed - 2.0 * self.min).powi(2) / twice_the_square
        } else {
            1.0 - (2.0 * self.max - elapsed).powi(2) / twice_the_square
        }
    }

    /// Where `one_way` changes its form.
    pub(crate) fn one_way_breaks(self) -> [f64; 2] {
        [self.min, self.max]
    }

    /// Where `round_trip` changes its form.
    pub(crate) fn round_trip_breaks(self) -> [f64; 3] {
        [2.0 * self.min, self.min + self.max, 2.0 * self.max]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integral::integral;

    /// The chance that both ways take at most x: over the length l of the first, that the second
    /// takes at most x - l.
    #[test]
    fn a_round_trip_is_two_ways_one_after_the_other() {
        let travel = Travel { min: 50.0, max: 250.0 };
        for elapsed in [0.0, 99.0, 100.0, 130.0, 300.0, 377.0, 499.0, 500.0, 900.0] {
            let density = |first: f64| travel.one_way(elapsed - first) / travel.width();
            let mut breaks: [f64; 4] =
                [50.0, elapsed - 250.0, elapsed - 50.0, 250.0].map(|at: f64| at.clamp(50.0, 250.0));
            breaks.sort_by(f64::total_cmp);
            let expected = integral(density, &breaks);
            assert!((travel.round_trip(elapsed) - expected).abs() < 1e-14, "{elapsed}");
        }
    }

    #[test]
    fn what_takes_equally_long_each_time_has_arrived_at_that_very_moment() {
        let travel = Travel { min: 50.0, max: 50.0 };
        assert_eq!([49.999, 50.0].map(|elapsed| travel.one_way(elapsed)), [0.0, 1.0]);
        assert_eq!([99.999, 100.0].map(|elapsed| travel.round_trip(elapsed)), [0.0, 1.0]);
    }
}
