//! The same rules once more, as simply as they can be said, to hold a pool against.
//!
//! What can be worked out is not kept: checks and ejections are lists that are read from the beginning each
//! time.

use std::time::Duration;

use balancing::{BackendId, Change, NoBackend, Outcome, State};

use crate::bench::s;

const FALL: usize = 3;
const RISE: usize = 2;
const FAILURES: u32 = 5;
const WARM_UP: Duration = s(10);

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) backends: Vec<Backend>,
    has_given_work: bool,
}

#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) id: BackendId,
    pub(crate) name: String,
    pub(crate) in_flight: usize,
    pub(crate) in_flight_max: usize,
    is_draining: bool,
    checks: Vec<bool>,
    failures: u32,
    ejections: Vec<Ejection>,
    is_end_told: bool,
    back_since: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Ejection {
    begin: Duration,
    end: Duration,
}

impl Backend {
    fn is_up(&self) -> bool {
        let (mut is_up, mut since) = (true, 0);
        for at in 1..=self.checks.len() {
            let run = if is_up { FALL } else { RISE };
            let seen = &self.checks[since..at];
            if seen.len() >= run && seen[seen.len() - run..].iter().all(|&passed| passed != is_up) {
                (is_up, since) = (!is_up, at);
            }
        }
        is_up
    }

    fn is_in_service(&self) -> bool {
        !self.is_draining && self.is_up()
    }

    fn is_ejected(&self, now: Duration) -> bool {
        self.is_in_service() && self.ejections.last().is_some_and(|last| now < last.end)
    }

    fn gets_work(&self, now: Duration) -> bool {
        self.is_in_service() && !self.is_ejected(now)
    }

    fn has_room(&self) -> bool {
        self.in_flight < self.in_flight_max
    }

    pub(crate) fn state(&self, now: Duration) -> State {
        if self.is_draining {
            State::Draining
        } else if !self.is_up() {
            State::Down
        } else if self.is_ejected(now) {
            State::Ejected
        } else if self.back_since.is_some_and(|since| now < since + WARM_UP) {
            State::Warming
        } else {
            State::Up
        }
    }

    /// Doubled by each ejection, halved by each minute without one, from 10 s to 300: the sixth in a row would
    /// be 320 s, so five doublings are the most.
    fn next_ejection(&self, now: Duration) -> Duration {
        let mut doublings = 0_u32;
        let mut quiet_since = Duration::ZERO;
        for ejection in &self.ejections {
            let minutes = (ejection.begin - quiet_since).as_secs() / 60;
            doublings = (doublings.saturating_sub(minutes as u32) + 1).min(5);
            quiet_since = ejection.end;
        }
        let minutes = (now - quiet_since).as_secs() / 60;
        s(10 << doublings.saturating_sub(minutes as u32)).min(s(300))
    }

    fn comes_back(&mut self, now: Duration) {
        self.back_since = Some(now);
    }

    /// Taken out by something else, which counts for more.
    fn leaves(&mut self, now: Duration) {
        self.cut_short(now);
        self.failures = 0;
        self.is_end_told = true;
    }

    fn cut_short(&mut self, now: Duration) {
        if let Some(last) = self.ejections.last_mut() {
            last.end = last.end.min(now);
        }
    }
}

impl Model {
    pub(crate) fn find(&mut self, id: BackendId) -> Option<&mut Backend> {
        self.backends.iter_mut().find(|backend| backend.id == id)
    }

    pub(crate) fn in_service(&self) -> usize {
        self.backends.iter().filter(|backend| backend.is_in_service()).count()
    }

    pub(crate) fn ejected(&self, now: Duration) -> usize {
        self.backends.iter().filter(|backend| backend.is_ejected(now)).count()
    }

    /// Whether a pick may end like this.
    pub(crate) fn allows(
        &self,
        picked: Result<BackendId, NoBackend>,
        excluded: &[BackendId],
        now: Duration,
    ) -> bool {
        let working: Vec<_> = self
            .backends
            .iter()
            .filter(|backend| backend.gets_work(now) && !excluded.contains(&backend.id))
            .collect();
        match picked {
            Ok(id) => working.iter().any(|backend| backend.id == id && backend.has_room()),
            Err(NoBackend::Full) => {
                !working.is_empty() && working.iter().all(|backend| !backend.has_room())
            }
            Err(NoBackend::Down) => working.is_empty(),
        }
    }

