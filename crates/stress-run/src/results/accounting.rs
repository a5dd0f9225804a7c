//! The server's counts of one cell, and whether they agree with the clients'.

use client::{Outcomes, Requests, Stats, Verb};

use super::outcome::JobOutcome;
use crate::language::Language;

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
    /// The difference of two snapshots, of the requests with this verb. A server that was replaced in between
    /// has counted anew; what it counted before is lost, and its counts cannot agree.
    pub(crate) fn between(before: &Stats, after: &Stats, verb: Verb) -> Self {
        let of = |requests: &Requests| requests[verb];
        // Of the content of files: names are none.
        let bytes = |stats: &Stats| match verb {
            Verb::Get | Verb::Fetch => stats.bytes_out,
            Verb::Upload | Verb::Store => stats.bytes_in,
            _ => 0,
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
    pub(crate) fn disagreement(&self, outcomes: &[JobOutcome]) -> Option<String> {
        let transfers = outcomes.len() as u64;
        let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count() as u64;
        let (ok, counted) = (transfers - failed, self.requests_ok + self.requests_failed);
        let bytes: u64 = outcomes
            .iter()
            .filter(|outcome| outcome.failure.is_none())
            .map(|outcome| outcome.bytes)
            .sum();
        let server = Outcomes { ok: self.requests_ok, failed: self.requests_failed };
        if !can_agree(Outcomes { ok, failed }, server) {
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

/// Whether what clients and their server count can both be right: each request was counted, or its client
/// failed and it never came.
pub(crate) fn can_agree(clients: Outcomes, server: Outcomes) -> bool {
    let counted = server.ok + server.failed;
    let made = clients.ok + clients.failed;
    server.ok >= clients.ok && counted <= made && made - counted <= clients.failed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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

    /// A worker that has answered so many requests for the operation, that has failed so many of them, and
    /// that was replaced so often.
    fn worker(worker: u32, [ok, failed, restarts]: [u64; 3], verb: Verb) -> Value {
        json!({
            "worker": worker, "pid": 1, "state": "idle",
            "connections": {"succeeded": 0, "failed": 0},
            "requests": requests(ok, failed, verb), "bytes_in": 0, "bytes_out": 0,
            "restarts": restarts, "cpu_seconds": null, "memory_bytes": null,
        })
    }

    /// Others ask for other things at the same time, which count for nothing here.
    fn requests(ok: u64, failed: u64, verb: Verb) -> Requests {
        let mut requests = Requests::default();
        for other in Verb::ALL {
            (requests[other].ok, requests[other].failed) = (70 * ok, 900);
        }
        let asked = &mut requests[verb];
        (asked.ok, asked.failed) = (ok, failed);
        requests
    }

    /// A snapshot of these workers, by number.
    fn stats(verb: Verb, [bytes_in, bytes_out]: [u64; 2], workers: &[(u32, [u64; 3])]) -> Stats {
        let sum = |index: usize| workers.iter().map(|(_, counts)| counts[index]).sum();
        let worker = |&(number, counts): &(u32, [u64; 3])| {
            serde_json::from_value(worker(number, counts, verb)).unwrap()
        };
        Stats {
            requests: requests(sum(0), sum(1), verb),
            bytes_in,
            bytes_out,
            worker: workers.iter().map(worker).collect(),
            ..Stats::default()
        }
    }

    #[test]
    fn two_snapshots_differ_by_what_the_workers_did_in_between() {
        let verb = Verb::Get;
        // One goes on without a failure, one has one more, one is idle, one was replaced.
        let before = stats(
            verb,
            [7, 100],
            &[(1, [5, 1, 0]), (2, [5, 0, 0]), (3, [9, 9, 2]), (4, [0, 0, 0])],
        );
        let after = stats(
            verb,
            [8, 170],
            &[(1, [9, 1, 0]), (2, [7, 1, 0]), (3, [9, 9, 2]), (4, [1, 0, 1])],
        );
        let expected = Accounting {
            workers_succeeded: 1,
            workers_failed: 2,
            requests_ok: 7,
            requests_failed: 1,
            bytes: 70,
        };
        assert_eq!(Accounting::between(&before, &after, verb), expected);
        // A legacy server has a worker for each connection: there was none before.
        let expected = Accounting {
            workers_succeeded: 2,
            workers_failed: 0,
            requests_ok: 2,
            requests_failed: 0,
            bytes: 70,
        };
        let (none, two) =
            (stats(verb, [0, 0], &[]), stats(verb, [0, 70], &[(1, [1, 0, 0]), (2, [1, 0, 0])]));
        assert_eq!(Accounting::between(&none, &two, verb), expected);
    }

    #[test]
    fn requests_and_bytes_are_those_of_the_verb() {
        for (verb, bytes) in [
            (Verb::Upload, 20),
            (Verb::Store, 20),
            (Verb::Get, 300),
            (Verb::Fetch, 300),
            (Verb::List, 0),
        ] {
            let before = stats(verb, [10, 100], &[(1, [1, 0, 0])]);
            let after = stats(verb, [30, 400], &[(1, [4, 0, 0])]);
            let counts = Accounting::between(&before, &after, verb);
            assert_eq!((counts.requests_ok, counts.bytes), (3, bytes), "{verb}");
        }
    }

    #[test]
    fn the_counts_of_a_server_that_was_replaced_in_between_disagree() {
        let verb = Verb::Upload;
        let before = stats(verb, [50, 0], &[(1, [5, 0, 0])]);
        let after = stats(verb, [30, 0], &[(1, [3, 0, 0])]);
        let counts = Accounting::between(&before, &after, verb);
        assert_eq!((counts.requests_ok, counts.bytes), (0, 0));
        assert!(counts.disagreement(&outcomes(3, 0)).is_some());
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
