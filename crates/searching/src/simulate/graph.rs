//! Who is a neighbour of whom.

use std::collections::VecDeque;

use simulation::Chance;

/// An undirected graph without loops and double edges. Nodes are numbers from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Graph {
    neighbours: Vec<Vec<usize>>,
    edges: usize,
}

/// Why there is no such graph.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GraphError {
    #[error("a graph has at least one node and at most {}", Graph::NODES_MAX)]
    Nodes,
    #[error(
        "{nodes} nodes cannot have {degree} neighbours each: \
        the degree is less than the number of nodes, and one of the two is even"
    )]
    Degree { nodes: usize, degree: usize },
    #[error("no connected graph of degree {0} was found; with a degree of at least 3 one is")]
    NotConnected(usize),
    #[error("the edge {0}-{1} is a loop, is there twice, or ends at no node")]
    Edge(usize, usize),
}

impl Graph {
    /// Each takes a few kilobytes when it is simulated.
    pub const NODES_MAX: usize = 100_000;

    /// Any pairs of nodes.
    pub fn from_edges(nodes: usize, edges: &[(usize, usize)]) -> Result<Self, GraphError> {
        let mut graph = Self::of_nodes(nodes)?;
        for (one, other) in edges {
            if *one >= nodes || !graph.join(*one, *other) {
                return Err(GraphError::Edge(*one, *other));
            }
        }
        Ok(graph)
    }

    /// Each node has two neighbours. Of two nodes each has one, and one node has none.
    pub fn ring(nodes: usize) -> Result<Self, GraphError> {
        let mut graph = Self::of_nodes(nodes)?;
        for node in 0..nodes {
            graph.join(node, (node + 1) % nodes);
        }
        Ok(graph)
    }

    /// Everybody is a neighbour of everybody.
    pub fn complete(nodes: usize) -> Result<Self, GraphError> {
        let mut graph = Self::of_nodes(nodes)?;
        for node in 0..nodes {
            (node + 1..nodes).for_each(|other| _ = graph.join(node, other));
        }
        Ok(graph)
    }

    /// A connected graph in which each node has `degree` neighbours, nearly every such graph with the
    /// same chance: Steger and Wormald, "Generating random regular graphs quickly" (1999).
    pub fn random_regular(
        nodes: usize,
        degree: usize,
        chance: &mut Chance,
    ) -> Result<Self, GraphError> {
        const TRIES: usize = 1000;
        if nodes > Self::NODES_MAX {
            return Err(GraphError::Nodes);
        }
        if degree >= nodes || !(nodes * degree).is_multiple_of(2) {
            return Err(GraphError::Degree { nodes, degree });
        }
        let mut graphs = (0..TRIES).filter_map(|_| Self::try_random_regular(nodes, degree, chance));
        graphs.find(Self::is_connected).ok_or(GraphError::NotConnected(degree))
    }

    pub fn nodes(&self) -> usize {
        self.neighbours.len()
    }

    pub fn edges(&self) -> usize {
        self.edges
    }

    /// In the order in which they were joined.
    pub fn neighbours(&self, node: usize) -> &[usize] {
        &self.neighbours[node]
    }

    /// The most neighbours that any node has.
    pub fn degree_max(&self) -> usize {
        self.neighbours.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// How many hops each node is away from one, by way of those alone that are there.
    pub fn distances(&self, from: usize, is_there: impl Fn(usize) -> bool) -> Vec<Option<u32>> {
        let mut distances = vec![None; self.nodes()];
        distances[from] = Some(0);
        let mut unseen = VecDeque::from([(from, 0)]);
        while let Some((node, distance)) = unseen.pop_front() {
            for next in &self.neighbours[node] {
                if distances[*next].is_none() && is_there(*next) {
                    distances[*next] = Some(distance + 1);
                    unseen.push_back((*next, distance + 1));
                }
            }
        }
        distances
    }

    pub fn is_connected(&self) -> bool {
        self.distances(0, |_| true).iter().all(Option::is_some)
    }

    fn of_nodes(nodes: usize) -> Result<Self, GraphError> {
        if !(1..=Self::NODES_MAX).contains(&nodes) {
            return Err(GraphError::Nodes);
        }
        Ok(Self { neighbours: vec![Vec::new(); nodes], edges: 0 })
    }

    /// Whether they were not joined before, and may be.
    fn join(&mut self, one: usize, other: usize) -> bool {
        if one == other || other >= self.nodes() || self.neighbours[one].contains(&other) {
            return false;
        }
        self.neighbours[one].push(other);
        self.neighbours[other].push(one);
        self.edges += 1;
        true
    }

    /// Joins two nodes at a time that lack neighbours, until none does, or no two of those left may be
    /// joined.
    fn try_random_regular(nodes: usize, degree: usize, chance: &mut Chance) -> Option<Self> {
        let mut graph = Self::of_nodes(nodes).ok()?;
        let mut lacking: Vec<usize> = (0..nodes * degree).map(|point| point / degree).collect();
        let mut misses = 0;
        while !lacking.is_empty() {
            let [first, second] = [(); 2].map(|()| chance.below(lacking.len()));
            if graph.join(lacking[first], lacking[second]) {
                misses = 0;
                lacking.swap_remove(first.max(second));
                lacking.swap_remove(first.min(second));
            } else {
                misses += 1;
                // Of so few that are left each pair was drawn many times.
                if misses > 100 + 10 * lacking.len() * lacking.len().min(100) {
                    return None;
                }
            }
        }
        Some(graph)
    }
}
