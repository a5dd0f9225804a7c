//! A pool with a clock and chance of its own, whose backends are called a, b, c and so on.

use std::{num::NonZeroU16, time::Duration};

use balancing::{
    Backend, BackendId, BackendSpec, Change, NoBackend, Outcome, Policy, PolicyName, Pool,
    Settings, State,
};
use simulation::Chance;

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn spec(name: &str, weight: u16, in_flight_max: usize) -> BackendSpec {
    let weight = NonZeroU16::new(weight).unwrap();
    BackendSpec { name: name.to_owned(), weight, in_flight_max }
}

/// A pool under test, at a moment that the test sets.
pub(crate) struct Bench {
    pub(crate) pool: Pool,
    pub(crate) now: Duration,
    pub(crate) chance: Chance,
    /// By letter, the newest of each name.
    ids: Vec<BackendId>,
}

impl Bench {
    /// One backend for each weight, without a limit.
    pub(crate) fn new(policy: PolicyName, weights: &[u16]) -> Self {
        Self::with_settings(Settings { policy, ..Settings::default() }, weights)
    }

    pub(crate) fn round_robin(weights: &[u16]) -> Self {
        Self::new(PolicyName::RoundRobin, weights)
    }

    pub(crate) fn with_settings(settings: Settings, weights: &[u16]) -> Self {
        Self::with_pool(Pool::new(settings), weights)
    }

    pub(crate) fn with_policy(policy: impl Policy + 'static, weights: &[u16]) -> Self {
        Self::with_pool(Pool::with_policy(Settings::default(), Box::new(policy)), weights)
    }

    fn with_pool(pool: Pool, weights: &[u16]) -> Self {
        let mut this = Self { pool, now: s(0), chance: Chance::new(1, 0), ids: Vec::new() };
        weights.iter().for_each(|&weight| this.add(weight));
        this
    }

    /// Adds a backend under the next letter.
    pub(crate) fn add(&mut self, weight: u16) {
        let letter = char::from(b'a' + u8::try_from(self.ids.len()).unwrap());
        let spec = spec(&letter.to_string(), weight, usize::MAX);
        self.ids.push(self.pool.add(spec, self.now).unwrap());
    }

    /// Adds a backend under a letter whose backend was removed.
    pub(crate) fn add_again(&mut self, letter: char, weight: u16) {
        let spec = spec(&letter.to_string(), weight, usize::MAX);
        let place = letter as usize - 'a' as usize;
        self.ids[place] = self.pool.add(spec, self.now).unwrap();
    }

    pub(crate) fn id(&self, letter: char) -> BackendId {
        self.ids[letter as usize - 'a' as usize]
    }

    pub(crate) fn backend(&self, letter: char) -> &Backend {
        self.pool.get(self.id(letter)).unwrap()
    }

    pub(crate) fn state(&self, letter: char) -> State {
        self.backend(letter).state(self.now)
    }

    fn letter(&self, id: BackendId) -> char {
        self.pool.get(id).unwrap().name().chars().next().unwrap()
    }

    pub(crate) fn pick_but(&mut self, excluded: &[BackendId]) -> Result<char, NoBackend> {
        let id = self.pool.pick(self.now, &mut self.chance, excluded)?;
        Ok(self.letter(id))
    }

    /// Picks one, which stays in flight.
    pub(crate) fn pick(&mut self) -> Result<char, NoBackend> {
        self.pick_but(&[])
    }

    pub(crate) fn finish(&mut self, letter: char, outcome: Outcome) -> Option<Change> {
        self.pool.finished(self.id(letter), outcome, self.now)
    }

    /// Picks so many, each of which succeeds before the next.
    pub(crate) fn picks(&mut self, count: usize) -> String {
        let pick = |_| {
            let letter = self.pick().unwrap();
            assert_eq!(self.finish(letter, Outcome::Succeeded), None);
            letter
        };
        (0..count).map(pick).collect()
    }

    /// How many of so many picks each of the letters gets.
    pub(crate) fn counts<const N: usize>(
        &mut self,
        letters: [char; N],
        picks: usize,
    ) -> [usize; N] {
        let picked = self.picks(picks);
        letters.map(|letter| picked.matches(letter).count())
    }

    /// Sends so many requests at once to this backend, all of which have this outcome; what that changes.
    pub(crate) fn requests(&mut self, letter: char, count: usize, outcome: Outcome) -> Vec<Change> {
        (0..count).for_each(|_| self.pool.take(self.id(letter)).unwrap());
        (0..count).filter_map(|_| self.finish(letter, outcome)).collect()
    }

    /// Has so many checks of this backend pass or fail; what that changes.
    pub(crate) fn checks(&mut self, letter: char, count: usize, pass: bool) -> Vec<Change> {
        let id = self.id(letter);
        (0..count).filter_map(|_| self.pool.checked(id, pass, self.now)).collect()
    }

    pub(crate) fn fall(&mut self, letter: char) {
        assert_eq!(self.checks(letter, 3, false), [Change::Fell]);
    }

    pub(crate) fn rise(&mut self, letter: char) {
        assert_eq!(self.checks(letter, 2, true), [Change::Rose]);
    }

    pub(crate) fn drain(&mut self, letter: char) {
        self.pool.drain(self.id(letter), self.now);
    }

    pub(crate) fn enable(&mut self, letter: char) {
        self.pool.enable(self.id(letter), self.now);
    }

    pub(crate) fn remove(&mut self, letter: char) {
        self.pool.remove(self.id(letter), self.now);
    }

    pub(crate) fn set_weight(&mut self, letter: char, weight: u16) {
        self.pool.set_weight(self.id(letter), NonZeroU16::new(weight).unwrap());
    }

    pub(crate) fn set_in_flight_max(&mut self, letter: char, max: usize) {
        self.pool.set_in_flight_max(self.id(letter), max);
    }
}
