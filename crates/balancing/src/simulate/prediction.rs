//! What a scenario should give, where that is known on paper.

use std::time::Duration;

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
/// mean is longer, at 90% load by 1.2% with a hundred of them and by 0.1% with a thousand.
pub fn predict(scenario: &Scenario) -> Option<Prediction> {
    const MANY: usize = 100;
    let Arrivals::Poisson { per_second } = scenario.arrivals else { return None };
    let backends = &scenario.backends;
    let first = backends.first()?;
    if !scenario.incidents.is_empty() || backends.iter().any(|backend| !is_like(backend, first)) {
        return None;
    }
    let (count, mean) = (backends.len(), first.service.mean());
    // Whoever waits in the balancer's queue is served by the first worker that has room, as are those who
    // wait at a single backend; so either is one queue.
    let in_flight_max = first.spec.in_flight_max;
    if count == 1 || in_flight_max <= first.workers.get() {
        return one_queue(
            per_second,
            &first.service,
            count * in_flight_max.min(first.workers.get()),
        );
    }
    if first.workers.get() > 1 || !is_exponential(&first.service) {
        return None;
    }
    let (model, wait) = match scenario.settings.policy {
        PolicyName::RoundRobin => ("E_n/M/1", queueing::in_turn(per_second, mean, count)),
        PolicyName::TwoChoices if count >= MANY => {
            ("two choices", queueing::two_choices(per_second, mean, count))
        }
        PolicyName::TwoChoices | PolicyName::LeastConnections | PolicyName::PeakEwma => {
            return None;
        }
    };
    Some(Prediction { model, mean: wait? + mean })
}

fn one_queue(per_second: f64, service: &Distribution, servers: usize) -> Option<Prediction> {
    let (model, wait) = match service {
        Distribution::Exponential { mean } if servers > 1 => {
            ("M/M/c", queueing::one_queue(per_second, *mean, servers))
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

fn is_like(backend: &SimulatedBackend, other: &SimulatedBackend) -> bool {
    backend.workers == other.workers
        && backend.service == other.service
        && backend.spec.weight == other.spec.weight
        && backend.spec.in_flight_max == other.spec.in_flight_max
}

fn is_exponential(service: &Distribution) -> bool {
    matches!(service, Distribution::Exponential { .. })
}
