//! What all sessions of a server share.

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rustls::ServerConfig;
use storage::{Directory, IfExists};
use telemetry::Scoreboard;

use crate::{
    admission::Admission,
    args::Mode,
    auth::Tokens,
    budget::{Budget, Turns},
    confinement::Confinement,
    listener::Endpoint,
    os,
    porter::Porter,
    serve::Drained,
    shutdown::{DrainFlag, Phase},
};

/// What all sessions of a server share; in process mode each worker has its copy of it, with the
/// scoreboard, the drain flag and the directory's usage in shared memory.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) directory: Directory,
    pub(crate) limits: Limits,
    /// Who may do what; `None` where nobody is asked.
    pub(crate) tokens: Option<Tokens>,
    /// `None` where connections speak in plain text.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) confinement: Confinement,
    pub(crate) scoreboard: Scoreboard,
    pub(crate) mode: Mode,
    pub(crate) workers: u32,
    pub(crate) endpoint: Endpoint,
    pub(crate) admission: Admission,
    /// For replies too long for the buffers of a transfer, in this process.
    pub(crate) long_replies: Budget,
    pub(crate) list_turns: Turns,
    /// Connections accepted that no worker has picked up yet.
    pub(crate) queued: AtomicU64,
    pub(crate) drain: Duration,
    pub(crate) drain_flag: &'static DrainFlag,
}

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

impl Service {
    pub(crate) fn phase(&self, now: Instant) -> Phase {
        self.drain_flag.phase(self.scoreboard.started(), now)
    }

    /// Answers connections that are one too many.
    pub(crate) fn porter(&self) -> Porter {
        Porter::new(&self.admission, self.scoreboard, self.tls.is_some())
    }

    /// How many of those who wait at the listener are too many, while every worker is busy.
    pub(crate) fn waiting_excess(&self, listener: &TcpListener) -> io::Result<usize> {
        let queue = os::accept_queue(listener)?;
        let slots = self.scoreboard.slots();
        let all_busy = slots.iter().all(|slot| slot.counts().open_connections > 0);
        Ok(if all_busy { self.admission.excess(queue, slots.len()) } else { 0 })
    }

    /// Starts the grace period of open connections; returns its end.
    pub(crate) fn begin_drain(&self) -> Instant {
        let deadline = Instant::now() + self.drain;
        self.drain_flag.set(self.scoreboard.started(), deadline);
        deadline
    }

    /// How the drain went, once no connection is left.
    pub(crate) fn drained(&self) -> Drained {
        if self.drain_flag.has_cut() { Drained::Cut } else { Drained::Cleanly }
    }

    /// Ends the grace period now.
    pub(crate) fn cut_connections(&self) {
        self.drain_flag.set(self.scoreboard.started(), Instant::now());
    }

    pub(crate) fn connection_queued(&self) {
        self.queued.fetch_add(1, Relaxed);
    }

    pub(crate) fn connection_picked_up(&self) {
        self.queued.fetch_sub(1, Relaxed);
    }
}
