//! How long to wait before something is tried again.

use std::time::Duration;

/// A wait that doubles each time up to a limit, until things go well again.
#[derive(Clone, Copy, Debug)]
pub struct GrowingPause {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl GrowingPause {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, first, longest }
    }

    /// How long to wait this time.
    pub fn step(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    pub fn reset(&mut self) {
        self.next = self.first;
    }
}
