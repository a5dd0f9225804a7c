//! How whoever asks goes about it: which queries it sends, one after another.

use crate::message::{Routing, Wanted};

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Strategy {
    /// One flood; finds all holders that are nearer than the TTL allows.
    Flood,
    /// Floods with a TTL of 1, 2, 3 and so on, until one has found something: the expanding ring of Lv, Cao,
    /// Cohen, Li and Shenker, "Search and replication in unstructured peer-to-peer networks" (2002). Larger
    /// steps, such as 1, 2, 4, 7, would take less time and more messages.
    Rings,
    /// So many walks at once, at least one and at most one to each neighbour, as in the same paper. Each node
    /// remembers where it has sent a query, and sends it elsewhere the next time. A walk ends at the first
    /// holder that it meets, or where a hit of another one has passed. The paper's walkers also ask whoever
    /// began the search, every few hops, whether another has found it (checking). These do not: nodes know no
    /// more of it than where it came from, so a question and its answer would go all the way back and forth.
    Walkers(u8),
    /// One walk that the filters of neighbours guide; it ends at the first holder that it meets. Where it
    /// finds nothing, a flood follows. Filters know whole names, so a part of a name is flooded at once.
    Bloom,
}

/// Queries that are sent together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Attempt {
    pub(crate) routing: Routing,
    pub(crate) ttl: u16,
    /// To how many neighbours a walk is sent; a flood goes to all.
    pub(crate) walkers: u8,
}

impl Strategy {
    /// The attempt after so many others; `None` where there is none.
    pub(crate) fn attempt(
        self,
        before: u16,
        wanted: &Wanted,
        flood_ttl: u16,
        walk_ttl: u16,
    ) -> Option<Attempt> {
        let flood = |ttl| Attempt { routing: Routing::Flood, ttl, walkers: 0 };
        let walk = |routing, walkers| Attempt { routing, ttl: walk_ttl, walkers };
        match (self, before) {
            (Self::Flood, 0) => Some(flood(flood_ttl)),
            (Self::Rings, _) if before < flood_ttl => Some(flood(before + 1)),
            (Self::Walkers(walkers), 0) => Some(walk(Routing::Walk, walkers.max(1))),
            (Self::Bloom, 0) => Some(match wanted {
                Wanted::Exact(_) => walk(Routing::Bloom, 1),
                Wanted::Containing(_) => flood(flood_ttl),
            }),
            (Self::Bloom, 1) if matches!(wanted, Wanted::Exact(_)) => Some(flood(flood_ttl)),
            _ => None,
        }
    }
}
