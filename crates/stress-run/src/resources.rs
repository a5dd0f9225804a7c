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

/// What was used while the clients of one cell ran, in all its bursts. CPU times have the kernel's resolution, 10 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Resources {
    /// How long the bursts took.
    pub(crate) watched: Duration,
    /// The most that the server's processes took together. Pages that they share count once, split between
    /// them (PSS).
    pub(crate) server_peak_pss_bytes: Option<u64>,
    /// Of all processes of the server.
    pub(crate) server_cpu_s: Option<f64>,
    /// Of this program and its client processes, the looks at the server's memory included.
    pub(crate) generator_cpu_s: Option<f64>,
    /// CPU time that the machine's host gave to others.
    pub(crate) steal_s: Option<f64>,
    /// CPU time of all other processes; unknown where the server is not ours to look at.
    pub(crate) foreign_cpu_s: Option<f64>,
    /// Pages of memory that went to the disk or came from there.
    pub(crate) swapped_pages: Option<u64>,
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
    pub(crate) fn disturbance(&self, cores: usize) -> Option<String> {
        let (steal_s, foreign_s) = (self.steal_s.unwrap_or(0.0), self.foreign_cpu_s.unwrap_or(0.0));
        let available_s = self.watched.as_secs_f64() * cores as f64;
        if steal_s + foreign_s > OTHERS_SHARE_MAX * available_s + CLOCK_TOLERANCE_S {
            return Some(format!(
                "of {available_s:.2} s of CPU time other programs took {foreign_s:.2} s and other \
                 machines {steal_s:.2} s"
            ));
        }
        let pages = self.swapped_pages.filter(|pages| *pages > 0)?;
        Some(format!("{pages} pages of memory were swapped"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_and_swapping_disturb_a_cell() {
        let quiet = Resources {
            watched: Duration::from_secs(1),
            steal_s: Some(0.07),
            foreign_cpu_s: Some(0.07),
            swapped_pages: Some(0),
            ..Resources::default()
        };
        assert_eq!(quiet.disturbance(2), None);
        let busy = Resources { foreign_cpu_s: Some(0.09), ..quiet };
        assert_eq!(
            busy.disturbance(2).as_deref(),
            Some("of 2.00 s of CPU time other programs took 0.09 s and other machines 0.07 s")
        );
        let longer = Resources { watched: Duration::from_secs(2), ..busy };
        assert_eq!(longer.disturbance(2), None);
        let swapping = Resources { swapped_pages: Some(3), ..quiet };
        assert_eq!(swapping.disturbance(2).as_deref(), Some("3 pages of memory were swapped"));
        assert_eq!(Resources::default().disturbance(2), None);
    }
}
