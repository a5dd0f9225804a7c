//! Log lines on standard error.

use std::io::{self, IsTerminal};

pub use tracing::Level as LogLevel;

/// Writes events of `level` and above to standard error from now on, in colour on a terminal.
///
/// Starts no thread, so a process may fork afterwards. Does nothing the second time.
pub fn start_logging(level: LogLevel) {
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}
