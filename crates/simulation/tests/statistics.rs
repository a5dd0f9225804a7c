//! Whether chance is what it says. Each test draws with fixed seeds, so it passes always or never; the
//! bounds are those that a right generator exceeds once in a thousand seeds.

use std::time::Duration;

use simulation::{Arrivals, Chance, Distribution, Latencies, queueing};

const DRAWS: usize = 100_000;
const MS: Duration = Duration::from_millis(1);

/// The 99.9% quantile of the normal distribution, for bounds on both sides of 0.2%.
const SIGMAS: f64 = 3.29;

/// The largest distance between the distribution of the values and the one that they should have
/// (Kolmogorov and Smirnov), in units of 1 / √n. A right one exceeds 1.95 once in a thousand times.
fn distance(mut values: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let steps = values.iter().enumerate().map(|(rank, value)| {
        let expected = cumulative(*value);
        (expected - rank as f64 / count).abs().max(((rank + 1) as f64 / count - expected).abs())
    });
    steps.fold(0.0, f64::max) * count.sqrt()
}

fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (left_mean, right_mean) = (mean(left), mean(right));
    let product = |(left, right): (&f64, &f64)| (left - left_mean) * (right - right_mean);
    let covariance: f64 = left.iter().zip(right).map(product).sum();
    let squares =
        |values: &[f64], mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    covariance / (squares(left, left_mean) * squares(right, right_mean)).sqrt()
}

fn units(seed: u64, stream: u64) -> Vec<f64> {
    let mut chance = Chance::new(seed, stream);
    (0..DRAWS).map(|_| chance.unit()).collect()
}

fn seconds(distribution: &Distribution, seed: u64) -> Vec<f64> {
    let mut chance = Chance::new(seed, 0);
    (0..DRAWS).map(|_| distribution.draw(&mut chance).as_secs_f64()).collect()
}

#[test]
fn units_are_spread_evenly() {
    for (seed, stream) in [(0, 0), (1, 0), (2, 0), (1, 1), (u64::MAX, u64::MAX)] {
        let distance = distance(units(seed, stream), |value| value);
        assert!(distance < 1.95, "{seed} {stream}: {distance}");
    }
}

#[test]
fn numbers_below_a_bound_are_equally_likely() {
    for n in [2, 3, 10, 1000] {
        let mut counts = vec![0_u32; n];
        let mut chance = Chance::new(1, 0);
        (0..DRAWS).for_each(|_| counts[chance.below(n)] += 1);
        let expected = DRAWS as f64 / n as f64;
        let chi_square: f64 =
            counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // Wilson and Hilferty: the cube root of chi square over its degrees of freedom is nearly normal.
        let freedom = (n - 1) as f64;
        let spread = 2.0 / (9.0 * freedom);
        let deviation = ((chi_square / freedom).cbrt() - (1.0 - spread)) / spread.sqrt();
        assert!(deviation < SIGMAS, "{n}: {chi_square}");
    }
}

#[test]
fn neither_neighbours_nor_streams_nor_seeds_depend_on_one_another() {
    let first = units(1, 0);
    for (what, other) in [("stream", units(1, 1)), ("seed", units(2, 0)), ("both", units(0, 1))] {
        let correlation = correlation(&first, &other);
        assert!(correlation.abs() < SIGMAS / (DRAWS as f64).sqrt(), "{what}: {correlation}");
    }
    for lag in 1..=4 {
        let correlation = correlation(&first[lag..], &first[..DRAWS - lag]);
        assert!(correlation.abs() < SIGMAS / (DRAWS as f64).sqrt(), "{lag}: {correlation}");
    }
}

#[test]
fn durations_have_the_distribution_that_was_asked_for() {
    let exponential = Distribution::Exponential { mean: MS };
    let uniform = Distribution::Uniform { min: MS, max: 3 * MS };
    for seed in 0..4 {
        let of_exponential = distance(seconds(&exponential, seed), |s| 1.0 - (-s / 1e-3).exp());
        let of_uniform = distance(seconds(&uniform, seed), |s| (s - 1e-3) / 2e-3);
        assert!(of_exponential < 1.95 && of_uniform < 1.95, "{of_exponential} {of_uniform}");
    }
}

