//! Ctrl-C in the middle of a download: the unfinished file goes, then the program. A terminal that
//! was taken over is given back before.

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

/// How to give the terminal back while the program has it to itself.
static TERMINAL: Mutex<Option<fn()>> = Mutex::new(None);

/// From now on SIGINT, SIGTERM and SIGHUP remove the unfinished file and give the terminal back
/// before they end the process.
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
            // Held as well, so that nothing is drawn on a terminal that was given back.
            let terminal = terminal();
            if let Some(give_back) = *terminal {
                give_back();
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

/// Where to say how the terminal is given back. Holding it keeps signals waiting: whoever draws
/// holds it meanwhile.
pub(crate) fn terminal() -> MutexGuard<'static, Option<fn()>> {
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}
