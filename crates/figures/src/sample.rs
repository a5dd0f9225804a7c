//! What values of one thing are like: their mean, their quantiles, how equal they are.

/// Values of one thing, in ascending order.
#[derive(Debug, PartialEq)]
pub struct Sample(Vec<f64>);

impl Sample {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }

    /// `None` of no values.
    pub fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.total() / self.0.len() as f64)
    }

    /// The smallest value that at least this share of the values does not exceed (nearest rank), and so
    /// one that was measured. `None` of no values.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.max(1) - 1).copied()
    }

    /// Jain's index: 1 when all values are equal, 1/n when one has all. `None` of no values.
    pub fn fairness(&self) -> Option<f64> {
        let squares: f64 = self.0.iter().map(|value| value * value).sum();
        (!self.0.is_empty()).then(|| self.total().powi(2) / (self.0.len() as f64 * squares))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!((value - expected).abs() <= 1e-12 * expected.abs(), "{value} {expected}");
    }

    /// By numpy 2.4.6: `mean`, and `quantile` with the method `inverted_cdf`.
    #[test]
    fn means_and_quantiles_are_those_of_numpy() {
        let sample = Sample::of([
            0.83, 0.31, 1.27, 0.52, 0.52, 2.94, 0.11, 0.76, 1.05, 0.49, 0.68, 3.61, 0.92, 0.27,
            0.58, 1.93, 0.44, 0.71, 0.36, 0.88,
        ]);
        assert_near(sample.mean(), 0.959);
        for (share, value) in
            [(0.0, 0.11), (0.25, 0.44), (0.5, 0.68), (0.9, 1.93), (0.95, 2.94), (1.0, 3.61)]
        {
            assert_eq!(sample.quantile(share), Some(value), "{share}");
        }
    }

    /// By numpy again, of 1 to n. Of two in the middle the median is the smaller one.
    #[test]
    fn quantiles_are_values_that_were_measured_however_few_there_are() {
        for (count, median, p95) in [
            (1, 1, 1),
            (2, 1, 2),
            (3, 2, 3),
            (4, 2, 4),
            (7, 4, 7),
            (19, 10, 19),
            (20, 10, 19),
            (21, 11, 20),
            (40, 20, 38),
        ] {
            let sample = Sample::of((1..=count).rev().map(f64::from));
            let quantiles = (sample.quantile(0.5), sample.quantile(0.95));
            assert_eq!(quantiles, (Some(f64::from(median)), Some(f64::from(p95))), "{count}");
        }
        // A share of a number of values is not rounded up to one more.
        for count in 1..=2_500_u32 {
            let rank = (95 * count).div_ceil(100);
            let p95 = Sample::of((1..=count).map(f64::from)).quantile(0.95);
            assert_eq!(p95, Some(f64::from(rank)));
        }
        assert_eq!((Sample::of([]).mean(), Sample::of([]).quantile(0.5)), (None, None));
    }

    #[test]
    fn fairness_is_jains_index() {
        let fairness = |values: &[f64]| Sample::of(values.iter().copied()).fairness();
        assert_near(fairness(&[3.0; 4]), 1.0);
        assert_near(fairness(&[0.0, 0.0, 0.0, 7.0]), 0.25);
        // (4 + 1)² / (2 (16 + 1)).
        assert_near(fairness(&[1.0, 4.0]), 25.0 / 34.0);
        assert_eq!(fairness(&[]), None);
    }
}
