//! The pool that all connections share: where a request may go, and who waits for a place.
//!
//! The crate `balancing` decides; here it gets the time, chance and a lock. Whoever finds no room waits
//! in one queue, first come, first served, which has a length and an end. A place is a [`Lease`]: it comes
//! back whatever becomes of whoever holds it, and then goes to the first in the queue who can use it.

mod decisions;

use std::{
    mem,
    num::NonZeroU16,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use balancing::{BackendId, Change, DuplicateName, NoBackend, Outcome, Settings, State, Ticket};
use protocol::Feature;
use simulation::Chance;
use telemetry::{
    EventKind, Journal, Level,
    histogram::{Histogram, HistogramCounts},
};
use tokio::{sync::oneshot, time};

pub(crate) use self::decisions::Wanted;
use self::decisions::{Decisions, Waiter};
use crate::backend::{Backend, BackendConfig};

/// Why a request goes nowhere. The words are for clients.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// Those that are up are full, and so is the queue, or the wait in it is over.
    #[error("all servers are busy")]
    Busy,
    /// Nobody is up who was not excluded.
    #[error("no server is there to answer")]
    Down,
    /// An operator has drained all.
    #[error("all servers are drained")]
    Drained,
}

/// A backend as it is now.
#[derive(Clone)]
pub(crate) struct Standing {
    pub(crate) backend: Arc<Backend>,
    pub(crate) state: State,
    pub(crate) in_flight: usize,
    pub(crate) in_flight_max: usize,
    pub(crate) weight: NonZeroU16,
}

/// A handle to the pool; cheap to clone.
#[derive(Clone)]
pub(crate) struct SharedPool(Arc<Shared>);

struct Shared {
    decisions: Mutex<PoolDecisions>,
    queue_wait: Duration,
    /// How long those have waited that had to, whatever came of it.
    waits: Histogram,
    /// The beginning of the pool's time.
    began: Instant,
    journal: Journal,
}

type PoolDecisions = Decisions<oneshot::Sender<Result<Lease, NoPlace>>>;

impl SharedPool {
    pub(crate) fn new(
        settings: Settings,
        chance: Chance,
        queue_len: usize,
        queue_wait: Duration,
        journal: Journal,
    ) -> Self {
        let decisions = Mutex::new(Decisions::new(settings, chance, queue_len, queue_wait));
        let (waits, began) = (Histogram::default(), Instant::now());
        Self(Arc::new(Shared { decisions, queue_wait, waits, began, journal }))
    }

    /// Waits in the queue until a backend that is not excluded has room. The place is given up with the
    /// future that waits for it.
    pub(crate) async fn place(
        &self,
        wanted: Wanted,
        excluded: &[BackendId],
    ) -> Result<Lease, NoPlace> {
        let (answer, answered) = oneshot::channel();
        let _in_queue = {
            let (mut decisions, now) = self.lock_now();
            match decisions.pick(wanted, excluded, now) {
                Ok(backend) => return Ok(self.lease(backend)),
                Err(NoBackend::Down) if decisions.are_all_drained(now) => {
                    return Err(NoPlace::Drained);
                }
                Err(NoBackend::Down) => return Err(NoPlace::Down),
                Err(NoBackend::Full) => {}
            }
            let waiter = Waiter { wanted, excluded: excluded.to_owned(), answer };
            let ticket = decisions.waiting.push(now, waiter).map_err(|_| NoPlace::Busy)?;
            InQueue { pool: self, ticket, began: Instant::now() }
        };
        match time::timeout(self.0.queue_wait, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(NoPlace::Busy),
        }
    }

    /// Requests in the queue.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// How long those have waited that are not in the queue any more.
    pub(crate) fn waits(&self) -> HistogramCounts {
        self.0.waits.spread()
    }

    /// Counts a request of a client, once however often it is sent.
    pub(crate) fn count_request(&self) {
        let (mut decisions, now) = self.lock_now();
        decisions.retries.request(now);
    }

    /// Whether a request may be sent again; counts it if so.
    pub(crate) fn may_retry(&self) -> bool {
        let (mut decisions, now) = self.lock_now();
        decisions.retries.take(now)
    }

