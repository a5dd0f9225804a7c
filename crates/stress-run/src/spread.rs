//! One number for several repetitions, and how far they scatter.

/// Fewest values of which an interval can be told that holds the true median with 95% confidence.
pub(crate) const CONFIDENCE_MIN: usize = 6;

/// Of values of the same thing, measured repeatedly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Holds the true median with at least 95% confidence; only from [`CONFIDENCE_MIN`] values up.
    pub(crate) confidence: Option<(f64, f64)>,
}

impl Spread {
    /// `None` of no values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let count = values.len();
        let median = f64::midpoint(values[(count - 1) / 2], values[count / 2]);
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

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of([4.0, 1.0, 3.0, 9.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (3.5, 1.0, 9.0));
        assert_eq!(Spread::of([2.0]).unwrap().median, 2.0);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn confidence_needs_six_values_and_then_narrows() {
        // From tables of the binomial distribution: ranks 1 for 6 to 8 values, 2 for 9, 3 for 12, 6 for 20.
        let ranks: Vec<_> = [5, 6, 8, 9, 12, 20].map(confidence_rank).into();
        assert_eq!(ranks, [None, Some(1), Some(1), Some(2), Some(3), Some(6)]);
        let of = |count: u32| Spread::of((1..=count).map(f64::from)).unwrap().confidence;
        assert_eq!((of(5), of(6), of(9)), (None, Some((1.0, 6.0)), Some((2.0, 8.0))));
    }
}
