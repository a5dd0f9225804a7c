//! To whoever is least busy.

use simulation::Chance;

use super::{Candidates, Policy, RoundRobin};

/// The fewest requests in flight for its weight. Those who are equally busy take turns by weight: with the
/// first of them always, a client that sends one request after another would keep one backend busy, and the
/// caches of all others cold.
#[derive(Debug, Default)]
pub struct LeastConnections {
    turns: RoundRobin,
}

impl Policy for LeastConnections {
    fn pick(&mut self, candidates: &Candidates<'_>, _chance: &mut Chance) -> Option<usize> {
        let (mut least, mut least_busy) = (f64::INFINITY, Vec::new());
        for (place, weight) in candidates.iter() {
            // Division rounds equal fractions alike, so those who are equally busy are found to be.
            let load = candidates.in_flight(place) as f64 / weight as f64;
            if load < least {
                least = load;
                least_busy.clear();
            }
            if load == least {
                least_busy.push((place, weight));
            }
        }
        self.turns.turn(least_busy.iter().copied())
    }

    fn added(&mut self) {
        self.turns.added();
    }

    fn removed(&mut self, place: usize) {
        self.turns.removed(place);
    }
}
