//! What holds in every graph: a query ends, and every hit comes back to who asked, once.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*};
use searching::{
    Config, Strategy as SearchStrategy,
    simulate::{self, Graph, Scenario},
};

use crate::network::{Network, exact, item};

const NODES_MAX: usize = 12;

/// Two neighbours, rings, complete graphs, chains, and any others, also such as do not hang together.
fn graphs() -> impl Strategy<Value = Graph> {
    let any = (1..=NODES_MAX, vec((0..NODES_MAX, 0..NODES_MAX), 0..30));
    prop_oneof![
        Just(Graph::ring(2).unwrap()),
        (1..=NODES_MAX).prop_map(|nodes| Graph::ring(nodes).unwrap()),
        (1..=NODES_MAX).prop_map(|nodes| Graph::complete(nodes).unwrap()),
        (1..=NODES_MAX).prop_map(|nodes| {
            let edges: Vec<_> = (1..nodes).map(|node| (node - 1, node)).collect();
            Graph::from_edges(nodes, &edges).unwrap()
        }),
        any.prop_map(|(nodes, pairs)| {
            let edges: BTreeSet<_> = pairs
                .into_iter()
                .map(|(one, other)| (one % nodes, other % nodes))
                .map(|(one, other)| (one.min(other), one.max(other)))
                .filter(|(one, other)| one != other)
                .collect();
            Graph::from_edges(nodes, &edges.into_iter().collect::<Vec<_>>()).unwrap()
        }),
    ]
}

fn edges(graph: &Graph) -> Vec<(usize, usize)> {
    let of = |node: usize| graph.neighbours(node).iter().map(move |other| (node, *other));
    (0..graph.nodes()).flat_map(of).filter(|(one, other)| one < other).collect()
}

fn strategies() -> impl Strategy<Value = SearchStrategy> {
    prop_oneof![
        Just(SearchStrategy::Flood),
        Just(SearchStrategy::Rings),
        (1..5_u8).prop_map(SearchStrategy::Walkers),
        Just(SearchStrategy::Bloom),
    ]
}

proptest! {
    /// The simulation ends when nothing of a search travels any more.
    #[test]
    fn every_query_ends_after_two_messages_for_each_edge_at_most(
        graph in graphs(),
        strategy in strategies(),
        holders in 0..4_usize,
        seed: u64,
    ) {
        let edges = graph.edges() as u64;
        let scenario = Scenario::random(graph, strategy, 5, holders, seed);
        let queries = match strategy {
            SearchStrategy::Flood | SearchStrategy::Walkers(_) => 1,
            SearchStrategy::Bloom => 2,
            SearchStrategy::Rings => u64::from(Config::TTL),
        };
        for search in simulate::run(&scenario).unwrap().searches {
            prop_assert!(search.queries <= queries * 2 * edges, "{search:?}");
        }
    }

    #[test]
    fn what_can_be_reached_is_found_by_every_strategy(
        graph in graphs(),
        strategy in strategies(),
        holders in 0..4_usize,
        seed: u64,
    ) {
        let scenario = Scenario::random(graph, strategy, 5, holders, seed);
        for search in simulate::run(&scenario).unwrap().searches {
            let is_near = search.nearest.is_some_and(|nearest| nearest <= Config::TTL.into());
            match strategy {
                SearchStrategy::Flood | SearchStrategy::Rings => {
                    prop_assert_eq!(search.is_found(), is_near);
                    prop_assert_eq!(search.hops.is_some(), is_near);
                }
                SearchStrategy::Walkers(_) | SearchStrategy::Bloom => {
                    prop_assert_eq!(search.is_found(), search.nearest.is_some());
                }
            }
        }
    }

    /// Several search at once, for different files that anyone may have, and messages overtake one another.
    #[test]
    fn every_hit_comes_back_to_who_asked_once(
        graph in graphs(),
        askers in vec(0..NODES_MAX, 1..5),
        shares in vec(any::<u8>(), NODES_MAX),
        order in vec(0..1000_usize, 0..500),
    ) {
        let mut network = Network::new(Config::default(), graph.nodes(), &edges(&graph));
        // Bit k of a node's number: whether it has the k-th file.
        let has = |node: usize, file: usize| shares[node] >> file & 1 == 1;
        for node in 0..graph.nodes() {
            let files = (0..8).filter(|file| has(node, *file));
            let items: Vec<_> = files.map(|file| item(&format!("{file}"), file as u8)).collect();
            network.share(node, &items);
        }
        let mut expected = Vec::new();
        for (file, asker) in askers.into_iter().enumerate() {
            let asker = asker % graph.nodes();
            let search = network.ask(asker, exact(&format!("{file}")), SearchStrategy::Flood);
            let distances = graph.distances(asker, |_| true);
            let holders = (0..graph.nodes())
                .filter(|node| *node != asker && distances[*node].is_some() && has(*node, file));
            expected.extend(holders.map(|holder| (asker, search, holder as u8, file as u8)));
        }
        order.into_iter().for_each(|nth| _ = network.deliver(nth));
        network.deliver_all();
        let found = network.found.iter();
        let mut found: Vec<_> = found
            .map(|(asker, search, hit)| (*asker, *search, hit.holder.id[0], hit.item.hash[0]))
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}
