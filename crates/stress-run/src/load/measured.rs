//! What came of a load: counts and times in all, of each kind of request and of each client.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use client::{Outcomes, Requests};
use serde::Serialize;
use simulation::Latencies;

use super::{
    gaps::{Gap, Gaps},
    mix::Kind,
    request::Outcome,
};
use crate::results::WRONG_CONTENT;

/// All that is counted while outcomes come in; its size does not depend on how many there are.
pub(crate) struct Tally {
    all: Group,
    kinds: BTreeMap<Kind, Group>,
    clients: Vec<Group>,
    causes: BTreeMap<String, Cause>,
    gaps: Gaps,
    connections: u64,
    uploaders: Uploaders,
}

/// Requests that are counted together.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) outcomes: Outcomes,
    pub(crate) bytes: u64,
    /// Of those that succeeded.
    pub(crate) response: Latencies,
    pub(crate) latency: Latencies,
    /// When the last of them, or their last failure, was over.
    pub(crate) end: Duration,
}

/// How often requests failed for one cause.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Cause {
    pub(crate) count: u64,
    /// What the first of them said.
    pub(crate) sentence: String,
}

/// Clients that have uploaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uploaders {
    /// Whatever came of it.
    pub(crate) tried: BTreeSet<u32>,
    pub(crate) succeeded: BTreeSet<u32>,
}

/// A load that is over.
pub(crate) struct Measured {
    pub(crate) all: Group,
    pub(crate) kinds: BTreeMap<Kind, Group>,
    /// The first is that of client 1.
    pub(crate) clients: Vec<Group>,
    pub(crate) causes: BTreeMap<String, Cause>,
    pub(crate) longest_gap: Gap,
    /// Connections that clients have made.
    pub(crate) connections: u64,
    /// Requests that were due and that no client was free to send, until it was too late.
    pub(crate) unsent: u64,
    /// Requests that had begun when the load was interrupted, and were not waited for.
    pub(crate) unfinished: u64,
    pub(crate) uploaders: Uploaders,
}

impl Tally {
    pub(super) fn new(clients: u32, kinds: impl IntoIterator<Item = Kind>) -> Self {
        Self {
            all: Group::default(),
            kinds: kinds.into_iter().map(|kind| (kind, Group::default())).collect(),
            clients: (0..clients).map(|_| Group::default()).collect(),
            causes: BTreeMap::new(),
            gaps: Gaps::default(),
            connections: 0,
            uploaders: Uploaders::default(),
        }
    }

    /// A client waits for the release, perhaps with a connection.
    pub(super) fn ready(&mut self, has_connected: bool) {
        self.connections += u64::from(has_connected);
    }

    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.all.add(outcome);
        self.kinds.entry(outcome.kind).or_default().add(outcome);
        if let Some(client) = self.clients.get_mut(outcome.client as usize - 1) {
            client.add(outcome);
        }
        self.connections += u64::from(outcome.has_connected);
        match &outcome.failure {
            Some(failure) => {
                let first = || Cause { count: 0, sentence: failure.sentence.clone() };
                self.causes.entry(failure.cause.clone()).or_insert_with(first).count += 1;
            }
            None => self.gaps.success(outcome.finished),
        }
        if outcome.kind == Kind::Upload {
            self.uploaders.tried.insert(outcome.client);
            if outcome.failure.is_none() {
                self.uploaders.succeeded.insert(outcome.client);
            }
        }
    }

    /// Of what was counted until now.
    pub(super) fn outcomes(&self) -> Outcomes {
        self.all.outcomes
    }

    /// With what is only known at the end: how many requests were never sent, how many have begun.
    pub(super) fn finish(self, unsent: u64, begun: u64) -> Measured {
        let Self { all, kinds, clients, causes, gaps, connections, uploaders } = self;
        let longest_gap = gaps.longest(all.end);
        let unfinished = begun.saturating_sub(all.outcomes.ok + all.outcomes.failed);
        Measured {
            all,
            kinds,
            clients,
            causes,
            longest_gap,
            connections,
            unsent,
            unfinished,
            uploaders,
        }
    }
}

impl Group {
    fn add(&mut self, outcome: &Outcome) {
        self.end = self.end.max(outcome.finished);
        if outcome.failure.is_some() {
            self.outcomes.failed += 1;
            return;
        }
        self.outcomes.ok += 1;
        self.bytes += outcome.bytes;
        self.response.record(outcome.response_time());
        if let Some(latency) = outcome.latency() {
            self.latency.record(latency);
        }
    }

    /// Successes a second, from the beginning of the load to the end of these requests.
    pub(crate) fn requests_per_s(&self) -> Option<f64> {
        self.per_second(self.outcomes.ok)
    }

    /// `None` where no bytes are moved.
    pub(crate) fn bytes_per_s(&self) -> Option<f64> {
        self.per_second(self.bytes).filter(|rate| *rate > 0.0)
    }

