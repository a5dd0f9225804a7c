//! What pages are told of numbers: measured, predicted, and how far these are apart.

use std::time::Duration;

use delivery::{Method, Record, Totals, Traffic};
use serde::Serialize;
use theory::{Expectation, Moments};

use crate::live::Cost;

/// What is told of the world twice a second.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Metrics {
    pub(crate) t_ms: f64,
    pub(crate) rev: u64,
    /// The length of the window on the world's clock; 0 where it stood.
    pub(crate) window_s: f64,
    /// Since when the totals are counted.
    pub(crate) since_ms: f64,
    /// Messages that no closed form speaks of: a packet was taken off the link, or lost to a partition.
    pub(crate) by_hand: u64,
    pub(crate) pages: usize,
    pub(crate) in_flight: u64,
    /// Packets since the last time that were too many to be shown.
    pub(crate) hidden_packets: u64,
    pub(crate) methods: ByMethod<MethodMetrics>,
    pub(crate) accounting: Accounting,
    pub(crate) cost: Cost,
}

/// One thing for each method.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ByMethod<T> {
    pub(crate) direct: T,
    pub(crate) pub_sub: T,
}

impl<T> ByMethod<T> {
    pub(crate) fn each(mut make: impl FnMut(Method) -> T) -> Self {
        Self { direct: make(Method::Direct), pub_sub: make(Method::PubSub) }
    }

    pub(crate) fn of(&mut self, method: Method) -> &mut T {
        match method {
            Method::Direct => &mut self.direct,
            Method::PubSub => &mut self.pub_sub,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct MethodMetrics {
    pub(crate) window: Window,
    pub(crate) total: Measured,
    pub(crate) predicted: Predicted,
    pub(crate) z: Scores,
}

/// What happened since the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Window {
    /// Targets: messages, each at one subscriber.
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) throughput_per_s: Option<f64>,
    /// Of what was delivered.
    pub(crate) latency_ms: Option<f64>,
    /// Of the packets that were sent, ACKs included.
    pub(crate) loss_percent: Option<f64>,
    pub(crate) predicted: WindowPredicted,
}

/// What was to be expected of the very messages that were under way. Between the two ends of a band lie 95%.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct WindowPredicted {
    pub(crate) throughput_per_s: Option<f64>,
    pub(crate) throughput_band: Option<[f64; 2]>,
    pub(crate) latency_ms: Option<f64>,
    pub(crate) latency_band: Option<[f64; 2]>,
}

/// What became of messages; each counts once for each subscriber.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// To how many they were sent.
    pub(crate) targets: u64,
    /// To how many nothing more can happen; of them is all that follows.
    pub(crate) settled: u64,
    pub(crate) delivered: u64,
    pub(crate) acknowledged: u64,
    /// Given up, or never delivered.
    pub(crate) failed: u64,
    pub(crate) failed_though_delivered: u64,
    pub(crate) attempts: u64,
    pub(crate) duplicates: u64,
    pub(crate) packets: u64,
    pub(crate) latency_mean_ms: Option<f64>,
    pub(crate) latency_p50_ms: Option<f64>,
    pub(crate) latency_p99_ms: Option<f64>,
    pub(crate) ack_mean_ms: Option<f64>,
    /// Messages a second that a subscriber gets.
    pub(crate) throughput_per_s: Option<f64>,
}

impl Measured {
    /// `targets` were sent in all, those included that are in `totals`.
    pub(crate) fn of(
        totals: &Totals,
        targets: u64,
        method: Method,
        throughput_per_s: Option<f64>,
    ) -> Self {
        let lost = totals.targets - totals.delivered;
        Self {
            targets,
            settled: totals.targets,
            delivered: totals.delivered,
            acknowledged: totals.acknowledged,
            failed: if method == Method::Direct { lost } else { totals.given_up },
            failed_though_delivered: totals.failed_though_delivered,
            attempts: totals.attempts,
            duplicates: totals.duplicates(),
            packets: totals.packets(),
            latency_mean_ms: in_ms(totals.latency.mean()),
            latency_p50_ms: in_ms(totals.latency.quantile(0.5)),
            latency_p99_ms: in_ms(totals.latency.quantile(0.99)),
            ack_mean_ms: in_ms(totals.time_to_ack.mean()),
            throughput_per_s,
        }
    }
}

