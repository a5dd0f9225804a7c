//! How many messages a search takes, where that is known on paper.
//!
//! Nothing here rests on how a search is programmed: it knows the graph alone, so that each can find the
//! other's faults. What is exact for floods is so where all hops take equally long, because then the first
//! copy of a query comes by a shortest path; a copy that comes first by a longer one has a smaller TTL left.

use crate::simulate::Graph;

/// Query messages of a flood from `asker`, exactly.
///
/// Whoever the query reaches before its TTL is used up sends it to all its neighbours but the one that it
/// came from; `asker` sends it to all. So these are all degrees of the nodes nearer than the TTL, less one
/// for each of them but the asker.
pub fn flood(graph: &Graph, asker: usize, ttl: u16) -> u64 {
    let distances = graph.distances(asker, |_| true);
    let senders = (0..graph.nodes()).filter(|node| is_within(distances[*node], ttl.checked_sub(1)));
    let (degrees, count) = senders.fold((0, 0), |(degrees, count), node| {
        (degrees + graph.neighbours(node).len() as u64, count + 1)
    });
    degrees - u64::saturating_sub(count, 1)
}

/// The same where the TTL is longer than any distance in a connected graph: two messages for each edge,
/// but one for each that first told a node of the query, and there are N - 1 of those.
pub fn flood_everywhere(graph: &Graph) -> u64 {
    (2 * graph.edges() as u64 + 1).saturating_sub(graph.nodes() as u64)
}

/// How many nodes a flood reaches, `asker` among them.
pub fn reached(graph: &Graph, asker: usize, ttl: u16) -> usize {
    let distances = graph.distances(asker, |_| true);
    distances.into_iter().filter(|distance| is_within(*distance, Some(ttl))).count()
}

/// Query messages of the expanding ring (Lv et al. 2002): floods with a TTL of 1, 2 and so on, up to the
/// distance of the nearest holder, or to `ttl` where that is nearer.
pub fn rings(graph: &Graph, asker: usize, nearest_holder: Option<u32>, ttl: u16) -> u64 {
    let last = nearest_holder.map_or(ttl, |nearest| ttl.min(nearest.try_into().unwrap_or(ttl)));
    (1..=last).map(|ttl| flood(graph, asker, ttl)).sum()
}

/// Query messages of one walk for what nobody has, exactly, whatever chance does: it goes along each edge
/// once in each direction and is home then (Tarry 1895; Tel, "Introduction to distributed algorithms",
/// chapter 6, traversal algorithms). The graph is connected, and the walk has a TTL that is no shorter.
pub fn walk_everywhere(graph: &Graph) -> u64 {
    2 * graph.edges() as u64
}

/// Query messages that one walk takes in the mean at least, if holders are anywhere with equal chance. It
/// could do no better than to meet the N - 1 others one after another and none twice; the first of H
/// holders among them is then, in the mean, number N / (H + 1) (negative hypergeometric distribution).
pub fn walk_at_least(nodes: usize, holders: usize) -> f64 {
    nodes as f64 / (holders as f64 + 1.0)
}

/// The share of all other names that a Bloom filter promises falsely: a bit is set with a chance of
/// 1 - e^(-kn/m), and k of them must be (Bloom 1970; Mitzenmacher and Upfal, "Probability and computing",
/// section 5.5).
pub fn false_positives(names: u64, bits: u64, hashes: u32) -> f64 {
    let share_set = 1.0 - (-f64::from(hashes) * names as f64 / bits as f64).exp();
    share_set.powf(hashes.into())
}

fn is_within(distance: Option<u32>, most: Option<u16>) -> bool {
    distance.zip(most).is_some_and(|(distance, most)| distance <= most.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 - 1 - 2 - 3, and 0 - 2.
    fn kite() -> Graph {
        Graph::from_edges(4, &[(0, 1), (1, 2), (2, 3), (0, 2)]).unwrap()
    }

    /// Counted by hand: 0 sends to 1 and 2; 1 sends to 2, 2 to 1 and 3; 3 has nobody else.
    #[test]
    fn a_flood_is_counted_by_nodes_nearer_than_its_ttl() {
        let messages = [0, 1, 2, 3].map(|ttl| flood(&kite(), 0, ttl));
        assert_eq!(messages, [0, 2, 5, 5]);
        assert_eq!(flood_everywhere(&kite()), 5);
        assert_eq!([0, 1, 2].map(|ttl| reached(&kite(), 0, ttl)), [1, 3, 4]);
    }

    #[test]
    fn rings_are_the_floods_up_to_the_holder() {
        assert_eq!(rings(&kite(), 3, Some(2), 7), 1 + 3);
        assert_eq!(rings(&kite(), 3, None, 3), 1 + 3 + 5);
        assert_eq!(rings(&kite(), 3, Some(2), 1), 1);
    }

    #[test]
    fn whoever_is_alone_sends_nothing() {
        let alone = Graph::from_edges(1, &[]).unwrap();
        assert_eq!(
            (flood(&alone, 0, 7), flood_everywhere(&alone), walk_everywhere(&alone)),
            (0, 0, 0)
        );
    }

    /// 0.00819 is in the table of Cao, "Bloom filters: the math" (1998), for ten bits a name and seven hashes.
    #[test]
    fn a_bloom_filter_of_ten_bits_a_name_is_wrong_for_one_in_a_hundred_and_twenty() {
        assert!((false_positives(1, 10, 7) - 0.00819).abs() < 0.00001);
    }
}
