//! Ctrl-C: ends the children, so that whatever waits for them goes on and can stop cleanly.

use std::{
    collections::BTreeSet,
    io, process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// The exit status of a program that SIGINT ended.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;

/// Whether the run was told to stop, and the processes that end with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt {
    told: Arc<AtomicBool>,
    children: Arc<Mutex<BTreeSet<u32>>>,
}

impl Interrupt {
    /// From now on SIGINT, SIGTERM and SIGHUP kill the registered children; a second one ends this process.
    pub(crate) fn catch() -> io::Result<Self> {
        let interrupt = Self::default();
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let watcher = interrupt.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for _ in signals.forever() {
                if watcher.told.swap(true, Relaxed) {
                    process::exit(i32::from(EXIT_INTERRUPTED));
                }
                for &pid in watcher.children().iter() {
                    let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
                }
            }
        })?;
        Ok(interrupt)
    }

    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Relaxed)
    }

    /// Registers a child. Its parent forgets it before, or as soon as, its number is free again.
    pub(crate) fn kill_on_stop(&self, pid: u32) {
        self.children().insert(pid);
        if self.is_told() {
            let _ = kill(Pid::from_raw(pid as i32), Signal::SIGKILL);
        }
    }

    pub(crate) fn forget(&self, pid: u32) {
        self.children().remove(&pid);
    }

    fn children(&self) -> std::sync::MutexGuard<'_, BTreeSet<u32>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
