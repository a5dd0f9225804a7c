//! As many requests as backends, none of which ends: how many the fullest has.

use std::time::Duration;

use balancing::{
    Policy, PolicyName,
    simulate::{Scenario, run, run_with_policy},
};
use simulation::{Arrivals, Distribution};

use crate::{OneChoice, scenario};

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn bins(count: usize) -> Scenario {
    let together = Arrivals::Bursts { size: u32::MAX, every: A_YEAR };
    let service = Distribution::Constant(A_YEAR);
    let mut bins = scenario(PolicyName::TwoChoices, count, &service, together);
    bins.requests = count as u64;
    bins
}

/// What the fullest has in each of so many trials.
fn fullest(count: usize, trials: u64, policy: Option<fn() -> Box<dyn Policy>>) -> Vec<usize> {
    let mut bins = bins(count);
    let trial = |seed| {
        bins.seed = seed;
        let results = match policy {
            Some(policy) => run_with_policy(&bins, policy()),
            None => run(&bins),
        };
        results.unwrap().backends.iter().map(|backend| backend.in_flight_peak).max().unwrap()
    };
    (0..trials).map(trial).collect()
}

fn mean(values: &[usize]) -> f64 {
    values.iter().sum::<usize>() as f64 / values.len() as f64
}

/// The probability that none of `count` bins has more than `most` of `count` balls, each of which went into
/// any of them. Bins with independent Poisson numbers of balls are such bins, once their sum is right.
fn probability_of_at_most(most: usize, count: usize) -> f64 {
    // Those of 0, 1, 2 … balls in one bin: 1 / (e k!).
    let of_one: Vec<f64> = (0..=most)
        .map(|balls| (1..=balls).fold((-1.0_f64).exp(), |probability, k| probability / k as f64))
        .collect();
    // The probability that so many bins have each sum, none of them having more than `most`.
    let mut sums = vec![0.0; count + 1];
    sums[0] = 1.0;
    for _ in 0..count {
        for sum in (0..=count).rev() {
            let last = |balls: usize| sums[sum - balls] * of_one[balls];
            sums[sum] = (0..=most.min(sum)).map(last).sum();
        }
    }
    sums[count] / sum_is_right(count)
}

/// The probability that a Poisson number is its mean: e^-n n^n / n!, by factors that stay small.
fn sum_is_right(count: usize) -> f64 {
    (1..=count).fold(1.0, |product, k| product * count as f64 / k as f64 / std::f64::consts::E)
}

#[test]
fn with_one_choice_the_fullest_is_distributed_as_it_must_be() {
    let (count, trials) = (100, 2_000);
    let fullest = fullest(count, trials, Some(|| Box::new(OneChoice)));
    for most in 3..8 {
        let expected = probability_of_at_most(most, count);
        let found =
            fullest.iter().filter(|fullest| **fullest <= most).count() as f64 / trials as f64;
        let error = (expected * (1.0 - expected) / trials as f64).sqrt();
        assert!((found - expected).abs() <= 3.3 * error, "{most}: {found} {expected}");
    }
}

/// By two ways: the formula, and trials, whose mean has a standard error of 0.06.
#[test]
fn with_one_choice_the_fullest_of_a_thousand_has_5_51() {
    let exact: f64 = (0..20).map(|most| 1.0 - probability_of_at_most(most, 1_000)).sum();
    assert!((exact - 5.51).abs() < 0.005, "{exact}");
    let found = mean(&fullest(1_000, 150, Some(|| Box::new(OneChoice))));
    assert!((found - exact).abs() < 0.18, "{found}");
}

/// Azar, Broder, Karlin and Upfal 1994: ln ln n / ln 2 and a little, not ln n / ln ln n.
#[test]
fn with_two_choices_the_fullest_of_a_thousand_has_3() {
    let found = mean(&fullest(1_000, 150, None));
    assert!((found - 3.0).abs() < 0.03, "{found}");
}
