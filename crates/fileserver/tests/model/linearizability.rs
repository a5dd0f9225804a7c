//! Whether a history could have been that of one file, used by one client after another.
//!
//! Linearizability is the definition of M. Herlihy and J. Wing ("Linearizability: a correctness
//! condition for concurrent objects", 1990): every request takes effect at one moment between its
//! invocation and its response. The search is that of J. Wing and C. Gong ("Testing and verifying
//! concurrent objects", 1993): choose a request that may come first, apply it, go on with the rest,
//! and go back where nothing fits. G. Lowe ("Testing for linearizability", 2017) adds that what was
//! tried once, the same requests with the same outcome, need not be tried again.
//!
//! A request whose answer never came may take effect at any time after its invocation, or never.
//!
//! In general this takes time exponential in the number of concurrent requests, so histories are to
//! be short, and the search gives up, loudly, instead of going on for ever.

use std::{collections::HashSet, fmt, time::Duration};

use crate::{contents::Version, history::Call};

/// So many combinations are tried; histories that are in order take about one for each request.
const TRIED_MAX: usize = 200_000;

/// No order of the requests explains what was seen.
#[derive(Debug)]
pub(crate) struct Violation {
    calls: Vec<Call>,
    /// The most requests that an order was found for.
    explained: Vec<bool>,
    /// What the file would be after them.
    file: Option<Version>,
}

/// Judges all calls to one name; at first there is no such file.
pub(crate) fn check(calls: &[Call]) -> Result<(), Violation> {
    let mut calls = calls.to_vec();
    // Stable, so that those sent at once on a connection keep their order.
    calls.sort_by_key(|call| call.invoked);
    let none = vec![false; calls.len()];
    let mut search = Search {
        taken: none.clone(),
        tried: HashSet::new(),
        furthest: Violation { calls: calls.clone(), explained: none, file: None },
        calls,
    };
    if search.explain_rest(None) { Ok(()) } else { Err(search.furthest) }
}

struct Search {
    /// In the order of their invocations.
    calls: Vec<Call>,
    /// Those that have their place in the order.
    taken: Vec<bool>,
    tried: HashSet<(Vec<bool>, Option<Version>)>,
    furthest: Violation,
}

impl Search {
    /// Whether the calls that are not taken yet have an order in which they fit.
    fn explain_rest(&mut self, file: Option<Version>) -> bool {
        if (0..self.calls.len()).all(|call| self.taken[call] || !self.calls[call].is_certain()) {
            return true;
        }
        if !self.tried.insert((self.taken.clone(), file)) {
            return false;
        }
        assert!(self.tried.len() <= TRIED_MAX, "the history is too long to be judged");
        self.note_how_far(file);
        let candidates = self.candidates();
        let fits = |call: &usize| {
            let observation = self.calls[*call].observation;
            observation.only_looks() && observation.apply(file).is_some()
        };
        // What fits and changes nothing can come now if it can come at all: nothing else is tried.
        if let Some(look) = candidates.iter().copied().find(fits) {
            return self.explain_with(look, file);
        }
        candidates.into_iter().any(|call| {
            let after = self.calls[call].observation.apply(file);
            after.is_some_and(|after| self.explain_with(call, after))
        })
    }

    fn explain_with(&mut self, call: usize, after: Option<Version>) -> bool {
        self.taken[call] = true;
        let explained = self.explain_rest(after);
        self.taken[call] = false;
        explained
    }

    /// Calls that may come next: nothing that is left ended before they began. Those that certainly
    /// happened come first.
    fn candidates(&self) -> Vec<usize> {
        let left = || (0..self.calls.len()).filter(|call| !self.taken[*call]);
        let first_response = left().filter_map(|call| self.calls[call].responded).min();
        let first_response = first_response.unwrap_or(Duration::MAX);
        let mut candidates: Vec<usize> = left()
            .take_while(|call| self.calls[*call].invoked <= first_response)
            .filter(|call| !self.must_wait(*call))
            .collect();
        candidates.sort_by_key(|call| !self.calls[*call].is_certain());
        candidates
    }

    /// An earlier request on the same connection is not taken.
    fn must_wait(&self, call: usize) -> bool {
        let connection = self.calls[call].connection;
        (0..call).any(|earlier| {
            let earlier_call = self.calls[earlier];
            !self.taken[earlier]
                && earlier_call.is_certain()
                && earlier_call.connection == connection
        })
    }

    fn note_how_far(&mut self, file: Option<Version>) {
        let count = |taken: &[bool]| taken.iter().filter(|taken| **taken).count();
        if count(&self.taken) >= count(&self.furthest.explained) {
            self.furthest.explained.clone_from(&self.taken);
            self.furthest.file = file;
        }
    }
}

impl fmt::Display for Violation {
    /// The last that could be explained, and what then could not; the whole history is long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let explained = self.explained.iter().filter(|explained| **explained).count();
        let (all, file) = (self.calls.len(), self.file);
        writeln!(
            f,
            "no order explains all {all} requests; after {explained} the file is {file:?}:"
        )?;
        let first_left = self.explained.iter().position(|explained| !explained).unwrap_or(all);
        let shown = first_left.saturating_sub(10)..all.min(first_left + 20);
        for (call, explained) in self.calls[shown.clone()].iter().zip(&self.explained[shown]) {
            let mark = if *explained { ' ' } else { '?' };
            writeln!(f, "{mark} {call:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
