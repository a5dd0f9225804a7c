//! Anything that may happen to a pool, in any order: it agrees with the model after each step, and whatever
//! was picked is counted until it is finished, no longer and no shorter.

use std::time::Duration;

use balancing::{BackendId, Change, NoBackend, Outcome, PolicyName, Pool, Settings, State};
use proptest::{collection::vec, prelude::*};
use simulation::Chance;

use crate::{
    bench::{ms, s, spec},
    model::Model,
};

/// Backends at once, at most.
const BACKENDS_MAX: usize = 6;

struct World {
    pool: Pool,
    model: Model,
    chance: Chance,
    now: Duration,
    in_flight: Vec<BackendId>,
    /// Every id there ever was.
    ids: Vec<BackendId>,
    seen: Seen,
}

/// How often something happened that a run is to have met.
#[derive(Debug, Default)]
struct Seen {
    full: usize,
    down: usize,
    fell: usize,
    rose: usize,
    ejected: usize,
    readmitted: usize,
}

impl World {
    fn new(policy: PolicyName) -> Self {
        let settings = Settings { policy, ..Settings::default() };
        Self {
            pool: Pool::new(settings),
            model: Model::default(),
            chance: Chance::new(1, 0),
            now: s(0),
            in_flight: Vec::new(),
            ids: Vec::new(),
            seen: Seen::default(),
        }
    }

    /// One step, made of any numbers: what happens, to whom, and how.
    fn step(&mut self, (what, who, how): (u8, u8, u16)) {
        let (who, how) = (usize::from(who), usize::from(how));
        match what % 20 {
            0..6 => self.pick(who),
            6..11 => self.finish(who, how),
            11 => self.take(who),
            12..15 => self.check(who, how % 2 == 0),
            15 => self.operate(who, how),
            16 => self.add(who, how),
            17 => self.now += ms(10 * how as u64),
            18 => self.tick(),
            _ => self.now += ms(how as u64 % 100),
        }
        self.compare();
    }

    /// One that is or was there.
    fn someone(&self, who: usize) -> Option<BackendId> {
        // Mostly one of the last, since those are still there.
        let recent = self.ids.len().checked_sub(1 + who % (BACKENDS_MAX + 2))?;
        self.ids.get(recent).copied()
    }

    fn pick(&mut self, excluded: usize) {
        // None are excluded half of the time.
        let is_excluded = |who: &usize| excluded % 2 == 1 && (excluded >> (1 + who)) % 2 == 1;
        let excluded: Vec<_> =
            (0..7).filter(is_excluded).filter_map(|who| self.someone(who)).collect();
        let picked = self.pool.pick(self.now, &mut self.chance, &excluded);
        assert!(self.model.allows(picked, &excluded, self.now), "{picked:?}: {:#?}", self.model);
        match picked {
            Ok(id) => self.given(id),
            Err(NoBackend::Full) => self.seen.full += 1,
            Err(NoBackend::Down) => self.seen.down += 1,
        }
    }

    fn tick(&mut self) {
        let changes = self.pool.tick(self.now);
        assert_eq!(changes, self.model.tick(self.now));
        changes.into_iter().for_each(|(_, change)| self.count(Some(change)));
    }

    fn count(&mut self, change: Option<Change>) {
        match change {
            Some(Change::Fell) => self.seen.fell += 1,
            Some(Change::Rose) => self.seen.rose += 1,
            Some(Change::Ejected { .. }) => self.seen.ejected += 1,
            Some(Change::Readmitted) => self.seen.readmitted += 1,
            None => {}
        }
    }

    fn take(&mut self, who: usize) {
        let Some(id) = self.someone(who) else { return };
        let taken = self.pool.take(id);
        assert_eq!(taken, self.model.take(id));
        if taken.is_ok() {
            self.given(id);
        }
    }

    fn given(&mut self, id: BackendId) {
        self.model.given(id);
        self.in_flight.push(id);
    }

