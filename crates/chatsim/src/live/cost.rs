//! What it costs to have deliveries happen on a wall clock.

use std::{fs, time::Duration};

use serde::Serialize;
use simulation::Latencies;

use super::runners::RunnerName;

/// What a runner needs, and how late it is: by the wall clock, also where the world's runs faster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Cost {
    pub(crate) runner: RunnerName,
    /// Of the runner.
    pub(crate) threads: usize,
    /// Resident, of the whole process. `None` where the system has no `/proc`.
    pub(crate) memory_bytes: Option<u64>,
    /// Packets and timeouts that are waited for.
    pub(crate) timers: usize,
    /// Those that came, while the clock ran.
    pub(crate) timers_handled: u64,
    pub(crate) lateness_p50_ms: Option<f64>,
    pub(crate) lateness_p99_ms: Option<f64>,
    pub(crate) lateness_max_ms: Option<f64>,
}

impl Cost {
    pub(super) fn of(
        runner: RunnerName,
        threads: usize,
        memory_bytes: Option<u64>,
        timers: usize,
        lateness: &Latencies,
    ) -> Self {
        let ms = |time: Option<Duration>| Some(time?.as_secs_f64() * 1000.0);
        Self {
            runner,
            threads,
            memory_bytes,
            timers,
            timers_handled: lateness.count(),
            lateness_p50_ms: ms(lateness.quantile(0.5)),
            lateness_p99_ms: ms(lateness.quantile(0.99)),
            lateness_max_ms: ms(lateness.longest()),
        }
    }

    /// This one, with the most of both where something is needed for a time.
    pub(super) fn at_most(self, other: Self) -> Self {
        Self {
            threads: self.threads.max(other.threads),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            timers: self.timers.max(other.timers),
            ..self
        }
    }
}

/// Memory of this process that is in use. `None` where the system has no `/proc`.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_this_process_has_by_any_measure() {
        let bytes = resident_bytes().expect("tests run where /proc is");
        assert!((1 << 20..1 << 36).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_maximum_is_taken_of_what_is_needed_for_a_time_and_the_rest_is_that_of_the_end() {
        let lateness = Latencies::default();
        let early = Cost::of(RunnerName::Pool, 9, Some(1), 7, &lateness);
        let late =
            Cost { timers_handled: 5, ..Cost::of(RunnerName::Pool, 1, Some(2), 8, &lateness) };
        let most = late.at_most(early);
        assert_eq!((most.threads, most.timers, most.timers_handled), (9, 8, 5));
    }
}
