//! Watches a cell, from what `/proc` tells.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::sys::{
    resource::{Usage, UsageWho, getrusage},
    time::TimeVal,
};
use procfs::{CurrentSI, KernelStats, process::Process};

use super::Resources;

/// Least time between two looks at the server's memory.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// A look takes at most this share of a processor: looking at fifty processes takes milliseconds.
const LOOK_SHARE: u32 = 20;

/// Watches the memory from its start to its end, and the clocks during bursts: what happens between
/// those is not measured.
pub(crate) struct Watch {
    /// All that run at the start; one that takes the place of a dead one is not counted.
    server: Option<Vec<Process>>,
    memory: Option<MemoryWatch>,
    bursts: Vec<Burst>,
}

struct Burst {
    took: Duration,
    before: Clocks,
    after: Clocks,
}

/// CPU seconds, and pages that were swapped, up to some moment.
#[derive(Clone, Copy)]
struct Clocks {
    server: Option<f64>,
    generator: Option<f64>,
    busy: Option<f64>,
    steal: Option<f64>,
    swapped_pages: Option<u64>,
}

struct MemoryWatch {
    /// Dropped, it ends the thread.
    stop: Sender<()>,
    thread: JoinHandle<u64>,
}

impl Watch {
    /// Begins to watch the server whose first process this is.
    pub(crate) fn start(server_pid: Option<u32>) -> Self {
        let memory = server_pid.map(MemoryWatch::start);
        Self { server: server_pid.map(tree), memory, bursts: Vec::new() }
    }

    /// Runs a burst.
    pub(crate) fn burst<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let before = Clocks::now(self.server.as_deref());
        let started = Instant::now();
        let result = run();
        let took = started.elapsed();
        self.bursts.push(Burst { took, before, after: Clocks::now(self.server.as_deref()) });
        result
    }

    /// How long the bursts took so far.
    pub(crate) fn watched(&self) -> Duration {
        self.bursts.iter().map(|burst| burst.took).sum()
    }

    pub(crate) fn stop(self) -> Resources {
        let watched = self.watched();
        let used = |of: fn(&Clocks) -> Option<f64>| -> Option<f64> {
            let of_burst = |burst: &Burst| Some((of(&burst.after)? - of(&burst.before)?).max(0.0));
            self.bursts.iter().map(of_burst).sum()
        };
        let swapped = |burst: &Burst| {
            Some(burst.after.swapped_pages?.saturating_sub(burst.before.swapped_pages?))
        };
        let (server, generator) = (used(|at| at.server), used(|at| at.generator));
        let foreign = || Some(used(|at| at.busy)? - server? - generator?);
        Resources {
            watched,
            server_cpu_s: server,
            generator_cpu_s: generator,
            steal_s: used(|at| at.steal),
            foreign_cpu_s: foreign().map(|seconds| seconds.max(0.0)),
            swapped_pages: self.bursts.iter().map(swapped).sum(),
            server_peak_pss_bytes: self.memory.and_then(MemoryWatch::stop),
        }
    }
}

impl Clocks {
    fn now(server: Option<&[Process]>) -> Self {
        let machine = KernelStats::current().ok().map(|stats| stats.total);
        let ticks_per_second = procfs::ticks_per_second() as f64;
        let seconds = |ticks: u64| ticks as f64 / ticks_per_second;
        Self {
            server: server.map(|server| seconds(server.iter().filter_map(cpu_ticks).sum())),
            generator: generator_seconds(),
            busy: machine.as_ref().map(|cpu| {
                let irq = cpu.irq.unwrap_or(0) + cpu.softirq.unwrap_or(0);
                seconds(cpu.user + cpu.nice + cpu.system + irq)
            }),
            steal: machine.as_ref().and_then(|cpu| cpu.steal).map(seconds),
            swapped_pages: swapped_pages(),
        }
    }
}

fn swapped_pages() -> Option<u64> {
    let counts = procfs::vmstat().ok()?;
    let count = |name: &str| counts.get(name).copied().unwrap_or(0) as u64;
    Some(count("pswpin") + count("pswpout"))
}

impl MemoryWatch {
    fn start(server_pid: u32) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let mut peak = 0;
            loop {
                let look = Instant::now();
                peak = peak.max(tree(server_pid).iter().filter_map(pss_bytes).sum());
                let pause = (look.elapsed() * LOOK_SHARE).max(PAUSE_MIN);
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    // The last look comes after the last byte, when buffers are still there.
                    return peak.max(tree(server_pid).iter().filter_map(pss_bytes).sum());
                }
            }
        });
        Self { stop, thread }
    }

    /// The most that was seen; `None` when nothing could be.
    fn stop(self) -> Option<u64> {
        drop(self.stop);
        self.thread.join().ok().filter(|peak| *peak > 0)
    }
}

/// The process and all below it that run now.
fn tree(pid: u32) -> Vec<Process> {
    let Ok(process) = Process::new(pid as i32) else { return Vec::new() };
    let tasks = process.tasks().into_iter().flatten().flatten();
    let children: Vec<u32> = tasks.filter_map(|task| task.children().ok()).flatten().collect();
    let mut processes = vec![process];
    processes.extend(children.into_iter().flat_map(tree));
    processes
}

fn pss_bytes(process: &Process) -> Option<u64> {
    let rollup = process.smaps_rollup().ok()?;
    rollup.memory_map_rollup.0.first()?.extension.map.get("Pss").copied()
}

fn cpu_ticks(process: &Process) -> Option<u64> {
    let stat = process.stat().ok()?;
    Some(stat.utime + stat.stime)
}

/// Of this process, and of client processes that have ended.
fn generator_seconds() -> Option<f64> {
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let of = |usage: Usage| seconds(usage.user_time()) + seconds(usage.system_time());
    Some(
        of(getrusage(UsageWho::RUSAGE_SELF).ok()?) + of(getrusage(UsageWho::RUSAGE_CHILDREN).ok()?),
    )
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
    }
}
