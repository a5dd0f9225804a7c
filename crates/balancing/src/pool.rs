//! The backends and what is known of them: who may be picked, who is counted, who is out.

mod weights;

use std::{num::NonZeroU16, time::Duration};

use simulation::Chance;

use self::weights::Weights;
use crate::{
    backend::{Backend, BackendId, BackendSpec, EjectionRule},
    policy::{Candidates, Policy, PolicyName},
};

/// How a pool decides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    pub policy: PolicyName,
    /// Checks that must fail in a row before a backend is down.
    pub fall: u32,
    /// Checks that must pass in a row before it is up again.
    pub rise: u32,
    pub ejection: EjectionRule,
    /// How long a backend that comes back takes to its whole share. It begins with a tenth, and the share
    /// grows by the same amount every second.
    pub warm_up: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: PolicyName::default(),
            fall: 3,
            rise: 2,
            ejection: EjectionRule::default(),
            warm_up: Duration::from_secs(10),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    Succeeded,
    /// By the fault of the backend: it refused, reset, fell silent, or talked nonsense. Counts towards
    /// ejection.
    Failed,
    /// By its client, or before the backend had a chance. Says nothing about the backend.
    Abandoned,
}

/// What happened to a backend, for those who write it down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// Checks have taken it out.
    Fell,
    /// Checks have it back.
    Rose,
    /// Its failures have taken it out, until then or until too few others are left.
    Ejected { until: Duration },
    /// Its ejection is over.
    Readmitted,
}

/// Why no backend was picked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoBackend {
    /// Some get work, and all those have as many requests as they may have: whoever waits may be served.
    Full,
    /// None gets work that was not excluded.
    Down,
}

/// Two backends of one pool have different names.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a backend is called {0:?} already")]
pub struct DuplicateName(pub String);

/// All backends of one balancer, in the order in which they were added.
///
/// At no moment is more than half of those ejected that operator and checks let have work: whoever is ejected
/// comes back early when others go. So the last one is never ejected.
///
/// Requests outlive their backend, so each method takes the id of one that was removed, and does nothing.
#[derive(Debug)]
pub struct Pool {
    settings: Settings,
    policy: Box<dyn Policy>,
    /// By growing id.
    backends: Vec<Backend>,
    weights: Weights,
    next_id: u64,
    has_given_work: bool,
}

impl Pool {
    /// A pool without backends, with the policy that `settings` names.
    pub fn new(settings: Settings) -> Self {
        let policy = settings.policy.policy();
        Self::with_policy(settings, policy)
    }

    /// With any policy, whatever `settings` names.
    pub fn with_policy(settings: Settings, policy: Box<dyn Policy>) -> Self {
        Self {
            settings,
            policy,
            backends: Vec::new(),
            weights: Weights::default(),
            next_id: 0,
            has_given_work: false,
        }
    }

    /// Decides by new settings. What is known of the backends stays; another policy begins with nothing.
    pub fn set_settings(&mut self, settings: Settings) {
        if settings.policy != self.settings.policy {
            self.policy = settings.policy.policy();
            self.backends.iter().for_each(|_| self.policy.added());
        }
        self.settings = settings;
    }

    /// Adds a backend, which is up until checks say otherwise. It warms up, unless no work was given out
    /// yet: that is the balancer's own start.
    pub fn add(&mut self, spec: BackendSpec, now: Duration) -> Result<BackendId, DuplicateName> {
        if self.backends.iter().any(|other| other.name() == spec.name) {
            return Err(DuplicateName(spec.name));
        }
        let id = BackendId(self.next_id);
        self.next_id += 1;
        let mut backend = Backend::new(id, spec);
        if self.has_given_work {
            backend.comes_back(now, self.settings.warm_up);
        }
        self.backends.push(backend);
        self.policy.added();
        self.weights.outdate();
        Ok(id)
    }

    /// Forgets a backend. Its requests go on, and what becomes of them is no longer asked.
    pub fn remove(&mut self, id: BackendId, now: Duration) {
        let Some(place) = self.place(id) else { return };
        self.backends.remove(place);
        self.weights.outdate();
        self.policy.removed(place);
        self.readmit_more_than_half(now);
    }

