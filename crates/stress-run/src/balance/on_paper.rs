//! What is known of a row without simulating.
//!
//! Requests of one constant service time are best served by one queue for all workers (M/D/c): by no moment can
//! more of them have been answered. So its mean is the least that any policy can have. Taking turns has it too,
//! since then each request waits for the one that came one round of all workers before it.

use std::time::Duration;

use balancing::{
    PolicyName, Settings,
    simulate::{self, Scenario},
};
use simulation::{Arrivals, Distribution, queueing};

use super::{
    overhead::Overhead,
    plan::{BURST, BalancePlan, Cell, PLACES, ScenarioName},
    simulated::scenario,
};

#[derive(Debug, Default, PartialEq)]
pub(crate) struct OnPaper {
    pub(crate) mean: Option<Mean>,
    pub(crate) share_a: Option<f64>,
}

/// Between which two the mean time is, in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    /// In the notation of Kendall where there is one.
    pub(crate) model: &'static str,
    pub(crate) least: Duration,
    /// `None` where it is not known.
    pub(crate) most: Option<Duration>,
}

/// The model of a row in which a server gets more than it can serve.
pub(crate) const FULL: &str = "full";

impl OnPaper {
    pub(crate) fn of(plan: &BalancePlan, cell: Cell, overhead: Overhead) -> anyhow::Result<Self> {
        let scenario = scenario(plan, cell, overhead)?;
        let are_alike = matches!(cell.scenario, ScenarioName::Equal | ScenarioName::Burst);
        let share_a = are_alike.then(|| 1.0 / f64::from(plan.servers));
        let mean = match cell.scenario {
            ScenarioName::Equal => equal(&scenario),
            ScenarioName::Unequal => return Ok(unequal(plan, &scenario)),
            ScenarioName::Killed | ScenarioName::Stopped | ScenarioName::Drained => {
                while_one_is_away(&scenario)
            }
            ScenarioName::Burst => burst(plan, &scenario),
        };
        Ok(Self { mean, share_a })
    }
}

impl Mean {
    fn exactly(model: &'static str, mean: Duration) -> Self {
        Self { model, least: mean, most: Some(mean) }
    }

    fn at_least(model: &'static str, least: Duration) -> Self {
        Self { model, least, most: None }
    }
}

/// Of servers alike.
fn equal(scenario: &Scenario) -> Option<Mean> {
    if let Some(known) = simulate::predict(scenario) {
        return Some(Mean::exactly(known.model, known.mean));
    }
    let least = central(scenario, scenario.backends.len())?;
    let most = match scenario.settings.policy {
        // Who looks at how busy servers are is no worse than who throws dice, with which each is a queue of
        // its own.
        PolicyName::LeastConnections | PolicyName::TwoChoices => {
            by_dice(scenario, scenario.arrivals.per_second() / scenario.backends.len() as f64)
        }
        // Whoever chooses by times may be wrong for a time.
        PolicyName::RoundRobin | PolicyName::PeakEwma => None,
    };
    Some(Mean { model: "M/D/c", least, most })
}

/// With a slow server among them, whose share round-robin does not make smaller.
fn unequal(plan: &BalancePlan, scenario: &Scenario) -> OnPaper {
    if scenario.settings.policy != PolicyName::RoundRobin {
        return OnPaper::default();
    }
    match simulate::predict(scenario) {
        Some(known) => OnPaper {
            mean: Some(Mean::exactly(known.model, known.mean)),
            share_a: Some(1.0 / scenario.backends.len() as f64),
        },
        None => full(plan, scenario).unwrap_or_default(),
    }
}

/// A server that gets more than it can serve soon has all the requests that it may have at once, and the others
/// have the rest. They get it more evenly than by dice.
fn full(plan: &BalancePlan, scenario: &Scenario) -> Option<OnPaper> {
    let (per_second, others) = (scenario.arrivals.per_second(), scenario.backends.len() - 1);
    let first = scenario.backends.first()?;
    let answered = first.workers.get() as f64 / first.service.mean().as_secs_f64();
    if !is_soon_full(plan, per_second / scenario.backends.len() as f64 - answered) {
        return None;
    }
    let share_a = answered / per_second;
    // Little's law.
    let of_first = PLACES as f64 / answered;
    let mean = |of_others: Duration| {
        let seconds = share_a * of_first + (1.0 - share_a) * of_others.as_secs_f64();
        Duration::try_from_secs_f64(seconds).ok()
    };
    let alone = scenario.backends.last()?.service.mean() + scenario.transit;
    let by_dice = by_dice(scenario, (per_second - answered) / others as f64)?;
    let mean = Mean { model: FULL, least: mean(alone)?, most: Some(mean(by_dice)?) };
    Some(OnPaper { mean: Some(mean), share_a: Some(share_a) })
}

