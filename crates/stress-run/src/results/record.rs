//! What came of measuring a cell.

use super::{
    accounting::Accounting,
    outcome::{JobOutcome, WRONG_CONTENT},
};
use crate::{language::Language, machine::resources::Resources, plan::Attempt};

/// What came of an attempt.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) attempt: Attempt,
    /// Of every client, burst by burst.
    pub(crate) outcomes: Vec<JobOutcome>,
    /// How many files are stored, where they are listed.
    pub(crate) names: Option<u64>,
    pub(crate) resources: Resources,
    pub(crate) server: ServerAfter,
}

/// What the server says at the end of an attempt, or why it says nothing.
#[derive(Debug)]
pub(crate) enum ServerAfter {
    Counted(Accounting),
    /// It never counts, as the Python originals.
    CountsNothing,
    /// It is still busy, or gone: its counts cannot be had.
    Unsettled(String),
    /// It did not start, or has died.
    Failed(String),
}

impl Record {
    /// A cell whose server could not be measured: every client failed, for one cause.
    pub(crate) fn all_failed(attempt: Attempt, server: ServerAfter, cause: &str) -> Self {
        let sentence = match &server {
            ServerAfter::Unsettled(why) | ServerAfter::Failed(why) => why,
            ServerAfter::Counted(_) | ServerAfter::CountsNothing => "",
        };
        let outcomes = (1..=attempt.cell.clients)
            .map(|client| {
                let mut outcome = JobOutcome::of(client, 1, 0);
                outcome.fail(cause, sentence.to_owned());
                outcome
            })
            .collect();
        Self { outcomes, server, ..Self::unmeasured(attempt) }
    }

    /// A cell without any client.
    pub(crate) fn unmeasured(attempt: Attempt) -> Self {
        Self {
            attempt,
            outcomes: Vec::new(),
            names: None,
            resources: Resources::default(),
            server: ServerAfter::CountsNothing,
        }
    }

    /// What the server has counted, where it has.
    pub(super) fn accounting(&self) -> Option<&Accounting> {
        let ServerAfter::Counted(accounting) = &self.server else { return None };
        Some(accounting)
    }

    pub(crate) fn server_failure(&self) -> Option<&str> {
        let ServerAfter::Failed(why) = &self.server else { return None };
        Some(why)
    }

    pub(crate) fn is_unsettled(&self) -> bool {
        matches!(self.server, ServerAfter::Unsettled(_))
    }

    pub(crate) fn has_failures(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.failure.is_some())
    }

    /// Why the numbers must not be used; `None` when every byte is right, and the server's counts agree.
    pub(crate) fn invalid(&self) -> Option<String> {
        let wrong = self.outcomes.iter().filter(|outcome| outcome.has_failed_with(WRONG_CONTENT));
        match (wrong.count(), &self.server) {
            (0, ServerAfter::Counted(accounting)) => accounting.disagreement(&self.outcomes),
            // Nothing confirms what all clients say.
            (0, ServerAfter::Unsettled(why)) if !self.has_failures() => {
                Some(Language::STORED.counts_afterwards(why))
            }
            (
                0,
                ServerAfter::CountsNothing | ServerAfter::Unsettled(_) | ServerAfter::Failed(_),
            ) => None,
            (wrong, _) => Some(Language::STORED.wrong_bytes(wrong)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Cell, Configuration, Encoding, Operation, Volume};

    /// An attempt by two clients, of which so many failed for this cause.
    fn invalid(failed: usize, cause: &str, server: ServerAfter) -> Option<String> {
        let server_of = Configuration { mode: None, workers: 1 };
        let (operation, volume) = (Operation::Upload, Volume { bytes: 1 });
        let encoding = Encoding::Base64;
        let cell = Cell { encoding, operation, volume, clients: 2, server: server_of };
        let attempt = Attempt { cell, repetition: 1, number: 1 };
        let mut record = Record::all_failed(attempt, server, cause);
        for succeeded in &mut record.outcomes[failed..] {
            succeeded.failure = None;
        }
        record.invalid()
    }

    fn unsettled() -> ServerAfter {
        ServerAfter::Unsettled("deadline passed".to_owned())
    }

    fn died() -> ServerAfter {
        ServerAfter::Failed("it ended with signal 9".to_owned())
    }

    #[test]
    fn what_all_clients_say_and_no_count_confirms_is_invalid() {
        let why = "the server's counts afterwards: deadline passed";
        assert_eq!(invalid(0, "", unsettled()).as_deref(), Some(why));
        assert_eq!(invalid(1, "busy", unsettled()), None);
        assert_eq!(
            (invalid(0, "", ServerAfter::CountsNothing), invalid(2, "reset", died())),
            (None, None)
        );
    }

    #[test]
    fn wrong_bytes_are_invalid_whatever_became_of_the_server() {
        for server in [ServerAfter::CountsNothing, unsettled(), died()] {
            let why = invalid(2, WRONG_CONTENT, server);
            assert_eq!(why.as_deref(), Some("2 clients moved wrong bytes"));
        }
    }
}
