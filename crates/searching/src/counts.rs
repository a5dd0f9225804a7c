//! What a node has sent, received and refused.

use std::ops::AddAssign;

/// Counts since a node began; they only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// For this node's own searches and for those of others, each neighbour counted.
    pub queries_sent: u64,
    /// All that came from neighbours; those refused and the duplicates are among them.
    pub queries_received: u64,
    /// Queries that were neither answered nor passed on, because their neighbour had sent too many.
    pub queries_refused: u64,
    /// Floods that had been here already.
    pub duplicates: u64,
    /// Answers of this node's own.
    pub hits_sent: u64,
    /// All that came from neighbours; each is in one of the next five, but for those of searches that have
    /// ended and those that a search had found before.
    pub hits_received: u64,
    /// For searches of one's own.
    pub hits_found: u64,
    /// Passed on to where their query came from.
    pub hits_relayed: u64,
    /// For a query that is forgotten, or was never sent to the neighbour that answers it.
    pub hits_unasked: u64,
    /// Beyond the most that one query may have, or that a neighbour may send.
    pub hits_refused: u64,
    /// Whom they would have gone back to is no longer a neighbour.
    pub hits_lost: u64,
    pub filters_sent: u64,
    pub filters_received: u64,
    /// Filters that came too often, or have another length than those here.
    pub filters_refused: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.queries_sent += other.queries_sent;
        self.queries_received += other.queries_received;
        self.queries_refused += other.queries_refused;
        self.duplicates += other.duplicates;
        self.hits_sent += other.hits_sent;
        self.hits_received += other.hits_received;
        self.hits_found += other.hits_found;
        self.hits_relayed += other.hits_relayed;
        self.hits_unasked += other.hits_unasked;
        self.hits_refused += other.hits_refused;
        self.hits_lost += other.hits_lost;
        self.filters_sent += other.filters_sent;
        self.filters_received += other.filters_received;
        self.filters_refused += other.filters_refused;
    }
}