/// The closed forms: shares of targets, numbers a target. `None` where theory is silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Predicted {
    pub(crate) delivered: Option<f64>,
    pub(crate) acknowledged: Option<f64>,
    pub(crate) failed_though_delivered: Option<f64>,
    pub(crate) attempts: Option<f64>,
    pub(crate) duplicates: Option<f64>,
    pub(crate) packets: Option<f64>,
    pub(crate) latency_mean_ms: Option<f64>,
    pub(crate) latency_p99_ms: Option<f64>,
    pub(crate) throughput_per_s: Option<f64>,
}

impl Predicted {
    pub(crate) fn of(expectation: &Expectation, throughput_per_s: Option<f64>) -> Self {
        let mean = |moments: &Option<Moments>| Some(moments.as_ref()?.mean);
        let latency = expectation.latency.as_ref();
        Self {
            delivered: mean(&expectation.delivered),
            acknowledged: mean(&expectation.acknowledged),
            failed_though_delivered: mean(&expectation.failed_though_delivered),
            attempts: mean(&expectation.attempts),
            duplicates: mean(&expectation.duplicates),
            packets: mean(&expectation.packets),
            latency_mean_ms: latency.map(|latency| latency.moments.mean),
            latency_p99_ms: latency.map(|latency| latency.quantile(0.99)),
            throughput_per_s,
        }
    }
}

/// Standard errors between what was measured and what was predicted. `None` where theory is silent, or where
/// so few were counted that the normal distribution says nothing of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Scores {
    pub(crate) delivered: Option<f64>,
    pub(crate) acknowledged: Option<f64>,
    pub(crate) failed_though_delivered: Option<f64>,
    pub(crate) attempts: Option<f64>,
    pub(crate) duplicates: Option<f64>,
    pub(crate) latency: Option<f64>,
}

/// What scores are made of. Small, so that it can be kept for many groups of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) targets: u64,
    pub(crate) delivered: u64,
    pub(crate) acknowledged: u64,
    pub(crate) failed_though_delivered: u64,
    pub(crate) attempts: u64,
    pub(crate) duplicates: u64,
    pub(crate) latency: Duration,
}

impl Sums {
    pub(crate) fn of(totals: &Totals) -> Self {
        let mean = totals.latency.mean().unwrap_or_default();
        Self {
            targets: totals.targets,
            delivered: totals.delivered,
            acknowledged: totals.acknowledged,
            failed_though_delivered: totals.failed_though_delivered,
            attempts: totals.attempts,
            duplicates: totals.duplicates(),
            latency: mean.saturating_mul(u32::try_from(totals.delivered).unwrap_or(u32::MAX)),
        }
    }

    pub(crate) fn of_message(records: &[Record]) -> Self {
        let mut sums = Self::default();
        for record in records {
            sums.targets += 1;
            sums.delivered += u64::from(record.delivered.is_some());
            sums.acknowledged += u64::from(record.acknowledged.is_some());
            sums.failed_though_delivered += u64::from(record.is_failed_though_delivered());
            sums.attempts += u64::from(record.attempts);
            sums.duplicates += u64::from(record.duplicates());
            sums.latency += record.latency().unwrap_or_default();
        }
        sums
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.targets += other.targets;
        self.delivered += other.delivered;
        self.acknowledged += other.acknowledged;
        self.failed_though_delivered += other.failed_though_delivered;
        self.attempts += other.attempts;
        self.duplicates += other.duplicates;
        self.latency = self.latency.saturating_add(other.latency);
    }

    pub(crate) fn scores(&self, expectation: &Expectation) -> Scores {
        let share = |moments: Option<Moments>, count| share_score(moments?, count, self.targets);
        let number =
            |moments: Option<Moments>, count: u64| mean_score(moments?, count as f64, self.targets);
        let latency = expectation.latency.as_ref().map(|latency| latency.moments);
        let latency_ms = self.latency.as_secs_f64() * 1000.0;
        Scores {
            delivered: share(expectation.delivered, self.delivered),
            acknowledged: share(expectation.acknowledged, self.acknowledged),
            failed_though_delivered: share(
                expectation.failed_though_delivered,
                self.failed_though_delivered,
            ),
            attempts: number(expectation.attempts, self.attempts),
            duplicates: number(expectation.duplicates, self.duplicates),
            latency: latency.and_then(|it| mean_score(it, latency_ms, self.delivered)),
        }
    }
}