    fn per_second(&self, count: u64) -> Option<f64> {
        (!self.end.is_zero()).then(|| count as f64 / self.end.as_secs_f64())
    }
}

impl Measured {
    /// Requests as STATS counts them.
    pub(super) fn requests(&self) -> Requests {
        let mut requests = Requests::default();
        for (kind, group) in &self.kinds {
            requests[kind.verb()] += group.outcomes;
        }
        requests
    }

    pub(super) fn wrong_answers(&self) -> u64 {
        self.causes.get(WRONG_CONTENT).map_or(0, |cause| cause.count)
    }
}

#[cfg(test)]
mod tests {
    use client::Verb;

    use super::*;
    use crate::results::Failure;

    const MS: Duration = Duration::from_millis(1);

    fn success(client: u32, kind: Kind, due: u32, finished: u32) -> Outcome {
        Outcome {
            client,
            kind,
            due: due * MS,
            first_byte: Some((due + (finished - due) / 2) * MS),
            finished: finished * MS,
            bytes: 100,
            has_connected: false,
            failure: None,
        }
    }

    fn failure(client: u32, kind: Kind, cause: &str) -> Outcome {
        let failure = Failure { cause: cause.to_owned(), sentence: format!("{cause} of {client}") };
        Outcome {
            failure: Some(failure),
            first_byte: None,
            has_connected: true,
            ..success(client, kind, 0, 2_000)
        }
    }

    fn measured(outcomes: &[Outcome]) -> Measured {
        let mut tally = Tally::new(2, [Kind::Echo, Kind::Get]);
        outcomes.iter().for_each(|outcome| tally.add(outcome));
        tally.finish(3, outcomes.len() as u64 + 1)
    }

    /// 100 requests of 10, 20, ... 1,000 ms by one client: of n values the quantile of a share q is the
    /// one of rank ⌈qn⌉.
    #[test]
    fn quantiles_means_and_rates_are_those_of_the_successes() {
        let of_client_1 = (1..=100).map(|rank| success(1, Kind::Echo, 0, 10 * rank));
        let outcomes: Vec<Outcome> = of_client_1.chain([failure(2, Kind::Get, "closed")]).collect();
        let Measured { all, kinds, clients, .. } = measured(&outcomes);
        for (share, expected) in [(0.5, 500), (0.9, 900), (0.99, 990), (0.999, 1_000)] {
            let quantile = all.response.quantile(share).unwrap();
            let (least, most) = (expected * MS, expected * MS * 1_001 / 1_000);
            assert!((least..=most).contains(&quantile), "{share}: {quantile:?}");
        }
        assert_eq!(all.response.mean(), Some(505 * MS));
        assert_eq!(all.latency.mean(), Some(505 * MS / 2));
        assert_eq!(all.response.longest(), Some(1_000 * MS));
        // Of the failure nothing but its end counts.
        assert_eq!((all.requests_per_s(), all.bytes_per_s()), (Some(50.0), Some(5_000.0)));
        assert_eq!(clients[0].requests_per_s(), Some(100.0));
        assert_eq!((clients[1].requests_per_s(), clients[1].response.mean()), (Some(0.0), None));
        assert_eq!(kinds[&Kind::Get].outcomes, Outcomes { ok: 0, failed: 1 });
    }

    #[test]
    fn failures_are_counted_by_cause_with_a_sentence() {
        let outcomes = [(1, "closed"), (2, "closed"), (2, WRONG_CONTENT)]
            .map(|(client, cause)| failure(client, Kind::Get, cause));
        let measured = measured(&outcomes);
        let closed = Cause { count: 2, sentence: "closed of 1".to_owned() };
        assert_eq!((&measured.causes["closed"], measured.causes.len()), (&closed, 2));
        assert_eq!((measured.wrong_answers(), measured.connections), (1, 3));
        assert_eq!((measured.unsent, measured.unfinished), (3, 1));
        assert_eq!(measured.longest_gap.length, 2_000 * MS);
    }

    #[test]
    fn requests_are_counted_as_the_server_counts_them() {
        let outcomes = [
            success(1, Kind::Echo, 0, 1),
            success(2, Kind::Ping, 0, 1),
            success(1, Kind::Ping, 1, 2),
            failure(1, Kind::Get, "closed"),
        ];
        let requests = measured(&outcomes).requests();
        assert_eq!(requests[Verb::Get], Outcomes { ok: 0, failed: 1 });
        // What has no place of its own in the statistics.
        assert_eq!(requests[Verb::Stats], Outcomes { ok: 2, failed: 0 });
    }

    #[test]
    fn who_has_uploaded_is_known() {
        let outcomes = [
            success(1, Kind::Upload, 0, 1),
            failure(2, Kind::Upload, "lost"),
            success(2, Kind::Get, 0, 1),
        ];
        let Uploaders { tried, succeeded } = measured(&outcomes).uploaders;
        assert_eq!((tried, succeeded), ([1, 2].into(), [1].into()));
    }
}
