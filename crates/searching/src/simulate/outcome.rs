//! What became of a scenario's searches.

use std::time::Duration;

use crate::counts::Counts;

#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// In the order of the scenario.
    pub searches: Vec<SearchOutcome>,
    /// Of all nodes together, from the beginning to the end.
    pub counts: Counts,
    /// In virtual time.
    pub duration: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SearchOutcome {
    /// Who has asked.
    pub asker: usize,
    /// How many queries were sent for it, by all nodes together, until the last one had arrived.
    pub queries: u64,
    /// How many hits were sent, each hop counted.
    pub hits: u64,
    /// How many files it has found, one holder's with another's.
    pub found: usize,
    /// How far the query had gone to the nearest holder that was found.
    pub hops: Option<u16>,
    /// From asking until the first hit was there.
    pub took: Option<Duration>,
    /// How many hops the nearest holder was away when the search began; `None` where no holder was there, or
    /// none that could be reached.
    pub nearest: Option<u32>,
}

impl SearchOutcome {
    pub fn is_found(&self) -> bool {
        self.found > 0
    }

    pub fn messages(&self) -> u64 {
        self.queries + self.hits
    }
}
