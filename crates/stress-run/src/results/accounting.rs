//! The server's counts of one cell, and whether they agree with the clients'.

use client::{Requests, Stats, Verb};

use super::outcome::JobOutcome;
use crate::{language::Language, plan::Operation};

/// What the server counted while a cell ran.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Accounting {
    pub(crate) workers_succeeded: u64,
    pub(crate) workers_failed: u64,
    pub(crate) requests_ok: u64,
    pub(crate) requests_failed: u64,
    pub(crate) bytes: u64,
}

impl Accounting {
    /// The difference of two snapshots. A server that was replaced in between has counted anew;
    /// what it counted before is lost, and its counts cannot agree.
    pub(crate) fn between(before: &Stats, after: &Stats, operation: Operation) -> Self {
        let of = |requests: &Requests| match operation {
            Operation::Download => requests[Verb::Get],
            Operation::Upload => requests[Verb::Upload],
            Operation::List => requests[Verb::List],
        };
        // Of the content of files: names are none.
        let bytes = |stats: &Stats| match operation {
            Operation::Download => stats.bytes_out,
            Operation::Upload => stats.bytes_in,
            Operation::List => 0,
        };
        let (before_requests, after_requests) = (of(&before.requests), of(&after.requests));
        let mut counts = Self {
            workers_succeeded: 0,
            workers_failed: 0,
            requests_ok: after_requests.ok.saturating_sub(before_requests.ok),
            requests_failed: after_requests.failed.saturating_sub(before_requests.failed),
            bytes: bytes(after).saturating_sub(bytes(before)),
        };
        for worker in &after.worker {
            let earlier = before.worker.iter().find(|earlier| earlier.worker == worker.worker);
            let requests = of(&worker.requests);
            let (ok, failed, restarts) = earlier.map_or((0, 0, 0), |earlier| {
                let requests = of(&earlier.requests);
                (requests.ok, requests.failed, earlier.restarts)
            });
            let had_failure = requests.failed > failed || worker.restarts > restarts;
            counts.workers_failed += u64::from(had_failure);
            counts.workers_succeeded += u64::from(!had_failure && requests.ok > ok);
        }
        counts
    }

    /// Why these counts and the clients' cannot both be right; `None` when they agree.
    ///
    /// Every transfer was counted, or its client failed and the request never came.
    pub(crate) fn disagreement(&self, outcomes: &[JobOutcome]) -> Option<String> {
        let transfers = outcomes.len() as u64;
        let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count() as u64;
        let (ok, counted) = (transfers - failed, self.requests_ok + self.requests_failed);
        let bytes: u64 = outcomes
            .iter()
            .filter(|outcome| outcome.failure.is_none())
            .map(|outcome| outcome.bytes)
            .sum();
        if self.requests_ok < ok || counted > transfers || transfers - counted > failed {
            return Some(Language::STORED.counts_disagree(
                ok,
                failed,
                self.requests_ok,
                self.requests_failed,
            ));
        }
        if counted > 0 && self.workers_succeeded + self.workers_failed == 0 {
            return Some(Language::STORED.no_worker_served());
        }
        // A transfer that failed has moved some bytes, which only the server has counted.
        let agree = if failed == 0 { self.bytes == bytes } else { self.bytes >= bytes };
        (!agree).then(|| Language::STORED.bytes_disagree(bytes, self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(ok: u32, failed: u32) -> Vec<JobOutcome> {
        (0..ok + failed)
            .map(|client| {
                let mut outcome = JobOutcome::of(client, 1, 0);
                if client < ok {
                    outcome.bytes = 10;
                } else {
                    outcome.fail("connect", String::new());
                }
                outcome
            })
            .collect()
    }

    fn counts(requests_ok: u64, requests_failed: u64, bytes: u64) -> Accounting {
        Accounting { workers_succeeded: 1, workers_failed: 0, requests_ok, requests_failed, bytes }
    }

    #[test]
    fn counts_agree_when_every_client_is_accounted_for() {
        for (ok, failed, counts) in [
            (5, 0, counts(5, 0, 50)),
            // Two failed at the server, or never came, or were answered in vain.
            (3, 2, counts(3, 2, 34)),
            (3, 2, counts(3, 0, 30)),
            (3, 2, counts(5, 0, 50)),
        ] {
            assert_eq!(
                counts.disagreement(&outcomes(ok, failed)),
                None,
                "{ok} {failed} {counts:?}"
            );
        }
    }

    #[test]
    fn requests_that_no_worker_served_are_a_disagreement() {
        let counts = Accounting { workers_succeeded: 0, ..counts(5, 0, 50) };
        assert!(counts.disagreement(&outcomes(5, 0)).is_some());
    }

    #[test]
    fn a_missing_request_or_byte_is_a_disagreement() {
        for (ok, failed, counts) in [
            (5, 0, counts(4, 0, 50)),
            (5, 0, counts(4, 1, 50)),
            (5, 0, counts(6, 0, 50)),
            (5, 0, counts(5, 0, 49)),
            (5, 0, counts(5, 0, 51)),
            (3, 2, counts(3, 0, 29)),
            (3, 2, counts(2, 3, 50)),
        ] {
            assert!(
                counts.disagreement(&outcomes(ok, failed)).is_some(),
                "{ok} {failed} {counts:?}"
            );
        }
    }
}
