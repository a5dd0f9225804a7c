//! What every runner waits for, and what it does then.

use std::{sync::Arc, time::Duration};

/// An event to be handed back. Ordered by time; of two at one moment the one that was set first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Timer {
    pub(crate) at: Duration,
    /// No two timers of a world have the same.
    pub(crate) number: u64,
    pub(crate) lane: Lane,
}

/// A message, whose timers share a thread.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Lane {
    pub(crate) flow: u32,
    pub(crate) message: u64,
}

/// What is done with a timer at its time, on any thread, also on several at once.
pub(crate) type Due = Arc<dyn Fn(Timer) + Send + Sync>;

/// Hands each timer to its [`Due`] when the clock has reached it. When it is dropped its threads and tasks
/// end, and what they waited for is forgotten.
pub(crate) trait Runner: Send + Sync {
    fn schedule(&self, timer: Timer);

    /// The clock was stopped, stepped or set to another speed: whoever waits has to look again.
    fn clock_changed(&self);

    /// Nothing more can happen to a message: nobody waits for its timers any more.
    fn forget(&self, lane: Lane);

    /// Threads that it has at the moment.
    fn threads(&self) -> usize;
}
