//! What all sessions of a file server share.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::Stats;
use rustls::ServerConfig;
use serving::timeouts::TimeLimits;
use storage::{IfExists, Store};

use crate::{
    budget::{Budget, Turns},
    faults::Faults,
    tokens::Tokens,
};

/// What all sessions of a file server share; in process mode each worker has its copy of it, with the
/// store's usage in shared memory.
pub struct FileService {
    pub store: Store,
    pub limits: Limits,
    /// Who may do what; `None` where nobody is asked.
    pub tokens: Option<Tokens>,
    /// `None` where connections speak in plain text.
    pub tls: Option<Arc<ServerConfig>>,
    /// For replies too long for the buffers of a transfer, in this process.
    pub long_replies: Budget,
    pub list_turns: Turns,
    /// What a test has this server do wrong.
    pub faults: Option<Faults>,
    /// The answer to STATS: whoever runs the sessions counts.
    pub stats: CollectStats,
}

/// Collects what the server has counted so far.
pub type CollectStats = Box<dyn Fn(&FileService, Instant) -> Stats + Send + Sync>;

/// What a client may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub upload_len_max: u64,
    /// Between requests, and without a byte within a transfer.
    pub idle_timeout: Duration,
    /// From the first byte of a head to its last.
    pub head_timeout: Duration,
    /// Bytes a second that a transfer must move, averaged over the idle timeout.
    pub min_rate: u64,
    /// On one connection.
    pub requests_max: u64,
    pub read_only: bool,
    pub if_exists: IfExists,
}

impl Limits {
    /// How long a client may take.
    pub(crate) fn time(&self) -> TimeLimits {
        let Self { idle_timeout, head_timeout, min_rate, .. } = *self;
        TimeLimits { idle_timeout, head_timeout, min_rate }
    }
}
