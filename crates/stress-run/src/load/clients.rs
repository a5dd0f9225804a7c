//! The clients: a thread each, with one connection at a time.
//!
//! A client takes 0.4 MiB for short answers and up to 0.9 MiB for files, most of it for what is on its way
//! and for its times. Clients connect before the clock starts, where they keep their connections; one that was
//! lost is made again inside the time of the next request. Clients are not waited for when a load is
//! interrupted: their server may keep them for as long as the timeout lets it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use anyhow::Context;
use client::{Connection, ConnectionOptions};

use super::{
    request::{Answer, Outcome, Requests, failure},
    schedule::{Due, Pace, Schedule},
};
use crate::results::Failure;

/// What clients do, and how.
pub(crate) struct Workload {
    pub(crate) address: String,
    /// Its timeout is also how long arrivals are still sent after the end of an open loop.
    pub(crate) options: ConnectionOptions,
    pub(crate) clients: u32,
    pub(crate) pace: Pace,
    pub(crate) connections: Connections,
    pub(crate) requests: Requests,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Connections {
    /// Each client has one for all its requests.
    Kept,
    /// Each request has its own.
    New,
}

/// What a client tells.
pub(super) enum Event {
    /// It waits for the release.
    Ready {
        has_connected: bool,
    },
    Made(Outcome),
}

/// All clients of a load.
pub(super) struct Crew {
    shared: Arc<Shared>,
    threads: Vec<Thread>,
    events: Receiver<Event>,
    /// When they were told to stop, since the release.
    stopped: Option<Duration>,
}

struct Shared {
    workload: Arc<Workload>,
    schedule: Schedule,
    released: OnceLock<Instant>,
    is_stopped: AtomicBool,
    /// Requests that a client has begun with.
    begun: AtomicU64,
}

/// Enough for TLS in a debug build; what is not touched takes no memory.
const STACK_LEN: usize = 512 * 1024;

/// So many outcomes wait for whoever counts them, before clients do.
const EVENTS_MAX: usize = 16_384;

/// In a closed loop nothing else would keep a client from failing as often as the processor lets it.
const FAILURE_PAUSE: Duration = Duration::from_millis(10);

/// How long to wait for an event, before it is looked whether the load is to be stopped.
const EVENT_WAIT: Duration = Duration::from_millis(50);

impl Crew {
    /// Starts the clients, which then connect and wait for their release.
    pub(super) fn start(workload: &Arc<Workload>) -> anyhow::Result<Self> {
        wake_up_sharply();
        let schedule =
            Schedule::new(workload.pace, workload.options.timeout, workload.requests.seed);
        let clients = workload.clients;
        let shared = Arc::new(Shared {
            workload: Arc::clone(workload),
            schedule,
            released: OnceLock::new(),
            is_stopped: AtomicBool::new(false),
            begun: AtomicU64::new(0),
        });
        let (sender, events) = mpsc::sync_channel(EVENTS_MAX);
        let mut crew = Self { shared, threads: Vec::new(), events, stopped: None };
        for number in 1..=clients {
            let (shared, events) = (Arc::clone(&crew.shared), sender.clone());
            let client = Client { number, shared, events, connection: None };
            let started = thread::Builder::new().stack_size(STACK_LEN).spawn(|| client.run());
            let started = started.inspect_err(|_| crew.stop()).with_context(|| {
                format!("cannot start client {number} of {clients}; choose fewer --clients")
            })?;
            crew.threads.push(started.thread().clone());
        }
        Ok(crew)
    }

    /// The next thing that a client tells. `Disconnected`: all clients are done.
    pub(super) fn next(&self) -> Result<Event, RecvTimeoutError> {
        self.events.recv_timeout(EVENT_WAIT)
    }

    /// Has all clients begin, and the clock start.
    pub(super) fn release(&self) {
        self.shared.released.get_or_init(Instant::now);
        self.threads.iter().for_each(Thread::unpark);
    }

