//! The same row in virtual time, and on paper.

use std::{
    num::{NonZeroU16, NonZeroUsize},
    time::Duration,
};

use anyhow::Context;
use balancing::{
    BackendSpec, Settings,
    simulate::{
        self, Checks, Incident as Simulated, IncidentKind, Prediction, QueueLimits, Results,
        Scenario, SimulatedBackend,
    },
};
use simulation::{Chance, Distribution};

use super::plan::{
    BURST, BalancePlan, CHECK_INTERVAL, Cell, FALL, Incident, QUEUE_LEN, QUEUE_WAIT, RISE,
    ScenarioName, WARM_UP,
};

/// What is known without simulating.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct OnPaper {
    pub(crate) mean: Option<Prediction>,
    pub(crate) share_a: Option<f64>,
}

/// Simulates a row whose requests take a server this much longer than it is told to take. The requests are
/// due at the very moments at which they are due in the measured one.
pub(crate) fn simulate(
    plan: &BalancePlan,
    cell: Cell,
    overhead: Duration,
) -> anyhow::Result<Results> {
    Ok(simulate::run(&scenario(plan, cell, overhead)?)?)
}

/// Of all that was answered.
pub(crate) fn share_a(results: &Results) -> Option<f64> {
    let answered: u64 = results.backends.iter().map(|backend| backend.answered).sum();
    let first = results.backends.first()?.answered;
    (answered > 0).then(|| first as f64 / answered as f64)
}

/// Means in the long run, and shares where all servers are alike all the time.
pub(crate) fn on_paper(
    plan: &BalancePlan,
    cell: Cell,
    overhead: Duration,
) -> anyhow::Result<OnPaper> {
    let are_alike = matches!(cell.scenario, ScenarioName::Equal | ScenarioName::Burst);
    let scenario = scenario(plan, cell, overhead)?;
    let mean = match cell.scenario {
        ScenarioName::Burst => burst(plan, &scenario),
        _ => simulate::predict(&scenario),
    };
    Ok(OnPaper { mean, share_a: are_alike.then(|| 1.0 / f64::from(plan.servers)) })
}

/// A burst is served in rounds, in each of which every worker takes one. `None` where it is not over before
/// the next one comes.
fn burst(plan: &BalancePlan, scenario: &Scenario) -> Option<Prediction> {
    let (every, service) = match (scenario.arrivals, &scenario.backends.first()?.service) {
        (simulation::Arrivals::Bursts { every, .. }, Distribution::Constant(service)) => {
            (every, *service)
        }
        _ => return None,
    };
    let workers = plan.servers * plan.workers;
    let rounds: u32 = (1..=BURST).map(|number| number.div_ceil(workers)).sum();
    let is_over = service * BURST.div_ceil(workers) <= every;
    is_over.then(|| Prediction { model: "rounds", mean: service * rounds / BURST })
}

fn scenario(plan: &BalancePlan, cell: Cell, overhead: Duration) -> anyhow::Result<Scenario> {
    let workers = NonZeroUsize::new(plan.workers as usize).context("a server needs workers")?;
    let backend = |(name, service_ms): (String, u32)| SimulatedBackend {
        spec: BackendSpec { name, weight: NonZeroU16::MIN, in_flight_max: workers.get() },
        workers,
        service: Distribution::Constant(Duration::from_millis(service_ms.into()) + overhead),
    };
    let services = plan.services_ms(cell.scenario);
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
        transit: Duration::ZERO,
        requests: arrivals_in(plan, cell),
        unmeasured: 0,
        queue: QueueLimits { len_max: QUEUE_LEN, wait_max: QUEUE_WAIT },
        checks: Some(Checks { interval: CHECK_INTERVAL, timeout: CHECK_INTERVAL }),
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

    const NONE: Duration = Duration::ZERO;

    fn cell(scenario: ScenarioName, policy: PolicyName) -> Cell {
        Cell { repetition: 1, scenario, policy }
    }

    fn mean_ms(latencies: &Latencies) -> f64 {
        latencies.mean().unwrap().as_secs_f64() * 1e3
    }

    /// The wait by Crommelin's chain is 0.0467 service times with six workers that are busy at 60%.
    #[test]
    fn equal_servers_are_one_queue_on_paper_and_in_virtual_time() {
        let plan = BalancePlan { requests: 200_000, ..plan() };
        for policy in PolicyName::ALL {
            let cell = cell(ScenarioName::Equal, policy);
            let on_paper = on_paper(&plan, cell, NONE).unwrap();
            let mean = on_paper.mean.unwrap();
            assert_eq!((mean.model, on_paper.share_a), ("M/D/c", Some(1.0 / 3.0)));
            assert!((mean.mean.as_secs_f64() * 1e3 - 10.467).abs() < 0.001, "{mean:?}");
            let simulated = simulate(&plan, cell, NONE).unwrap();
            assert!((mean_ms(&simulated.response) - 10.467).abs() < 0.03, "{policy}");
            assert!((share_a(&simulated).unwrap() - 1.0 / 3.0).abs() < 0.02, "{policy}");
        }
    }

    /// Of 50 requests on six workers 48 are served in 8 rounds, and two in the ninth: 4.68 service times.
    #[test]
    fn a_burst_is_served_in_rounds() {
        let cell = cell(ScenarioName::Burst, PolicyName::RoundRobin);
        let on_paper = on_paper(&plan(), cell, NONE).unwrap();
        assert_eq!(on_paper.mean.unwrap().mean, Duration::from_micros(46_800));
        let simulated = simulate(&plan(), cell, NONE).unwrap();
        assert!((mean_ms(&simulated.response) - 46.8).abs() < 1e-3);
        let too_busy = BalancePlan { utilisation: 0.95, ..plan() };
        assert_eq!(super::on_paper(&too_busy, cell, NONE).unwrap().mean, None);
    }

    #[test]
    fn a_slow_server_is_avoided_by_who_looks_at_times_and_not_by_who_takes_turns() {
        let of =
            |policy| simulate(&plan(), cell(ScenarioName::Unequal, policy), NONE).unwrap().response;
        let [in_turn, by_time] = [PolicyName::RoundRobin, PolicyName::PeakEwma].map(of);
        assert!(mean_ms(&by_time) < 0.9 * mean_ms(&in_turn), "{by_time:?} {in_turn:?}");
    }

    #[test]
    fn what_happens_to_a_server_costs_no_request_and_leaves_it_less_to_do() {
        for scenario in [ScenarioName::Killed, ScenarioName::Stopped, ScenarioName::Drained] {
            let cell = cell(scenario, PolicyName::RoundRobin);
            assert_eq!(on_paper(&plan(), cell, NONE).unwrap(), OnPaper::default());
            let simulated = simulate(&plan(), cell, NONE).unwrap();
            assert_eq!(simulated.failures.total() + simulated.unfinished, 0, "{scenario}");
            let share = share_a(&simulated).unwrap();
            assert!((0.15..0.27).contains(&share), "{scenario}: {share}");
        }
    }

    #[test]
    fn what_a_request_costs_beside_its_service_makes_all_of_them_longer() {
        let cell = cell(ScenarioName::Equal, PolicyName::RoundRobin);
        let shortest =
            |overhead| simulate(&plan(), cell, overhead).unwrap().response.shortest().unwrap();
        assert_eq!(shortest(NONE), Duration::from_millis(10));
        assert_eq!(shortest(Duration::from_micros(300)), Duration::from_micros(10_300));
    }
}
