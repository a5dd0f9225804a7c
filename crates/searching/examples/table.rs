//! Messages and hops of each strategy, from a hundred nodes to ten thousand, and how long that takes:
//! `cargo run --release -p searching --example table`.

use std::time::Instant;

use searching::{
    Strategy,
    simulate::{self, Graph, Outcome, Scenario},
};
use simulation::Chance;

const SEARCHES: usize = 400;
const DEGREE: usize = 5;
const STRATEGIES: [Strategy; 5] =
    [Strategy::Flood, Strategy::Rings, Strategy::Walkers(1), Strategy::Walkers(5), Strategy::Bloom];

fn main() {
    println!(
        "{:>7} {:<12}{:>9}{:>9}{:>9}{:>7}{:>7}{:>9}{:>7}",
        "nodes", "strategy", "found %", "queries", "p95", "hops", "max", "hits", "s"
    );
    for nodes in [100, 1_000, 10_000] {
        for strategy in STRATEGIES {
            let graph = Graph::random_regular(nodes, DEGREE, &mut Chance::new(1, 0))
                .expect("there are such graphs");
            let scenario = Scenario::random(graph, strategy, SEARCHES, 1, 1);
            let begun = Instant::now();
            let outcome = simulate::run(&scenario).expect("the degree is allowed");
            print(nodes, strategy, &outcome, begun.elapsed().as_secs_f64());
        }
    }
}

fn print(nodes: usize, strategy: Strategy, outcome: &Outcome, seconds: f64) {
    let searches = &outcome.searches;
    let mean = |sum: u64| sum as f64 / searches.len() as f64;
    let found: Vec<_> = searches.iter().filter_map(|search| search.hops).collect();
    let mut queries: Vec<_> = searches.iter().map(|search| search.queries).collect();
    queries.sort_unstable();
    let hops: u64 = found.iter().map(|hops| u64::from(*hops)).sum();
    println!(
        "{nodes:>7} {:<12}{:>9.1}{:>9.1}{:>9}{:>7.1}{:>7}{:>9.1}{seconds:>7.2}",
        format!("{strategy:?}"),
        100.0 * mean(found.len() as u64),
        mean(queries.iter().sum()),
        queries[queries.len() * 95 / 100],
        hops as f64 / found.len().max(1) as f64,
        found.iter().max().unwrap_or(&0),
        mean(searches.iter().map(|search| search.hits).sum()),
    );
}
