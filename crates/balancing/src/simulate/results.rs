//! What became of a scenario's requests.

use std::{num::NonZeroU16, time::Duration};

use simulation::Latencies;

use crate::backend::BackendSpec;

/// Of those requests that are measured; so the counts of those that succeeded, failed and are unfinished
/// add up to them.
#[derive(Clone, Debug)]
pub struct Results {
    /// How long, in virtual time, until the last request of all had ended.
    pub duration: Duration,
    pub succeeded: u64,
    pub failures: Failures,
    /// Those that a stopped backend keeps for ever, since no check finds it.
    pub unfinished: u64,
    /// How often a request was sent again after its backend was lost.
    pub retries: u64,
    /// How often a backend refused one, which then went on to another.
    pub refused: u64,
    /// From arrival to answer, of those that succeeded. So are the next two.
    pub response: Latencies,
    /// The part of it in the balancer's own queue; zero for those that did not wait there.
    pub queued: Latencies,
    /// The part of it in the queue of the backend that answered.
    pub waited: Latencies,
    /// The most that were in the balancer's own queue at once.
    pub queue_peak: usize,
    /// The mean, over time, of what a backend had in flight, and of what the fullest one had.
    pub in_flight_mean: f64,
    pub fullest_mean: f64,
    /// In the order of the scenario.
    pub backends: Vec<BackendResults>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BackendResults {
    pub name: String,
    pub weight: NonZeroU16,
    pub answered: u64,
    /// The part of its workers that had a request, in the mean over time.
    pub busy_share: f64,
    /// The most that it had in flight at once.
    pub in_flight_peak: usize,
}

/// Requests that failed, by reason.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Failures {
    /// No backend was up that had not refused or lost it before.
    pub no_backend: u64,
    pub queue_full: u64,
    /// It had waited in the queue for as long as it may.
    pub queue_wait: u64,
    /// Its backend was lost, and too many others were being sent again.
    pub not_repeated: u64,
}

impl Failures {
    pub fn total(self) -> u64 {
        self.no_backend + self.queue_full + self.queue_wait + self.not_repeated
    }
}

impl Results {
    /// Before anything has happened.
    pub(super) fn of_none<'a>(backends: impl Iterator<Item = &'a BackendSpec>) -> Self {
        let backend = |spec: &BackendSpec| BackendResults {
            name: spec.name.clone(),
            weight: spec.weight,
            answered: 0,
            busy_share: 0.0,
            in_flight_peak: 0,
        };
        Self {
            duration: Duration::ZERO,
            succeeded: 0,
            failures: Failures::default(),
            unfinished: 0,
            retries: 0,
            refused: 0,
            response: Latencies::default(),
            queued: Latencies::default(),
            waited: Latencies::default(),
            queue_peak: 0,
            in_flight_mean: 0.0,
            fullest_mean: 0.0,
            backends: backends.map(backend).collect(),
        }
    }

    /// How many times as much the fullest backend has in flight as one has in the mean; 1 is perfect.
    /// `None` where nothing ever was in flight.
    pub fn imbalance(&self) -> Option<f64> {
        (self.in_flight_mean > 0.0).then(|| self.fullest_mean / self.in_flight_mean)
    }

    /// By how much the share of a backend differs from that of its weight, relative to it, where that is
    /// most. `None` where nothing was answered.
    pub fn share_error(&self) -> Option<f64> {
        let answered: u64 = self.backends.iter().map(|backend| backend.answered).sum();
        let weights: f64 =
            self.backends.iter().map(|backend| f64::from(backend.weight.get())).sum();
        let error = |backend: &BackendResults| {
            let expected = answered as f64 * f64::from(backend.weight.get()) / weights;
            (backend.answered as f64 / expected - 1.0).abs()
        };
        (answered > 0).then(|| self.backends.iter().map(error).fold(0.0, f64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(answered: &[(u16, u64)]) -> Results {
        let spec = |(weight, _): &(u16, u64)| BackendSpec {
            name: String::new(),
            weight: NonZeroU16::new(*weight).unwrap(),
            in_flight_max: usize::MAX,
        };
        let specs: Vec<_> = answered.iter().map(spec).collect();
        let mut results = Results::of_none(specs.iter());
        let both = results.backends.iter_mut().zip(answered);
        both.for_each(|(backend, (_, answered))| backend.answered = *answered);
        results
    }

    #[test]
    fn shares_are_held_against_weights() {
        assert_eq!(results(&[(5, 500), (1, 100), (1, 100)]).share_error(), Some(0.0));
        // 100 of 700 would be its share, and it has half of that.
        assert_eq!(results(&[(5, 550), (1, 100), (1, 50)]).share_error(), Some(0.5));
        assert_eq!(results(&[(1, 0), (1, 0)]).share_error(), None);
        assert_eq!(results(&[]).share_error(), None);
    }

    #[test]
    fn imbalance_is_the_fullest_over_the_mean() {
        assert_eq!(
            Results { in_flight_mean: 2.0, fullest_mean: 5.0, ..results(&[]) }.imbalance(),
            Some(2.5)
        );
        assert_eq!(results(&[]).imbalance(), None);
    }
}
