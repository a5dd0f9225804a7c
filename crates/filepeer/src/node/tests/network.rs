//! Searches among real nodes: what they find, and how many messages they take.

use searching::{
    Strategy, Wanted,
    simulate::{self, Graph, Scenario, Search},
};
use simulation::Chance;

use super::*;

/// Nodes with the neighbours of the graph; node `i` has `files(i)`.
async fn network(
    graph: &Graph,
    files: impl Fn(usize) -> Vec<(&'static str, &'static [u8])>,
) -> Vec<TestNode> {
    let mut nodes: Vec<TestNode> = Vec::new();
    for index in 0..graph.nodes() {
        // Each names those that were there before.
        let before = graph.neighbours(index).iter().filter(|neighbour| **neighbour < index);
        let neighbours: Vec<_> = before.map(|neighbour| nodes[*neighbour].address()).collect();
        nodes.push(node(&files(index), &neighbours).await);
    }
    for (index, node) in nodes.iter().enumerate() {
        node.until_it_has_neighbours(graph.neighbours(index).len()).await;
    }
    nodes
}

fn queries_of(nodes: &[TestNode]) -> u64 {
    nodes.iter().map(|node| node.counts().search.queries_sent).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_triangle_asks_for_an_absent_file_with_exactly_four_messages() {
    let nodes = network(&Graph::complete(3).unwrap(), |_| vec![]).await;
    nodes[0].flood_in_vain("absent.txt").await;
    eventually("all is sent", || queries_of(&nodes) >= 4).await;
    nodes[1].flood_in_vain("absent.txt").await;
    eventually("all is sent again", || queries_of(&nodes) >= 8).await;
    assert_eq!(queries_of(&nodes), 8);
    let not_found = |event: &Event| {
        matches!(event, Event::NotFound { name, .. } if name == "absent.txt").then_some(())
    };
    assert_eq!(nodes[0].told(not_found).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_neighbours_end_a_search_for_an_absent_file() {
    let nodes = network(&Graph::complete(2).unwrap(), |_| vec![]).await;
    for sent in 1..=3 {
        nodes[1].flood_in_vain("absent.txt").await;
        eventually("the query has come", || nodes[0].counts().search.queries_received == sent)
            .await;
        assert_eq!(queries_of(&nodes), sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_the_seed_finds_its_file_two_hops_away() {
    let chain = Graph::from_edges(3, &[(0, 1), (1, 2)]).unwrap();
    let nodes = network(&chain, |index| if index == 0 { vec![CONTOH] } else { vec![] }).await;
    let answer = nodes[2].flood(CONTOH.0).await;
    let [found] = &*answer.found else { panic!("{:?}", answer.found) };
    assert_eq!((found.size, found.hash), (25, hash(CONTOH.1)));
    let [(holder, hops)] = &*found.holders else { panic!("{:?}", found.holders) };
    assert_eq!(*hops, 2);
    assert_eq!(holder.addresses, [nodes[0].address()]);
    assert_eq!(holder.id, *nodes[0].node.id().as_bytes());
    assert_eq!(nodes[2].node.way_to(holder).unwrap().id, nodes[0].node.id());
    let asked = |event: &Event| {
        matches!(event, Event::QueryReceived { name, .. } if name == CONTOH.0).then_some(())
    };
    assert_eq!(nodes.iter().map(|node| node.told(asked).len()).collect::<Vec<_>>(), [1, 1, 0]);
    let told = nodes[2].told(|event| match event {
        Event::Found { name, holder, hops, .. } => {
            Some((name.to_string(), holder.to_string(), *hops))
        }
        _ => None,
    });
    assert_eq!(told, [(CONTOH.0.to_owned(), nodes[0].address().to_string(), Some(2))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guided_search_along_a_chain_takes_one_message_for_each_hop() {
    let chain = Graph::from_edges(3, &[(0, 1), (1, 2)]).unwrap();
    let nodes = network(&chain, |index| if index == 0 { vec![CONTOH] } else { vec![] }).await;
    // The one in the middle hears of the file, and tells it.
    let heard = |node: &TestNode| node.counts().search.filters_received;
    eventually("filters have come", || heard(&nodes[1]) >= 2 && heard(&nodes[2]) >= 1).await;
    let answer = nodes[2]
        .node
        .search(super::Search { strategy: Strategy::Bloom, ..search_for(CONTOH.0) })
        .await;
    assert_eq!(answer.found.len(), 1);
    assert_eq!(queries_of(&nodes), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_name_finds_all_files_that_have_it() {
    let shared: [(&str, &[u8]); 3] = [CONTOH, ("contoh2.txt", b"2"), ("other.bin", b"3")];
    let nodes = network(&Graph::complete(2).unwrap(), |index| shared[..index * 3].to_vec()).await;
    let wanted = Wanted::Containing(".txt".parse().unwrap());
    let until = Until::Quiet(Duration::from_secs(1));
    let search = super::Search { wanted, until, ..search_for("x") };
    let answer = nodes[0].node.search(search).await;
    let mut names: Vec<_> = answer.found.iter().flat_map(|found| &found.names).collect();
    names.sort();
    assert_eq!(names, [&file_name("contoh.txt"), &file_name("contoh2.txt")]);
}

/// One core, two worlds: what the simulation counts is what the network counts, search by search.
///
/// The TTL is so long that no way through the graph is longer. On a loaded machine the copy of a query that has
/// come a long way round may well be the first, and a node that it reaches with its TTL used up does not pass
/// on those that come later.
#[tokio::test(flavor = "multi_thread")]
async fn thirty_real_nodes_send_as_many_queries_as_thirty_simulated_ones() {
    const ASKERS: [usize; 4] = [0, 7, 15, 29];
    const HOLDER: usize = 22;
    const TTL: u16 = 30;
    let graph = Graph::random_regular(30, 5, &mut Chance::new(15, 0)).unwrap();
    let files = |index| if index == HOLDER { vec![CONTOH] } else { vec![] };
    let names = [CONTOH.0, "absent.txt"];
    let searches = names.iter().flat_map(|name| {
        ASKERS.map(|asker| Search { asker, wanted: Wanted::Exact(file_name(name)) })
    });
    let scenario = Scenario {
        shares: (0..30).map(|index| Files(files(index)).items()).collect(),
        searches: searches.collect(),
        ttl: TTL,
        config: Config { ttl_max: TTL, ..Config::default() },
        ..Scenario::random(graph.clone(), Strategy::Flood, 0, 0, 1)
    };
    let simulated = simulate::run(&scenario).unwrap();

    let nodes = network(&graph, files).await;
    let mut sent = 0;
    for (search, outcome) in scenario.searches.iter().zip(&simulated.searches) {
        assert_eq!(queries_of(&nodes), sent, "before {} asks for {}", search.asker, search.wanted);
        let wait = if outcome.found == 0 { Duration::from_millis(200) } else { PATIENCE };
        let asked = super::Search { ttl: TTL, wait, ..search_for(search.wanted.as_str()) };
        let answer = nodes[search.asker].node.search(asked).await;
        assert_eq!(answer.found.len(), outcome.found);
        sent += outcome.queries;
        eventually("what was simulated is sent", || queries_of(&nodes) >= sent).await;
    }
    let received = || nodes.iter().map(|node| node.counts().search.queries_received).sum::<u64>();
    eventually("all of it has come", || received() == sent).await;
    assert_eq!(queries_of(&nodes), sent, "and nothing else");
}
