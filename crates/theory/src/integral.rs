//! Integrals by the rule of Gauss and Legendre between the points where a function changes its
//! form.
//!
//! The rule with 24 nodes is exact for polynomials up to degree 47. What is integrated here is a
//! product over at most 21 attempts of polynomials of degree 2, and a factor t: degree 43 between
//! two breaks, so exact but for rounding. Other functions (of many subscribers, of bursts) are
//! smooth there, and each piece is halved until that changes nothing.

use std::{array, f64::consts::PI, sync::LazyLock};

const NODES: usize = 24;

/// A half that still changes the sum by more than this share of the whole integral is halved again.
const PRECISION: f64 = 1e-13;

/// Halving ends here in any case: a piece is then a millionth of its beginning.
const HALVINGS_MAX: u32 = 20;

/// Where to look at a function between -1 and 1, and what each look weighs.
static RULE: LazyLock<[(f64, f64); NODES]> = LazyLock::new(|| {
    array::from_fn(|index| {
        // Newton's method, from a guess that is closer to the root than to its neighbours.
        let mut node = (PI * (index as f64 + 0.75) / (NODES as f64 + 0.5)).cos();
        for _ in 0..8 {
            let (value, slope) = legendre(node);
            node -= value / slope;
        }
        let (_, slope) = legendre(node);
        (node, 2.0 / ((1.0 - node * node) * slope * slope))
    })
});

/// The integral from the first of the breaks, which are in order, to the last.
pub(crate) fn integral(function: impl Fn(f64) -> f64, breaks: &[f64]) -> f64 {
    let pieces = breaks.windows(2).map(|ends| (ends[0], ends[1]));
    let rough: Vec<_> = pieces.map(|(from, to)| (from, to, rule(&function, from, to))).collect();
    let tolerance = PRECISION * rough.iter().map(|(.., sum)| sum.abs()).sum::<f64>();
    let refine = |(from, to, sum)| refined(&function, from, to, sum, tolerance, HALVINGS_MAX);
    rough.into_iter().map(refine).sum()
}

fn refined(
    function: &impl Fn(f64) -> f64,
    from: f64,
    to: f64,
    whole: f64,
    tolerance: f64,
    halvings: u32,
) -> f64 {
    let middle = f64::midpoint(from, to);
    let (left, right) = (rule(function, from, middle), rule(function, middle, to));
    if halvings == 0 || (left + right - whole).abs() <= tolerance {
        return left + right;
    }
    refined(function, from, middle, left, tolerance, halvings - 1)
        + refined(function, middle, to, right, tolerance, halvings - 1)
}

fn rule(function: &impl Fn(f64) -> f64, from: f64, to: f64) -> f64 {
    let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0);
    let looks = RULE.iter().map(|(node, weight)| weight * function(middle + half * node));
    half * looks.sum::<f64>()
}

/// The Legendre polynomial of degree 24 and its slope (Abramowitz and Stegun, 22.7.10 and 22.8.5).
fn legendre(x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for degree in 2..=NODES {
        let n = degree as f64;
        (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
    }
    (value, NODES as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-13 * expected.abs(), "{value} {expected}");
    }

    #[test]
    fn a_polynomial_up_to_degree_47_needs_no_halving() {
        for degree in 0..=47 {
            let power = |x: f64| x.powi(degree);
            let exact = (3_f64.powi(degree + 1) - 1.0) / f64::from(degree + 1);
            assert_close(rule(&power, 1.0, 3.0), exact);
        }
    }

    #[test]
    fn pieces_of_different_form_add_up() {
        let hat = |x: f64| if x < 1.0 { x } else { 2.0 - x };
        assert_close(integral(hat, &[0.0, 1.0, 2.0]), 1.0);
        assert_eq!(integral(hat, &[1.0]), 0.0);
        assert_eq!(integral(|_| 0.0, &[0.0, 1.0]), 0.0);
    }

    /// The second is nowhere near where the nodes of a single rule are.
    #[test]
    fn a_steep_function_is_halved_until_it_is_found() {
        assert_close(integral(|x| (-1e4 * x).exp(), &[0.0, 1.0]), 1e-4);
        let high_power = integral(|x| x.powi(100_000), &[0.0, 1.0]);
        assert!((high_power * 100_001.0 - 1.0).abs() < 1e-9, "{high_power}");
    }
}
