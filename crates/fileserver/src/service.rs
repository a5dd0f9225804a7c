//! What all sessions of a server share.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use rustls::ServerConfig;
use storage::{Directory, IfExists};
use telemetry::{Arrival, Journal, Level, Scoreboard, Slot, Source, What, journal};

use crate::{
    admission::Admission,
    args::Mode,
    auth::Tokens,
    budget::{Budget, Turns},
    confinement::Confinement,
    faults::Faults,
    listener::Endpoint,
    os,
    overload::Overload,
    resources,
    serve::Drained,
    shutdown::{DrainFlag, Hangup, Phase},
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
    pub(crate) journal: Journal,
    pub(crate) mode: Mode,
    pub(crate) workers: u32,
    pub(crate) endpoint: Endpoint,
    pub(crate) admission: Admission,
    /// For replies too long for the buffers of a transfer, in this process.
    pub(crate) long_replies: Budget,
    pub(crate) list_turns: Turns,
    /// Connections accepted that no worker has picked up yet.
    pub(crate) queued: AtomicU64,
    /// What a test has this server do wrong.
    pub(crate) faults: Option<Faults>,
    pub(crate) hangup: Hangup,
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
    pub(crate) fn overload(&self) -> Overload {
        Overload::new(self)
    }

    /// The calling thread or process is the worker of this slot from now on.
    pub(crate) fn enlist_worker(&self, index: usize) -> &'static Slot {
        let slot = &self.scoreboard.slots()[index];
        let worker = index as u32 + 1;
        journal::set_source(match self.mode {
            Mode::Legacy => Source::Connection(worker),
            Mode::Thread => Source::Thread(worker),
            Mode::Process => Source::Process(worker),
            Mode::Async => Source::Task(worker),
        });
        let thread_id = if self.mode == Mode::Process { 0 } else { resources::thread_id() };
        slot.worker_started(process::id(), thread_id);
        // A thread for each connection starts and ends with it, which is told anyway.
        if self.mode != Mode::Legacy {
            let restarts = slot.counts().restarts;
            self.journal.tell(Level::Info, What::WorkerStarted { worker, restarts });
        }
        slot
    }

    /// A connection from `client` was accepted.
    pub(crate) fn connection_accepted(&self, client: SocketAddr) -> Arrival {
        Arrival::accept(&self.scoreboard, &self.journal, client)
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