/// Whether a server to which so many more are sent a second than it answers has its places taken for almost all
/// of the row.
fn is_soon_full(plan: &BalancePlan, waiting_per_second: f64) -> bool {
    const BEGINNING: f64 = 0.1;
    let duration = plan.duration(ScenarioName::Unequal).as_secs_f64();
    plan.clients as usize > PLACES && PLACES as f64 <= waiting_per_second * BEGINNING * duration
}

/// A third of the time there is one server less: about, since what waits is not gone when that changes.
fn while_one_is_away(scenario: &Scenario) -> Option<Mean> {
    let servers = scenario.backends.len();
    let (all, others) = (central(scenario, servers)?, central(scenario, servers - 1)?);
    Some(Mean::at_least("M/D/c in phases", (all * 2 + others) / 3))
}

/// A burst is served in rounds, in each of which every worker takes one. `None` where it is not over before
/// the next one comes.
fn burst(plan: &BalancePlan, scenario: &Scenario) -> Option<Mean> {
    let service = service(scenario)?;
    let Arrivals::Bursts { every, .. } = scenario.arrivals else { return None };
    let workers = plan.servers * plan.workers;
    let rounds: u32 = (1..=BURST).map(|number| number.div_ceil(workers)).sum();
    let mean = service * rounds / BURST + scenario.transit;
    let is_over = service * BURST.div_ceil(workers) <= every;
    is_over.then(|| match scenario.settings.policy {
        PolicyName::RoundRobin | PolicyName::LeastConnections => Mean::exactly("rounds", mean),
        // They may give one server more of a burst than another.
        PolicyName::TwoChoices | PolicyName::PeakEwma => Mean::at_least("rounds", mean),
    })
}

/// One queue for all workers of so many servers, which have the arrivals to themselves.
fn central(scenario: &Scenario, servers: usize) -> Option<Duration> {
    let in_turn = Scenario {
        settings: Settings { policy: PolicyName::RoundRobin, ..scenario.settings.clone() },
        backends: scenario.backends[..servers].to_vec(),
        incidents: Vec::new(),
        ..scenario.clone()
    };
    simulate::predict(&in_turn).map(|known| known.mean)
}

/// The queue of the last server, to which so many are sent at random.
fn by_dice(scenario: &Scenario, per_second: f64) -> Option<Duration> {
    let (service, workers) = (service(scenario)?, scenario.backends.last()?.workers.get());
    let wait = queueing::one_queue_constant(per_second, service, workers)?;
    Some(wait + service + scenario.transit)
}

