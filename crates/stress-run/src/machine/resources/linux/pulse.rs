//! Notices that this program stood still: stopped by a signal, or frozen with its container or its machine.
//!
//! A thread that sleeps for a moment, again and again, comes back late for one of three reasons: it worked,
//! it waited for a processor, or it could not run at all. The kernel counts the first two.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use crate::machine::thread_times::ThreadTimes;

const SLEEP: Duration = Duration::from_millis(50);

/// Less is what timers may be late by.
const STANDSTILL_MIN: Duration = Duration::from_millis(100);

/// Ends its thread when dropped.
pub(super) struct Pulse(Sender<Sender<Duration>>);

impl Pulse {
    pub(super) fn start() -> Self {
        let (ask, asked) = mpsc::channel();
        thread::spawn(move || watch(&asked));
        Self(ask)
    }

    /// How long this program has stood still since the start; `None` where the system does not tell.
    pub(super) fn stood_still(&self) -> Option<Duration> {
        let (answer, answered) = mpsc::channel();
        self.0.send(answer).ok()?;
        answered.recv().ok()
    }
}

fn watch(asked: &Receiver<Sender<Duration>>) {
    let Some(mut last) = Moment::now() else { return };
    let mut stood_still = Duration::ZERO;
    loop {
        let question = asked.recv_timeout(SLEEP);
        let Some(now) = Moment::now() else { return };
        stood_still += now.unexplained_since(&last);
        last = now;
        match question {
            // Whoever asked may be gone.
            Ok(answer) => drop(answer.send(stood_still)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

struct Moment {
    at: Instant,
    times: ThreadTimes,
}

impl Moment {
    fn now() -> Option<Self> {
        Some(Self { times: ThreadTimes::now()?, at: Instant::now() })
    }

    /// What neither a sleep nor what the kernel has counted since explains.
    fn unexplained_since(&self, earlier: &Self) -> Duration {
        let used = self.times.since(earlier.times);
        let counted = Duration::from_nanos(used.cpu_ns + used.run_queue_ns);
        let unexplained = self.at.duration_since(earlier.at).saturating_sub(SLEEP + counted);
        if unexplained < STANDSTILL_MIN { Duration::ZERO } else { unexplained }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sleep_work_and_waiting_for_a_processor_leave_is_standing_still() {
        let start = Instant::now();
        let moment = |ms: u64, cpu_ms: u64, run_queue_ms: u64| Moment {
            at: start + Duration::from_millis(ms),
            times: ThreadTimes {
                cpu_ns: cpu_ms * 1_000_000,
                run_queue_ns: run_queue_ms * 1_000_000,
            },
        };
        let first = moment(1000, 5, 7);
        for (later, still_ms) in [
            (moment(1050, 5, 7), 0),
            // Late, and it had no processor.
            (moment(2550, 5, 1507), 0),
            (moment(2550, 1505, 7), 0),
            // Late by 1500, of which 20 + 80 are counted.
            (moment(2550, 25, 87), 1400),
            // Late by less than a timer may be.
            (moment(1149, 5, 7), 0),
        ] {
            assert_eq!(later.unexplained_since(&first), Duration::from_millis(still_ms));
        }
    }
}