/// Fewest samples of which a mean is said to be normally distributed.
const SAMPLES_MIN: u64 = 10;

/// Fewest cases to expect, of a kind and of its opposite, for a share to be said to be that.
const CASES_MIN: f64 = 5.0;

fn mean_score(moments: Moments, sum: f64, samples: u64) -> Option<f64> {
    if samples < SAMPLES_MIN {
        return None;
    }
    moments.z(sum / samples as f64, samples).map(finite)
}

fn share_score(moments: Moments, count: u64, targets: u64) -> Option<f64> {
    let expected = targets as f64 * moments.mean;
    let is_certain = moments.mean == 0.0 || moments.mean == 1.0;
    let is_rare = expected < CASES_MIN || targets as f64 - expected < CASES_MIN;
    if targets == 0 || is_rare && !is_certain {
        return None;
    }
    moments.z(count as f64 / targets as f64, targets).map(finite)
}

/// JSON has no infinity; what cannot be is as far away as can be said.
fn finite(z: f64) -> f64 {
    z.clamp(-SCORE_MAX, SCORE_MAX)
}

const SCORE_MAX: f64 = 1000.0;

/// All packets of all nodes, held against each other.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Accounting {
    pub(crate) balanced: bool,
    /// Messages that wait for a window, or to which something can still happen.
    #[serde(skip)]
    pub(crate) unsettled: u64,
    pub(crate) messages: Traffic,
    pub(crate) acks: Traffic,
}

impl Accounting {
    pub(crate) fn of(all: impl Iterator<Item = delivery::Accounting>) -> Self {
        let empty = Self {
            balanced: true,
            unsettled: 0,
            messages: Traffic::default(),
            acks: Traffic::default(),
        };
        all.fold(empty, |sum, one| Self {
            balanced: sum.balanced && one.is_balanced(),
            unsettled: sum.unsettled + one.waiting + one.unsettled,
            messages: together(sum.messages, one.messages),
            acks: together(sum.acks, one.acks),
        })
    }
}

fn together(one: Traffic, other: Traffic) -> Traffic {
    Traffic {
        sent: one.sent + other.sent,
        arrived: one.arrived + other.arrived,
        lost: one.lost + other.lost,
        in_flight: one.in_flight + other.in_flight,
    }
}

fn in_ms(time: Option<Duration>) -> Option<f64> {
    Some(time?.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use delivery::Config;
    use theory::expect;

    use super::*;

    /// E1 of PubSub: .999 delivered, .99314 acknowledged.
    #[test]
    fn scores_count_standard_errors_and_are_silent_about_few() {
        let expectation = expect(&Config::default(), Method::PubSub);
        let of = |targets, delivered, acknowledged| {
            Sums { targets, delivered, acknowledged, ..Sums::default() }.scores(&expectation)
        };
        let many = of(100_000, 99_910, 99_314);
        let z = many.delivered.unwrap();
        assert!((z - 10.0 / (100_000.0_f64 * 0.999 * 0.001).sqrt()).abs() < 1e-6, "{z}");
        assert!(many.acknowledged.unwrap().abs() < 0.2);
        // Of 1,000 one is expected to get lost: too few for a normal distribution.
        assert_eq!(of(1_000, 990, 990).delivered, None);
        assert_eq!(of(0, 0, 0), Scores::default());
    }

    #[test]
    fn what_cannot_be_is_far_away_and_a_number_that_json_has() {
        let config = Config::default().patched(&serde_json::json!({"loss": 0})).unwrap();
        let expectation = expect(&config, Method::Direct);
        let of = |delivered| Sums { targets: 10, delivered, ..Sums::default() };
        assert_eq!(of(10).scores(&expectation).delivered, Some(0.0));
        assert_eq!(of(9).scores(&expectation).delivered, Some(-SCORE_MAX));
    }
}