    /// Gives it nothing new. Requests in flight go on; once it has none, it is drained.
    pub fn drain(&mut self, id: BackendId, now: Duration) {
        let Some(place) = self.place(id) else { return };
        self.backends[place].is_draining = true;
        self.leave(place, now);
    }

    /// Ends draining and ejection, after which it warms up. Whether it is up, checks say.
    pub fn enable(&mut self, id: BackendId, now: Duration) {
        let Some(place) = self.place(id) else { return };
        let backend = &mut self.backends[place];
        if backend.is_draining || backend.is_ejected(now) {
            backend.is_draining = false;
            backend.ejection.supersede(now);
            backend.comes_back(now, self.settings.warm_up);
            self.weights.outdate();
        }
    }

    pub fn set_weight(&mut self, id: BackendId, weight: NonZeroU16) {
        let Some(place) = self.place(id) else { return };
        self.backends[place].spec.weight = weight;
        self.weights.outdate();
    }

    /// One that has more already gets no other until enough have finished.
    pub fn set_in_flight_max(&mut self, id: BackendId, in_flight_max: usize) {
        let Some(place) = self.place(id) else { return };
        self.backends[place].spec.in_flight_max = in_flight_max;
        self.weights.outdate();
    }

    pub fn get(&self, id: BackendId) -> Option<&Backend> {
        self.place(id).map(|place| &self.backends[place])
    }

    pub fn backends(&self) -> impl Iterator<Item = (BackendId, &Backend)> {
        self.backends.iter().map(|backend| (backend.id, backend))
    }
}

/// Requests and checks.
impl Pool {
    /// Has the policy pick one that gets work, has room and is not excluded, and counts it in flight, until
    /// [`Pool::finished`] is called, which must be once.
    pub fn pick(
        &mut self,
        now: Duration,
        chance: &mut Chance,
        excluded: &[BackendId],
    ) -> Result<BackendId, NoBackend> {
        let (weights, weight_max) = self.weights.at(&self.backends, now);
        let backends = &self.backends;
        let candidates = Candidates { backends, weights, weight_max, excluded, now };
        let Some(place) = self.policy.pick(&candidates, chance) else {
            return Err(self.why_none(excluded, now));
        };
        debug_assert!(candidates.weight(place).is_some(), "{:?} picked {place}", self.policy);
        self.give(place);
        Ok(self.backends[place].id)
    }

    /// Counts a request in flight on the one backend that it can go to, because a name or an earlier
    /// request says so, until [`Pool::finished`] is called, which must be once.
    ///
    /// One that is ejected takes it: sparing a backend helps when another can answer instead.
    pub fn take(&mut self, id: BackendId) -> Result<(), NoBackend> {
        let place = self.place(id).ok_or(NoBackend::Down)?;
        let backend = &self.backends[place];
        if !backend.is_in_service() {
            return Err(NoBackend::Down);
        }
        if !backend.has_room() {
            return Err(NoBackend::Full);
        }
        self.give(place);
        Ok(())
    }

    /// The first byte of an answer has come, so long after its request was sent. This is told when it comes:
    /// the last byte may come much later.
    pub fn answered(&mut self, id: BackendId, first_byte: Duration, now: Duration) {
        let Some(place) = self.place(id) else { return };
        // How slow a backend was before it left is not how it comes back.
        if self.backends[place].is_available(now) {
            self.policy.answered(place, first_byte, now);
        }
    }

    /// Ends a request that was picked or taken.
    pub fn finished(&mut self, id: BackendId, outcome: Outcome, now: Duration) -> Option<Change> {
        let place = self.place(id)?;
        let backend = &mut self.backends[place];
        debug_assert!(backend.in_flight > 0, "finished more often than picked: {backend:?}");
        let was_full = !backend.has_room();
        backend.in_flight = backend.in_flight.saturating_sub(1);
        if was_full {
            self.weights.set(place, backend.weight_in_pick(now));
        }
        // Who is out is not judged by what it was given before: fifty requests that are lost at once eject
        // once.
        if !backend.is_available(now) {
            return None;
        }
        match outcome {
            Outcome::Failed => return self.failed(place, now),
            Outcome::Succeeded => backend.ejection.succeeded(),
            Outcome::Abandoned => {}
        }
        None
    }