    /// Has clients begin with no other request.
    pub(super) fn stop(&mut self) {
        let now = self.elapsed();
        self.stopped.get_or_insert(now);
        self.shared.is_stopped.store(true, Relaxed);
        self.threads.iter().for_each(Thread::unpark);
    }

    /// Since the release.
    pub(super) fn elapsed(&self) -> Duration {
        self.shared.released.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// How many requests were due, until they were told to stop, and never left.
    pub(super) fn unsent(&self) -> u64 {
        self.shared.schedule.unsent(self.stopped.unwrap_or_else(|| self.elapsed()))
    }

    /// How many requests have left.
    pub(super) fn begun(&self) -> u64 {
        self.shared.begun.load(Relaxed)
    }
}

/// The system may let a sleeper oversleep by 50 microseconds, to wake up several at once; in an open loop
/// that would count as the server's. Threads have the slack of the thread that started them.
fn wake_up_sharply() {
    // Where that is refused the times are a little longer.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_timerslack(1);
}

struct Client {
    number: u32,
    shared: Arc<Shared>,
    events: SyncSender<Event>,
    connection: Option<Connection>,
}

impl Client {
    fn run(mut self) {
        if self.shared.workload.connections == Connections::Kept {
            // Its first request will tell, where that does not work.
            self.connection = self.connect().ok();
        }
        let has_connected = self.connection.is_some();
        if self.events.send(Event::Ready { has_connected }).is_err() {
            return;
        }
        let Some(released) = self.shared.await_release() else { return };
        for made in 0_u64.. {
            let due = self.shared.schedule.next(self.number, made, released.elapsed());
            let Some(due) = due.filter(|due| self.shared.wait_until(released + due.at)) else {
                return;
            };
            self.shared.begun.fetch_add(1, Relaxed);
            let outcome = self.make(due, released);
            let has_failed = outcome.failure.is_some();
            if self.events.send(Event::Made(outcome)).is_err() {
                return;
            }
            if has_failed && self.shared.schedule.is_closed() {
                self.shared.wait_until(Instant::now() + FAILURE_PAUSE);
            }
        }
    }

    fn make(&mut self, due: Due, released: Instant) -> Outcome {
        let shared = Arc::clone(&self.shared);
        let Workload { requests, connections, .. } = &*shared.workload;
        let (kind, mut chance) = requests.choose(due.number);
        let mut has_connected = false;
        let answer = self.take_connection(&mut has_connected).and_then(|mut connection| {
            let answer = requests.make(kind, &mut chance, self.number, &mut connection)?;
            self.connection = (*connections == Connections::Kept).then_some(connection);
            Ok(answer)
        });
        let now = Instant::now();
        let (answer, failure) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        let finished = answer.as_ref().map_or(now, |answer: &Answer| answer.finished);
        Outcome {
            client: self.number,
            kind,
            due: due.at,
            first_byte: answer.as_ref().and_then(|answer| Some(answer.first_byte? - released)),
            finished: finished - released,
            bytes: answer.map_or(0, |answer| answer.bytes),
            has_connected,
            failure,
        }
    }

    /// The one that was kept, if the server has not closed it since, or a new one.
    fn take_connection(&mut self, has_connected: &mut bool) -> Result<Connection, Failure> {
        if let Some(mut connection) = self.connection.take()
            && connection.is_reusable()
        {
            return Ok(connection);
        }
        let connection = self.connect().map_err(|err| failure(&err))?;
        *has_connected = true;
        Ok(connection)
    }

    fn connect(&self) -> Result<Connection, client::ClientError> {
        let Workload { address, options, .. } = &*self.shared.workload;
        Connection::connect(address, options.clone())
    }
}

impl Shared {
    /// When the clients were released; `None`: the load is stopped.
    fn await_release(&self) -> Option<Instant> {
        loop {
            match self.released.get() {
                _ if self.is_stopped.load(Relaxed) => return None,
                Some(released) => return Some(*released),
                None => thread::park(),
            }
        }
    }

    /// False: the load is stopped.
    fn wait_until(&self, moment: Instant) -> bool {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if self.is_stopped.load(Relaxed) {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            thread::park_timeout(left);
        }
    }
}
