//! Queries that have been here: where each came from, and whom it has met.
//!
//! It is bounded in number and in time; of both, what was not heard of for longest goes first.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::slots::{Slot, Slots};
use crate::{action::SearchId, message::Guid};

/// Who gets the hits of a query.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    Own(SearchId),
    Neighbour(Slot),
    /// The neighbour has gone, and with it the way back.
    Gone,
}

/// What is remembered of a query.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) origin: Origin,
    /// To whom it was sent. Only they may answer it, and nobody is sent it twice: so every query ends.
    pub(super) sent: Slots,
    /// From whom it came.
    pub(super) received: Slots,
    /// How many hits have come for it.
    pub(super) hits: u16,
    /// Its place in the order of use.
    used: u64,
}

#[derive(Debug)]
pub(super) struct Seen {
    max: usize,
    keep: Duration,
    tracks: HashMap<Guid, Track>,
    /// When each was heard of.
    by_use: BTreeMap<u64, (Guid, Duration)>,
    uses: u64,
}

impl Seen {
    pub(super) fn new(max: usize, keep: Duration) -> Self {
        Self { max, keep, tracks: HashMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// Hears of a query. What is known of it, and whether it is here for the first time: then it is of this
    /// origin.
    pub(super) fn meet(&mut self, guid: Guid, origin: Origin, now: Duration) -> (&mut Track, bool) {
        self.forget_old(now);
        if self.tracks.len() >= self.max && !self.tracks.contains_key(&guid) {
            self.forget_first();
        }
        let mut is_first = false;
        let track = self.tracks.entry(guid).or_insert_with(|| {
            is_first = true;
            Track { origin, sent: Slots::default(), received: Slots::default(), hits: 0, used: 0 }
        });
        self.by_use.remove(&track.used);
        self.uses += 1;
        track.used = self.uses;
        self.by_use.insert(self.uses, (guid, now));
        (track, is_first)
    }

    pub(super) fn get_mut(&mut self, guid: Guid) -> Option<&mut Track> {
        self.tracks.get_mut(&guid)
    }

    /// The place of a neighbour becomes that of nobody.
    pub(super) fn forget_neighbour(&mut self, slot: Slot) {
        for track in self.tracks.values_mut() {
            track.sent.remove(slot);
            track.received.remove(slot);
            if track.origin == Origin::Neighbour(slot) {
                track.origin = Origin::Gone;
            }
        }
    }

    fn forget_old(&mut self, now: Duration) {
        while let Some((_, (_, used_at))) = self.by_use.first_key_value()
            && now > used_at.saturating_add(self.keep)
        {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, (guid, _))) = self.by_use.pop_first() {
            self.tracks.remove(&guid);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.tracks.len(), self.by_use.len());
        self.tracks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Origin = Origin::Own(SearchId(0));

    fn guid(number: u8) -> Guid {
        Guid([number; 16])
    }

    #[test]
    fn of_too_many_the_one_that_was_not_heard_of_for_longest_is_forgotten() {
        let mut seen = Seen::new(2, Duration::from_secs(120));
        for number in [1, 2, 1, 3] {
            seen.meet(guid(number), OWN, Duration::ZERO);
        }
        assert_eq!(seen.len(), 2);
        assert_eq!(
            [1, 2, 3].map(|number| seen.get_mut(guid(number)).is_some()),
            [true, false, true]
        );
    }

    #[test]
    fn what_is_not_heard_of_is_forgotten_in_time() {
        let mut seen = Seen::new(9, Duration::from_secs(120));
        let mut is_new = |number, at_s| seen.meet(guid(number), OWN, Duration::from_secs(at_s)).1;
        assert!(is_new(1, 0) && is_new(2, 60));
        assert!(!is_new(1, 120));
        assert!(is_new(2, 181));
        assert!(!is_new(1, 240));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn a_neighbour_that_has_gone_is_nobody_in_every_query() {
        let slot = Slots::default().first_free().unwrap();
        let mut seen = Seen::new(9, Duration::from_secs(120));
        let (track, _) = seen.meet(guid(1), Origin::Neighbour(slot), Duration::ZERO);
        track.sent.insert(slot);
        track.received.insert(slot);
        seen.forget_neighbour(slot);
        let track = seen.get_mut(guid(1)).unwrap();
        assert_eq!(track.origin, Origin::Gone);
        assert!(track.sent.is_empty() && track.received.is_empty());
    }
}