    /// What taking this one must end like.
    pub(crate) fn take(&mut self, id: BackendId) -> Result<(), NoBackend> {
        match self.find(id) {
            Some(backend) if !backend.is_in_service() => Err(NoBackend::Down),
            Some(backend) if !backend.has_room() => Err(NoBackend::Full),
            Some(_) => Ok(()),
            None => Err(NoBackend::Down),
        }
    }

    pub(crate) fn given(&mut self, id: BackendId) {
        self.has_given_work = true;
        self.find(id).unwrap().in_flight += 1;
    }

    pub(crate) fn finished(
        &mut self,
        id: BackendId,
        outcome: Outcome,
        now: Duration,
    ) -> Option<Change> {
        let may_eject = 2 * (self.ejected(now) + 1) <= self.in_service();
        let backend = self.find(id)?;
        backend.in_flight -= 1;
        if !backend.gets_work(now) {
            return None;
        }
        match outcome {
            Outcome::Succeeded => backend.failures = 0,
            Outcome::Failed => backend.failures += 1,
            Outcome::Abandoned => {}
        }
        if outcome != Outcome::Failed || backend.failures < FAILURES || !may_eject {
            return None;
        }
        let until = now + backend.next_ejection(now);
        backend.ejections.push(Ejection { begin: now, end: until });
        backend.failures = 0;
        backend.is_end_told = false;
        backend.comes_back(until);
        Some(Change::Ejected { until })
    }

    pub(crate) fn checked(&mut self, id: BackendId, passed: bool, now: Duration) -> Option<Change> {
        let backend = self.find(id)?;
        let was_up = backend.is_up();
        backend.checks.push(passed);
        match (was_up, backend.is_up()) {
            (true, false) => {
                backend.leaves(now);
                self.readmit(now);
                Some(Change::Fell)
            }
            (false, true) => {
                backend.comes_back(now);
                Some(Change::Rose)
            }
            _ => None,
        }
    }

    pub(crate) fn tick(&mut self, now: Duration) -> Vec<(BackendId, Change)> {
        let is_news = |backend: &&mut Backend| {
            !backend.is_end_told && backend.ejections.last().unwrap().end <= now
        };
        let news = self.backends.iter_mut().filter(is_news);
        news.map(|backend| {
            backend.is_end_told = true;
            (backend.id, Change::Readmitted)
        })
        .collect()
    }

    pub(crate) fn add(&mut self, id: BackendId, name: String, in_flight_max: usize, now: Duration) {
        self.backends.push(Backend {
            id,
            name,
            in_flight: 0,
            in_flight_max,
            is_draining: false,
            checks: Vec::new(),
            failures: 0,
            ejections: Vec::new(),
            is_end_told: true,
            back_since: self.has_given_work.then_some(now),
        });
    }

    pub(crate) fn remove(&mut self, id: BackendId, now: Duration) {
        self.backends.retain(|backend| backend.id != id);
        self.readmit(now);
    }

    pub(crate) fn drain(&mut self, id: BackendId, now: Duration) {
        let Some(backend) = self.find(id) else { return };
        backend.is_draining = true;
        backend.leaves(now);
        self.readmit(now);
    }

    pub(crate) fn enable(&mut self, id: BackendId, now: Duration) {
        let Some(backend) = self.find(id) else { return };
        if backend.is_draining || backend.is_ejected(now) {
            backend.is_draining = false;
            backend.leaves(now);
            backend.comes_back(now);
        }
    }

    fn readmit(&mut self, now: Duration) {
        while 2 * self.ejected(now) > self.in_service() {
            let ejected = self.backends.iter_mut().filter(|backend| backend.is_ejected(now));
            let next = ejected.min_by_key(|backend| backend.ejections.last().unwrap().end).unwrap();
            next.cut_short(now);
            next.comes_back(now);
        }
    }
}
