//! What a cell cost: memory and CPU time of the server's processes, CPU time of the clients, and what else the
//! machine did meanwhile. Empty where the system does not tell, or the server is not ours to look at.

use serde::Serialize;

/// What was used while the clients of one cell ran. CPU times have the kernel's resolution, 10 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Resources {
    /// The most that the server's processes took together. Pages that they share count once, split between
    /// them (PSS).
    pub(crate) server_peak_pss_bytes: Option<u64>,
    /// Of all processes of the server.
    pub(crate) server_tree_cpu_s: Option<f64>,
    /// Of this program and its client processes, the looks at the server's memory included.
    pub(crate) generator_cpu_s: Option<f64>,
    /// CPU time that the machine's host gave to others.
    pub(crate) steal_s: Option<f64>,
    /// CPU time of all other processes.
    pub(crate) foreign_cpu_s: Option<f64>,
}

#[cfg(target_os = "linux")]
mod linux {
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

    /// Watches from its start to its end.
    pub(crate) struct Watch {
        memory: Option<MemoryWatch>,
        before: Clocks,
    }

    /// CPU seconds up to some moment.
    #[derive(Clone, Copy)]
    struct Clocks {
        server: Option<f64>,
        generator: Option<f64>,
        busy: Option<f64>,
        steal: Option<f64>,
    }

    struct MemoryWatch {
        server_pid: u32,
        /// Dropped, it ends the thread.
        stop: Sender<()>,
        thread: JoinHandle<u64>,
    }

    impl Watch {
        /// Begins to watch the machine, and the server whose first process is this.
        pub(crate) fn start(server_pid: Option<u32>) -> Self {
            let memory = server_pid.map(MemoryWatch::start);
            Self { memory, before: Clocks::now(server_pid) }
        }

        pub(crate) fn stop(self) -> Resources {
            let Self { memory, before } = self;
            let after = Clocks::now(memory.as_ref().map(|memory| memory.server_pid));
            let used = |of: fn(&Clocks) -> Option<f64>| Some((of(&after)? - of(&before)?).max(0.0));
            let (server, generator) = (used(|at| at.server), used(|at| at.generator));
            let ours = server.unwrap_or(0.0) + generator.unwrap_or(0.0);
            Resources {
                server_peak_pss_bytes: memory.and_then(MemoryWatch::stop),
                server_tree_cpu_s: server,
                generator_cpu_s: generator,
                steal_s: used(|at| at.steal),
                foreign_cpu_s: used(|at| at.busy).map(|busy| (busy - ours).max(0.0)),
            }
        }
    }

    impl Clocks {
        fn now(server_pid: Option<u32>) -> Self {
            let machine = KernelStats::current().ok().map(|stats| stats.total);
            let ticks_per_second = procfs::ticks_per_second() as f64;
            let seconds = |ticks: u64| ticks as f64 / ticks_per_second;
            Self {
                server: server_pid
                    .map(|pid| tree(pid).iter().filter_map(cpu_ticks).sum())
                    .map(seconds),
                generator: generator_seconds(),
                busy: machine.as_ref().map(|cpu| {
                    let irq = cpu.irq.unwrap_or(0) + cpu.softirq.unwrap_or(0);
                    seconds(cpu.user + cpu.nice + cpu.system + irq)
                }),
                steal: machine.as_ref().and_then(|cpu| cpu.steal).map(seconds),
            }
        }
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
            Self { server_pid, stop, thread }
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
            of(getrusage(UsageWho::RUSAGE_SELF).ok()?)
                + of(getrusage(UsageWho::RUSAGE_CHILDREN).ok()?),
        )
    }

    #[cfg(test)]
    mod tests {
        use std::{hint::black_box, process};

        use super::*;

        #[test]
        fn memory_that_is_touched_and_time_that_is_spent_are_seen() {
            const TOUCHED: usize = 64 << 20;
            let watch = Watch::start(Some(process::id()));
            let mut memory = vec![0_u8; TOUCHED];
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(200) {
                memory.iter_mut().step_by(4096).for_each(|byte| *byte = byte.wrapping_add(1));
                black_box(&memory);
            }
            let used = watch.stop();
            drop(memory);
            assert!(used.server_peak_pss_bytes.unwrap() >= TOUCHED as u64, "{used:?}");
            assert!(used.generator_cpu_s.unwrap() > 0.0, "{used:?}");
            assert!(used.server_tree_cpu_s.is_some() && used.foreign_cpu_s.is_some(), "{used:?}");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::Resources;

    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn start(_server_pid: Option<u32>) -> Self {
            Self
        }

        pub(crate) fn stop(self) -> Resources {
            Resources::default()
        }
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::Watch;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::Watch;
