//! A time in which events are not written.
//!
//! Whoever runs the server is told on standard error when it begins and when it ends, not for each
//! event. Saying so never waits: where standard error takes nothing, nothing is said.

use std::{
    io::{self, Write},
    mem,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use telemetry::{EventKind, Level};

use super::batch::Batch;
use crate::line::own_event;

/// What is known about the events that one sink has lost.
#[derive(Debug)]
pub(crate) struct Outage {
    /// Whose events are lost.
    program: &'static str,
    /// What cannot be written.
    what: String,
    losses: &'static AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Why events are lost; none while none are.
    reason: Option<String>,
    /// They may be soon.
    is_suspected: bool,
    /// How many were: those that nothing was written about, those since the outage began, and all.
    untold: u64,
    lost: u64,
    lost_in_all: u64,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Lost {
    pub(crate) count: u64,
    pub(crate) reason: String,
}

impl Lost {
    /// What is written in the place of the events.
    pub(crate) fn event(&self) -> Batch {
        let Self { count, reason } = self.clone();
        Batch::of(&own_event(Level::Error, EventKind::EventsLost { count, reason }))
    }
}

impl Outage {
    pub(crate) fn new(
        program: &'static str,
        what: String,
        losses: &'static AtomicU64,
    ) -> Arc<Self> {
        Arc::new(Self { program, what, losses, state: Mutex::default() })
    }

    /// Events are not lost yet, but will be before long.
    pub(crate) fn suspect(&self, reason: &str) {
        let mut state = self.state();
        if state.reason.is_none() && !state.is_suspected {
            state.is_suspected = true;
            self.complain(&format!(
                "the {} cannot be written ({reason}); events wait in memory until it can, and are \
                 lost when there are too many",
                self.what
            ));
        }
    }

    /// What was suspected did not happen, or is over.
    pub(crate) fn trust(&self) {
        let mut state = self.state();
        if mem::take(&mut state.is_suspected) && state.reason.is_none() {
            self.complain(&format!("the {} can be written again; no event was lost", self.what));
        }
    }

    /// So many events are lost. Says so, unless that was said.
    pub(crate) fn lose(&self, count: u64, reason: &str) {
        if count == 0 {
            return;
        }
        let mut state = self.state();
        if state.reason.is_none() {
            state.reason = Some(reason.to_owned());
            self.complain(&format!(
                "the {} cannot be written ({reason}); events are lost until it can",
                self.what
            ));
        }
        state.untold += count;
        state.lost += count;
        state.lost_in_all += count;
        self.losses.fetch_add(count, Relaxed);
    }

    /// The outage that goes on.
    pub(crate) fn lost(&self) -> Option<Lost> {
        let state = self.state();
        state.reason.clone().map(|reason| Lost { count: state.untold, reason })
    }

    /// The outage is over, and `told` was written in the place of its events.
    pub(crate) fn end(&self, told: &Lost) {
        let mut state = self.state();
        state.untold = state.untold.saturating_sub(told.count);
        if state.untold == 0 && state.reason.take().is_some() {
            let were_lost = were_lost(mem::take(&mut state.lost));
            self.complain(&format!("the {} can be written again; {were_lost}", self.what));
        }
    }

    /// The server ends, and this many more events are given up. Says how many were lost in all.
    pub(crate) fn conclude(&self, given_up: u64) {
        self.losses.fetch_add(given_up, Relaxed);
        let lost = self.state().lost_in_all + given_up;
        if lost > 0 {
            let are = if lost == 1 { "is" } else { "are" };
            self.complain(&format!("{} and {are} not in the {}", were_lost(lost), self.what));
        }
    }

    /// Says what else is to be known.
    pub(crate) fn remark(&self, text: &str) {
        self.complain(&format!("the {} {text}", self.what));
    }

    /// Prints a sentence for whoever runs the server, if that can be done at once.
    fn complain(&self, text: &str) {
        let stderr = io::stderr();
        let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
        let is_ready = poll(&mut ready, Some(&Timespec::default())).is_ok_and(|count| count > 0);
        if is_ready {
            // Nobody is left to tell where this fails.
            let _ = (&stderr).write_all(format!("{}: {text}\n", self.program).as_bytes());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing that holds the lock panics")
    }
}

fn were_lost(count: u64) -> String {
    match count {
        1 => "1 event was lost".to_owned(),
        _ => format!("{count} events were lost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_counts_what_is_lost_until_it_ends() {
        let losses: &AtomicU64 = Box::leak(Box::default());
        let outage = Outage::new("fileserver", "log a.txt".to_owned(), losses);
        assert_eq!(outage.lost(), None);
        outage.lose(2, "full");
        outage.lose(1, "something else");
        let lost = outage.lost().unwrap();
        assert_eq!(lost, Lost { count: 3, reason: "full".to_owned() });
        outage.lose(1, "full");
        outage.end(&lost);
        let lost = outage.lost().unwrap();
        assert_eq!(lost.count, 1);
        outage.end(&lost);
        assert_eq!(outage.lost(), None);
        assert_eq!(losses.load(Relaxed), 4);
    }
}
