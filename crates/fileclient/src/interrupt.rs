//! Ctrl-C in the middle of a download: the unfinished file goes, then the program.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level::emulate_default_handler,
};

/// The file that must not be left behind. Downloads go one after another.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// From now on SIGINT, SIGTERM and SIGHUP remove the unfinished file before they end the process.
pub(crate) fn clean_up_on_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            // Held to the end, so that no other file is created meanwhile.
            let unfinished = unfinished();
            if let Some(path) = unfinished.as_deref() {
                // Nothing is left to do about a file that cannot be removed.
                let _ = fs::remove_file(path);
            }
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Where to say which file is unfinished. Holding it keeps signals waiting.
pub(crate) fn unfinished() -> MutexGuard<'static, Option<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}
