//! What searches cost, in numbers: exactly where that is known on paper, and in the mean where it is left
//! to chance.

use std::time::Duration;

use searching::{
    Strategy,
    simulate::{self, Graph, Outcome, Scenario},
    theory,
};

use crate::{random_regular, searched};

/// Nobody has what is looked for.
fn absent(graph: Graph, strategy: Strategy) -> Outcome {
    simulate::run(&Scenario::random(graph, strategy, 1, 0, 1)).unwrap()
}

fn mean(outcome: &Outcome) -> f64 {
    let queries: u64 = outcome.searches.iter().map(|search| search.queries).sum();
    queries as f64 / outcome.searches.len() as f64
}

fn p95(outcome: &Outcome) -> u64 {
    let mut queries: Vec<_> = outcome.searches.iter().map(|search| search.queries).collect();
    queries.sort_unstable();
    queries[queries.len() * 95 / 100]
}

#[test]
fn three_nodes_ask_one_another_for_an_absent_file_in_four_messages() {
    let outcome = absent(Graph::ring(3).unwrap(), Strategy::Flood);
    assert_eq!((outcome.searches[0].queries, outcome.searches[0].found), (4, 0));
}

#[test]
fn two_neighbours_end_after_one_message() {
    let outcome = absent(Graph::ring(2).unwrap(), Strategy::Flood);
    assert_eq!((outcome.searches[0].queries, outcome.searches[0].found), (1, 0));
    // There and back, then the flood.
    let outcome = absent(Graph::ring(2).unwrap(), Strategy::Bloom);
    assert_eq!((outcome.searches[0].queries, outcome.searches[0].found), (3, 0));
}

#[test]
fn a_flood_takes_as_many_messages_as_predicted() {
    for (nodes, degree) in [(100, 5), (1000, 5), (30, 4), (50, 7)] {
        let graph = random_regular(nodes, degree, 3);
        let outcome = searched(graph.clone(), Strategy::Flood, 20, 3);
        for search in &outcome.searches {
            assert_eq!(search.queries, theory::flood(&graph, search.asker, 7), "{nodes}, {degree}");
            assert_eq!(search.hops.map(u32::from), search.nearest);
            assert_eq!(search.hits, u64::from(search.hops.unwrap()));
        }
    }
}

#[test]
fn rings_take_as_many_messages_as_predicted() {
    let graph = random_regular(200, 5, 4);
    let outcome = searched(graph.clone(), Strategy::Rings, 50, 4);
    for search in &outcome.searches {
        assert_eq!(search.queries, theory::rings(&graph, search.asker, search.nearest, 7));
    }
}

/// A ring that is skipped has the next one go farther than the file is.
#[test]
fn rings_that_grow_by_one_hop_take_fewer_messages_than_rings_that_grow_faster() {
    let graph = random_regular(1000, 5, 1);
    let outcome = searched(graph.clone(), Strategy::Rings, 100, 1);
    let messages = |rings: &[u16]| -> u64 {
        let of_search = |asker: usize, nearest: u32| -> u64 {
            let too_near = rings.iter().filter(|ttl| u32::from(**ttl) < nearest).count();
            rings.iter().take(too_near + 1).map(|ttl| theory::flood(&graph, asker, *ttl)).sum()
        };
        outcome.searches.iter().map(|it| of_search(it.asker, it.nearest.unwrap())).sum()
    };
    let by_one = messages(&[1, 2, 3, 4, 5, 6, 7]);
    assert!(by_one * 5 < messages(&[1, 2, 4, 7]) * 4);
}

#[test]
fn a_walk_for_an_absent_file_goes_along_every_edge_twice() {
    for (nodes, degree) in [(100, 5), (20, 3)] {
        let graph = random_regular(nodes, degree, 5);
        let walk = theory::walk_everywhere(&graph);
        let outcome = absent(graph.clone(), Strategy::Walkers(1));
        assert_eq!(outcome.searches[0].queries, walk);
        let outcome = absent(graph.clone(), Strategy::Bloom);
        assert_eq!(outcome.searches[0].queries, walk + theory::flood_everywhere(&graph));
    }
}

#[test]
fn a_hundred_nodes_find_everything_within_five_hops() {
    for seed in 1..=20 {
        let outcome = searched(random_regular(100, 5, seed), Strategy::Flood, 100, seed);
        for search in &outcome.searches {
            assert!(search.queries <= 401 && search.hops.unwrap() <= 5, "{search:?}");
        }
    }
}

#[test]
fn filters_lead_to_all_files_of_a_hundred_nodes_in_few_messages() {
    for seed in 1..=20 {
        let outcome = searched(random_regular(100, 5, seed), Strategy::Bloom, 400, seed);
        assert!(outcome.searches.iter().all(|search| search.is_found()));
        assert!(p95(&outcome) <= 20, "{}", p95(&outcome));
        assert!((2.5..4.5).contains(&mean(&outcome)), "{}", mean(&outcome));
    }
}

/// With one holder for each file, and walks that may be as long as they take.
#[test]
fn each_strategy_costs_what_it_is_known_to_cost() {
    for (nodes, strategy, searches, expected) in [
        (100, Strategy::Flood, 100, 401.0..=401.0),
        (100, Strategy::Rings, 400, 160.0..=220.0),
        (100, Strategy::Walkers(1), 400, 50.0..=80.0),
        (100, Strategy::Bloom, 400, 2.5..=4.5),
        (1000, Strategy::Flood, 50, 3_990.0..=4_001.0),
        (1000, Strategy::Rings, 200, 1_700.0..=2_200.0),
        (1000, Strategy::Walkers(1), 400, 500.0..=850.0),
        (1000, Strategy::Bloom, 400, 12.0..=22.0),
    ] {
        let mut scenario = Scenario::random(random_regular(nodes, 5, 1), strategy, searches, 1, 1);
        scenario.config.walk_ttl = u16::MAX;
        scenario.config.walk_ttl_max = u16::MAX;
        scenario.config.walk_wait = Duration::from_secs(3600);
        let outcome = simulate::run(&scenario).unwrap();
        assert!(outcome.searches.iter().all(|search| search.is_found()), "{strategy:?}");
        let mean = mean(&outcome);
        assert!(expected.contains(&mean), "{nodes} nodes, {strategy:?}: {mean}");
        assert!(strategy != Strategy::Walkers(1) || mean >= theory::walk_at_least(nodes, 1));
    }
}
