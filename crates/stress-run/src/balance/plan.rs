//! What is measured: each policy under each scenario, and what that makes of servers and arrivals.

use std::{fmt, str::FromStr, time::Duration};

use balancing::PolicyName;
use serde::{Deserialize, Serialize};
use simulation::Arrivals;

/// What happens while requests arrive. What happens to one server happens to the first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ScenarioName {
    /// Nothing; all servers are alike.
    Equal,
    /// One is slower, all the time.
    Unequal,
    /// One is killed at a third of the time, and started again at two thirds.
    Killed,
    /// One is stopped (SIGSTOP), and goes on (SIGCONT), at the same moments.
    Stopped,
    /// One is drained by the operator, and enabled again, at the same moments.
    Drained,
    /// Requests arrive in bursts.
    Burst,
}

impl ScenarioName {
    pub(crate) const ALL: [Self; 6] =
        [Self::Equal, Self::Unequal, Self::Killed, Self::Stopped, Self::Drained, Self::Burst];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Unequal => "unequal",
            Self::Killed => "killed",
            Self::Stopped => "stopped",
            Self::Drained => "drained",
            Self::Burst => "burst",
        }
    }

    /// As help says it.
    pub(crate) const fn summary(self) -> &'static str {
        match self {
            Self::Equal => "All servers are alike",
            Self::Unequal => "One takes four times as long",
            Self::Killed => "One is killed at a third of the time, and started again at two thirds",
            Self::Stopped => "One stands still from a third to two thirds (SIGSTOP, SIGCONT)",
            Self::Drained => "One is drained at a third, and enabled again at two thirds",
            Self::Burst => "Requests arrive 50 at a time",
        }
    }

    /// What is done to the first server, and undone.
    pub(crate) fn incident(self) -> Option<Incident> {
        match self {
            Self::Equal | Self::Unequal | Self::Burst => None,
            Self::Killed => Some(Incident::Death),
            Self::Stopped => Some(Incident::Stop),
            Self::Drained => Some(Incident::Drain),
        }
    }
}

impl fmt::Display for ScenarioName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ScenarioName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|scenario| scenario.name() == name);
        named.ok_or_else(|| format!("no scenario is called {name:?}"))
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Incident {
    Death,
    Stop,
    Drain,
}

/// One row: a policy under a scenario, once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cell {
    pub(crate) repetition: u32,
    pub(crate) scenario: ScenarioName,
    pub(crate) policy: PolicyName,
}

/// Everything that is measured, and with what servers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct BalancePlan {
    #[serde(with = "names")]
    pub(crate) policies: Vec<PolicyName>,
    #[serde(with = "names")]
    pub(crate) scenarios: Vec<ScenarioName>,
    pub(crate) repetitions: u32,
    pub(crate) servers: u32,
    /// Of each server, before which requests wait in a queue of its own.
    pub(crate) workers: u32,
    /// How long a server is told to take for a request.
    pub(crate) service_ms: u32,
    /// How busy those servers are together that are there all the time.
    pub(crate) utilisation: f64,
    /// That arrive in each row, about.
    pub(crate) requests: u32,
    /// Most requests at once.
    pub(crate) clients: u32,
    pub(crate) seed: u64,
}

/// How much longer the slow server takes.
pub(crate) const SLOWER: u32 = 4;
pub(crate) const BURST: u32 = 50;

/// Requests that the balancer sends a server at once. One that can serve what it gets never has so many. One that
/// cannot gets no more, so that its queue does not grow until the row is over.
pub(crate) const PLACES: usize = 100;

/// Short against a third of a quick row.
const CHECK_INTERVAL_MIN: Duration = Duration::from_millis(200);
pub(crate) const FALL: u32 = 3;
pub(crate) const RISE: u32 = 2;
/// The balancer counts it in whole seconds.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);
pub(crate) const QUEUE_LEN: usize = 10_000;
pub(crate) const QUEUE_WAIT: Duration = Duration::from_secs(10);

