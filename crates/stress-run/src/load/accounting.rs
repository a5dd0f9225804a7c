//! The target's counts of a load, held against those of its clients.

use client::{ClientError, Outcomes, Requests, Stats};
use serde::Serialize;

use super::{
    backends::{self, BackendRequests},
    measured::Measured,
    mix::Kind,
};
use crate::{plan::Mode, results::can_agree, servers::target::Target};

/// What the target has counted up to a moment.
pub(crate) struct Snapshot {
    stats: Stats,
    /// How often it was asked for it.
    asked: u64,
}

/// What became of holding the counts against one another.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Accounting {
    NotAsked,
    /// The target counts nothing, as servers of others.
    CountsNothing,
    /// Its counts cannot be had, or are no longer those from before.
    Unknown(String),
    Counted(Counted),
}

/// What the target has counted, beside its clients.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Counted {
    /// Of each kind of request that it counts apart, and that the clients made; of a balancer also the
    /// sum over the servers behind it.
    pub(crate) accounts: Vec<Account>,
    pub(crate) backends: Vec<BackendRequests>,
}

/// The same requests, counted twice.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Account {
    /// As STATS has it.
    pub(crate) requests: String,
    pub(crate) clients: Outcomes,
    pub(crate) target: Outcomes,
    pub(crate) agrees: bool,
}

/// Requests that were not made by the load, but around it.
#[derive(Clone, Copy)]
struct Ours {
    /// STATS and AUTH.
    others: u64,
    has_token: bool,
}

impl Snapshot {
    /// Once the target has counted every connection that was closed. `None` where it counts nothing.
    pub(crate) fn take(target: &Target) -> Result<Option<Self>, ClientError> {
        let stats = target.settled_stats()?;
        Ok(stats.map(|stats| Self { stats, asked: target.stats_asked() }))
    }

    /// How many workers it has, if each of them runs one connection until that closes.
    pub(super) fn pool(&self) -> Option<u32> {
        let mode = self.stats.mode.parse().ok()?;
        matches!(mode, Mode::Thread | Mode::Process).then_some(self.stats.workers)
    }
}

impl Accounting {
    pub(crate) fn of(
        before: Option<&Snapshot>,
        after: Result<Option<Snapshot>, ClientError>,
        measured: &Measured,
        has_token: bool,
    ) -> Self {
        match (before, after) {
            (None, _) => Self::CountsNothing,
            (Some(_), Err(err)) => Self::Unknown(client::sentence(&err)),
            (Some(_), Ok(None)) => Self::Unknown("its counts can no longer be read".to_owned()),
            (Some(before), Ok(Some(after))) => {
                let asked = after.asked - before.asked;
                // Each connection says its token first, which is a request too.
                let tokens = if has_token { asked + measured.connections } else { 0 };
                let ours = Ours { others: asked + tokens, has_token };
                Self::between(&before.stats, &after.stats, measured, ours)
            }
        }
    }

    fn between(before: &Stats, after: &Stats, measured: &Measured, ours: Ours) -> Self {
        let clients = measured.requests();
        let Some(target) = difference(before, after) else {
            return Self::Unknown("it has started again since, and counts anew".to_owned());
        };
        let mut accounts = Vec::new();
        for ((requests, clients), (_, mut target)) in
            clients.into_entries().zip(target.into_entries())
        {
            if clients == Outcomes::default() {
                continue;
            }
            let ours = if requests == OTHER { ours.others } else { 0 };
            // Where fewer were counted than were made around the load, none of its own were.
            let counted_ours = target.ok >= ours;
            target.ok = target.ok.saturating_sub(ours);
            let agrees = counted_ours && can_agree(made(clients, measured), target);
            accounts.push(Account { requests, clients, target, agrees });
        }
        let backends = backends::between(before, after);
        if !backends.is_empty() {
            accounts.push(Account::of_backends(&backends, measured, ours));
        }
        Self::Counted(Counted { accounts, backends })
    }

    pub(crate) fn disagrees(&self) -> bool {
        match self {
            Self::NotAsked | Self::CountsNothing | Self::Unknown(_) => false,
            Self::Counted(counted) => counted.accounts.iter().any(|account| !account.agrees),
        }
    }
}

/// What was not waited for may have come or not, like what has failed.
fn made(clients: Outcomes, measured: &Measured) -> Outcomes {
    Outcomes { failed: clients.failed + measured.unfinished, ..clients }
}

impl Account {
    /// Of all that a balancer forwards: PING it answers itself. A token is another request for the servers
    /// behind it, and a LIST may be one for each of them; then they have more.
    fn of_backends(backends: &[BackendRequests], measured: &Measured, ours: Ours) -> Self {
        let mut clients = Outcomes::default();
        let forwarded = measured.kinds.iter().filter(|(kind, _)| **kind != Kind::Ping);
        forwarded.for_each(|(_, group)| clients += group.outcomes);
        let target = backends::sum(backends);
        let may_have_more = ours.has_token || measured.kinds.contains_key(&Kind::List);
        let agrees = match may_have_more {
            true => target.ok >= clients.ok,
            false => can_agree(made(clients, measured), target),
        };
        Self { requests: BACKENDS.to_owned(), clients, target, agrees }
    }
}

/// What stands for all servers behind a balancer.
pub(super) const BACKENDS: &str = "backends";

/// Where STATS counts what has no place of its own, STATS and AUTH among it.
const OTHER: &str = "other";

