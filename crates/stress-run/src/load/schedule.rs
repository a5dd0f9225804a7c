//! Which request is due when.
//!
//! All clients take their requests from one schedule. In an open loop a client that is free takes the next
//! arrival, waits until it is due and sends it; so as long as one is free, the arrivals before its own are
//! in other clients' hands. A client that is late, or whose answer does not come, delays the one request that
//! it holds and no other. Where none is free, arrivals stay here past the moment when they are due, and are
//! taken in order by the next clients that are.
//!
//! Arrivals are drawn from the stream of chance from which a simulation draws them, so with the same seed
//! they are the same. Streams of the requests themselves are their numbers, which begin with 1.

use std::{
    iter::Peekable,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use balancing::simulate::ARRIVALS;
use simulation::{Arrivals, Chance, Moments};

/// Room for the requests of one client in a number, below the client's own.
const MADE_BITS: u32 = 44;

/// When requests leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// A client sends its next request when the last is answered: so many.
    Each(u32),
    /// The same, for so long.
    For(Duration),
    /// Requests leave whatever becomes of those before them.
    Open { arrivals: Arrivals, duration: Duration },
}

/// A request that has to be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Due {
    pub(super) number: u64,
    /// Since the release of the clients.
    pub(super) at: Duration,
}

pub(super) enum Schedule {
    Each(u32),
    For(Duration),
    Open(Mutex<Open>),
}

impl Schedule {
    /// Arrivals that no client has taken when they are due are still sent, but none later than `grace` after
    /// the last of them.
    pub(super) fn new(pace: Pace, grace: Duration, seed: u64) -> Self {
        match pace {
            Pace::Each(requests) => Self::Each(requests),
            Pace::For(duration) => Self::For(duration),
            Pace::Open { arrivals, duration } => {
                Self::Open(Mutex::new(Open::new(arrivals, duration, grace, seed)))
            }
        }
    }

    /// The next request of a client that is free `now` and has made so many; `None`: it is done.
    pub(super) fn next(&self, client: u32, made: u64, now: Duration) -> Option<Due> {
        let own = Due { number: u64::from(client) << MADE_BITS | made, at: now };
        match self {
            Self::Each(requests) => (made < u64::from(*requests)).then_some(own),
            Self::For(duration) => (now < *duration).then_some(own),
            Self::Open(open) => lock(open).take(now),
        }
    }

    /// Whether a client's requests wait for its answers.
    pub(super) fn is_closed(&self) -> bool {
        !matches!(self, Self::Open(_))
    }

    /// How many requests were due by `now` and taken by no client, once all clients are done.
    pub(super) fn unsent(&self, now: Duration) -> u64 {
        match self {
            Self::Each(_) | Self::For(_) => 0,
            Self::Open(open) => lock(open).give_up(now),
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The arrivals of an open loop.
pub(super) struct Open {
    moments: Peekable<Moments>,
    taken: u64,
    /// Whatever comes from then on is not part of the run.
    end: Duration,
    last_call: Duration,
}

impl Open {
    fn new(arrivals: Arrivals, duration: Duration, grace: Duration, seed: u64) -> Self {
        let moments = arrivals.moments(Chance::new(seed, ARRIVALS)).peekable();
        Self { moments, taken: 0, end: duration, last_call: duration + grace }
    }

    fn take(&mut self, now: Duration) -> Option<Due> {
        if now >= self.last_call {
            return None;
        }
        let end = self.end;
        let at = self.moments.next_if(|moment| *moment < end)?;
        self.taken += 1;
        Some(Due { number: self.taken, at })
    }

    fn give_up(&mut self, now: Duration) -> u64 {
        let end = self.end.min(now);
        let left = std::iter::from_fn(|| self.moments.next_if(|moment| *moment < end));
        left.count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn open(arrivals: Arrivals) -> Schedule {
        let pace = Pace::Open { arrivals, duration: seconds(10) };
        Schedule::new(pace, seconds(5), 1)
    }

    /// The moments of all requests that clients take which are always free.
    fn moments(schedule: &Schedule) -> Vec<Duration> {
        let next = || schedule.next(1, 0, Duration::ZERO);
        std::iter::from_fn(next).map(|due| due.at).collect()
    }

    #[test]
    fn in_a_closed_loop_a_request_is_due_when_its_client_is_free() {
        let schedule = Schedule::new(Pace::Each(2), seconds(5), 1);
        let at = |client, made, now| schedule.next(client, made, seconds(now)).map(|due| due.at);
        assert_eq!((at(1, 0, 3), at(1, 1, 9)), (Some(seconds(3)), Some(seconds(9))));
        assert_eq!((at(1, 2, 9), at(2, 0, 9)), (None, Some(seconds(9))));
        let schedule = Schedule::new(Pace::For(seconds(4)), seconds(5), 1);
        assert!(schedule.next(1, 1_000, Duration::from_millis(3_999)).is_some());
        assert_eq!((schedule.next(1, 0, seconds(4)), schedule.unsent(seconds(9))), (None, 0));
    }

    #[test]
    fn requests_of_two_clients_never_have_the_same_number() {
        let schedule = Schedule::new(Pace::Each(9), seconds(5), 1);
        let number = |client, made| schedule.next(client, made, seconds(0)).unwrap().number;
        let mut numbers: Vec<u64> =
            (1..4).flat_map(|client| (0..9).map(move |made| number(client, made))).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 27);
    }

    /// The number of arrivals in 10 s has the mean 10,000 and the standard deviation 100; the squared
    /// coefficient of variation of exponential gaps is 1, and that of equal ones 0.
    #[test]
    fn arrivals_are_those_of_a_poisson_process_and_the_same_for_a_seed() {
        let arrivals = Arrivals::Poisson { per_second: 1_000.0 };
        let taken = moments(&open(arrivals));
        assert!(taken.len().abs_diff(10_000) < 400, "{}", taken.len());
        assert!(taken.is_sorted() && taken.iter().all(|moment| *moment < seconds(10)));
        let gaps: Vec<f64> =
            taken.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let squares: f64 = gaps.iter().map(|gap| (gap - mean).powi(2)).sum();
        let variation = squares / gaps.len() as f64 / mean.powi(2);
        assert!((variation - 1.0).abs() < 0.1, "{variation}");
        assert_eq!(taken, moments(&open(arrivals)));
    }

    #[test]
    fn arrivals_wait_for_clients_that_are_busy_and_keep_their_moments() {
        let schedule = open(Arrivals::Steady { per_second: 1.0 });
        let take = |now| schedule.next(1, 0, seconds(now)).map(|due| due.at.as_secs());
        assert_eq!([take(0), take(0), take(7)], [Some(0), Some(1), Some(2)]);
        // Beyond the end those that have arrived before are still taken, up to the last call.
        assert_eq!([take(14), take(15)], [Some(3), None]);
        assert_eq!(schedule.unsent(seconds(15)), 6);
        assert_eq!(schedule.unsent(seconds(15)), 0);
    }

    #[test]
    fn a_run_that_is_stopped_has_not_left_out_what_was_not_due_yet() {
        let schedule = open(Arrivals::Steady { per_second: 1.0 });
        schedule.next(1, 0, seconds(0));
        assert_eq!(schedule.unsent(seconds(4)), 3);
    }
}
