//! A node's own searches.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use protocol::FileName;

use crate::{
    action::SearchId,
    message::{Guid, Hit, Wanted},
    strategy::Strategy,
};

#[derive(Debug)]
pub(super) struct Search {
    pub(super) wanted: Wanted,
    pub(super) strategy: Strategy,
    /// Of floods.
    pub(super) ttl: u16,
    /// How many attempts were made.
    pub(super) attempts: u16,
    /// The query of the last attempt.
    pub(super) guid: Guid,
    /// How many walks of the last attempt have not come home.
    pub(super) walks: usize,
    /// When the last attempt was waited for long enough.
    pub(super) until: Duration,
    /// Holder, content and name of each hit. Bounded by the hits that a query may have.
    found: HashSet<([u8; 32], [u8; 32], FileName)>,
}

impl Search {
    /// Whether it was not found before.
    pub(super) fn find(&mut self, hit: &Hit) -> bool {
        self.found.insert((hit.holder.id, hit.item.hash, hit.item.name.clone()))
    }

    pub(super) fn has_found(&self) -> bool {
        !self.found.is_empty()
    }

    #[cfg(test)]
    pub(super) fn found_len(&self) -> usize {
        self.found.len()
    }
}

#[derive(Debug, Default)]
pub(super) struct Searches {
    ongoing: BTreeMap<SearchId, Search>,
    begun: u64,
}

impl Searches {
    pub(super) fn begin(&mut self, wanted: Wanted, strategy: Strategy, ttl: u16) -> SearchId {
        let id = SearchId(self.begun);
        self.begun += 1;
        let search = Search {
            wanted,
            strategy,
            ttl,
            attempts: 0,
            guid: Guid([0; 16]),
            walks: 0,
            until: Duration::MAX,
            found: HashSet::new(),
        };
        self.ongoing.insert(id, search);
        id
    }

    pub(super) fn get_mut(&mut self, id: SearchId) -> Option<&mut Search> {
        self.ongoing.get_mut(&id)
    }

    pub(super) fn end(&mut self, id: SearchId) {
        self.ongoing.remove(&id);
    }

    pub(super) fn len(&self) -> usize {
        self.ongoing.len()
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Search> {
        self.ongoing.values()
    }

    pub(super) fn oldest(&self) -> Option<SearchId> {
        self.ongoing.first_key_value().map(|(id, _)| *id)
    }

    /// Those whose last attempt was waited for.
    pub(super) fn due(&self, now: Duration) -> Vec<SearchId> {
        let due = self.ongoing.iter().filter(|(_, search)| search.until <= now);
        due.map(|(id, _)| *id).collect()
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.ongoing.values().map(|search| search.until).min()
    }
}
