//! A balancer in virtual time: what is known on paper, what happens to backends, and that nothing is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod balls_in_bins;
mod incidents;
mod queues;

use std::{
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

use balancing::{
    BackendSpec, Candidates, Policy, PolicyName, Settings,
    simulate::{QueueLimits, Scenario, SimulatedBackend},
};
use simulation::{Arrivals, Chance, Distribution};

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

/// Backends alike, of one worker each, with no limit to what is in flight and nothing that goes wrong.
fn scenario(
    policy: PolicyName,
    count: usize,
    service: &Distribution,
    arrivals: Arrivals,
) -> Scenario {
    let backend = |number: usize| SimulatedBackend {
        spec: BackendSpec {
            name: number.to_string(),
            weight: NonZeroU16::MIN,
            in_flight_max: usize::MAX,
        },
        workers: NonZeroUsize::MIN,
        service: service.clone(),
    };
    Scenario {
        settings: Settings { policy, ..Settings::default() },
        backends: (0..count).map(backend).collect(),
        arrivals,
        transit: Duration::ZERO,
        requests: 0,
        unmeasured: 0,
        queue: QueueLimits { len_max: usize::MAX, wait_max: Duration::MAX },
        checks: None,
        incidents: Vec::new(),
        seed: 1,
    }
}

fn exponential(mean: Duration) -> Distribution {
    Distribution::Exponential { mean }
}

fn poisson(per_second: f64) -> Arrivals {
    Arrivals::Poisson { per_second }
}

/// Any one, whatever it is doing.
#[derive(Debug)]
struct OneChoice;

impl Policy for OneChoice {
    fn pick(&mut self, candidates: &Candidates<'_>, chance: &mut Chance) -> Option<usize> {
        let places: Vec<_> = candidates.iter().map(|(place, _)| place).collect();
        places.get(chance.below(places.len())).copied()
    }
}

/// Round-robin with a mistake: the turn of the first one never comes.
#[derive(Debug, Default)]
struct SkipsOne {
    last: usize,
}

impl Policy for SkipsOne {
    fn pick(&mut self, candidates: &Candidates<'_>, _chance: &mut Chance) -> Option<usize> {
        self.last = self.last % (candidates.places() - 1) + 1;
        Some(self.last)
    }
}
