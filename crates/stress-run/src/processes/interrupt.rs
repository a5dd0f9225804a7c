//! Ctrl-C: ends the children, so that whatever waits for them goes on and can stop cleanly.
//!
//! A closed terminal (SIGHUP) and SIGTERM are the same; under nohup SIGHUP is none.

use std::{
    collections::BTreeSet,
    io, process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// The exit status of a program that SIGINT ended.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;

/// Signals so soon after the first are the same wish: a shell or a wrapper passes on what the terminal has
/// sent to all.
const SAME_WISH: Duration = Duration::from_secs(1);

/// Whether the run was told to stop, and the processes that end with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    told: Arc<AtomicBool>,
    children: Arc<Mutex<BTreeSet<u32>>>,
}

impl Interrupt {
    /// From now on SIGINT, SIGTERM and SIGHUP kill the registered children; a later one ends this process.
    pub(crate) fn catch() -> io::Result<Self> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        if !hangups_are_ignored() {
            signals.add_signal(SIGHUP)?;
        }
        let watcher = interrupt.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut first = None;
            for _ in signals.forever() {
                match first {
                    None => {
                        watcher.stop();
                        first = Some(Instant::now());
                    }
                    Some(at) if at.elapsed() < SAME_WISH => {}
                    Some(_) => process::exit(i32::from(EXIT_INTERRUPTED)),
                }
            }
        })?;
        Ok(interrupt)
    }

    fn stop(&self) {
        self.told.store(true, Relaxed);
        self.children().iter().copied().for_each(end);
    }

    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Relaxed)
    }

    /// Registers a child that leads a process group. Its parent forgets it before, or as soon as, its number is free again.
    pub(crate) fn kill_on_stop(&self, pid: u32) {
        self.children().insert(pid);
        if self.is_told() {
            end(pid);
        }
    }

    pub(crate) fn forget(&self, pid: u32) {
        self.children().remove(&pid);
    }

    fn children(&self) -> std::sync::MutexGuard<'_, BTreeSet<u32>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills a process group.
fn end(leader: u32) {
    let _ = killpg(Pid::from_raw(leader as i32), Signal::SIGKILL);
}

/// Whoever started this program wants it to outlive the terminal, as nohup does.
#[cfg(target_os = "linux")]
fn hangups_are_ignored() -> bool {
    let status = procfs::process::Process::myself().and_then(|process| process.status());
    // The first signal is number 1.
    status.is_ok_and(|status| status.sigign >> (SIGHUP - 1) & 1 == 1)
}

#[cfg(not(target_os = "linux"))]
fn hangups_are_ignored() -> bool {
    false
}