impl BalancePlan {
    /// In the order in which they are measured: what is set side by side is measured close together.
    pub(crate) fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        for repetition in 1..=self.repetitions {
            for &scenario in &self.scenarios {
                cells.extend(self.policies.iter().map(|&policy| Cell {
                    repetition,
                    scenario,
                    policy,
                }));
            }
        }
        cells
    }

    /// What each server is told to take.
    pub(crate) fn services_ms(&self, scenario: ScenarioName) -> Vec<u32> {
        let mut services = vec![self.service_ms; self.servers as usize];
        if scenario == ScenarioName::Unequal {
            services[0] *= SLOWER;
        }
        services
    }

    /// Requests a second. Where something happens to a server, the others can do with all of them.
    pub(crate) fn rate(&self, scenario: ScenarioName) -> f64 {
        let of_one = |service_ms: u32| f64::from(self.workers) * 1e3 / f64::from(service_ms);
        let away = usize::from(scenario.incident().is_some());
        let services = self.services_ms(scenario).into_iter().skip(away);
        let capacity: f64 = services.map(of_one).sum();
        self.utilisation * capacity
    }

    pub(crate) fn arrivals(&self, scenario: ScenarioName) -> Arrivals {
        let per_second = self.rate(scenario);
        match scenario {
            ScenarioName::Burst => {
                let every = Duration::from_secs_f64(f64::from(BURST) / per_second);
                Arrivals::Bursts { size: BURST, every }
            }
            _ => Arrivals::Poisson { per_second },
        }
    }

    /// For how long they arrive.
    pub(crate) fn duration(&self, scenario: ScenarioName) -> Duration {
        Duration::from_secs_f64(f64::from(self.requests) / self.rate(scenario))
    }

    /// The same arrivals for all policies of a repetition, and others in the next.
    pub(crate) fn seed_of(&self, repetition: u32) -> u64 {
        self.seed + u64::from(repetition - 1)
    }

    /// How often servers are checked, and how long an answer may take. One that is busy is heard of after each of
    /// its services: a check must not be over before.
    pub(crate) fn check_interval(&self, scenario: ScenarioName) -> Duration {
        const SERVICES: u32 = 4;
        let longest_ms = self.services_ms(scenario).into_iter().max().unwrap_or_default();
        CHECK_INTERVAL_MIN.max(SERVICES * Duration::from_millis(longest_ms.into()))
    }

    /// What the balancer and its tables call the servers: a, b and so on.
    pub(crate) fn server_names(&self) -> Vec<String> {
        ('a'..='z').take(self.servers as usize).map(String::from).collect()
    }
}

/// Things by their names.
mod names {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(
        things: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(things.iter().map(T::to_string))
    }

    pub(super) fn deserialize<'de, T: FromStr<Err = String>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names.iter().map(|name| name.parse().map_err(D::Error::custom)).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn plan() -> BalancePlan {
        BalancePlan {
            policies: PolicyName::ALL.to_vec(),
            scenarios: ScenarioName::ALL.to_vec(),
            repetitions: 1,
            servers: 3,
            workers: 2,
            service_ms: 10,
            utilisation: 0.6,
            requests: 3_600,
            clients: 256,
            seed: 1,
        }
    }

    /// Six workers with 10 ms serve 600 a second, four of them 400; with 40 ms at two it is 450.
    #[test]
    fn servers_are_as_busy_with_a_slow_one_among_them() {
        let plan = plan();
        assert!((plan.rate(ScenarioName::Equal) - 360.0).abs() < 1e-9);
        assert!((plan.rate(ScenarioName::Unequal) - 270.0).abs() < 1e-9);
        assert_eq!(plan.services_ms(ScenarioName::Unequal), [40, 10, 10]);
        assert!((plan.rate(ScenarioName::Killed) - 240.0).abs() < 1e-9);
        assert_eq!(plan.duration(ScenarioName::Killed), Duration::from_secs(15));
        let burst = plan.arrivals(ScenarioName::Burst);
        assert!((burst.per_second() - 360.0).abs() < 1e-3, "{burst:?}");
    }

    #[test]
    fn checks_are_as_far_apart_as_the_longest_service_of_the_scenario_asks_for() {
        let slow = BalancePlan { service_ms: 100, ..plan() };
        let in_ms = |scenario| slow.check_interval(scenario).as_millis();
        assert_eq!([ScenarioName::Stopped, ScenarioName::Unequal].map(in_ms), [400, 1_600]);
        assert_eq!(plan().check_interval(ScenarioName::Stopped), CHECK_INTERVAL_MIN);
    }

    #[test]
    fn a_scenario_is_measured_with_all_policies_before_the_next() {
        let mut plan = BalancePlan { repetitions: 2, ..plan() };
        plan.scenarios.truncate(2);
        plan.policies.truncate(2);
        let cells = plan.cells();
        assert_eq!(cells.len(), 8);
        assert_eq!(cells[0].scenario, cells[1].scenario);
        assert!(cells[0].policy != cells[1].policy && cells[1].repetition == 1);
        assert_eq!(plan.seed_of(2), plan.seed + 1);
    }

    #[test]
    fn a_plan_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&plan()).unwrap();
        assert!(text.contains(r#""scenarios":["equal","unequal","#), "{text}");
        assert_eq!(serde_json::from_str::<BalancePlan>(&text).unwrap(), plan());
        let unknown = text.replace("drained", "drowned");
        assert!(serde_json::from_str::<BalancePlan>(&unknown).is_err());
    }
}
