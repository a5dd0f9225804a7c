//! Two at random, and the less busy of them: nearly as good as looking at all, and the same work for any
//! number of backends (Azar et al. 1994, Mitzenmacher 1996).

use simulation::Chance;

use super::{Candidates, Policy};

/// Of two different candidates at random, each drawn as likely as it weighs, the one with fewer requests in
/// flight for its weight; of equal ones the first drawn.
///
/// Several balancers that each look at all backends run to the same least busy one together. Those who draw
/// do not.
#[derive(Debug, Default)]
pub struct TwoChoices;

impl Policy for TwoChoices {
    fn pick(&mut self, candidates: &Candidates<'_>, chance: &mut Chance) -> Option<usize> {
        candidates.better_of_two(chance, |place, weight| {
            candidates.in_flight(place) as f64 / weight as f64
        })
    }
}
