//! Why a server could not be run, or had to stop.

use std::io;

use telemetry::Mode;

/// Why a server could not be run, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot share memory between workers")]
    SharedMemory(#[source] io::Error),
    #[error("cannot catch signals")]
    Signals(#[source] io::Error),
    #[error(
        "cannot start {workers} workers: {reason}; choose a smaller --workers, or allow more processes \
         and threads (ulimit -u, a container's limit of pids)"
    )]
    Workers { workers: usize, reason: io::Error },
    #[error("cannot accept connections")]
    Accept(#[source] io::Error),
    #[error("{0} mode needs Linux; choose another --mode")]
    NotLinux(Mode),
}
