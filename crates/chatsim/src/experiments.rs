//! The five experiments: which cases each has, and under which load a case is simulated.
//!
//! The first four are the course's. The fifth asks what its conclusions are worth when losses come together.

use std::time::Duration;

use delivery::{
    Burst, Config, Method, Percent,
    simulate::{self, Scenario},
};
use serde::{Deserialize, Serialize};
use simulation::Arrivals;
use theory::Expectation;

/// One method on one network.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Case {
    /// Also the name of its files: letters, digits and hyphens.
    pub(crate) name: String,
    pub(crate) method: Method,
    pub(crate) config: Config,
    pub(crate) load: Load,
}

impl Case {
    /// What theory says of it. It is told how far apart messages are: in bursts, those that are near share them.
    pub(crate) fn expectation(&self) -> Expectation {
        let apart_ms = self.load.interval().as_millis() as f64;
        theory::expect_apart(&self.config, self.method, apart_ms)
    }

    /// The same in virtual time.
    pub(crate) fn scenario(&self, messages: u64, seed: u64) -> Scenario {
        let load = match self.load {
            Load::Every { interval_ms } => {
                let per_second = 1000.0 / f64::from(interval_ms.max(1));
                simulate::Load::Open(Arrivals::Steady { per_second })
            }
            Load::Saturated => simulate::Load::Saturated,
        };
        Scenario { config: self.config.clone(), method: self.method, messages, load, seed }
    }
}

/// When messages are created.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Load {
    /// One after the other in equal distances, whatever became of those before.
    Every { interval_ms: u32 },
    /// As soon as the window has room, so that it is always full.
    Saturated,
}

impl Load {
    /// From one message to the next. None where all are there at the beginning and wait for the window.
    pub(crate) fn interval(self) -> Duration {
        match self {
            Self::Every { interval_ms } => Duration::from_millis(interval_ms.into()),
            Self::Saturated => Duration::ZERO,
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Experiment {
    Normal,
    HighLoss,
    Latency,
    Parameters,
    Bursts,
}

/// As somebody types: ten messages a second.
const TYPING: Load = Load::Every { interval_ms: 100 };
/// The "spam" of the third experiment: a hundred messages a second.
const SPAM: Load = Load::Every { interval_ms: 10 };
/// Thirty mean lengths of a burst apart, messages know nothing of one another.
const APART: Load = Load::Every { interval_ms: 60_000 };

const WINDOW: u32 = 32;

const RETRIES: [u32; 4] = [0, 1, 2, 5];
const TIMEOUTS_MS: [u32; 3] = [300, 600, 1000];

impl Experiment {
    pub(crate) const ALL: [Self; 5] =
        [Self::Normal, Self::HighLoss, Self::Latency, Self::Parameters, Self::Bursts];

    /// From 1.
    pub(crate) fn number(self) -> u32 {
        self as u32 + 1
    }

    pub(crate) fn of_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|experiment| experiment.number() == number)
    }

    pub(crate) fn cases(self) -> Vec<Case> {
        let normal = Config::default();
        match self {
            Self::Normal => both_methods(&normal),
            Self::HighLoss => {
                let lossy = Config { loss: Percent(50.0), ..normal };
                let persistent = Config { max_retries: 5, ..lossy.clone() };
                let mut cases = both_methods(&lossy);
                cases.push(pub_sub("pubsub-r5", persistent, TYPING));
                cases
            }
            Self::Latency => {
                [("fast", 10, 50), ("slow", 200, 500)].into_iter().flat_map(spammed).collect()
            }
            Self::Parameters => grid(&normal, &RETRIES, &TIMEOUTS_MS),
            Self::Bursts => {
                let burst = Burst { share: 0.1, mean_length_ms: 2_000 };
                let bursty = Config { burst: Some(burst), ..normal.clone() };
                vec![
                    case("direct-bursts", Method::Direct, bursty.clone(), APART),
                    pub_sub("pubsub-single", normal, APART),
                    pub_sub("pubsub-bursts", bursty, APART),
                ]
            }
        }
    }
}

/// PubSub with each number of retries and each timeout, those of one number of retries together.
pub(crate) fn grid(config: &Config, retries: &[u32], timeouts_ms: &[u32]) -> Vec<Case> {
    let mut cases = Vec::new();
    for &max_retries in retries {
        for &ack_timeout_ms in timeouts_ms {
            let name = format!("r{max_retries}-t{ack_timeout_ms}");
            let config = Config { max_retries, ack_timeout_ms, ..config.clone() };
            cases.push(pub_sub(&name, config, TYPING));
        }
    }
    cases
}

fn both_methods(config: &Config) -> Vec<Case> {
    vec![
        case("direct", Method::Direct, config.clone(), TYPING),
        pub_sub("pubsub", config.clone(), TYPING),
    ]
}

/// With as many messages in flight as there come to be, and with a window that is always full.
fn spammed((name, latency_min_ms, latency_max_ms): (&str, u32, u32)) -> [Case; 2] {
    let open = Config { latency_min_ms, latency_max_ms, ..Config::default() };
    let windowed = Config { window: Some(WINDOW), ..open.clone() };
    [
        pub_sub(&format!("{name}-open"), open, SPAM),
        pub_sub(&format!("{name}-window"), windowed, Load::Saturated),
    ]
}

fn pub_sub(name: &str, config: Config, load: Load) -> Case {
    case(name, Method::PubSub, config, load)
}

fn case(name: &str, method: Method, config: Config, load: Load) -> Case {
    Case { name: name.to_owned(), method, config, load }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_config_that_is_accepted_and_a_name_of_its_own() {
        let counts = Experiment::ALL.map(|experiment| {
            let cases = experiment.cases();
            let names: BTreeSet<_> = cases.iter().map(|case| case.name.clone()).collect();
            assert_eq!(names.len(), cases.len(), "{experiment:?}");
            for Case { name, config, .. } in &cases {
                assert_eq!(config.check(), Ok(()), "{name}");
            }
            cases.len()
        });
        assert_eq!(counts, [2, 3, 4, 12, 3]);
    }

    #[test]
    fn experiments_are_found_by_the_numbers_of_the_course() {
        assert_eq!(Experiment::of_number(1), Some(Experiment::Normal));
        assert_eq!(Experiment::of_number(5), Some(Experiment::Bursts));
        assert_eq!([0, 6].map(Experiment::of_number), [None, None]);
    }

    #[test]
    fn a_timeout_changes_nothing_but_the_timeout() {
        let cases = Experiment::Parameters.cases();
        let of = |name: &str| cases.iter().find(|case| case.name == name).unwrap().config.clone();
        assert_eq!(of("r2-t300"), Config { ack_timeout_ms: 300, ..of("r2-t1000") });
        assert_eq!(of("r2-t600"), Config::default());
    }
}
