//! What decides, all behind one lock: the pool, who waits for it, and what it is a pool of.

use std::{sync::Arc, time::Duration};

use balancing::{
    BackendId, BackendSpec, DuplicateName, NoBackend, Pool, Queue, RetryBudget, Settings, State,
};
use simulation::Chance;

use crate::backend::{Backend, BackendConfig};

/// Where a request is to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wanted {
    /// To whichever backend the policy picks.
    Any,
    /// To this one: the name of the file decides.
    Named(BackendId),
}

/// Waits for a place, and gets the answer by way of an `A`.
pub(super) struct Waiter<A> {
    pub(super) wanted: Wanted,
    pub(super) excluded: Vec<BackendId>,
    pub(super) answer: A,
}

pub(super) struct Decisions<A> {
    pub(super) pool: Pool,
    pub(super) waiting: Queue<Waiter<A>>,
    pub(super) retries: RetryBudget,
    chance: Chance,
    /// Those of the pool, in the order in which they were added.
    pub(super) backends: Vec<Arc<Backend>>,
}

impl<A> Decisions<A> {
    pub(super) fn new(
        settings: Settings,
        chance: Chance,
        queue_len: usize,
        queue_wait: Duration,
    ) -> Self {
        Self {
            pool: Pool::new(settings),
            waiting: Queue::new(queue_len, queue_wait),
            retries: RetryBudget::default(),
            chance,
            backends: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        config: BackendConfig,
        now: Duration,
    ) -> Result<Arc<Backend>, DuplicateName> {
        let spec = BackendSpec {
            name: config.name.clone(),
            weight: config.weight,
            // Until it says how many workers it has.
            in_flight_max: config.max.unwrap_or(usize::MAX),
        };
        let backend = Arc::new(Backend::new(self.pool.add(spec, now)?, config));
        self.backends.push(Arc::clone(&backend));
        Ok(backend)
    }

    pub(super) fn remove(&mut self, id: BackendId, now: Duration) {
        self.pool.remove(id, now);
        self.backends.retain(|other| other.id != id);
    }

    /// Counts a request in flight on a backend, if there is room for it now.
    pub(super) fn pick(
        &mut self,
        wanted: Wanted,
        excluded: &[BackendId],
        now: Duration,
    ) -> Result<Arc<Backend>, NoBackend> {
        let id = pick(&mut self.pool, &mut self.chance, (wanted, excluded), now)?;
        Ok(self.backend(id))
    }

    /// Takes those out of the queue who need not wait any more, each with what has become of it: nothing
    /// where no backend is up.
    pub(super) fn serve_waiting(
        &mut self,
        now: Duration,
    ) -> Vec<(Waiter<A>, Option<Arc<Backend>>)> {
        let mut served = Vec::new();
        loop {
            let mut picked = Err(NoBackend::Full);
            // Where there is no room for one who would go anywhere, there is none for the next.
            let mut is_full = false;
            let waiter = self.waiting.pop_where(|waiter| {
                let goes_anywhere = waiter.wanted == Wanted::Any && waiter.excluded.is_empty();
                if is_full && goes_anywhere {
                    return false;
                }
                let request = (waiter.wanted, &*waiter.excluded);
                picked = pick(&mut self.pool, &mut self.chance, request, now);
                is_full |= goes_anywhere && picked == Err(NoBackend::Full);
                picked != Err(NoBackend::Full)
            });
            let Some(waiter) = waiter else { return served };
            served.push((waiter, picked.ok().map(|id| self.backend(id))));
        }
    }

    pub(super) fn are_all_drained(&self, now: Duration) -> bool {
        let mut backends = self.pool.backends();
        !self.backends.is_empty() && backends.all(|(_, it)| it.state(now) == State::Draining)
    }

    pub(super) fn backend(&self, id: BackendId) -> Arc<Backend> {
        let backend = self.backends.iter().find(|backend| backend.id == id);
        Arc::clone(backend.expect("the pool and this list have the same backends"))
    }
}

fn pick(
    pool: &mut Pool,
    chance: &mut Chance,
    (wanted, excluded): (Wanted, &[BackendId]),
    now: Duration,
) -> Result<BackendId, NoBackend> {
    match wanted {
        Wanted::Any => pool.pick(now, chance, excluded),
        Wanted::Named(id) => pool.take(id).map(|()| id),
    }
}
