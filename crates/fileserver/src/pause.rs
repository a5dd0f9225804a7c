//! How long to wait before something is tried again.

use std::time::Duration;

/// A wait that doubles each time up to a limit, until things go well again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrowingPause {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl GrowingPause {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, first, longest }
    }

    /// How long to wait this time.
    pub(crate) fn step(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}
