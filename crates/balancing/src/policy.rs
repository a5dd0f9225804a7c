//! How one backend is chosen among those that may be chosen: one file a policy.

mod candidates;
mod least_connections;
mod name;
mod peak_ewma;
mod round_robin;
mod two_choices;

use std::{fmt::Debug, time::Duration};

use simulation::Chance;

pub use self::{
    candidates::Candidates, least_connections::LeastConnections, name::PolicyName,
    peak_ewma::PeakEwma, round_robin::RoundRobin, two_choices::TwoChoices,
};

/// Chooses backends, which it knows by their places: 0 and up, in the order in which they were added.
///
/// The pool calls [`added`](Self::added) once for each backend, also for those that were there before the
/// policy was.
pub trait Policy: Debug + Send {
    /// The place of one of the candidates; none where there are none. The pool counts it in flight.
    fn pick(&mut self, candidates: &Candidates<'_>, chance: &mut Chance) -> Option<usize>;

    /// There is one more backend, at the last place.
    fn added(&mut self) {}

    /// The backend at this place is gone; each one behind it moves one place forward.
    fn removed(&mut self, _place: usize) {}

    /// The first byte of an answer has come from the one at this place, so long after it was asked.
    fn answered(&mut self, _place: usize, _first_byte: Duration, _now: Duration) {}

    /// The one at this place gets no work for now. How it was will say little when it comes back.
    fn left(&mut self, _place: usize) {}
}