    /// Counts a check, whatever state the backend is in.
    pub fn checked(&mut self, id: BackendId, passed: bool, now: Duration) -> Option<Change> {
        let place = self.place(id)?;
        let Settings { fall, rise, warm_up, .. } = self.settings;
        let backend = &mut self.backends[place];
        if !backend.health.checked(passed, fall, rise) {
            return None;
        }
        if passed {
            backend.comes_back(now, warm_up);
            self.weights.outdate();
            return Some(Change::Rose);
        }
        self.leave(place, now);
        Some(Change::Fell)
    }

    /// Tells of each ejection that has ended, once: by time, or because too few others were left.
    ///
    /// Picking goes by the time and does not wait for this. It is for those who log, and for those who
    /// wait in a queue: a backend that is readmitted may have room for them.
    pub fn tick(&mut self, now: Duration) -> Vec<(BackendId, Change)> {
        let ended = self.backends.iter_mut().filter_map(|backend| {
            let is_news = backend.ejection.tell_end(now);
            is_news.then_some((backend.id, Change::Readmitted))
        });
        ended.collect()
    }

    fn why_none(&self, excluded: &[BackendId], now: Duration) -> NoBackend {
        let mut others = self.backends.iter().filter(|backend| !excluded.contains(&backend.id));
        if others.any(|backend| backend.is_available(now)) {
            NoBackend::Full
        } else {
            NoBackend::Down
        }
    }

    fn give(&mut self, place: usize) {
        self.has_given_work = true;
        let backend = &mut self.backends[place];
        backend.in_flight += 1;
        if !backend.has_room() {
            self.weights.set(place, 0);
        }
    }

    fn failed(&mut self, place: usize, now: Duration) -> Option<Change> {
        let rule = &self.settings.ejection;
        if !self.backends[place].ejection.failed(rule) || !self.may_eject_one_more(now) {
            return None;
        }
        let backend = &mut self.backends[place];
        let until = backend.ejection.begin(now, rule);
        backend.comes_back(until, self.settings.warm_up);
        self.weights.outdate();
        self.policy.left(place);
        Some(Change::Ejected { until })
    }
}

/// Who is where, and how many are out.
impl Pool {
    fn place(&self, id: BackendId) -> Option<usize> {
        self.backends.binary_search_by_key(&id, |backend| backend.id).ok()
    }

    /// One that operator or checks have taken out: its failures were of another time.
    fn leave(&mut self, place: usize, now: Duration) {
        self.backends[place].ejection.supersede(now);
        self.weights.outdate();
        self.policy.left(place);
        self.readmit_more_than_half(now);
    }

    fn may_eject_one_more(&self, now: Duration) -> bool {
        2 * (self.ejected(now).count() + 1) <= self.in_service()
    }

    /// Of those ejected, readmits who would come back next until the others are half at most.
    fn readmit_more_than_half(&mut self, now: Duration) {
        while 2 * self.ejected(now).count() > self.in_service() {
            let next = self.ejected(now).min_by_key(|&place| self.backends[place].ejection.until());
            let Some(place) = next else { return };
            let backend = &mut self.backends[place];
            backend.ejection.cut_short(now);
            backend.comes_back(now, self.settings.warm_up);
            self.weights.outdate();
        }
    }

    fn in_service(&self) -> usize {
        self.backends.iter().filter(|backend| backend.is_in_service()).count()
    }

    /// The places of those that are ejected.
    fn ejected(&self, now: Duration) -> impl Iterator<Item = usize> {
        let is_ejected = move |place: &usize| self.backends[*place].is_ejected(now);
        (0..self.backends.len()).filter(is_ejected)
    }
}
