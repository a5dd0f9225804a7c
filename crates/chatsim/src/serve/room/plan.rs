//! What an experiment does: each of its cases sends some messages on the clock, to be watched, and many at
//! once in virtual time.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use delivery::{Config, Method, Totals};
use theory::Expectation;

use super::{outlook::Outlook, tally::Tally};
use crate::experiments::{Case, Experiment, Load};
use crate::serve::{
    limits::{PACKETS_MAX, packets_of_message},
    messages::{CaseShown, ExperimentShown},
};

/// Messages of a case that are sent on the clock, unless they would be too many packets.
const LIVE_MAX: u64 = 20;

/// Messages of a case that are sent at once, unless that would take long.
const BATCH_MAX: u64 = 10_000;

/// Packets that are simulated at once for one case: some seconds of one processor.
const BATCH_PACKETS_MAX: u64 = 4_000_000;

/// Longest distance of two messages on the clock: nobody waits minutes for the next.
const LIVE_INTERVAL_MAX_MS: u32 = 1000;

/// As fast as somebody types.
const TYPING_MS: u32 = 100;

/// An experiment under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) shown: ExperimentShown,
    pub(crate) cases: Vec<CaseRun>,
    /// How many cases are done in virtual time.
    pub(crate) batch_done: usize,
    pub(crate) is_cancelled: Arc<AtomicBool>,
}

/// One case on the clock.
#[derive(Debug)]
pub(crate) struct CaseRun {
    pub(crate) flow: u32,
    pub(crate) case: Case,
    pub(crate) tally: Tally,
    pub(crate) live: u64,
    pub(crate) sent: u64,
    /// When the next message is to be sent.
    pub(crate) next_at: Duration,
    pub(crate) is_told: bool,
}

/// The cases of an experiment, by the number that pages use: 0 is both methods on the network as it is.
pub(crate) fn cases_of(number: u32, config: &Config) -> Option<Vec<Case>> {
    if number > 0 {
        return Some(Experiment::of_number(number)?.cases());
    }
    let case = |name: &str, method| Case {
        name: name.to_owned(),
        method,
        config: config.clone(),
        load: Load::Every { interval_ms: TYPING_MS },
    };
    Some(vec![case("direct", Method::Direct), case("pubsub", Method::PubSub)])
}

/// Each case with how many messages it sends.
pub(crate) fn show(cases: &[Case]) -> Vec<CaseShown> {
    let count = cases.len() as u64;
    let shown = |(number, case): (usize, &Case)| {
        let packets = packets_of_message(&case.config);
        CaseShown {
            case: number,
            label: case.name.clone(),
            method: case.method,
            config: case.config.clone(),
            live: (PACKETS_MAX / 2 / count / packets).clamp(1, LIVE_MAX),
            batch: (BATCH_PACKETS_MAX / packets).clamp(LIVE_MAX, BATCH_MAX),
        }
    };
    cases.iter().enumerate().map(shown).collect()
}

impl CaseRun {
    pub(crate) fn subscribers(&self) -> u32 {
        self.case.config.subscribers
    }

    /// Whether nothing more can happen to its messages.
    pub(crate) fn is_over(&self) -> bool {
        self.tally.settled() >= self.live * u64::from(self.subscribers())
    }
}

/// How far apart the messages of a case are on the clock; `None` where each is sent as soon as there is room.
pub(crate) fn live_interval_ms(load: Load) -> Option<u32> {
    match load {
        Load::Every { interval_ms } => Some(interval_ms.min(LIVE_INTERVAL_MAX_MS)),
        Load::Saturated => None,
    }
}

/// What theory says of a case on the clock.
pub(crate) fn live_outlook(case: &Case) -> Arc<Outlook> {
    let apart_ms = f64::from(live_interval_ms(case.load).unwrap_or(0));
    Arc::new(Outlook::new(&case.config, case.method, apart_ms))
}

/// Messages a second that each subscriber is expected to get in virtual time.
pub(crate) fn batch_throughput_expected(case: &Case, expectation: &Expectation) -> Option<f64> {
    match case.load {
        Load::Every { interval_ms } => expectation.throughput(1000.0 / f64::from(interval_ms)),
        Load::Saturated => Some(expectation.goodput?.mean),
    }
}

/// Messages a second that each subscriber got, without what the beginning and the end of a run do to it.
pub(crate) fn batch_throughput(case: &Case, totals: &Totals) -> Option<f64> {
    let share = totals.delivered as f64 / totals.targets as f64;
    match (case.load, case.config.window) {
        (Load::Saturated, Some(window)) => {
            let held_s = totals.held.mean()?.as_secs_f64();
            Some(f64::from(window) * share / held_s)
        }
        _ => {
            let length = totals.last_sent.saturating_sub(totals.first_sent?);
            let gaps = totals.messages.saturating_sub(1) as f64;
            (!length.is_zero()).then(|| share * gaps / length.as_secs_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use delivery::simulate;

    use super::*;

    #[test]
    fn a_case_sends_twenty_and_ten_thousand_messages_unless_that_would_take_too_long() {
        for number in 0..=5 {
            for case in show(&cases_of(number, &Config::default()).unwrap()) {
                assert_eq!((case.live, case.batch), (20, 10_000), "{number}: {}", case.label);
            }
        }
        assert!(cases_of(6, &Config::default()).is_none());
        let patch = serde_json::json!({"subscribers": 1000, "max_retries": 20});
        let config = Config::default().patched(&patch).unwrap();
        let of_many = show(&cases_of(0, &config).unwrap());
        assert!(of_many.iter().all(|case| case.live == 1));
        assert!(of_many.iter().all(|case| (20..200).contains(&case.batch)));
    }

    /// CHAT: with a window of 32 the fast network gets 160.3 messages a second through, the slow one 38.4.
    #[test]
    fn throughput_is_that_of_the_window_where_there_is_one_and_else_that_of_the_sender() {
        let cases = cases_of(3, &Config::default()).unwrap();
        let of = |name: &str| {
            let case = cases.iter().find(|case| case.name == name).unwrap();
            let totals = simulate::run(&case.scenario(10_000, 1), |_| {}).unwrap();
            let expected = batch_throughput_expected(case, &case.expectation());
            (batch_throughput(case, &totals).unwrap(), expected.unwrap())
        };
        for (name, expected) in [
            ("fast-window", 160.3),
            ("slow-window", 38.4),
            ("fast-open", 99.9),
            ("slow-open", 99.9),
        ] {
            let (measured, predicted) = of(name);
            assert!((predicted / expected - 1.0).abs() < 2e-3, "{name}: {predicted}");
            assert!((measured / expected - 1.0).abs() < 0.03, "{name}: {measured}");
        }
    }
}