/// The constant service time of the last server.
fn service(scenario: &Scenario) -> Option<Duration> {
    match scenario.backends.last()?.service {
        Distribution::Constant(service) => Some(service),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use simulation::Latencies;

    use super::*;
    use crate::balance::{plan::tests::plan, simulated::simulate};

    const NONE: Overhead = Overhead { worker_ms: 0.0, transit_ms: 0.0 };

    fn cell(scenario: ScenarioName, policy: PolicyName) -> Cell {
        Cell { repetition: 1, scenario, policy }
    }

    fn mean(cell: Cell) -> Mean {
        OnPaper::of(&plan(), cell, NONE).unwrap().mean.unwrap()
    }

    fn ms(time: Duration) -> f64 {
        time.as_secs_f64() * 1e3
    }

    fn simulated_ms(plan: &BalancePlan, cell: Cell) -> f64 {
        let response: Latencies = simulate(plan, cell, NONE).unwrap().response;
        ms(response.mean().unwrap())
    }

    /// The wait by Crommelin's chain is 0.0467 service times with six workers that are busy at 60%, and 0.2930
    /// with two.
    #[test]
    fn taking_turns_is_as_good_as_one_queue_and_no_policy_is_better() {
        let plan = BalancePlan { requests: 200_000, ..plan() };
        let in_turn = mean(cell(ScenarioName::Equal, PolicyName::RoundRobin));
        assert_eq!((in_turn.model, in_turn.most), ("E_n/D/c", Some(in_turn.least)));
        assert!((ms(in_turn.least) - 10.467).abs() < 0.001, "{in_turn:?}");
        for policy in PolicyName::ALL {
            let cell = cell(ScenarioName::Equal, policy);
            let (on_paper, simulated_ms) = (mean(cell), simulated_ms(&plan, cell));
            assert_eq!(on_paper.least, in_turn.least, "{policy}");
            assert!(simulated_ms > ms(on_paper.least) - 0.03, "{policy}: {simulated_ms}");
            let most = on_paper.most.map_or(f64::INFINITY, ms);
            assert!(simulated_ms < most + 0.03, "{policy}: {simulated_ms}, {most}");
        }
        let by_dice = mean(cell(ScenarioName::Equal, PolicyName::TwoChoices)).most.unwrap();
        assert!((ms(by_dice) - 12.930).abs() < 0.001, "{by_dice:?}");
    }

    /// Two workers of 40 ms answer 50 a second of 270. With 100 requests there, each takes 2 s.
    #[test]
    fn a_server_that_gets_more_than_it_can_serve_is_always_full() {
        let plan = BalancePlan { requests: 100_000, ..plan() };
        let cell = cell(ScenarioName::Unequal, PolicyName::RoundRobin);
        let on_paper = OnPaper::of(&plan, cell, NONE).unwrap();
        let (mean, share_a) = (on_paper.mean.unwrap(), on_paper.share_a.unwrap());
        assert!((share_a - 50.0 / 270.0).abs() < 1e-9 && mean.model == FULL, "{mean:?}");
        let of_first = 2_000.0 * share_a;
        let of_others = |time: Duration| (ms(time) - of_first) / (1.0 - share_a);
        assert!((of_others(mean.least) - 10.0).abs() < 1e-3, "{mean:?}");
        assert!((10.5..14.0).contains(&of_others(mean.most.unwrap())), "{mean:?}");
        let simulated_ms = simulated_ms(&plan, cell);
        assert!((simulated_ms / ms(mean.least) - 1.0).abs() < 0.02, "{simulated_ms} {mean:?}");
        // Who looks does not send it as much.
        let policy = PolicyName::TwoChoices;
        assert_eq!(OnPaper::of(&plan, Cell { policy, ..cell }, NONE).unwrap(), OnPaper::default());
    }

    /// Of 90 a second that are sent to it 40 wait, so after 2.5 s it has 100 of them: a tenth of the time that
    /// 6,750 requests take, which arrive at 270 a second.
    #[test]
    fn a_server_is_not_full_in_a_row_that_is_short_or_has_few_clients() {
        let cell = cell(ScenarioName::Unequal, PolicyName::RoundRobin);
        let is_known = |requests, clients| {
            let plan = BalancePlan { requests, clients, ..plan() };
            OnPaper::of(&plan, cell, NONE).unwrap() != OnPaper::default()
        };
        assert!(is_known(6_800, 101) && !is_known(6_700, 101) && !is_known(6_800, 100));
    }

    #[test]
    fn a_slow_server_with_little_to_do_is_a_queue_as_the_others_are() {
        let plan = BalancePlan { utilisation: 0.2, requests: 100_000, ..plan() };
        let cell = cell(ScenarioName::Unequal, PolicyName::RoundRobin);
        let on_paper = OnPaper::of(&plan, cell, NONE).unwrap();
        let mean = on_paper.mean.unwrap();
        assert_eq!((mean.model, on_paper.share_a), ("E_n/D/c", Some(1.0 / 3.0)));
        let simulated_ms = simulated_ms(&plan, cell);
        assert!((simulated_ms / ms(mean.least) - 1.0).abs() < 0.02, "{simulated_ms} {mean:?}");
    }

    #[test]
    fn while_one_is_away_no_policy_is_better_than_one_queue_of_those_who_are_left() {
        let plan = BalancePlan { requests: 50_000, ..plan() };
        for scenario in [ScenarioName::Killed, ScenarioName::Stopped, ScenarioName::Drained] {
            let cell = cell(scenario, PolicyName::RoundRobin);
            let on_paper = OnPaper::of(&plan, cell, NONE).unwrap();
            let mean = on_paper.mean.unwrap();
            assert_eq!((mean.most, on_paper.share_a), (None, None));
            let simulated_ms = simulated_ms(&plan, cell);
            assert!(simulated_ms > ms(mean.least) * 0.99, "{scenario}: {simulated_ms} {mean:?}");
        }
    }

    /// Of 50 requests on six workers 48 are served in 8 rounds, and two in the ninth: 4.68 service times.
    #[test]
    fn a_burst_is_served_in_rounds() {
        let bursts = |policy| cell(ScenarioName::Burst, policy);
        for policy in [PolicyName::RoundRobin, PolicyName::LeastConnections] {
            let in_rounds = mean(bursts(policy));
            assert_eq!(in_rounds, Mean::exactly("rounds", Duration::from_micros(46_800)));
            assert!((simulated_ms(&plan(), bursts(policy)) - 46.8).abs() < 1e-3, "{policy}");
        }
        for policy in [PolicyName::TwoChoices, PolicyName::PeakEwma] {
            assert_eq!(mean(bursts(policy)).most, None);
            assert!(simulated_ms(&plan(), bursts(policy)) > 46.8 - 1e-3, "{policy}");
        }
        let too_busy = BalancePlan { utilisation: 0.95, ..plan() };
        let in_turn = bursts(PolicyName::RoundRobin);
        assert_eq!(OnPaper::of(&too_busy, in_turn, NONE).unwrap().mean, None);
    }

    #[test]
    fn what_a_request_takes_beside_its_service_is_known_on_paper_too() {
        let cell = cell(ScenarioName::Burst, PolicyName::RoundRobin);
        let overhead = Overhead { worker_ms: 0.5, transit_ms: 0.25 };
        let mean = OnPaper::of(&plan(), cell, overhead).unwrap().mean.unwrap();
        assert_eq!(mean.least, Duration::from_micros(46_800 * 21 / 20 + 250));
    }
}
