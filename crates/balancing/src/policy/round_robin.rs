//! Round-robin in proportion to the weights, and smoothly: no backend gets its share in one go.

use simulation::Chance;

use super::{Candidates, Policy};

/// Smooth weighted round-robin, as nginx has it: for each request every candidate is owed its weight more,
/// and who is owed most gets the request and pays the sum of all weights for it. Of those who are owed alike
/// the first does.
///
/// Debts are kept in requests, that is, as parts of the sum of the weights: when that sum changes, because
/// a backend goes or comes, is full, is warming up, or has another weight, they are scaled with it. Else a
/// debt from a time of large weights would be paid back in a burst at small ones, with nothing for others.
/// One who is no candidate is owed nothing more, so that it finds no burst waiting when it comes back.
#[derive(Debug, Default)]
pub struct RoundRobin {
    /// By place. `total` makes one request.
    owed: Vec<i64>,
    /// The sum of the candidates' weights at the last pick.
    total: i64,
}

impl RoundRobin {
    /// Whose turn it is among these places, which are told with their weights.
    pub(super) fn turn(
        &mut self,
        candidates: impl Clone + Iterator<Item = (usize, u64)>,
    ) -> Option<usize> {
        self.scale_to(candidates.clone().map(|(_, weight)| weight as i64).sum());
        let mut most_owed: Option<(usize, i64)> = None;
        for (place, weight) in candidates {
            let owed = &mut self.owed[place];
            *owed += weight as i64;
            if most_owed.is_none_or(|(_, most)| *owed > most) {
                most_owed = Some((place, *owed));
            }
        }
        let (place, _) = most_owed?;
        self.owed[place] -= self.total;
        Some(place)
    }

    /// Keeps what everyone is owed, in requests.
    fn scale_to(&mut self, total: i64) {
        if total == self.total || total == 0 {
            return;
        }
        if self.total != 0 {
            let factor = total as f64 / self.total as f64;
            for owed in &mut self.owed {
                *owed = (*owed as f64 * factor) as i64;
            }
        }
        self.total = total;
    }
}

impl Policy for RoundRobin {
    fn pick(&mut self, candidates: &Candidates<'_>, _chance: &mut Chance) -> Option<usize> {
        self.turn(candidates.iter())
    }

    fn added(&mut self) {
        self.owed.push(0);
    }

    fn removed(&mut self, place: usize) {
        self.owed.remove(place);
    }
}
