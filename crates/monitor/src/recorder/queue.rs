//! Batches on their way to the thread that writes them.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use super::batch::Batch;

/// Some seconds of the busiest server; at the usual length of an event 20 MB.
pub(crate) const EVENTS_MAX: usize = 65_536;

/// Longer events are fewer.
const BYTES_MAX: usize = 32 << 20;

#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Arc<Batch>>,
    events: usize,
    bytes: usize,
    /// Events that the writer took and has not written yet.
    in_hand: usize,
    wants_reopen: bool,
    is_closed: bool,
    is_done: bool,
}

/// When a writer that waits gets something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// How long it waits for the first event.
    pub(crate) first: Option<Duration>,
    /// How long it waits for more events after the first, and with how many it does not.
    pub(crate) more: Duration,
    pub(crate) enough: usize,
}

#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) batches: Vec<Arc<Batch>>,
    pub(crate) wants_reopen: bool,
    /// Nothing is left in the queue.
    pub(crate) is_all: bool,
    /// And nothing will come.
    pub(crate) is_last: bool,
}

impl Queue {
    /// Never waits. False, and the batch is not taken, where there is no room for it.
    pub(crate) fn push(&self, batch: &Arc<Batch>) -> bool {
        let mut state = self.state();
        let events = state.events + batch.len();
        let bytes = state.bytes + batch.bytes().len();
        if events > EVENTS_MAX || bytes > BYTES_MAX || state.is_done {
            return false;
        }
        (state.events, state.bytes) = (events, bytes);
        state.batches.push_back(Arc::clone(batch));
        self.changed.notify_all();
        true
    }

    pub(crate) fn ask_to_reopen(&self) {
        self.state().wants_reopen = true;
        self.changed.notify_all();
    }

    /// No more will come.
    pub(crate) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits as `wait` says; then takes whole batches, until there are enough events. What was
    /// taken before counts as written.
    pub(crate) fn take(&self, wait: Wait) -> Taken {
        let mut state = self.state();
        state.in_hand = 0;
        let is_idle =
            |state: &State| state.batches.is_empty() && !state.wants_reopen && !state.is_closed;
        state = self.wait(state, wait.first, is_idle);
        let is_few =
            |state: &State| state.events < wait.enough && !state.wants_reopen && !state.is_closed;
        if !state.batches.is_empty() && is_few(&state) {
            state = self.wait(state, Some(wait.more), is_few);
        }
        let mut batches = Vec::new();
        while state.in_hand < wait.enough {
            let Some(batch) = state.batches.pop_front() else { break };
            state.events -= batch.len();
            state.bytes -= batch.bytes().len();
            state.in_hand += batch.len();
            batches.push(batch);
        }
        let is_all = state.batches.is_empty();
        let wants_reopen = std::mem::take(&mut state.wants_reopen);
        Taken { batches, wants_reopen, is_all, is_last: is_all && state.is_closed }
    }

    /// Waits, until the queue is closed; returns whether it is.
    pub(crate) fn wait_until_closed(&self, timeout: Duration) -> bool {
        self.wait(self.state(), Some(timeout), |state| !state.is_closed).is_closed
    }

    /// So few events wait that losing some is over.
    pub(crate) fn is_calm(&self) -> bool {
        self.state().events < EVENTS_MAX / 2
    }

    /// Waits until the writer has ended; returns how many events it did not write until then.
    pub(crate) fn wait_until_done(&self, deadline: Instant) -> u64 {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let state = self.wait(self.state(), Some(timeout), |state| !state.is_done);
        (state.events + state.in_hand) as u64
    }

    /// Notes that the writer has ended once the value is dropped.
    pub(crate) fn done_when_dropped(self: &Arc<Self>) -> Done {
        Done(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing that holds the lock panics")
    }

    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        timeout: Option<Duration>,
        mut goes_on: impl FnMut(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        let expectation = "nothing that holds the lock panics";
        match timeout {
            None => {
                let condition = |state: &mut State| goes_on(state);
                self.changed.wait_while(state, condition).expect(expectation)
            }
            Some(timeout) => {
                let condition = |state: &mut State| goes_on(state);
                self.changed.wait_timeout_while(state, timeout, condition).expect(expectation).0
            }
        }
    }
}

pub(crate) struct Done(Arc<Queue>);

impl Drop for Done {
    fn drop(&mut self) {
        let mut state = self.0.state();
        // What is left in hand was not written only if the writer panicked.
        if !std::thread::panicking() {
            state.in_hand = 0;
        }
        state.is_done = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wait = Wait { first: Some(Duration::ZERO), more: Duration::ZERO, enough: 3 };

    fn batch(lines: usize) -> Arc<Batch> {
        let mut batch = Batch::default();
        (0..lines).for_each(|_| batch.push(b"{}"));
        Arc::new(batch)
    }

    #[test]
    fn batches_are_taken_until_there_are_enough_events() {
        let queue = Queue::default();
        [2, 2, 2].into_iter().for_each(|lines| assert!(queue.push(&batch(lines))));
        let taken = queue.take(NOW);
        assert_eq!((taken.batches.len(), taken.is_all, taken.is_last), (2, false, false));
        queue.close();
        let taken = queue.take(NOW);
        assert_eq!((taken.batches.len(), taken.is_all, taken.is_last), (1, true, true));
        assert_eq!(queue.wait_until_done(Instant::now()), 2);
        drop(Arc::new(queue).done_when_dropped());
    }

    #[test]
    fn what_there_is_no_room_for_is_not_taken() {
        let queue = Queue::default();
        assert!(queue.push(&batch(EVENTS_MAX)));
        assert!(!queue.push(&batch(1)));
        assert!(!queue.is_calm());
        queue.take(NOW);
        assert!(queue.push(&batch(1)));
        assert!(queue.is_calm());
    }

    #[test]
    fn events_gather_until_there_are_enough() {
        let queue = Queue::default();
        let wait = Wait { first: None, more: Duration::from_secs(60), enough: 2 };
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| queue.take(wait));
            queue.push(&batch(1));
            queue.push(&batch(1));
            assert_eq!(taken.join().unwrap().batches.len(), 2);
        });
    }
}
