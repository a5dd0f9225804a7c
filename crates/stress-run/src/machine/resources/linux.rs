//! Watches a cell, from what `/proc` tells.

mod clocks;
mod memory;
mod pulse;
mod tree;

use std::time::{Duration, Instant};

use procfs::process::Process;

use self::{
    clocks::{Clocks, Processors},
    memory::MemoryWatch,
    pulse::Pulse,
    tree::tree,
};
use super::Resources;

/// Watches the memory from its start to its end, and the clocks during bursts: what happens between
/// those is not measured.
pub(crate) struct Watch {
    /// All that run at the start; one that takes the place of a dead one is not counted.
    server: Option<Vec<Process>>,
    processors: Processors,
    memory: Option<MemoryWatch>,
    pulse: Pulse,
    bursts: Vec<Burst>,
}

struct Burst {
    took: Duration,
    before: Clocks,
    after: Clocks,
}

impl Watch {
    /// Begins to watch the server whose first process this is.
    pub(crate) fn start(server_pid: Option<u32>) -> Self {
        Self {
            server: server_pid.map(tree),
            processors: Processors::of_this_program(),
            memory: server_pid.map(MemoryWatch::start),
            pulse: Pulse::start(),
            bursts: Vec::new(),
        }
    }

    /// Begins to watch several servers, whose memory is not asked for.
    pub(crate) fn start_beside(servers: &[u32]) -> Self {
        let processes = servers.iter().flat_map(|pid| tree(*pid)).collect();
        Self { server: Some(processes), ..Self::start(None) }
    }

    /// Runs a burst.
    pub(crate) fn burst<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let before = self.clocks();
        let started = Instant::now();
        let result = run();
        let took = started.elapsed();
        self.bursts.push(Burst { took, before, after: self.clocks() });
        result
    }

    fn clocks(&self) -> Clocks {
        Clocks::now(self.server.as_deref(), &self.processors, &self.pulse)
    }

    /// How long the bursts took so far.
    pub(crate) fn watched(&self) -> Duration {
        self.bursts.iter().map(|burst| burst.took).sum()
    }

    pub(crate) fn stop(self) -> Resources {
        let used = |of: fn(&Clocks) -> Option<f64>| -> Option<f64> {
            let of_burst = |burst: &Burst| Some((of(&burst.after)? - of(&burst.before)?).max(0.0));
            self.bursts.iter().map(of_burst).sum()
        };
        let count = |of: fn(&Clocks) -> Option<u64>| -> Option<u64> {
            let of_burst =
                |burst: &Burst| Some(of(&burst.after)?.saturating_sub(of(&burst.before)?));
            self.bursts.iter().map(of_burst).sum()
        };
        let (server, generator) = (used(|at| at.server), used(|at| at.generator));
        let foreign = || Some(used(|at| at.busy)? - server? - generator?);
        let mut resources = Resources {
            watched: self.watched(),
            processors: self.processors.count(),
            server_cpu_s: server,
            generator_cpu_s: generator,
            steal_s: used(|at| at.steal),
            foreign_cpu_s: foreign().map(|seconds| seconds.max(0.0)),
            swapped_pages: count(|at| at.swapped_pages),
            throttled_times: count(|at| at.throttled_times),
            stood_still_s: used(|at| at.stood_still),
            server_peak_pss_bytes: None,
            server_was_stopped: false,
        };
        if let Some(seen) = self.memory.and_then(MemoryWatch::stop) {
            // Nothing could be seen of a process that is not there.
            resources.server_peak_pss_bytes = (seen.peak_bytes > 0).then_some(seen.peak_bytes);
            resources.server_was_stopped = seen.was_stopped;
        }
        resources
    }
}

#[cfg(test)]
mod tests {
    use std::{hint::black_box, process};

    use super::*;

    #[test]
    fn memory_that_is_touched_and_time_that_is_spent_are_seen() {
        const TOUCHED: usize = 64 << 20;
        let mut watch = Watch::start(Some(process::id()));
        let mut memory = vec![0_u8; TOUCHED];
        watch.burst(|| {
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(200) {
                memory.iter_mut().step_by(4096).for_each(|byte| *byte = byte.wrapping_add(1));
                black_box(&memory);
            }
        });
        let used = watch.stop();
        drop(memory);
        assert!(used.server_peak_pss_bytes.unwrap() >= TOUCHED as u64, "{used:?}");
        assert!(used.generator_cpu_s.unwrap() > 0.0, "{used:?}");
        assert!(used.server_cpu_s.is_some() && used.foreign_cpu_s.is_some(), "{used:?}");
        assert!(used.processors > 0 && !used.server_was_stopped, "{used:?}");
    }
}