    /// All backends, in the order in which they were added.
    pub(crate) fn backends(&self) -> Vec<Arc<Backend>> {
        self.lock().backends.clone()
    }

    /// What all backends have said that they know.
    pub(crate) fn features(&self) -> Vec<Feature> {
        let backends = self.backends();
        let all_know = |feature: &Feature| backends.iter().all(|it| it.has_feature(*feature));
        Feature::ALL.into_iter().filter(all_know).filter(|_| !backends.is_empty()).collect()
    }

    /// How many requests the backend may have at once.
    pub(crate) fn in_flight_max(&self, backend: &Backend) -> usize {
        self.lock().pool.get(backend.id).map_or(0, |known| known.in_flight_max())
    }

    /// Whether the backend has not been removed.
    pub(crate) fn has(&self, backend: &Backend) -> bool {
        self.lock().pool.get(backend.id).is_some()
    }

    /// How each backend stands, in the order in which they were added.
    pub(crate) fn standings(&self) -> Vec<Standing> {
        let (decisions, now) = self.lock_now();
        let standing = |backend: &Arc<Backend>| {
            let known = decisions.pool.get(backend.id)?;
            Some(Standing {
                backend: Arc::clone(backend),
                state: known.state(now),
                in_flight: known.in_flight(),
                in_flight_max: known.in_flight_max(),
                weight: known.weight(),
            })
        };
        decisions.backends.iter().filter_map(standing).collect()
    }
}

/// What an operator says.
impl SharedPool {
    /// Adds a backend that is taken to be up.
    pub(crate) fn add(&self, config: BackendConfig) -> Result<Arc<Backend>, DuplicateName> {
        let added = self.change(|decisions, now| decisions.add(config, now));
        if let Ok(backend) = &added {
            self.tell(backend, Level::Info, "added", Some(&backend.config.location()));
        }
        added
    }

    /// Forgets a backend. What is in flight there goes on.
    pub(crate) fn remove(&self, backend: &Backend) {
        self.change(|decisions, now| decisions.remove(backend.id, now));
        self.tell(backend, Level::Info, "removed", None);
    }

    /// Puts another in the place of a backend, which may have its name. At no moment there is neither.
    pub(crate) fn replace(
        &self,
        backend: &Backend,
        config: BackendConfig,
    ) -> Result<Arc<Backend>, DuplicateName> {
        let added = self.change(|decisions, now| {
            decisions.remove(backend.id, now);
            decisions.add(config, now)
        })?;
        self.tell(&added, Level::Info, "replaced", Some(&added.config.location()));
        Ok(added)
    }

    /// Gives it nothing new.
    pub(crate) fn drain(&self, backend: &Backend) {
        self.change(|decisions, now| decisions.pool.drain(backend.id, now));
        self.tell(backend, Level::Info, "draining", None);
    }

    /// Ends draining and ejection.
    pub(crate) fn enable(&self, backend: &Backend) {
        self.change(|decisions, now| decisions.pool.enable(backend.id, now));
        self.tell(backend, Level::Info, "enabled", None);
    }

    pub(crate) fn set_weight(&self, backend: &Backend, weight: NonZeroU16) {
        self.change(|decisions, _| decisions.pool.set_weight(backend.id, weight));
        self.tell(backend, Level::Info, "weight", Some(&format!("now {weight}")));
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        self.change(|decisions, _| decisions.pool.set_settings(settings));
    }
}

/// What happens.
impl SharedPool {
    /// The backend was found to have so many workers.
    pub(crate) fn set_in_flight_max(&self, backend: &Backend, max: usize) {
        self.change(|decisions, _| decisions.pool.set_in_flight_max(backend.id, max));
    }

    /// A check of `backend` has ended; an error says why it did not pass.
    pub(crate) fn checked(&self, backend: &Backend, outcome: Result<(), String>) {
        let passed = outcome.is_ok();
        let change = self.change(|decisions, now| decisions.pool.checked(backend.id, passed, now));
        self.tell_change(backend, change, outcome.err().as_deref());
    }

    fn answered(&self, backend: &Backend, first_byte: Duration) {
        let (mut decisions, now) = self.lock_now();
        decisions.pool.answered(backend.id, first_byte, now);
    }

