//! What all connections of a server share with whoever runs them.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use telemetry::{
    Arrival, EventKind, EventSource, Journal, Level, Mode, OpenConnection, Scoreboard, Slot,
    journal,
};

use crate::{
    admission::{Admission, Admitted, Network},
    application::{Application, Conversation, Step},
    os::{self, SharedState},
    shutdown::{DrainFlag, Drained, Hangup, Phase},
};

/// What whoever starts a server chooses.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub mode: Mode,
    /// Connections open at once, in all and from one address.
    pub connections_max: usize,
    pub per_address_max: usize,
    /// Of the open connections, how many may wait in the kernel.
    pub backlog: usize,
    /// How long open connections get to finish at shutdown.
    pub drain: Duration,
    pub hangup: Hangup,
}

/// What all connections of a server share with whoever runs them. In process mode each worker has its
/// copy, with the scoreboard and the drain flag in shared memory.
#[derive(Debug)]
pub struct Server {
    pub mode: Mode,
    pub address: SocketAddr,
    pub scoreboard: Scoreboard,
    pub journal: Journal,
    pub(crate) admission: Admission,
    pub hangup: Hangup,
    /// Connections accepted that no worker has picked up yet.
    queued: AtomicU64,
    drain: Duration,
    drain_flag: &'static DrainFlag,
}

impl Server {
    /// A server at `address`, with a worker for each slot that is shared.
    pub fn new(
        settings: Settings,
        address: SocketAddr,
        shared: SharedState,
        journal: Journal,
    ) -> Self {
        let Settings { mode, connections_max, per_address_max, backlog, drain, hangup } = settings;
        Self {
            mode,
            address,
            scoreboard: shared.scoreboard,
            journal,
            admission: Admission::new(connections_max, per_address_max, backlog),
            hangup,
            queued: 0.into(),
            drain,
            drain_flag: shared.drain_flag,
        }
    }

    /// The same server behind proxies: whoever connects from one of these networks does so for others. The
    /// limit of one address does not hold for them, and [`Admitted::count_for`] says for whom it does.
    #[must_use]
    pub fn behind(self, proxies: &[Network]) -> Self {
        Self { admission: self.admission.behind(proxies), ..self }
    }

    /// The size of the pool.
    pub fn workers(&self) -> usize {
        self.scoreboard.slots().len()
    }

    /// The calling thread or process is the worker of this slot from now on.
    pub(crate) fn enlist_worker(&self, index: usize) -> &'static Slot {
        let slot = &self.scoreboard.slots()[index];
        let worker = index as u32 + 1;
        journal::set_source(EventSource::Worker(self.mode, worker));
        let thread_id = if self.mode == Mode::Process { 0 } else { os::thread_id() };
        slot.worker_started(process::id(), thread_id);
        // A thread for each connection starts and ends with it, which is told anyway.
        if self.mode != Mode::Legacy {
            let restarts = slot.counts().restarts;
            self.journal.tell(Level::Info, EventKind::WorkerStarted { worker, restarts });
        }
        slot
    }

    /// A connection from `client` was accepted.
    pub fn connection_accepted(&self, client: SocketAddr) -> Arrival {
        Arrival::accept(&self.scoreboard, &self.journal, client)
    }

    /// A connection that was accepted waits for a worker.
    pub(crate) fn connection_queued(&self) {
        self.queued.fetch_add(1, Relaxed);
    }

    pub(crate) fn connection_picked_up(&self) {
        self.queued.fetch_sub(1, Relaxed);
    }

    /// Connections accepted that no worker has picked up yet.
    pub fn queued(&self) -> u64 {
        self.queued.load(Relaxed)
    }

    /// How many of those who wait at the listener are too many, while every worker is busy.
    pub(crate) fn waiting_excess(&self, listener: &TcpListener) -> io::Result<usize> {
        let queue = os::accept_queue(listener)?;
        let slots = self.scoreboard.slots();
        let all_busy = slots.iter().all(|slot| slot.counts().open_connections > 0);
        Ok(if all_busy { self.admission.excess(queue, slots.len()) } else { 0 })
    }

    pub fn phase(&self, now: Instant) -> Phase {
        self.drain_flag.phase(self.scoreboard.started(), now)
    }

    /// Starts the grace period of open connections; returns its end.
    pub(crate) fn begin_drain(&self) -> Instant {
        let deadline = Instant::now() + self.drain;
        self.drain_flag.set(self.scoreboard.started(), deadline);
        deadline
    }

    /// Ends the grace period now.
    pub(crate) fn cut_connections(&self) {
        self.drain_flag.set(self.scoreboard.started(), Instant::now());
    }

    /// Begins the conversation of a connection that the worker of `slot` picks up. `None` where that
    /// cannot be, which is counted.
    pub(crate) fn pick_up<A: Application>(
        &self,
        application: &A,
        slot: &'static Slot,
        arrival: Arrival,
        admitted: &Admitted,
    ) -> Option<A::Conversation> {
        let connection = OpenConnection::pick_up(&self.scoreboard, &self.journal, slot, arrival);
        application.converse(connection, admitted, Instant::now())
    }

    /// Has the conversation take its next step. One that the end of the grace period breaks off is
    /// counted.
    pub fn step<C: Conversation>(
        &self,
        conversation: &mut C,
        now: Instant,
    ) -> Result<Step, C::Error> {
        let phase = self.phase(now);
        conversation.step(now, phase).inspect_err(|_| {
            if phase == Phase::Over {
                self.drain_flag.request_cut();
            }
        })
    }

    /// The shutdown broke off a connection, without a step of its own.
    pub fn connection_cut(&self) {
        self.drain_flag.request_cut();
    }

    /// How the drain went, once no connection is left.
    pub(crate) fn drained(&self) -> Drained {
        if self.drain_flag.has_cut() { Drained::Cut } else { Drained::Cleanly }
    }
}