/// `None` where something was counted backwards.
fn difference(before: &Stats, after: &Stats) -> Option<Requests> {
    let mut difference = after.requests;
    let mut is_forward = after.uptime_seconds >= before.uptime_seconds;
    for verb in client::Verb::ALL {
        let (earlier, later) = (before.requests[verb], after.requests[verb]);
        let since = |later: u64, earlier: u64| later.checked_sub(earlier);
        match (since(later.ok, earlier.ok), since(later.failed, earlier.failed)) {
            (Some(ok), Some(failed)) => difference[verb] = Outcomes { ok, failed },
            _ => is_forward = false,
        }
    }
    is_forward.then_some(difference)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use client::Verb;

    use super::*;
    use crate::{
        load::{measured::Tally, mix::Kind, request::Outcome},
        results::Failure,
    };

    fn outcome(kind: Kind, is_success: bool) -> Outcome {
        let failure = || Failure { cause: "closed".to_owned(), sentence: String::new() };
        Outcome {
            client: 1,
            kind,
            due: Duration::ZERO,
            first_byte: None,
            finished: Duration::from_millis(1),
            bytes: 0,
            has_connected: false,
            failure: (!is_success).then(failure),
        }
    }

    /// So many GETs that succeeded and failed, and as many PINGs as succeeded.
    fn measured(ok: usize, failed: usize, unfinished: u64) -> Measured {
        let mut tally = Tally::new(1, []);
        for _ in 0..ok {
            tally.add(&outcome(Kind::Get, true));
            tally.add(&outcome(Kind::Ping, true));
        }
        (0..failed).for_each(|_| tally.add(&outcome(Kind::Get, false)));
        tally.finish(0, (2 * ok + failed) as u64 + unfinished)
    }

    fn stats(uptime_seconds: f64, get: (u64, u64), other: u64) -> Stats {
        let mut stats = Stats { uptime_seconds, ..Stats::default() };
        stats.requests[Verb::Get] = Outcomes { ok: get.0, failed: get.1 };
        stats.requests[Verb::Stats].ok = other;
        stats
    }

    const AROUND: Ours = Ours { others: 2, has_token: false };

    /// Between counts of 100 each and these, with two requests that were made around the load.
    fn accounting(measured: &Measured, get: (u64, u64), other: u64) -> Accounting {
        let before = stats(1.0, (100, 100), 100);
        let after = stats(2.0, (100 + get.0, 100 + get.1), 100 + other);
        Accounting::between(&before, &after, measured, AROUND)
    }

    #[test]
    fn counts_agree_where_each_request_was_counted_or_never_came() {
        for (ok, failed, unfinished, get, other) in [
            (5, 0, 0, (5, 0), 7),
            (5, 2, 0, (5, 2), 7),
            // A failed one was answered in vain, or never came.
            (5, 2, 0, (6, 1), 7),
            (5, 2, 0, (5, 0), 7),
            // So may those have been that were not waited for.
            (5, 0, 1, (6, 0), 7),
        ] {
            let accounting = accounting(&measured(ok, failed, unfinished), get, other);
            assert!(!accounting.disagrees(), "{accounting:?}");
        }
    }

    #[test]
    fn a_request_too_many_or_too_few_is_a_disagreement() {
        for (ok, failed, get, other) in [
            (5, 0, (4, 0), 7),
            (5, 0, (6, 0), 7),
            (5, 0, (5, 1), 7),
            (5, 2, (4, 3), 7),
            (5, 0, (5, 0), 6),
            (5, 0, (5, 0), 8),
            (5, 0, (5, 0), 1),
        ] {
            let accounting = accounting(&measured(ok, failed, 0), get, other);
            assert!(accounting.disagrees(), "{accounting:?}");
        }
    }

    #[test]
    fn an_account_says_what_both_have_counted() {
        let expected = ["get", "other"].map(|requests| Account {
            requests: requests.to_owned(),
            clients: Outcomes { ok: 5, failed: 0 },
            target: Outcomes { ok: 5, failed: 0 },
            agrees: true,
        });
        let expected = Counted { accounts: expected.into(), backends: Vec::new() };
        assert_eq!(accounting(&measured(5, 0, 0), (5, 0), 7), Accounting::Counted(expected));
    }

    /// Of 5 GETs, 2 of them failed, and 3 PINGs.
    #[test]
    fn the_servers_behind_a_balancer_together_have_what_it_forwards() {
        let measured = measured(3, 2, 0);
        let agrees = |a: [u64; 3], b: [u64; 3], has_token: bool| {
            let backends = [("a", a), ("b", b)];
            let backends = backends::between(&Stats::default(), &backends::tests::stats(&backends));
            Account::of_backends(&backends, &measured, Ours { has_token, ..AROUND }).agrees
        };
        assert!(agrees([2, 1, 0], [1, 1, 4], false));
        assert!(agrees([3, 0, 0], [0, 0, 0], false), "what has failed never came");
        for (a, b) in [([2, 0, 0], [0, 0, 0]), ([4, 0, 0], [2, 0, 0]), ([2, 2, 0], [1, 1, 0])] {
            assert!(!agrees(a, b, false), "{a:?} {b:?}");
        }
        assert!(agrees([4, 0, 0], [2, 0, 0], true));
        assert!(!agrees([2, 0, 0], [0, 0, 0], true));
    }

    #[test]
    fn a_target_that_has_started_again_is_not_held_against_anything() {
        let (before, measured) = (stats(9.0, (100, 0), 100), measured(5, 0, 0));
        for after in [stats(1.0, (105, 0), 107), stats(10.0, (5, 0), 107)] {
            let accounting = Accounting::between(&before, &after, &measured, AROUND);
            assert!(matches!(accounting, Accounting::Unknown(_)), "{accounting:?}");
        }
    }
}
