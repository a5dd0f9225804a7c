//! Two at random, and the one that is expected to answer sooner, judging by how soon it answered of late.

use std::time::Duration;

use simulation::Chance;

use super::{Candidates, Policy};

/// After so long a latency counts for 1/e of what it was.
const DECAY: Duration = Duration::from_secs(10);
/// What a backend is taken to need that has a request and has not answered any: longer than any answer.
/// So one request tries out whoever is new or has come back, and the next ones wait for what it says.
const UNKNOWN_S: f64 = 3600.0;

/// Peak EWMA on the time to the first byte, as Finagle and linkerd have it: a slower answer counts at once
/// and whole, a faster one is averaged in over the time since the last. What is expected of a backend is
/// that, for each request in flight and the new one, divided by its weight.
///
/// What is known fades while no answer comes, so that one that was slow is tried again.
#[derive(Debug, Default)]
pub struct PeakEwma {
    /// By place.
    latencies: Vec<Option<Latency>>,
}

/// An average, and when it was made.
#[derive(Clone, Copy, Debug)]
struct Latency {
    seconds: f64,
    at: Duration,
}

impl Latency {
    /// What is left of it after a time without an answer. Whoever looks changes nothing: an average that
    /// faded with each look would depend on how often it is looked at.
    fn faded(self, now: Duration) -> f64 {
        self.seconds * weight_of_past(now.saturating_sub(self.at))
    }

    fn with(self, seconds: f64, now: Duration) -> Self {
        if seconds >= self.seconds {
            return Self { seconds, at: now };
        }
        let past = weight_of_past(now.saturating_sub(self.at));
        Self { seconds: self.seconds * past + seconds * (1.0 - past), at: now }
    }
}

fn weight_of_past(elapsed: Duration) -> f64 {
    (-elapsed.div_duration_f64(DECAY)).exp()
}

impl PeakEwma {
    fn expected_s(&self, place: usize, in_flight: usize, now: Duration) -> f64 {
        let each = match self.latencies[place] {
            Some(latency) => latency.faded(now),
            None if in_flight == 0 => 0.0,
            None => UNKNOWN_S,
        };
        each * (in_flight + 1) as f64
    }
}

impl Policy for PeakEwma {
    fn pick(&mut self, candidates: &Candidates<'_>, chance: &mut Chance) -> Option<usize> {
        candidates.better_of_two(chance, |place, weight| {
            self.expected_s(place, candidates.in_flight(place), candidates.now()) / weight as f64
        })
    }

    fn added(&mut self) {
        self.latencies.push(None);
    }

    fn removed(&mut self, place: usize) {
        self.latencies.remove(place);
    }

    fn answered(&mut self, place: usize, first_byte: Duration, now: Duration) {
        let seconds = first_byte.as_secs_f64();
        let latency = &mut self.latencies[place];
        *latency =
            Some(latency.map_or(Latency { seconds, at: now }, |known| known.with(seconds, now)));
    }

    fn left(&mut self, place: usize) {
        self.latencies[place] = None;
    }
}
