//! The same row in virtual time.

use std::{
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

use anyhow::Context;
use balancing::{
    BackendSpec, Settings,
    simulate::{
        self, Checks, Incident as Simulated, IncidentKind, QueueLimits, Results, Scenario,
        SimulatedBackend,
    },
};
use simulation::{Chance, Distribution};

use super::{
    overhead::Overhead,
    plan::{
        BalancePlan, Cell, FALL, Incident, PLACES, QUEUE_LEN, QUEUE_WAIT, RISE, ScenarioName,
        WARM_UP,
    },
};

/// Simulates a row whose requests take this beside their service. They are due at the very moments at which they
/// are due in the measured one, and policies draw the same numbers.
pub(crate) fn simulate(
    plan: &BalancePlan,
    cell: Cell,
    overhead: Overhead,
) -> anyhow::Result<Results> {
    Ok(simulate::run(&scenario(plan, cell, overhead)?)?)
}

/// Of all that was answered.
pub(crate) fn share_a(results: &Results) -> Option<f64> {
    let answered: u64 = results.backends.iter().map(|backend| backend.answered).sum();
    let first = results.backends.first()?.answered;
    (answered > 0).then(|| first as f64 / answered as f64)
}

/// What the stage is in the real world.
pub(crate) fn scenario(
    plan: &BalancePlan,
    cell: Cell,
    overhead: Overhead,
) -> anyhow::Result<Scenario> {
    let workers = NonZeroUsize::new(plan.workers as usize).context("a server needs workers")?;
    let backend = |(name, service_ms): (String, u32)| SimulatedBackend {
        spec: BackendSpec { name, weight: NonZeroU16::MIN, in_flight_max: PLACES },
        workers,
        service: Distribution::Constant(
            Duration::from_millis(service_ms.into()) + overhead.worker(),
        ),
    };
    let services = plan.services_ms(cell.scenario);
    let check_interval = plan.check_interval(cell.scenario);
    Ok(Scenario {
        settings: Settings {
            policy: cell.policy,
            fall: FALL,
            rise: RISE,
            warm_up: WARM_UP,
            ..Settings::default()
        },
        backends: plan.server_names().into_iter().zip(services).map(backend).collect(),
        arrivals: plan.arrivals(cell.scenario),
        transit: overhead.transit(),
        requests: arrivals_in(plan, cell),
        unmeasured: 0,
        queue: QueueLimits { len_max: QUEUE_LEN, wait_max: QUEUE_WAIT },
        checks: Some(Checks { interval: check_interval, timeout: check_interval }),
        incidents: incidents(plan, cell.scenario),
        seed: plan.seed_of(cell.repetition),
    })
}

/// How many are due before the end, where the measured row ends too.
fn arrivals_in(plan: &BalancePlan, cell: Cell) -> u64 {
    let chance = Chance::new(plan.seed_of(cell.repetition), simulate::ARRIVALS);
    let (moments, end) =
        (plan.arrivals(cell.scenario).moments(chance), plan.duration(cell.scenario));
    moments.take_while(|moment| *moment < end).count() as u64
}

fn incidents(plan: &BalancePlan, scenario: ScenarioName) -> Vec<Simulated> {
    let [strike, undo] = match scenario.incident() {
        None => return Vec::new(),
        Some(Incident::Death) => [IncidentKind::Killed, IncidentKind::Started],
        Some(Incident::Stop) => [IncidentKind::Stopped, IncidentKind::Continued],
        Some(Incident::Drain) => [IncidentKind::Drained, IncidentKind::Enabled],
    };
    let third = plan.duration(scenario) / 3;
    vec![
        Simulated { at: third, backend: 0, kind: strike },
        Simulated { at: 2 * third, backend: 0, kind: undo },
    ]
}

#[cfg(test)]
mod tests {
    use balancing::PolicyName;
    use simulation::Latencies;

    use super::*;
    use crate::balance::plan::tests::plan;

    const NONE: Overhead = Overhead { worker_ms: 0.0, transit_ms: 0.0 };

    fn cell(scenario: ScenarioName, policy: PolicyName) -> Cell {
        Cell { repetition: 1, scenario, policy }
    }

    fn mean_ms(latencies: &Latencies) -> f64 {
        latencies.mean().unwrap().as_secs_f64() * 1e3
    }

    #[test]
    fn requests_wait_at_servers_and_none_in_the_balancer() {
        let busy = BalancePlan { utilisation: 0.9, ..plan() };
        for policy in PolicyName::ALL {
            let simulated = simulate(&busy, cell(ScenarioName::Equal, policy), NONE).unwrap();
            assert_eq!(simulated.queue_peak, 0, "{policy}");
            assert!(simulated.waited.mean().unwrap() > Duration::from_millis(1), "{policy}");
        }
    }

    #[test]
    fn a_slow_server_is_avoided_by_who_looks_and_not_by_who_takes_turns() {
        let of =
            |policy| simulate(&plan(), cell(ScenarioName::Unequal, policy), NONE).unwrap().response;
        let in_turn = mean_ms(&of(PolicyName::RoundRobin));
        for policy in [PolicyName::LeastConnections, PolicyName::TwoChoices, PolicyName::PeakEwma] {
            let by_look = mean_ms(&of(policy));
            assert!(by_look < 0.2 * in_turn, "{policy}: {by_look} {in_turn}");
        }
    }

    #[test]
    fn what_happens_to_a_server_costs_no_request_and_leaves_it_less_to_do() {
        for scenario in [ScenarioName::Killed, ScenarioName::Stopped, ScenarioName::Drained] {
            let cell = cell(scenario, PolicyName::RoundRobin);
            let simulated = simulate(&plan(), cell, NONE).unwrap();
            assert_eq!(simulated.failures.total() + simulated.unfinished, 0, "{scenario}");
            let share = share_a(&simulated).unwrap();
            assert!((0.15..0.27).contains(&share), "{scenario}: {share}");
        }
    }

    #[test]
    fn what_a_request_takes_beside_its_service_makes_all_of_them_longer() {
        let cell = cell(ScenarioName::Equal, PolicyName::RoundRobin);
        let shortest =
            |overhead| simulate(&plan(), cell, overhead).unwrap().response.shortest().unwrap();
        assert_eq!(shortest(NONE), Duration::from_millis(10));
        let overhead = Overhead { worker_ms: 0.1, transit_ms: 0.2 };
        assert_eq!(shortest(overhead), Duration::from_micros(10_300));
    }
}