    fn finished(&self, backend: &Backend, outcome: Outcome) {
        let change =
            self.change(|decisions, now| decisions.pool.finished(backend.id, outcome, now));
        self.tell_change(backend, change, Some("too many of its requests failed in a row"));
    }

    /// Has ejections end whose time is over, and those wait no longer who need not. To be called often.
    pub(crate) fn tick(&self) {
        let ended = self.change(|decisions, now| {
            let ended = decisions.pool.tick(now).into_iter();
            ended.map(|(id, change)| (decisions.backend(id), change)).collect::<Vec<_>>()
        });
        for (backend, change) in ended {
            self.tell_change(&backend, Some(change), None);
        }
    }

    /// Changes what may make room for those who wait, and serves them.
    fn change<T>(&self, change: impl FnOnce(&mut PoolDecisions, Duration) -> T) -> T {
        let (mut decisions, now) = self.lock_now();
        let changed = change(&mut decisions, now);
        let served = decisions.serve_waiting(now);
        // Whoever has left meanwhile gives the place back, for which the lock must be free.
        drop(decisions);
        for (waiter, backend) in served {
            let place = backend.map(|backend| self.lease(backend)).ok_or(NoPlace::Down);
            let _ = waiter.answer.send(place);
        }
        changed
    }

    fn tell_change(&self, backend: &Backend, change: Option<Change>, reason: Option<&str>) {
        match change {
            None => {}
            Some(Change::Fell) => {
                backend.set_trouble(reason);
                backend.set_down(true);
                self.tell(backend, Level::Warning, "fell", reason);
            }
            Some(Change::Rose) => {
                backend.set_down(false);
                self.tell(backend, Level::Info, "rose", None);
            }
            Some(Change::Ejected { .. }) => {
                backend.set_trouble(reason);
                backend.counts.ejected();
                self.tell(backend, Level::Warning, "ejected", reason);
            }
            Some(Change::Readmitted) => self.tell(backend, Level::Info, "readmitted", None),
        }
    }

    fn tell(&self, backend: &Backend, level: Level, change: &str, reason: Option<&str>) {
        let (backend, change) = (backend.name().to_owned(), change.to_owned());
        let reason = reason.map(str::to_owned);
        self.0.journal.tell(level, EventKind::BackendChanged { backend, change, reason });
    }

    fn lease(&self, backend: Arc<Backend>) -> Lease {
        let (pool, began) = (self.clone(), Instant::now());
        Lease { pool, backend, began, has_answered: false, is_open: true }
    }

    /// The time is taken under the lock, so that it never goes back for who decides.
    fn lock_now(&self) -> (MutexGuard<'_, PoolDecisions>, Duration) {
        let decisions = self.lock();
        let now = self.0.began.elapsed();
        (decisions, now)
    }

    fn lock(&self) -> MutexGuard<'_, PoolDecisions> {
        self.0.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, which is given up when this is dropped.
struct InQueue<'a> {
    pool: &'a SharedPool,
    ticket: Ticket,
    began: Instant,
}

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        self.pool.lock().waiting.cancel(self.ticket);
        self.pool.0.waits.record(self.began.elapsed());
    }
}

/// One place in flight on a backend. Dropped without an outcome, its request was abandoned: that says
/// nothing about the backend.
pub(crate) struct Lease {
    pool: SharedPool,
    backend: Arc<Backend>,
    /// When the backend's time began.
    began: Instant,
    has_answered: bool,
    is_open: bool,
}

impl Lease {
    pub(crate) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// The backend has all of a question for which it had to wait: what that took was its client's time.
    pub(crate) fn asked(&mut self) {
        self.began = Instant::now();
    }

    /// The first byte of the answer has come. Only the first call counts.
    pub(crate) fn first_byte(&mut self) {
        if !mem::replace(&mut self.has_answered, true) {
            self.pool.answered(&self.backend, self.began.elapsed());
        }
    }

    /// Gives the place back.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.give_back(outcome);
    }

    fn give_back(&mut self, outcome: Outcome) {
        if self.is_open {
            self.is_open = false;
            self.pool.finished(&self.backend, outcome);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(Outcome::Abandoned);
    }
}
