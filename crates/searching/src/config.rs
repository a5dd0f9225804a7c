//! What a node allows, and how long it waits.

use std::time::Duration;

/// The limits of one node, and its waits. Nodes need not agree on them, except on `filter_len`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// No flood is passed on that was sent more often, whatever its own TTL says.
    pub ttl_max: u16,
    /// How often a walk of one's own may be sent. A walk that comes home before has been everywhere.
    pub walk_ttl: u16,
    /// No walk is passed on that was sent more often.
    pub walk_ttl_max: u16,
    /// How long a query and its hit may take for one hop, there and back. A flood is waited for as long as
    /// all hops of its TTL may take; then the search goes on with its next attempt, or ends.
    pub hop_time: Duration,
    /// How long walks are waited for. All hops of theirs would be too long: most need few of them, and one
    /// that comes home is waited for no longer.
    pub walk_wait: Duration,
    /// How many queries are remembered, and for how long after each last came. Of too many, the one that
    /// has not come for longest is forgotten.
    pub seen_max: usize,
    pub seen_for: Duration,
    /// At most [`NEIGHBOURS_LIMIT`](Self::NEIGHBOURS_LIMIT).
    pub neighbours_max: usize,
    /// How many queries (and filters) are taken from each neighbour: so many a second, and so many at once.
    pub queries_per_second: u32,
    pub queries_burst: u32,
    /// The same of hits, those that are for nobody too.
    pub hits_per_second: u32,
    pub hits_burst: u32,
    /// Hits with which one query is answered here, and which are taken for it from all neighbours together.
    pub answers_max: usize,
    pub hits_max: u16,
    /// Searches of one's own at once; one too many ends the oldest.
    pub searches_max: usize,
    /// Bytes of a filter, of which a message has three. Filters of another length are not used.
    pub filter_len: usize,
    /// From a change of what can be found here until the neighbours are told. What changes meanwhile is
    /// told with it, so nobody can have more said.
    pub filter_delay: Duration,
}

impl Config {
    /// Each query remembers whom it has met in the bits of a `u64`.
    pub const NEIGHBOURS_LIMIT: usize = 64;

    /// The TTL of a flood where nobody says another: that of Gnutella 0.4.
    pub const TTL: u16 = 7;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ttl_max: 16,
            walk_ttl: 64,
            walk_ttl_max: 1024,
            hop_time: Duration::from_millis(50),
            walk_wait: Duration::from_secs(3),
            seen_max: 65_536,
            seen_for: Duration::from_secs(120),
            neighbours_max: Self::NEIGHBOURS_LIMIT,
            queries_per_second: 500,
            queries_burst: 1000,
            hits_per_second: 1000,
            hits_burst: 2000,
            answers_max: 16,
            hits_max: 256,
            searches_max: 256,
            filter_len: 1024,
            filter_delay: Duration::from_millis(100),
        }
    }
}