#[test]
fn means_and_variances_of_draws_are_those_that_are_stated() {
    let sample = Distribution::Sample([1, 2, 3, 6].map(|ms| ms * MS).to_vec());
    // Beside each, its fourth central moment over its squared variance, on which depends how far the
    // variance of a sample strays.
    for (distribution, kurtosis) in [
        (Distribution::Exponential { mean: MS }, 9.0),
        (Distribution::Uniform { min: MS, max: 3 * MS }, 1.8),
        (sample, (16.0 + 1.0 + 0.0 + 81.0) / 4.0 / (3.5 * 3.5)),
    ] {
        let values = seconds(&distribution, 1);
        let mean = values.iter().sum::<f64>() / DRAWS as f64;
        let variance = values.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        let (true_mean, true_variance) =
            (distribution.mean().as_secs_f64(), distribution.variance());
        let mean_error = (true_variance / DRAWS as f64).sqrt();
        let variance_error = true_variance * ((kurtosis - 1.0) / DRAWS as f64).sqrt();
        assert!((mean - true_mean).abs() < SIGMAS * mean_error, "{distribution}: {mean}");
        let off = (variance - true_variance).abs();
        assert!(off < SIGMAS * variance_error, "{distribution}: {variance}");
    }
}

/// Those in equal intervals have a Poisson distribution: their variance is their mean.
#[test]
fn poisson_arrivals_come_at_their_rate_and_scatter_as_they_should() {
    let (per_second, intervals) = (1e6, 10_000);
    let moments = Arrivals::Poisson { per_second }.moments(Chance::new(1, 0));
    let mut counts = vec![0.0; intervals];
    for moment in moments {
        let interval = (moment.as_secs_f64() * 1e5) as usize;
        let Some(count) = counts.get_mut(interval) else { break };
        *count += 1.0;
    }
    let mean = counts.iter().sum::<f64>() / intervals as f64;
    let variance =
        counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / intervals as f64;
    assert!((mean - 10.0).abs() < SIGMAS * (10.0 / intervals as f64).sqrt(), "{mean}");
    assert!((variance / mean - 1.0).abs() < SIGMAS * (2.0 / intervals as f64).sqrt(), "{variance}");
}

/// The waits at one server, by Lindley's recursion: wait + service - gap, or nothing.
fn waits(per_second: f64, service: &Distribution, seed: u64) -> impl Iterator<Item = Duration> {
    let mut chance = Chance::new(seed, 1);
    let (mut free_at, service) = (Duration::ZERO, service.clone());
    Arrivals::Poisson { per_second }.moments(Chance::new(seed, 0)).map(move |arrived| {
        let wait = free_at.saturating_sub(arrived);
        free_at = arrived + wait + service.draw(&mut chance);
        wait
    })
}

/// An interval of s / √n, as for independent values, would be too narrow by far.
#[test]
fn the_margin_of_error_holds_the_true_mean_of_a_queue_in_95_of_100_runs() {
    for service in [Distribution::Exponential { mean: MS }, Distribution::Constant(MS)] {
        let expected = queueing::one_server(800.0, &service).unwrap();
        let holds = |seed: &u64| {
            let mut latencies = Latencies::default();
            waits(800.0, &service, *seed)
                .skip(2_000)
                .take(60_000)
                .for_each(|wait| latencies.record(wait));
            latencies.mean().unwrap().abs_diff(expected) <= latencies.margin_of_error().unwrap()
        };
        let held = (0..200).filter(holds).count();
        // 190 ± 3 standard deviations of 3.1.
        assert!((180..200).contains(&held), "{service}: {held} of 200");
    }
}
