//! What a cell cost: memory and CPU time of the server's processes, CPU time of the clients, and what else the
//! machine did meanwhile. Empty where the system does not tell, or the server is not ours to look at.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod other;

use std::time::Duration;

#[cfg(target_os = "linux")]
pub(crate) use self::linux::Watch;
#[cfg(not(target_os = "linux"))]
pub(crate) use self::other::Watch;
use crate::language::Language;

/// What was used while the clients of one cell ran, in all its bursts. CPU times have the kernel's resolution, 10 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Resources {
    /// How long the bursts took.
    pub(crate) watched: Duration,
    /// How many processors this program may use, and the servers that it starts.
    pub(crate) processors: usize,
    /// The most that the server's processes took together. Pages that they share count once, split between
    /// them (PSS).
    pub(crate) server_peak_pss_bytes: Option<u64>,
    /// Of all processes of the server.
    pub(crate) server_cpu_s: Option<f64>,
    /// Of this program and its client processes, the looks at the server's memory included.
    pub(crate) generator_cpu_s: Option<f64>,
    /// CPU time that the machine's host gave to others.
    pub(crate) steal_s: Option<f64>,
    /// CPU time of all other processes on the same processors; unknown where the server is not ours to look at.
    pub(crate) foreign_cpu_s: Option<f64>,
    /// Pages of memory that went to the disk or came from there.
    pub(crate) swapped_pages: Option<u64>,
    /// How often a limit on CPU time, as a container has, stopped the programs.
    pub(crate) throttled_times: Option<u64>,
    /// How long this program could not run at all: it was stopped, or its container or machine was.
    pub(crate) stood_still_s: Option<f64>,
    /// A process of the server was seen stopped.
    pub(crate) server_was_stopped: bool,
}

/// Share of the machine's processors that others may have while a cell is measured.
pub(crate) const OTHERS_SHARE_MAX: f64 = 0.05;
/// What a few roundings of the kernel's clocks may add up to, in seconds.
pub(crate) const CLOCK_TOLERANCE_S: f64 = 0.05;

/// Lets this program, and the servers that it starts, have as many files and connections open as the
/// system allows: a thousand clients need two thousand.
pub(crate) fn allow_many_descriptors() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    // Where that is refused, clients that cannot open their file say so.
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

impl Resources {
    /// What kept the machine from giving all it has to the measurement; `None` when nothing did.
    pub(crate) fn disturbance(&self) -> Option<String> {
        let mut reasons = Vec::new();
        let is_too_much =
            |taken_s: f64, of_s: f64| taken_s > OTHERS_SHARE_MAX * of_s + CLOCK_TOLERANCE_S;
        let (steal_s, foreign_s) = (self.steal_s.unwrap_or(0.0), self.foreign_cpu_s.unwrap_or(0.0));
        let watched_s = self.watched.as_secs_f64();
        let available_s = watched_s * self.processors as f64;
        if is_too_much(steal_s + foreign_s, available_s) {
            let [available, foreign, steal] = [available_s, foreign_s, steal_s].map(in_seconds);
            reasons.push(Language::STORED.others_took(available, foreign, steal));
        }
        if let Some(pages) = self.swapped_pages.filter(|pages| *pages > 0) {
            reasons.push(Language::STORED.pages_swapped(pages));
        }
        if let Some(times) = self.throttled_times.filter(|times| *times > 0) {
            reasons.push(Language::STORED.limit_stopped(times));
        }
        if let Some(still_s) = self.stood_still_s.filter(|still_s| is_too_much(*still_s, watched_s))
        {
            reasons.push(Language::STORED.stood_still(in_seconds(watched_s), in_seconds(still_s)));
        }
        if self.server_was_stopped {
            reasons.push(Language::STORED.server_was_stopped());
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

fn in_seconds(seconds: f64) -> String {
    format!("{seconds:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_takes_from_the_measurement_disturbs_a_cell() {
        let quiet = Resources {
            watched: Duration::from_secs(1),
            processors: 2,
            steal_s: Some(0.07),
            foreign_cpu_s: Some(0.07),
            swapped_pages: Some(0),
            throttled_times: Some(0),
            stood_still_s: Some(0.1),
            ..Resources::default()
        };
        assert_eq!(quiet.disturbance(), None);
        // 0.15 s are 5% of two processors for a second, and the tolerance.
        let busy = Resources { foreign_cpu_s: Some(0.09), ..quiet };
        let others = "of 2.00 s of CPU time other programs took 0.09 s and other machines 0.07 s";
        assert_eq!(busy.disturbance().as_deref(), Some(others));
        let longer = Resources { watched: Duration::from_secs(2), ..busy };
        assert_eq!(longer.disturbance(), None);
        let on_one_processor = Resources { processors: 1, ..quiet };
        assert!(on_one_processor.disturbance().is_some());
        for (disturbed, reason) in [
            (Resources { swapped_pages: Some(3), ..quiet }, "3 pages of memory were swapped"),
            (
                Resources { throttled_times: Some(2), ..quiet },
                "a limit on CPU time stopped the programs 2 times",
            ),
            (
                Resources { stood_still_s: Some(0.11), ..quiet },
                "of 1.00 s stress-run stood still for 0.11 s",
            ),
            (Resources { server_was_stopped: true, ..quiet }, "the server was stopped for a time"),
        ] {
            assert_eq!(disturbed.disturbance().as_deref(), Some(reason));
            let both = Resources { foreign_cpu_s: Some(0.09), ..disturbed };
            assert_eq!(both.disturbance(), Some(format!("{others}; {reason}")));
        }
        assert_eq!(Resources::default().disturbance(), None);
    }
}
