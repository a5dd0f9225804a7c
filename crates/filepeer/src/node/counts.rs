//! What a node counts, for its metrics and for tests.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// What a node has counted until now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NodeCounts {
    /// Of the messages of searches.
    pub(crate) search: searching::Counts,
    pub(crate) neighbours: usize,
    /// Neighbours that are nodes of the seed.
    pub(crate) seed_neighbours: usize,
    /// Messages that were not sent because the neighbour took too long for those before.
    pub(crate) lost_to_slow: u64,
    /// Connections that ended, or questions that went unanswered, because of what the peer sent.
    pub(crate) refused: u64,
    /// Connections that were too many.
    pub(crate) turned_away: u64,
    /// Questions by the seed's wire.
    pub(crate) seed_questions: u64,
}

/// Where a node's tasks count.
#[derive(Debug, Default)]
pub(super) struct Tally {
    search: Mutex<searching::Counts>,
    neighbours: AtomicUsize,
    seed_neighbours: AtomicUsize,
    lost_to_slow: AtomicU64,
    refused: AtomicU64,
    turned_away: AtomicU64,
    seed_questions: AtomicU64,
}

impl Tally {
    pub(super) fn counts(&self) -> NodeCounts {
        NodeCounts {
            search: *self.search.lock().unwrap_or_else(PoisonError::into_inner),
            neighbours: self.neighbours.load(Relaxed),
            seed_neighbours: self.seed_neighbours.load(Relaxed),
            lost_to_slow: self.lost_to_slow.load(Relaxed),
            refused: self.refused.load(Relaxed),
            turned_away: self.turned_away.load(Relaxed),
            seed_questions: self.seed_questions.load(Relaxed),
        }
    }

    pub(super) fn searched(&self, counts: searching::Counts) {
        *self.search.lock().unwrap_or_else(PoisonError::into_inner) = counts;
    }

    pub(super) fn neighbours_are(&self, count: usize) {
        self.neighbours.store(count, Relaxed);
    }

    pub(super) fn seed_neighbours_are(&self, count: usize) {
        self.seed_neighbours.store(count, Relaxed);
    }

    pub(super) fn lost_to_slow(&self) {
        self.lost_to_slow.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Relaxed);
    }

    pub(super) fn seed_asked(&self) {
        self.seed_questions.fetch_add(1, Relaxed);
    }
}
