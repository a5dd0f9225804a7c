//! What is simulated.

use std::time::Duration;

use protocol::FileName;
use simulation::{Chance, Distribution};

use super::graph::Graph;
use crate::{
    config::Config,
    message::{Item, Wanted},
    strategy::Strategy,
};

#[derive(Clone, Debug)]
pub struct Scenario {
    pub graph: Graph,
    /// What each node shares; those beyond the end share nothing.
    pub shares: Vec<Vec<Item>>,
    /// Made one after another.
    pub searches: Vec<Search>,
    pub strategy: Strategy,
    /// Of floods.
    pub ttl: u16,
    pub config: Config,
    /// How long a hop takes. It is drawn once for each edge, and is the same in both directions.
    pub latency: Distribution,
    /// Before each search. In the first one neighbours tell one another what they share.
    pub pause: Duration,
    pub churn: Option<Churn>,
    /// With the same seed everything is the same again.
    pub seed: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// Who asks. It stays until its search is over; if it is not there when the search begins, the next
    /// node that is asks instead.
    pub asker: usize,
    pub wanted: Wanted,
}

/// Nodes come and go, each for itself, for times that are exponentially distributed. At the beginning each
/// is there with a chance of `there` in `there + away`, as at any later time.
///
/// Who comes back has the neighbours that it had, as far as those are there, and remembers nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Churn {
    /// How long a node is there, in the mean.
    pub there: Duration,
    /// How long it is away.
    pub away: Duration,
}

impl Churn {
    /// Which part of the nodes is there. With one holder, no search can find more often than this.
    pub fn availability(self) -> f64 {
        let (there, away) = (self.there.as_secs_f64(), self.away.as_secs_f64());
        if there + away > 0.0 { there / (there + away) } else { 1.0 }
    }
}

/// Why a scenario cannot be simulated.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    #[error("a node has {0} neighbours, and may have {1}")]
    TooManyNeighbours(usize, usize),
    #[error("there is no node {0}")]
    NoSuchNode(usize),
    #[error("nodes come and go more than once a second")]
    TooMuchChurn,
}

impl Scenario {
    /// Each search is asked by any node, for a file of its own that `holders` others have: as many as there
    /// are others, at most. Hops take 20 ms, and a walk may go as far as others let it.
    pub fn random(
        graph: Graph,
        strategy: Strategy,
        searches: usize,
        holders: usize,
        seed: u64,
    ) -> Self {
        let mut chance = Chance::new(seed, PLACES);
        let nodes = graph.nodes();
        let mut shares = vec![Vec::new(); nodes];
        let mut place = |nth: usize| {
            let asker = chance.below(nodes);
            let item = item_of_search(nth);
            for holder in some_others(nodes, asker, holders, &mut chance) {
                shares[holder].push(item.clone());
            }
            Search { asker, wanted: Wanted::Exact(item.name) }
        };
        let searches = (0..searches).map(&mut place).collect();
        let config = Config::default();
        Self {
            graph,
            shares,
            searches,
            strategy,
            ttl: Config::TTL,
            config: Config {
                walk_ttl: config.walk_ttl_max,
                walk_wait: config.hop_time * config.walk_ttl_max.into(),
                filter_len: 128,
                ..config
            },
            latency: Distribution::Constant(Duration::from_millis(20)),
            pause: Duration::from_secs(10),
            churn: None,
            seed,
        }
    }

    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        let (degree, most) = (self.graph.degree_max(), self.config.neighbours_max);
        let most = most.min(Config::NEIGHBOURS_LIMIT);
        if degree > most {
            return Err(ScenarioError::TooManyNeighbours(degree, most));
        }
        // With no time at all between them, they would come and go for ever at one moment.
        if self.churn.is_some_and(|Churn { there, away }| there.saturating_add(away).as_secs() == 0)
        {
            return Err(ScenarioError::TooMuchChurn);
        }
        let stranger = self.searches.iter().find(|search| search.asker >= self.graph.nodes());
        stranger.map_or(Ok(()), |search| Err(ScenarioError::NoSuchNode(search.asker)))
    }
}

/// The streams of chance. Those of nodes are numbered from 0 as they come.
pub(super) const PLACES: u64 = u64::MAX;
pub(super) const CHURN: u64 = u64::MAX - 1;

fn item_of_search(nth: usize) -> Item {
    let name: FileName = format!("file-{nth}.txt").parse().expect("a plain name");
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&(nth as u64).to_be_bytes());
    Item { name, hash, size: 1 << 20 }
}

/// Different ones.
fn some_others(nodes: usize, asker: usize, count: usize, chance: &mut Chance) -> Vec<usize> {
    let mut others: Vec<usize> = (0..nodes).filter(|node| *node != asker).collect();
    let count = count.min(others.len());
    for place in 0..count {
        let other = place + chance.below(others.len() - place);
        others.swap(place, other);
    }
    others.truncate(count);
    others
}
