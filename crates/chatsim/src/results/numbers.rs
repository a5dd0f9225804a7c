//! Each number of a case beside the one that theory expects, and whether the two agree.

use std::{fmt, time::Duration};

use delivery::{Method, Totals};
use serde::Serialize;
use simulation::Latencies;
use theory::{Binomial, Expectation, Latency, Moments};

use super::{
    records::World,
    tally::{P99, Tally},
};
use crate::experiments::{Case, Load};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Measure {
    Delivered,
    /// Of messages, to every subscriber; only where there are several.
    DeliveredToAll,
    Acknowledged,
    FailedThoughDelivered,
    Attempts,
    Copies,
    Duplicates,
    Packets,
    Latency,
    LatencyP99,
    TimeToAck,
    /// How long a message takes a place in the window.
    Held,
    /// Messages that each subscriber gets.
    Throughput,
}

impl Measure {
    /// As the column `measure` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::DeliveredToAll => "delivered_to_all",
            Self::Acknowledged => "acknowledged",
            Self::FailedThoughDelivered => "failed_though_delivered",
            Self::Attempts => "attempts",
            Self::Copies => "copies",
            Self::Duplicates => "duplicates",
            Self::Packets => "packets",
            Self::Latency => "latency_ms",
            Self::LatencyP99 => "latency_p99_ms",
            Self::TimeToAck => "time_to_ack_ms",
            Self::Held => "held_ms",
            Self::Throughput => "throughput_per_s",
        }
    }

    fn is_of_time(self) -> bool {
        match self {
            Self::Latency | Self::LatencyP99 | Self::TimeToAck | Self::Held | Self::Throughput => {
                true
            }
            Self::Delivered
            | Self::DeliveredToAll
            | Self::Acknowledged
            | Self::FailedThoughDelivered
            | Self::Attempts
            | Self::Copies
            | Self::Duplicates
            | Self::Packets => false,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far what was observed is from what was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Distance {
    /// In standard errors.
    Errors(f64),
    /// The chance to be at least as far away on the same side, twice.
    Chance(f64),
}

/// A number agrees when it is less than so many standard errors away.
pub(crate) const ERRORS_MAX: f64 = 4.2;
/// How often chance is as far away as that, on either side.
pub(crate) const CHANCE_MIN: f64 = 2.669_149_8e-5;

/// Cases below which a share is not held against a normal distribution.
const RARE: f64 = 100.0;

impl Distance {
    pub(crate) fn agrees(self) -> bool {
        match self {
            Self::Errors(errors) => errors.abs() < ERRORS_MAX,
            Self::Chance(chance) => chance > CHANCE_MIN,
        }
    }

    /// A share of trials, each with this chance and independent of the others.
    fn of_share(successes: u64, trials: u64, chance: f64) -> Self {
        let expected = trials as f64 * chance;
        let rarer = expected.min(trials as f64 - expected);
        if rarer < RARE {
            return Self::Chance(Binomial::new(trials, chance).p_value(successes));
        }
        Self::Errors((successes as f64 - expected) / (expected * (1.0 - chance)).sqrt())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) measure: Measure,
    /// Messages, targets or deliveries that were observed.
    pub(crate) samples: u64,
    /// `None` where theory is silent.
    pub(crate) predicted: Option<f64>,
    /// `None` where there is nothing to observe.
    pub(crate) observed: Option<f64>,
    /// `None` without either, or where samples depend on one another.
    pub(crate) distance: Option<Distance>,
}

/// A line of `table.csv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) case: String,
    pub(crate) method: Method,
    pub(crate) measure: &'static str,
    pub(crate) world: &'static str,
    pub(crate) samples: u64,
    pub(crate) predicted: Option<f64>,
    pub(crate) observed: Option<f64>,
    /// Standard errors from the one to the other; empty where `p` decides.
    pub(crate) z: Option<f64>,
    /// The exact chance to be at least as far away, of what is rare.
    pub(crate) p: Option<f64>,
    /// 1 where they agree, 0 where not; empty where theory is silent.
    pub(crate) agrees: Option<u8>,
}

impl Line {
    pub(crate) fn new(case: &Case, world: World, number: &Number) -> Self {
        let (z, p) = match number.distance {
            Some(Distance::Errors(z)) => (Some(z), None),
            Some(Distance::Chance(p)) => (None, Some(p)),
            None => (None, None),
        };
        Self {
            case: case.name.clone(),
            method: case.method,
            measure: number.measure.name(),
            world: world.name(),
            samples: number.samples,
            predicted: number.predicted,
            observed: number.observed,
            z,
            p,
            agrees: number.distance.map(|distance| u8::from(distance.agrees())),
        }
    }
}

/// All numbers that the case has.
pub(crate) fn of(
    case: &Case,
    expectation: &Expectation,
    world: World,
    tally: &Tally,
) -> Vec<Number> {
    let mut numbers = shares(case, expectation, &tally.totals);
    numbers.extend(counts(expectation, &tally.totals));
    numbers.extend(times(expectation, tally));
    numbers.extend(throughput(case, expectation, &tally.totals));
    if !world.keeps_time() {
        let of_time = numbers.iter_mut().filter(|number| number.measure.is_of_time());
        of_time.for_each(|number| number.distance = None);
    }
    numbers
}

fn shares(case: &Case, expected: &Expectation, totals: &Totals) -> Vec<Number> {
    let of_targets = |successes| (successes, totals.targets);
    let mut shares =
        vec![share(Measure::Delivered, of_targets(totals.delivered), expected.delivered)];
    if case.config.subscribers > 1 {
        let counts = (totals.complete, totals.messages);
        shares.push(share(Measure::DeliveredToAll, counts, expected.delivered_to_all));
    }
    if case.method == Method::PubSub {
        let acknowledged = of_targets(totals.acknowledged);
        shares.push(share(Measure::Acknowledged, acknowledged, expected.acknowledged));
        let failed = of_targets(totals.failed_though_delivered);
        let expected = expected.failed_though_delivered;
        shares.push(share(Measure::FailedThoughDelivered, failed, expected));
    }
    shares
}

/// Where theory gives no variance, trials depend on one another, and no distance means anything.
fn share(measure: Measure, (successes, trials): (u64, u64), expected: Option<Moments>) -> Number {
    let tested = expected.filter(|it| it.variance.is_some() && trials > 0);
    Number {
        measure,
        samples: trials,
        predicted: expected.map(|it| it.mean),
        observed: (trials > 0).then(|| successes as f64 / trials as f64),
        distance: tested.map(|it| Distance::of_share(successes, trials, it.mean)),
    }
}

fn counts(expected: &Expectation, totals: &Totals) -> [Number; 4] {
    let targets = totals.targets;
    let count = |measure, count: u64, expected| {
        let observed = (targets > 0).then(|| count as f64 / targets as f64);
        mean(measure, observed, targets, expected)
    };
    [
        count(Measure::Attempts, totals.attempts, expected.attempts),
        count(Measure::Copies, totals.copies, expected.copies),
        count(Measure::Duplicates, totals.duplicates(), expected.duplicates),
        count(Measure::Packets, totals.packets(), expected.packets),
    ]
}

fn mean(
    measure: Measure,
    observed: Option<f64>,
    samples: u64,
    expected: Option<Moments>,
) -> Number {
    let errors = observed.zip(expected).and_then(|(observed, it)| it.z(observed, samples));
    Number {
        measure,
        samples,
        predicted: expected.map(|it| it.mean),
        observed,
        distance: errors.map(Distance::Errors),
    }
}

fn times(expected: &Expectation, tally: &Tally) -> Vec<Number> {
    let totals = &tally.totals;
    let time = |measure, times: &Latencies, expected| {
        mean(measure, times.mean().map(ms), times.count(), expected)
    };
    let moments = |latency: &Option<Latency>| latency.as_ref().map(|latency| latency.moments);
    let mut numbers = vec![
        time(Measure::Latency, &totals.latency, moments(&expected.latency)),
        p99(expected.latency.as_ref(), tally),
    ];
    if totals.time_to_ack.count() > 0 || expected.time_to_ack.is_some() {
        let expected = moments(&expected.time_to_ack);
        numbers.push(time(Measure::TimeToAck, &totals.time_to_ack, expected));
    }
    if totals.held.count() > 0 || expected.held.is_some() {
        numbers.push(time(Measure::Held, &totals.held, expected.held));
    }
    numbers
}

/// The p99 of the samples has no simple distribution; how many of them are at or below the predicted one has.
fn p99(expected: Option<&Latency>, tally: &Tally) -> Number {
    let latencies = &tally.totals.latency;
    let predicted = expected.map(|latency| latency.quantile(P99));
    let at_most = |(latency, p99): (&Latency, f64)| Moments {
        mean: latency.at_most(p99),
        variance: latency.moments.variance,
    };
    let counts = (tally.within_p99, latencies.count());
    let share = share(Measure::LatencyP99, counts, expected.zip(predicted).map(at_most));
    Number { predicted, observed: latencies.quantile(P99).map(ms), ..share }
}

/// Where messages come at a rate, that of their delivery is the same but for the losses. A window that is always
/// full lets W ΣD / ΣS through: so neither the beginning, when it fills, nor the end counts.
fn throughput(case: &Case, expected: &Expectation, totals: &Totals) -> Option<Number> {
    match case.load {
        Load::Every { interval_ms } => {
            let counts = (totals.delivered, totals.targets);
            let share = share(Measure::Throughput, counts, expected.delivered);
            let per_second = |share: f64| share * 1e3 / f64::from(interval_ms.max(1));
            Some(Number {
                predicted: share.predicted.map(per_second),
                observed: share.observed.map(per_second),
                ..share
            })
        }
        Load::Saturated => {
            let through = f64::from(case.config.window?) * totals.delivered as f64
                / f64::from(case.config.subscribers);
            let held_s = |mean: Duration| mean.as_secs_f64() * totals.held.count() as f64;
            let observed = totals.held.mean().map(|mean| through / held_s(mean));
            Some(mean(Measure::Throughput, observed, totals.messages, expected.goodput))
        }
    }
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_common_has_standard_errors_and_what_is_rare_its_exact_chance() {
        assert_eq!(Distance::of_share(530, 1_000, 0.5), Distance::Errors(30.0 / 250.0_f64.sqrt()));
        let Distance::Chance(chance) = Distance::of_share(0, 1_000, 0.001) else {
            panic!("one is expected")
        };
        // 0.999^1000, on both sides.
        assert!((chance - 2.0 * 0.999_f64.powi(1_000)).abs() < 1e-9, "{chance}");
        assert_eq!(Distance::of_share(100, 100, 1.0), Distance::Chance(1.0));
        assert!(!Distance::of_share(99, 100, 1.0).agrees());
    }

    #[test]
    fn both_ways_to_be_too_far_away_are_equally_rare() {
        // By Python 3: math.erfc(4.2 / math.sqrt(2)).
        assert!((CHANCE_MIN - 2.669_149_803e-5).abs() < 1e-12);
        assert!(Distance::Errors(-4.19).agrees() && !Distance::Errors(4.21).agrees());
        assert!(!Distance::Errors(f64::NAN).agrees());
    }
}
