//! What a searcher asks of whoever drives it.

use crate::message::{Hit, Message};

/// A search of one's own. A search may send several queries, one after another.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SearchId(pub u64);

/// `N` is whatever names a neighbour.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action<N> {
    Send {
        to: N,
        message: Message,
    },
    /// A search of one's own has found a file. The same file of the same holder is told once.
    Found {
        search: SearchId,
        hit: Hit,
    },
    /// A search sends nothing more, and what comes for it from now on is not told.
    Ended(SearchId),
}
