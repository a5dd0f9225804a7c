//! Whether the person who has begun a run wants it to stop.

use std::{
    io, process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::commands::ending::EXIT_STOPPED;

/// Asked by the first signal; the second one ends the process.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// Whoever sends the first signal is told `what_happens`.
    pub(super) fn on_signals(what_happens: String) -> io::Result<Self> {
        let stopping = Self::default();
        let asked = Arc::clone(&stopping.0);
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let wait = move || {
            for _ in signals.forever() {
                if asked.swap(true, Relaxed) {
                    process::exit(EXIT_STOPPED.into());
                }
                cli::errln!("\n{what_happens}");
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(wait)?;
        Ok(stopping)
    }

    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Relaxed)
    }
}
