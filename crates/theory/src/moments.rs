//! The mean of a statistic and how far a sample may be from it.

/// The 97.5% quantile of the normal distribution: 95% lie between its negative and it.
const NORMAL_97_5: f64 = 1.959_963_984_540_054;

/// What one sample of a statistic is expected to be: one message at one subscriber, or where a
/// field says so, one message at all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    pub mean: f64,
    /// Of one sample. `None` where samples depend on one another, as neighbours in a burst do, so
    /// that it does not say how far their mean may be from the expected one.
    pub variance: Option<f64>,
}

impl Moments {
    /// What is 1 with this chance, else 0 (Bernoulli): the mean is p, the variance p (1 - p).
    pub fn of_share(chance: f64) -> Self {
        Self { mean: chance, variance: Some(chance * (1.0 - chance)) }
    }

    pub(crate) fn dependent(self) -> Self {
        Self { variance: None, ..self }
    }

    /// How many standard errors the mean of so many samples is above the expected one.
    ///
    /// The central limit theorem makes it a normal variable where the sum has many comparable
    /// parts; for a share of which fewer than a hundred cases are expected,
    /// [`Binomial`](crate::Binomial) is exact. Infinite where the statistic cannot vary and yet
    /// differs. `None` without samples, or where the variance is not known.
    pub fn z(&self, observed_mean: f64, samples: u64) -> Option<f64> {
        // What rounding and clocks of whole nanoseconds leave of equality. The second is far below
        // what one case in all samples adds to a mean.
        const EQUAL: f64 = 1e-9;
        const EQUAL_TO_ZERO: f64 = 1e-12;
        let standard_error = self.standard_error(samples)?;
        let difference = observed_mean - self.mean;
        if difference.abs() <= EQUAL * self.mean.abs() + EQUAL_TO_ZERO {
            return Some(0.0);
        }
        Some(difference / standard_error)
    }

    /// Between which values 95% of the means of so many samples lie.
    pub fn band(&self, samples: u64) -> Option<(f64, f64)> {
        let half = NORMAL_97_5 * self.standard_error(samples)?;
        Some((self.mean - half, self.mean + half))
    }

    fn standard_error(&self, samples: u64) -> Option<f64> {
        let variance = self.variance.filter(|_| samples > 0)?;
        Some((variance / samples as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_as_many_standard_errors_away_as_the_samples_allow() {
        let share = Moments::of_share(0.5);
        assert_eq!(share.z(0.55, 100), Some((0.55 - 0.5) / 0.05));
        assert_eq!(share.z(0.5, 100), Some(0.0));
        assert_eq!(share.z(1.0, 1), Some(1.0));
        let (low, high) = share.band(100).unwrap();
        assert!((low - 0.402).abs() < 1e-4 && (high - 0.598).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn what_cannot_vary_is_equal_or_infinitely_far_away() {
        let certain = Moments::of_share(1.0);
        assert_eq!(certain.z(1.0, 10), Some(0.0));
        assert_eq!(certain.z(0.9, 10), Some(f64::NEG_INFINITY));
        // A difference of two sums that should be none.
        let never = Moments { mean: 1e-17, variance: Some(0.0) };
        assert_eq!(never.z(0.0, 10), Some(0.0));
        assert_eq!(never.z(0.1, 10), Some(f64::INFINITY));
    }

    #[test]
    fn without_samples_or_a_variance_nothing_is_said() {
        assert_eq!(Moments::of_share(0.5).z(0.5, 0), None);
        assert_eq!(Moments::of_share(0.5).dependent().z(0.5, 9), None);
        assert_eq!(Moments::of_share(0.5).dependent().band(9), None);
    }
}
