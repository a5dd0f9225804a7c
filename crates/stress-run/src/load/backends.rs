//! What a balancer has sent to each of the servers behind it.

use client::{Outcomes, Stats};
use serde::Serialize;

/// Between two snapshots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct BackendRequests {
    pub(crate) backend: String,
    pub(crate) requests: Outcomes,
    /// Requests that were tried again elsewhere after this backend was lost.
    pub(crate) retries: u64,
}

/// Of each that is there at the end; nothing where the target is no balancer.
pub(super) fn between(before: &Stats, after: &Stats) -> Vec<BackendRequests> {
    let mut backends = Vec::new();
    for backend in &after.backend {
        let earlier = before.backend.iter().find(|earlier| earlier.name == backend.name);
        let (requests, retries) =
            earlier.map(|earlier| (earlier.requests, earlier.retries)).unwrap_or_default();
        backends.push(BackendRequests {
            backend: backend.name.clone(),
            requests: Outcomes {
                ok: backend.requests.ok.saturating_sub(requests.ok),
                failed: backend.requests.failed.saturating_sub(requests.failed),
            },
            retries: backend.retries.saturating_sub(retries),
        });
    }
    backends
}

pub(super) fn sum(backends: &[BackendRequests]) -> Outcomes {
    let mut sum = Outcomes::default();
    backends.iter().for_each(|backend| sum += backend.requests);
    sum
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// The counts of a balancer with these backends: name, requests that succeeded and failed, retries.
    pub(in crate::load) fn stats(backends: &[(&str, [u64; 3])]) -> Stats {
        let backend = |(name, [ok, failed, retries]): &(&str, [u64; 3])| {
            let none = Outcomes::default();
            let requests = Outcomes { ok: *ok, failed: *failed };
            let backend = json!({
                "name": name, "address": "127.0.0.1:1", "state": "up", "weight": 1, "in_flight": 0,
                "connections": none, "requests": requests, "bytes_in": 0, "bytes_out": 0,
                "retries": retries,
            });
            serde_json::from_value(backend).unwrap()
        };
        Stats { backend: backends.iter().map(backend).collect(), ..Stats::default() }
    }

    #[test]
    fn each_backend_has_what_it_was_sent_in_between() {
        let before = stats(&[("a", [5, 1, 2]), ("gone", [9, 9, 9])]);
        let after = stats(&[("a", [25, 2, 5]), ("new", [7, 0, 0])]);
        let backends = between(&before, &after);
        let told = backends.iter().map(|it| (it.backend.as_str(), it.requests, it.retries));
        let expected =
            [("a", Outcomes { ok: 20, failed: 1 }, 3), ("new", Outcomes { ok: 7, failed: 0 }, 0)];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(sum(&backends), Outcomes { ok: 27, failed: 1 });
        assert_eq!(between(&after, &Stats::default()), []);
    }
}
