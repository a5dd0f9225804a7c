//! One number for several repetitions, and how far they scatter.
//!
//! The number is that of the median repetition, the one with the median time: so all numbers of a row are
//! of one real measurement, and the same wherever they are shown. Only where modes are compared, which is
//! by goodput, it is that with the median goodput.

/// Fewest values of which an interval can be told that holds the true median with 95% confidence.
pub const CONFIDENCE_MIN: usize = 6;

/// The repetition with the median time. Of an even number it is the faster one of the middle two; one
/// without a time is none. `None` where there is none.
pub fn median_repetition<T>(
    repetitions: impl IntoIterator<Item = T>,
    seconds: impl Fn(&T) -> Option<f64>,
) -> Option<T> {
    let timed = |repetition: T| Some((seconds(&repetition)?, repetition));
    let mut repetitions: Vec<(f64, T)> = repetitions.into_iter().filter_map(timed).collect();
    repetitions.sort_by(|(left_s, _), (right_s, _)| left_s.total_cmp(right_s));
    let middle = repetitions.len().checked_sub(1)? / 2;
    Some(repetitions.swap_remove(middle).1)
}

/// A value of the same thing, measured repeatedly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub count: usize,
    /// Of the median repetition.
    pub median: f64,
    pub min: f64,
    pub max: f64,
    /// Holds the true median with at least 95% confidence; only from [`CONFIDENCE_MIN`] values up.
    pub confidence: Option<(f64, f64)>,
}

impl Spread {
    /// Around the value of the median repetition, those of all of them. `None` of no values.
    pub fn around(median: f64, values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let count = values.len();
        let confidence =
            confidence_rank(count).map(|rank| (values[rank - 1], values[count - rank]));
        Some(Self { count, median, min, max, confidence })
    }
}

/// The rank from either end between which the median lies with at least 95% confidence.
///
/// The median is below the value of rank r when fewer than r of n values are below it, which has the
/// probability of fewer than r heads in n tosses (Conover, Practical Nonparametric Statistics, 3.2).
fn confidence_rank(count: usize) -> Option<usize> {
    let mut rank = 0;
    // The probability of exactly `rank` heads, and of at most so many.
    let (mut exactly, mut at_most) = (0.5_f64.powi(i32::try_from(count).ok()?), 0.0);
    loop {
        at_most += exactly;
        if at_most > 0.025 {
            return (rank > 0).then_some(rank);
        }
        exactly *= (count - rank) as f64 / (rank + 1) as f64;
        rank += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of the repetition with the median time.
    fn median(repetitions: &[(char, Option<f64>)]) -> Option<char> {
        median_repetition(repetitions, |(_, seconds)| *seconds).map(|(name, _)| *name)
    }

    #[test]
    fn the_median_repetition_is_one_that_was_measured() {
        let [a, b, c, d] = [('a', 4.0), ('b', 1.0), ('c', 3.0), ('d', 9.0)];
        let timed = |(name, seconds)| (name, Some(seconds));
        // In order: b c a, then b c a d, of which c and a are in the middle.
        assert_eq!(median(&[a, b, c].map(timed)), Some('c'));
        assert_eq!(median(&[a, b, c, d].map(timed)), Some('c'));
        assert_eq!(median(&[timed(a), ('x', None)]), Some('a'));
        assert_eq!((median(&[('x', None)]), median(&[])), (None, None));
    }

    #[test]
    fn a_spread_goes_from_the_smallest_to_the_largest() {
        let spread = Spread::around(3.0, [4.0, 1.0, 3.0, 9.0]).unwrap();
        assert_eq!((spread.count, spread.median, spread.min, spread.max), (4, 3.0, 1.0, 9.0));
        assert_eq!(Spread::around(3.0, []), None);
    }

    #[test]
    fn confidence_needs_six_values_and_then_narrows() {
        // From tables of the binomial distribution: ranks 1 for 6 to 8 values, 2 for 9, 3 for 12, 6 for 20.
        let ranks: Vec<_> = [5, 6, 8, 9, 12, 20].map(confidence_rank).into();
        assert_eq!(ranks, [None, Some(1), Some(1), Some(2), Some(3), Some(6)]);
        // From scipy 1.17.1: one more than the largest rank at which `binom.cdf` is up to 0.025.
        for (count, rank) in [(11, 2), (15, 4), (25, 8), (30, 10)] {
            assert_eq!(confidence_rank(count), Some(rank), "{count}");
        }
        // From its `quantile_test(values, p=0.5).confidence_interval(0.95)`.
        let values = [4.1, 3.9, 4.4, 4.0, 4.6, 4.2, 3.8, 4.3, 4.5, 4.7];
        assert_eq!(Spread::around(4.2, values).unwrap().confidence, Some((3.9, 4.6)));
        let of = |count: u32| Spread::around(1.0, (1..=count).map(f64::from)).unwrap().confidence;
        assert_eq!((of(5), of(6), of(9)), (None, Some((1.0, 6.0)), Some((2.0, 8.0))));
    }
}
