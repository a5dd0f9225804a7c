//! What came of measuring a cell.

use std::collections::{BTreeMap, BTreeSet};

use super::{accounting::ServerBooks, outcome::Outcome, statistics::Summary};
use crate::{machine::resources::Resources, plan::Cell};

/// One try to measure a cell: a cell that was disturbed is measured again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Attempt {
    pub(crate) cell: Cell,
    pub(crate) repetition: u32,
    /// From 1.
    pub(crate) attempt: u32,
}

/// What came of an attempt.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) attempt: Attempt,
    /// Of every client, burst by burst.
    pub(crate) outcomes: Vec<Outcome>,
    /// How many files are stored, where they are listed.
    pub(crate) names: Option<u64>,
    /// Empty for a server that does not count, or died.
    pub(crate) books: Option<ServerBooks>,
    pub(crate) resources: Resources,
    /// Why others may have slowed it down.
    pub(crate) disturbance: Option<String>,
    /// Why the numbers of this cell must not be used.
    pub(crate) invalid: Option<String>,
    /// Why the server's counts after the cell could not be had: it is still busy, or gone.
    pub(crate) unsettled: Option<String>,
    /// Why there was no server, or none any more.
    pub(crate) server_failure: Option<String>,
}

impl Record {
    /// A cell whose server could not be measured: every client failed, for one cause.
    pub(crate) fn all_failed(attempt: Attempt, cause: &str, sentence: &str) -> Self {
        let outcomes = (1..=attempt.cell.clients)
            .map(|client| {
                let mut outcome = Outcome::of(client, 1, 0);
                outcome.fail(cause, sentence.to_owned());
                outcome
            })
            .collect();
        Self { outcomes, ..Self::unmeasured(attempt) }
    }

    /// A cell without any client.
    pub(crate) fn unmeasured(attempt: Attempt) -> Self {
        Self {
            attempt,
            outcomes: Vec::new(),
            names: None,
            books: None,
            resources: Resources::default(),
            disturbance: None,
            invalid: None,
            unsettled: None,
            server_failure: None,
        }
    }

    /// The server lives, and its counts cannot be had: nothing confirms what all clients say.
    pub(crate) fn doubt(&mut self, why: &str) {
        if self.clients_failed() == 0 && self.invalid.is_none() {
            self.invalid = Some(format!("the server's counts afterwards: {why}"));
        }
    }

    pub(crate) fn summary(&self) -> Option<Summary> {
        Summary::of(&self.outcomes)
    }

    /// Clients of which a transfer failed, in whichever burst.
    pub(crate) fn clients_failed(&self) -> u64 {
        let failed = self.outcomes.iter().filter(|outcome| outcome.failure.is_some());
        failed.map(|outcome| outcome.client).collect::<BTreeSet<u32>>().len() as u64
    }

    pub(crate) fn clients_succeeded(&self) -> u64 {
        let clients: BTreeSet<u32> = self.outcomes.iter().map(|outcome| outcome.client).collect();
        clients.len() as u64 - self.clients_failed()
    }

    pub(crate) fn bursts(&self) -> u32 {
        self.outcomes.last().map_or(0, |outcome| outcome.burst)
    }

    /// How many clients failed for each cause.
    pub(crate) fn causes(&self) -> BTreeMap<&str, u64> {
        let mut causes = BTreeMap::new();
        for failure in self.outcomes.iter().filter_map(|outcome| outcome.failure.as_ref()) {
            *causes.entry(failure.cause.as_str()).or_default() += 1;
        }
        causes
    }
}
