//! What a scenario should give, where that is known on paper.

use std::{collections::BTreeMap, time::Duration};

use simulation::{Arrivals, Distribution, queueing};

use super::scenario::{Scenario, SimulatedBackend};
use crate::policy::PolicyName;

/// A mean time from arrival to answer in the long run, if nobody is turned away and no backend that has
/// a queue of its own is ever full.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prediction {
    /// In the notation of Kendall where there is one.
    pub model: &'static str,
    pub mean: Duration,
}

/// `None` where no formula is known here, or more arrives than can be served.
///
/// Two choices are predicted for very many backends. From a hundred up that is taken to be so: the true
/// mean is longer, at 90% load by 1.1% with a hundred of them and by 0.1% with a thousand.
pub fn predict(scenario: &Scenario) -> Option<Prediction> {
    const MANY: usize = 100;
    let Arrivals::Poisson { per_second } = scenario.arrivals else { return None };
    let backends = &scenario.backends;
    let first = backends.first()?;
    if !scenario.incidents.is_empty() {
        return None;
    }
    let (workers, in_flight_max) = (first.workers.get(), first.spec.in_flight_max);
    let are_alike = backends.iter().all(|backend| is_like(backend, first));
    // A place that is kept while an answer is under way keeps a worker idle, which no formula knows.
    if in_flight_max <= workers && !scenario.transit.is_zero() {
        return None;
    }
    // Whoever waits in the balancer's queue is served by the first worker that has room, as are those who
    // wait at a single backend; so either is one queue.
    if are_alike && (backends.len() == 1 || in_flight_max <= workers) {
        let servers = backends.len() * in_flight_max.min(workers);
        return Some(one_queue(per_second, &first.service, servers)?.later(scenario.transit));
    }
    if !backends.iter().all(|backend| is_queue_of_its_own(backend, first)) {
        return None;
    }
    let prediction = match scenario.settings.policy {
        PolicyName::RoundRobin => in_turn(per_second, backends)?,
        PolicyName::TwoChoices
            if are_alike && backends.len() >= MANY && is_exponential(&first.service) =>
        {
            let mean = first.service.mean();
            let wait = queueing::two_choices(per_second, mean, backends.len())?;
            Prediction { model: "two choices", mean: wait + mean }
        }
        PolicyName::TwoChoices | PolicyName::LeastConnections | PolicyName::PeakEwma => {
            return None;
        }
    };
    Some(prediction.later(scenario.transit))
}

impl Prediction {
    fn later(self, by: Duration) -> Self {
        Self { mean: self.mean + by, ..self }
    }
}

fn one_queue(per_second: f64, service: &Distribution, servers: usize) -> Option<Prediction> {
    let (model, wait) = match service {
        Distribution::Exponential { mean } if servers > 1 => {
            ("M/M/c", queueing::one_queue(per_second, *mean, servers))
        }
        Distribution::Constant(time) if servers > 1 => {
            ("M/D/c", queueing::one_queue_constant(per_second, *time, servers))
        }
        _ if servers > 1 => return None,
        Distribution::Exponential { .. } => ("M/M/1", queueing::one_server(per_second, service)),
        Distribution::Constant(_) => ("M/D/1", queueing::one_server(per_second, service)),
        Distribution::Uniform { .. } | Distribution::Sample(_) => {
            ("M/G/1", queueing::one_server(per_second, service))
        }
    };
    Some(Prediction { model, mean: wait? + service.mean() })
}

/// Each has its own service time; of the requests they have equal shares. Those that are alike wait equally
/// long, which is worked out once: of constant times that is much work.
fn in_turn(per_second: f64, backends: &[SimulatedBackend]) -> Option<Prediction> {
    let is_exponential = is_exponential(&backends.first()?.service);
    let mut kinds = BTreeMap::<_, u32>::new();
    for backend in backends {
        *kinds.entry((backend.service.mean(), backend.workers.get())).or_default() += 1;
    }
    let time = |(&(mean, workers), &count): (&(Duration, usize), &u32)| {
        let wait = if is_exponential {
            queueing::in_turn(per_second, mean, backends.len())
        } else {
            queueing::in_turn_constant(per_second, mean, backends.len(), workers)
        };
        (wait? + mean).checked_mul(count)
    };
    let sum: Duration = kinds.iter().map(time).sum::<Option<Duration>>()?;
    let model = if is_exponential { "E_n/M/1" } else { "E_n/D/c" };
    Some(Prediction { model, mean: sum / u32::try_from(backends.len()).ok()? })
}

fn is_like(backend: &SimulatedBackend, other: &SimulatedBackend) -> bool {
    backend.workers == other.workers
        && backend.service == other.service
        && backend.spec.weight == other.spec.weight
        && backend.spec.in_flight_max == other.spec.in_flight_max
}

/// One worker with exponential service times, or any number of them with constant ones, in front of which
/// there may be a queue.
fn is_queue_of_its_own(backend: &SimulatedBackend, other: &SimulatedBackend) -> bool {
    let workers = backend.workers.get();
    let is_of_known_kind = match backend.service {
        Distribution::Exponential { .. } => workers == 1 && is_exponential(&other.service),
        Distribution::Constant(_) => matches!(other.service, Distribution::Constant(_)),
        Distribution::Uniform { .. } | Distribution::Sample(_) => false,
    };
    is_of_known_kind
        && backend.spec.in_flight_max > workers
        && backend.spec.weight == other.spec.weight
}

fn is_exponential(service: &Distribution) -> bool {
    matches!(service, Distribution::Exponential { .. })
}
