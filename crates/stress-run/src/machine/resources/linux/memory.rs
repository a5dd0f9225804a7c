//! Looks at the server's processes while a cell runs: how much memory they take, and whether all can run.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use procfs::process::Process;

use super::tree::tree;

/// Least time between two looks.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// A look takes at most this share of a processor: looking at fifty processes takes milliseconds.
const LOOK_SHARE: u32 = 20;

pub(super) struct MemoryWatch {
    /// Dropped, it ends the thread.
    stop: Sender<()>,
    thread: JoinHandle<Seen>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// The most of all looks.
    pub(super) peak_bytes: u64,
    /// One of the processes was stopped by a signal.
    pub(super) was_stopped: bool,
}

impl MemoryWatch {
    pub(super) fn start(server_pid: u32) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let mut seen = Seen::default();
            loop {
                let look = Instant::now();
                seen.look_at(&tree(server_pid));
                let pause = (look.elapsed() * LOOK_SHARE).max(PAUSE_MIN);
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    // The last look comes after the last byte, when buffers are still there.
                    seen.look_at(&tree(server_pid));
                    return seen;
                }
            }
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) -> Option<Seen> {
        drop(self.stop);
        self.thread.join().ok()
    }
}

impl Seen {
    fn look_at(&mut self, processes: &[Process]) {
        self.peak_bytes = self.peak_bytes.max(processes.iter().filter_map(pss_bytes).sum());
        self.was_stopped |= processes.iter().any(is_stopped);
    }
}

fn pss_bytes(process: &Process) -> Option<u64> {
    let rollup = process.smaps_rollup().ok()?;
    rollup.memory_map_rollup.0.first()?.extension.map.get("Pss").copied()
}

fn is_stopped(process: &Process) -> bool {
    // By a signal, or by a debugger.
    process.stat().is_ok_and(|stat| ['T', 't'].contains(&stat.state))
}
