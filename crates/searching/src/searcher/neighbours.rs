//! Who is connected, and what is known of each.

use std::time::Duration;

use super::{
    bucket::TokenBucket,
    slots::{Slot, Slots},
};
use crate::{
    config::Config,
    filter::{Attenuated, Filter, NameHash},
};

/// Why a neighbour is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConnectError {
    #[error("there are {0} neighbours already, as many as may be")]
    TooMany(usize),
    #[error("it is a neighbour already")]
    Twice,
}

#[derive(Debug)]
struct Neighbour<N> {
    name: N,
    questions: TokenBucket,
    hits: TokenBucket,
    /// What it has said can be found through it.
    filters: Option<Attenuated>,
    /// What it was told last.
    told: Option<Attenuated>,
}

#[derive(Debug)]
pub(super) struct Neighbours<N> {
    /// By their slots.
    all: Vec<Option<Neighbour<N>>>,
    connected: Slots,
}

impl<N: Copy + Eq> Neighbours<N> {
    pub(super) fn new() -> Self {
        Self { all: Vec::new(), connected: Slots::default() }
    }

    pub(super) fn connect(&mut self, name: N, max: usize) -> Result<(), ConnectError> {
        if self.slot_of(name).is_some() {
            return Err(ConnectError::Twice);
        }
        let count = self.connected.len();
        let free = self.connected.first_free().filter(|_| count < max);
        let slot = free.ok_or(ConnectError::TooMany(count))?;
        self.connected.insert(slot);
        let (questions, hits) = <(TokenBucket, TokenBucket)>::default();
        let neighbour = Some(Neighbour { name, questions, hits, filters: None, told: None });
        match self.all.get_mut(slot.index()) {
            Some(place) => *place = neighbour,
            None => self.all.push(neighbour),
        }
        Ok(())
    }

    /// The slot that it had.
    pub(super) fn disconnect(&mut self, name: N) -> Option<Slot> {
        let slot = self.slot_of(name)?;
        self.connected.remove(slot);
        self.all[slot.index()] = None;
        Some(slot)
    }

    /// Looks at each of them: they are few.
    pub(super) fn slot_of(&self, name: N) -> Option<Slot> {
        self.connected.iter().find(|slot| self.name(*slot) == Some(name))
    }

    pub(super) fn name(&self, slot: Slot) -> Option<N> {
        self.get(slot).map(|neighbour| neighbour.name)
    }

    pub(super) fn connected(&self) -> Slots {
        self.connected
    }

    /// Whether it may ask one thing more.
    pub(super) fn may_ask(&mut self, slot: Slot, now: Duration, config: &Config) -> bool {
        let Some(neighbour) = self.get_mut(slot) else { return false };
        neighbour.questions.take(now, config.queries_per_second, config.queries_burst)
    }

    /// Whether it may answer once more.
    pub(super) fn may_answer(&mut self, slot: Slot, now: Duration, config: &Config) -> bool {
        let Some(neighbour) = self.get_mut(slot) else { return false };
        neighbour.hits.take(now, config.hits_per_second, config.hits_burst)
    }

    /// Whether they are others than before.
    pub(super) fn set_filters(&mut self, slot: Slot, filters: Attenuated) -> bool {
        let Some(neighbour) = self.get_mut(slot) else { return false };
        let is_new = neighbour.filters.as_ref() != Some(&filters);
        neighbour.filters = Some(filters);
        is_new
    }

    /// Those of `among` that promise the nearest holder.
    pub(super) fn promising(&self, among: Slots, name: NameHash) -> Slots {
        let nearest = |slot| self.get(slot)?.filters.as_ref()?.nearest(name);
        let least = among.iter().filter_map(nearest).min();
        let is_nearest = |slot: &Slot| least.is_some() && nearest(*slot) == least;
        among.iter().filter(is_nearest).collect()
    }

    /// What each has to be told that it was not told yet. It counts as told.
    pub(super) fn news(&mut self, own: &Filter) -> Vec<(N, Attenuated)> {
        let mut news = Vec::new();
        for slot in self.connected.iter() {
            let others = self.connected.iter().filter(|other| *other != slot);
            let heard = others.filter_map(|other| self.get(other)?.filters.as_ref());
            let filters = Attenuated::through(own, heard);
            let Some(neighbour) = self.get_mut(slot) else { continue };
            if neighbour.told.as_ref() != Some(&filters) {
                neighbour.told = Some(filters.clone());
                news.push((neighbour.name, filters));
            }
        }
        news
    }

    fn get(&self, slot: Slot) -> Option<&Neighbour<N>> {
        self.all.get(slot.index())?.as_ref()
    }

    fn get_mut(&mut self, slot: Slot) -> Option<&mut Neighbour<N>> {
        self.all.get_mut(slot.index())?.as_mut()
    }
}
