//! What the scheduler gave to one thread: processor time, and the wait for it.

/// Up to some moment, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ThreadTimes {
    /// Spent on a processor.
    pub(crate) cpu_ns: u64,
    /// Spent runnable, while the processors were given to others.
    pub(crate) run_queue_ns: u64,
}

impl ThreadTimes {
    /// Of the thread that calls; `None` where the system does not tell.
    #[cfg(target_os = "linux")]
    pub(crate) fn now() -> Option<Self> {
        use nix::time::{ClockId, clock_gettime};
        use procfs::{FromRead, process::Schedstat};

        // The scheduler's own file has the processor time too, but only up to the last tick.
        let cpu = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).ok()?;
        let schedstat = Schedstat::from_file("/proc/thread-self/schedstat").ok()?;
        Some(Self {
            cpu_ns: cpu.tv_sec() as u64 * 1_000_000_000 + cpu.tv_nsec() as u64,
            run_queue_ns: schedstat.run_delay,
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn now() -> Option<Self> {
        None
    }

    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            cpu_ns: self.cpu_ns.saturating_sub(earlier.cpu_ns),
            run_queue_ns: self.run_queue_ns.saturating_sub(earlier.run_queue_ns),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    #[test]
    fn time_asleep_is_no_processor_time() {
        let before = ThreadTimes::now().unwrap();
        thread::sleep(Duration::from_millis(100));
        let slept = ThreadTimes::now().unwrap().since(before);
        let begun = ThreadTimes::now().unwrap();
        while ThreadTimes::now().unwrap().since(begun).cpu_ns < 20_000_000 {}
        assert!(slept.cpu_ns < 20_000_000, "{slept:?}");
    }
}