    fn finish(&mut self, which: usize, how: usize) {
        if self.in_flight.is_empty() {
            return;
        }
        let id = self.in_flight.swap_remove(which % self.in_flight.len());
        let outcome = match how % 6 {
            0..4 => Outcome::Failed,
            4 => Outcome::Succeeded,
            _ => Outcome::Abandoned,
        };
        if !how.is_multiple_of(4) {
            self.pool.answered(id, ms(how as u64), self.now);
        }
        let change = self.pool.finished(id, outcome, self.now);
        assert_eq!(change, self.model.finished(id, outcome, self.now));
        self.count(change);
    }

    fn check(&mut self, who: usize, passed: bool) {
        let Some(id) = self.someone(who) else { return };
        let change = self.pool.checked(id, passed, self.now);
        assert_eq!(change, self.model.checked(id, passed, self.now));
        self.count(change);
    }

    fn operate(&mut self, who: usize, how: usize) {
        let Some(id) = self.someone(who) else { return };
        match how % 7 {
            0 => {
                self.pool.drain(id, self.now);
                self.model.drain(id, self.now);
            }
            1..4 => {
                self.pool.enable(id, self.now);
                self.model.enable(id, self.now);
            }
            4 => {
                self.pool.remove(id, self.now);
                self.model.remove(id, self.now);
            }
            5 => self.pool.set_weight(id, spec("", 1 + how as u16 % 500, 0).weight),
            _ => {
                let max = how / 7 % 8;
                self.pool.set_in_flight_max(id, max);
                if let Some(backend) = self.model.find(id) {
                    backend.in_flight_max = max;
                }
            }
        }
    }

    fn add(&mut self, weight: usize, max: usize) {
        if self.model.backends.len() == BACKENDS_MAX {
            return;
        }
        // Names come again when their backends are gone.
        let is_free = |name: &String| self.model.backends.iter().all(|other| other.name != *name);
        let name = (0..).map(|number| format!("backend {number}")).find(is_free).unwrap();
        let spec = spec(&name, 1 + weight as u16, max % 12);
        let id = self.pool.add(spec, self.now).unwrap();
        assert!(!self.ids.contains(&id));
        self.ids.push(id);
        self.model.add(id, name, max % 12, self.now);
    }

    fn compare(&self) {
        let of_pool = self.pool.backends().map(|(id, backend)| {
            (id, backend.name().to_owned(), backend.in_flight(), backend.state(self.now))
        });
        let of_model = self.model.backends.iter().map(|backend| {
            (backend.id, backend.name.clone(), backend.in_flight, backend.state(self.now))
        });
        assert_eq!(of_pool.collect::<Vec<_>>(), of_model.collect::<Vec<_>>());
        let states: Vec<_> =
            self.pool.backends().map(|(_, backend)| backend.state(self.now)).collect();
        let count = |states_counted: &[State]| {
            states.iter().filter(|state| states_counted.contains(state)).count()
        };
        let (ejected, serving) = (count(&[State::Ejected]), count(&[State::Up, State::Warming]));
        assert!(ejected <= serving, "more than half are ejected: {states:?}");
    }

    /// Finishes all that is in flight.
    fn end(mut self) -> Seen {
        while !self.in_flight.is_empty() {
            self.finish(0, 5);
        }
        assert!(self.pool.backends().all(|(_, backend)| backend.in_flight() == 0));
        self.seen
    }
}

proptest! {
    #[test]
    fn a_pool_agrees_with_the_model_whatever_happens(steps in vec(any::<(u8, u8, u16)>(), 0..300)) {
        for policy in PolicyName::ALL {
            let mut world = World::new(policy);
            (0..3).for_each(|_| world.add(0, 5));
            steps.iter().for_each(|&step| world.step(step));
            world.end();
        }
    }
}

/// As the property above, but for long: what wears off or adds up shows late.
#[test]
fn a_pool_agrees_with_the_model_for_a_long_time() {
    for policy in PolicyName::ALL {
        for seed in 0..5 {
            let mut steps = Chance::new(seed, 1);
            let mut world = World::new(policy);
            (0..4000).for_each(|_| {
                let bits = steps.next_u64();
                world.step((bits as u8, (bits >> 8) as u8, (bits >> 16) as u16));
            });
            let seen = world.end();
            let Seen { full, down, fell, rose, ejected, readmitted } = seen;
            let least = [full, down, fell, rose, ejected, readmitted].into_iter().min();
            assert!(least >= Some(5), "{seen:?}");
        }
    }
}
