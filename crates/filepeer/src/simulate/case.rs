//! One case with one seed: the graph, its searches, and what the graph alone says that they take.

use std::time::Duration;

use anyhow::Context;
use searching::{
    simulate::{self, Churn, Graph, Scenario, SearchOutcome},
    theory,
};
use simulation::{Chance, Distribution};

use super::{
    plan::{Case, Method, Plan},
    records::{Bounds, Record},
};

/// The stream of chance that graphs are drawn from, so that all methods have the same graph with the same seed.
const GRAPHS: u64 = 0x6772_6170_6873;

/// What became of each search.
pub(super) fn simulate(
    plan: &Plan,
    case: &Case,
    latency: &Distribution,
    seed: u64,
) -> anyhow::Result<Vec<Record>> {
    let scenario = scenario(plan, case, latency, seed).with_context(|| case.name.clone())?;
    let outcome = simulate::run(&scenario).with_context(|| case.name.clone())?;
    let record = |search| Record::new(seed, search, bounds(plan, case, &scenario, search));
    Ok(outcome.searches.iter().map(record).collect())
}

fn scenario(
    plan: &Plan,
    case: &Case,
    latency: &Distribution,
    seed: u64,
) -> anyhow::Result<Scenario> {
    let mut chance = Chance::new(seed, GRAPHS);
    let graph = Graph::random_regular(case.nodes, plan.degree, &mut chance)?;
    let strategy = case.method.strategy(plan.walkers);
    let random = Scenario::random(graph, strategy, plan.searches, plan.holders, seed);
    Ok(Scenario { ttl: plan.ttl, latency: latency.clone(), churn: churn(plan, case), ..random })
}

fn churn(plan: &Plan, case: &Case) -> Option<Churn> {
    let away = case.is_away();
    let there = Duration::from_secs_f64(plan.online_s);
    (away > 0.0).then(|| Churn { there, away: there.mul_f64(away / (1.0 - away)) })
}

/// Nothing is known of nodes that come and go. What a walk takes at least is so in the mean.
fn bounds(plan: &Plan, case: &Case, scenario: &Scenario, search: &SearchOutcome) -> Bounds {
    let graph = &scenario.graph;
    let exactly =
        |messages: u64| Bounds { least: Some(messages as f64), most: Some(messages as f64) };
    match case.method {
        _ if case.away_percent > 0 => Bounds::default(),
        Method::Flood => exactly(theory::flood(graph, search.asker, plan.ttl)),
        Method::Rings => exactly(theory::rings(graph, search.asker, search.nearest, plan.ttl)),
        // A walk that its TTL may cut off takes less.
        Method::Walkers => {
            let goes_everywhere = case.nodes <= usize::from(scenario.config.walk_ttl);
            let least = goes_everywhere.then(|| theory::walk_at_least(case.nodes, plan.holders));
            Bounds { least, most: None }
        }
        // It cannot go there in fewer hops than there are.
        Method::Bloom => Bounds { least: search.nearest.map(f64::from), most: None },
    }
}
