//! SIGINT and SIGTERM while something is done that takes long.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use anyhow::Context;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// The exit status of a program that SIGINT ended.
const EXIT_STOPPED: u8 = 130;

/// Becomes true with the first signal. Whoever works looks at it all the time, so that the work ends within a
/// moment and what is kept can be said. A second signal ends the program at once.
#[derive(Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    pub(crate) fn on_signal() -> anyhow::Result<Self> {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, EXIT_STOPPED.into(), Arc::clone(&stop.0))
                .and_then(|_| flag::register(signal, Arc::clone(&stop.0)))
                .context("signals cannot be waited for")?;
        }
        Ok(stop)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// From now on the first signal ends the program: nobody looks any more.
    pub(crate) fn end_at_once(&self) {
        self.0.store(true, Relaxed);
    }

    pub(crate) fn code() -> ExitCode {
        EXIT_STOPPED.into()
    }
}
