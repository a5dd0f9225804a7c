//! What a policy may choose from, at one moment.

use std::time::Duration;

use simulation::Chance;

use crate::backend::{Backend, BackendId};

/// Places drawn in vain before all candidates are looked at. Where half of the backends are candidates, that
/// happens to one draw in 65,536.
const DRAWS_MAX: u32 = 16;

/// The backends of a pool, of which those are candidates that get work, have room and were not excluded.
#[derive(Clone, Copy, Debug)]
pub struct Candidates<'a> {
    pub(crate) backends: &'a [Backend],
    /// By place; 0 where it gets no work or has no room.
    pub(crate) weights: &'a [u64],
    /// No weight is larger.
    pub(crate) weight_max: u64,
    pub(crate) excluded: &'a [BackendId],
    pub(crate) now: Duration,
}

impl Candidates<'_> {
    /// How many backends there are, candidates or not.
    pub fn places(&self) -> usize {
        self.backends.len()
    }

    pub fn now(&self) -> Duration {
        self.now
    }

    /// What the backend at this place weighs in 1024ths of a configured weight, which is less while it
    /// warms up. None where it is no candidate.
    pub fn weight(&self, place: usize) -> Option<u64> {
        let weight = *self.weights.get(place)?;
        let is_candidate = weight > 0 && !self.excluded.contains(&self.backends[place].id);
        is_candidate.then_some(weight)
    }

    /// Requests in flight there, the one to be placed not included.
    pub fn in_flight(&self, place: usize) -> usize {
        self.backends.get(place).map_or(0, Backend::in_flight)
    }

    /// The places of all candidates, and what they weigh.
    pub fn iter(&self) -> impl Clone + Iterator<Item = (usize, u64)> {
        (0..self.places()).filter_map(|place| Some((place, self.weight(place)?)))
    }

    /// Draws two different candidates, each as likely as it weighs. Of them the one for which `cost`, which
    /// is given place and weight, is less; where it is equal the one that was drawn first.
    pub fn better_of_two(
        &self,
        chance: &mut Chance,
        cost: impl Fn(usize, u64) -> f64,
    ) -> Option<usize> {
        let first = self.draw(None, chance)?;
        let Some(second) = self.draw(Some(first.0), chance) else { return Some(first.0) };
        Some(if cost(second.0, second.1) < cost(first.0, first.1) { second.0 } else { first.0 })
    }

    /// Takes the same time for any number of backends, as long as many of them are candidates and weigh
    /// about as much as the heaviest.
    fn draw(&self, other_than: Option<usize>, chance: &mut Chance) -> Option<(usize, u64)> {
        for _ in 0..DRAWS_MAX {
            let place = chance.below(self.places());
            let Some(weight) = self.weight(place) else { continue };
            // One that weighs half as much as the heaviest is refused every other time.
            let is_taken = weight >= self.weight_max
                || chance.unit() * (self.weight_max as f64) < weight as f64;
            if is_taken && Some(place) != other_than {
                return Some((place, weight));
            }
        }
        self.draw_from_all(other_than, chance)
    }

    fn draw_from_all(
        &self,
        other_than: Option<usize>,
        chance: &mut Chance,
    ) -> Option<(usize, u64)> {
        let others = || self.iter().filter(|(place, _)| Some(*place) != other_than);
        let total: u64 = others().map(|(_, weight)| weight).sum();
        let mut at = chance.below(usize::try_from(total).unwrap_or(usize::MAX)) as u64;
        for (place, weight) in others() {
            if at < weight {
                return Some((place, weight));
            }
            at -= weight;
        }
        None
    }
}
