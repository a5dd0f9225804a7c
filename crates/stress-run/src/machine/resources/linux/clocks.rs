//! What the kernel has counted up to some moment.

use std::{fs, path::PathBuf};

use nix::{
    sched::{CpuSet, sched_getaffinity},
    sys::{
        resource::{Usage, UsageWho, getrusage},
        time::TimeVal,
    },
    unistd::Pid,
};
use procfs::process::Process;

use super::pulse::Pulse;
use crate::machine::cgroup;

/// Seconds of CPU time, and counts.
#[derive(Clone, Copy)]
pub(super) struct Clocks {
    pub(super) server: Option<f64>,
    pub(super) generator: Option<f64>,
    /// Of all programs, on the processors that this program may use.
    pub(super) busy: Option<f64>,
    pub(super) steal: Option<f64>,
    pub(super) swapped_pages: Option<u64>,
    pub(super) throttled_times: Option<u64>,
    /// How long this program could not run at all.
    pub(super) stood_still: Option<f64>,
}

/// What this program, and the server that it starts, may use of the machine.
pub(super) struct Processors {
    /// Their numbers; empty where the system does not tell.
    allowed: Vec<usize>,
    /// Those that may have a limit on CPU time.
    groups: Vec<PathBuf>,
}

impl Processors {
    pub(super) fn of_this_program() -> Self {
        let set = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
        let is_allowed = |number: &usize| set.is_set(*number).is_ok_and(|is_set| is_set);
        let allowed = (0..CpuSet::count()).filter(is_allowed).collect();
        Self { allowed, groups: cgroup::groups("cpu") }
    }

    pub(super) fn count(&self) -> usize {
        self.allowed.len()
    }
}

impl Clocks {
    pub(super) fn now(server: Option<&[Process]>, processors: &Processors, pulse: &Pulse) -> Self {
        let ticks_per_second = procfs::ticks_per_second() as f64;
        let seconds = |ticks: u64| ticks as f64 / ticks_per_second;
        let stat = fs::read_to_string("/proc/stat").ok();
        let machine = stat.and_then(|stat| Ticks::of(&stat, &processors.allowed));
        Self {
            // Of one that has ended nobody knows what it took.
            server: server
                .and_then(|server| server.iter().map(cpu_ticks).sum::<Option<u64>>())
                .map(seconds),
            generator: generator_seconds(),
            busy: machine.map(|ticks| seconds(ticks.busy)),
            steal: machine.map(|ticks| seconds(ticks.steal)),
            swapped_pages: swapped_pages(),
            throttled_times: cgroup::throttled_times(&processors.groups),
            stood_still: pulse.stood_still().map(|stood_still| stood_still.as_secs_f64()),
        }
    }
}

/// What some processors did together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Ticks {
    busy: u64,
    steal: u64,
}

impl Ticks {
    /// From the text of `/proc/stat`, which has a line for each processor that is on. `None` where it
    /// lacks one: a container may see them with other numbers.
    fn of(stat: &str, processors: &[usize]) -> Option<Self> {
        let mut all = Self::default();
        for number in processors {
            let mut lines = stat.lines();
            let counts = lines.find_map(|line| line.strip_prefix(&format!("cpu{number} ")))?;
            let counts: Vec<u64> =
                counts.split_whitespace().map_while(|count| count.parse().ok()).collect();
            // What guests took is in the time of users already.
            let [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = counts[..] else {
                return None;
            };
            all.busy += user + nice + system + irq + softirq;
            all.steal += steal;
        }
        (!processors.is_empty()).then_some(all)
    }
}

fn swapped_pages() -> Option<u64> {
    let counts = procfs::vmstat().ok()?;
    let count = |name: &str| counts.get(name).copied().unwrap_or(0) as u64;
    Some(count("pswpin") + count("pswpout"))
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
    use super::*;

    #[test]
    fn only_the_processors_that_are_meant_count() {
        // The second is off, and the last is another program's.
        let stat = "cpu  111 222 333 4 5 6 7 8 9 10\n\
            cpu0 1 2 3 400 50 6 7 8 9 10\n\
            cpu2 10 20 30 4 5 60 70 80 0 0\n\
            cpu3 1000 1000 1000 0 0 0 0 1000 0 0\n\
            intr 5 1 2\nctxt 9\n";
        let of = |numbers: &[usize]| Ticks::of(stat, numbers);
        // 1 + 2 + 3 + 6 + 7
        assert_eq!(of(&[0]), Some(Ticks { busy: 19, steal: 8 }));
        assert_eq!(of(&[0, 2]), Some(Ticks { busy: 19 + 190, steal: 88 }));
        assert_eq!((of(&[0, 1]), of(&[])), (None, None));
    }
}
