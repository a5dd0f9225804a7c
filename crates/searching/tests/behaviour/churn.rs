//! Nodes come and go.

use std::time::Duration;

use searching::{
    Strategy,
    simulate::{self, Churn, Outcome, Scenario, ScenarioError, SearchOutcome},
};

use crate::random_regular;

const MINUTE: Duration = Duration::from_secs(60);

fn under_churn(strategy: Strategy, searches: usize, holders: usize, churn: Churn) -> Outcome {
    let graph = random_regular(100, 5, 6);
    let mut scenario = Scenario::random(graph, strategy, searches, holders, 6);
    scenario.churn = Some(churn);
    scenario.config.walk_wait = Duration::from_secs(5);
    simulate::run(&scenario).unwrap()
}

fn share(outcome: &Outcome, is_so: impl Fn(&SearchOutcome) -> bool) -> f64 {
    let count = outcome.searches.iter().filter(|search| is_so(search)).count();
    count as f64 / outcome.searches.len() as f64
}

/// The share of those that find is within four standard errors of the availability.
#[test]
fn with_one_holder_a_flood_succeeds_as_often_as_the_holder_is_there() {
    let churn = Churn { there: 3 * MINUTE, away: MINUTE };
    assert_eq!(churn.availability(), 0.75);
    let outcome = under_churn(Strategy::Flood, 400, 1, churn);
    let found = share(&outcome, SearchOutcome::is_found);
    assert!((found - 0.75).abs() < 4.0 * (0.75_f64 * 0.25 / 400.0).sqrt(), "{found}");
    // A holder that goes, or comes, within the second.
    let surprises = share(&outcome, |search| search.is_found() != search.nearest.is_some());
    assert!(surprises < 0.01, "{surprises}");
}

/// A walk is lost when a node goes that has it.
#[test]
fn where_a_walk_is_lost_the_flood_after_it_finds_what_can_be_reached() {
    let churn = Churn { there: 3 * MINUTE, away: MINUTE };
    let is_missed = |search: &SearchOutcome| search.nearest.is_some() && !search.is_found();
    let missed = |strategy| share(&under_churn(strategy, 100, 1, churn), is_missed);
    assert!(missed(Strategy::Bloom) <= 0.02);
    assert!(missed(Strategy::Walkers(1)) > 0.05);
}

#[test]
fn with_many_holders_churn_costs_no_success() {
    let churn = Churn { there: 3 * MINUTE, away: MINUTE };
    let outcome = under_churn(Strategy::Flood, 400, 10, churn);
    assert!(share(&outcome, SearchOutcome::is_found) > 0.99);
}

#[test]
fn nodes_that_hardly_stay_are_not_simulated() {
    let graph = random_regular(10, 3, 1);
    let scenario = Scenario::random(graph, Strategy::Flood, 1, 1, 1);
    let churn = Some(Churn { there: Duration::ZERO, away: Duration::from_millis(999) });
    let outcome = simulate::run(&Scenario { churn, ..scenario });
    assert_eq!(outcome, Err(ScenarioError::TooMuchChurn));
}

#[test]
fn with_the_same_seed_everything_is_the_same_again() {
    let churn = Churn { there: MINUTE, away: MINUTE };
    for strategy in [Strategy::Bloom, Strategy::Walkers(3)] {
        assert_eq!(under_churn(strategy, 20, 2, churn), under_churn(strategy, 20, 2, churn));
    }
}
