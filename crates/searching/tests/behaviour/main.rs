//! What searches find and what they cost, in virtual time; laws that hold in every graph and whatever
//! neighbours send.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod churn;
mod laws;
mod messages;
mod network;
mod numbers;
mod scenes;

use searching::{
    Strategy,
    simulate::{self, Graph, Outcome, Scenario},
};
use simulation::Chance;

fn random_regular(nodes: usize, degree: usize, seed: u64) -> Graph {
    Graph::random_regular(nodes, degree, &mut Chance::new(seed, 0)).unwrap()
}

/// One holder for each file, a search for each of so many files.
fn searched(graph: Graph, strategy: Strategy, searches: usize, seed: u64) -> Outcome {
    simulate::run(&Scenario::random(graph, strategy, searches, 1, seed)).unwrap()
}
