//! What all sessions of a file server share.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::Stats;
use rustls::ServerConfig;
use storage::{Directory, IfExists};

use crate::{
    budget::{Budget, Turns},
    faults::Faults,
    tokens::Tokens,
};

/// What all sessions of a file server share; in process mode each worker has its copy of it, with the
/// directory's usage in shared memory.
pub(crate) struct FileService {
    pub(crate) directory: Directory,
    pub(crate) limits: Limits,
    /// Who may do what; `None` where nobody is asked.
    pub(crate) tokens: Option<Tokens>,
    /// `None` where connections speak in plain text.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// For replies too long for the buffers of a transfer, in this process.
    pub(crate) long_replies: Budget,
    pub(crate) list_turns: Turns,
    /// What a test has this server do wrong.
    pub(crate) faults: Option<Faults>,
    /// The answer to STATS: whoever runs the sessions counts.
    pub(crate) stats: CollectStats,
}

/// Collects what the server has counted so far.
pub(crate) type CollectStats = Box<dyn Fn(&FileService, Instant) -> Stats + Send + Sync>;

/// What a client may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) upload_len_max: u64,
    /// Between requests, and without a byte within a transfer.
    pub(crate) idle_timeout: Duration,
    /// From the first byte of a head to its last.
    pub(crate) head_timeout: Duration,
    /// Bytes a second that a transfer must move, averaged over the idle timeout.
    pub(crate) min_rate: u64,
    /// On one connection.
    pub(crate) requests_max: u64,
    pub(crate) read_only: bool,
    pub(crate) if_exists: IfExists,
}
