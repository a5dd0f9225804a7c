//! What may follow when a backend is lost: decided here, done elsewhere.
//!
//! No client may be answered wrongly, and nothing may be done twice that must not be. So what follows
//! depends on what the request is, how far it has come, and how the backend was lost.

use std::{mem, time::Duration};

use balancing::{BackendId, Outcome};
use protocol::{ReplyScanner, Verb};

/// Most bytes of an error that are held back until its code is known.
const ERROR_LEN_MAX: usize = 64 * 1024;

/// Most bytes of a reply that are held back until its status is known.
const STATUS_LEN_MAX: usize = 4 * 1024;

/// A client that keeps a backend waiting for longer may be why that closes: less than any server waits.
const BACKENDS_PATIENCE: Duration = Duration::from_millis(500);

/// How often one request has been forwarded, to whom, and how far it has come.
#[derive(Debug)]
pub(super) struct Attempts {
    verb: Verb,
    reached: Reached,
    /// Backends that were asked and lost.
    lost: Vec<BackendId>,
    /// The last that was asked was full.
    was_turned_away: bool,
    /// The backend that is asked had to wait for the client.
    client_is_slow: bool,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Reached {
    Nobody,
    /// Some of it may be with a backend.
    Backend,
    /// Some of the reply may be with the client.
    Client,
}

/// How a backend was lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    /// It took no connection.
    Unreached,
    /// It said, instead of a reply, that it takes no request on this connection. So it has read none.
    TurnedAway,
    /// A check has just found it down.
    TakenOut,
    /// It closed the connection, or reset it.
    Closed,
    /// It is too slow, or what it says is no reply.
    Unfit,
}

/// What follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    Elsewhere,
    /// The same, if as much may be repeated now.
    ElsewhereWithinBudget,
    /// Nobody knows what has become of the request: the client sees its connection closed.
    Close,
}

/// What the reply means that has come so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// More of it has to come before anyone may see it.
    Unclear,
    /// It is for the client.
    Answer,
    /// The backend takes no request on this connection.
    Refusal,
}

impl Attempts {
    pub(super) fn new(verb: Verb) -> Self {
        Self {
            verb,
            reached: Reached::Nobody,
            lost: Vec::new(),
            was_turned_away: false,
            client_is_slow: false,
        }
    }

    /// Which attempt is being made, from 1.
    pub(super) fn number(&self) -> u32 {
        self.lost.len() as u32 + 1
    }

    /// Backends that need not be asked again.
    pub(super) fn lost(&self) -> &[BackendId] {
        &self.lost
    }

    /// The last backend was full, and said so.
    pub(super) fn was_turned_away(&self) -> bool {
        self.was_turned_away
    }

    /// The request is written to a backend: whatever comes of that, some of it may be there.
    pub(super) fn goes_to_backend(&mut self) {
        self.reached = self.reached.max(Reached::Backend);
    }

    /// Some of the reply is written to the client.
    pub(super) fn goes_to_client(&mut self) {
        self.reached = Reached::Client;
    }

    /// The client took so long to send or to read a piece.
    pub(super) fn waited_for_client(&mut self, time: Duration) {
        self.client_is_slow |= time >= BACKENDS_PATIENCE;
    }

    /// What it says about a backend that it is lost so. Else a client could have all backends but one taken
    /// for ill, by reading nothing until they have enough of it.
    pub(super) fn outcome(&self, fault: Fault) -> Outcome {
        match fault {
            // One that is full is not ill.
            Fault::TurnedAway => Outcome::Abandoned,
            Fault::Closed if self.client_is_slow => Outcome::Abandoned,
            Fault::Unreached | Fault::TakenOut | Fault::Closed | Fault::Unfit => Outcome::Failed,
        }
    }

    /// Whether another backend may be asked while this one has not answered.
    pub(super) fn may_go_elsewhere(&self) -> bool {
        self.is_repeatable() && !self.has_gone_to_client()
    }

    fn has_gone_to_client(&self) -> bool {
        self.reached == Reached::Client
    }

    /// Whether the same backend is asked once more, on a new connection, after one that had been idle
    /// turned out to be none any more. That is nobody's fault.
    pub(super) fn may_replace_idle(&self, fault: Fault) -> bool {
        match fault {
            _ if self.has_gone_to_client() => false,
            Fault::TurnedAway => self.is_still_here(),
            Fault::Closed => self.reached == Reached::Nobody || self.is_repeatable(),
            Fault::Unreached | Fault::TakenOut | Fault::Unfit => false,
        }
    }

    /// What follows now that this backend is lost. Another attempt begins with nothing sent.
    pub(super) fn after(&mut self, backend: BackendId, fault: Fault) -> Next {
        self.lost.push(backend);
        self.was_turned_away = fault == Fault::TurnedAway;
        self.client_is_slow = false;
        let reached = mem::replace(&mut self.reached, Reached::Nobody);
        match (reached, fault) {
            (Reached::Client, _) => Next::Close,
            (Reached::Nobody, _) => Next::Elsewhere,
            // What was written was not read; but content is gone with that.
            (Reached::Backend, Fault::TurnedAway) if self.verb != Verb::Upload => Next::Elsewhere,
            (Reached::Backend, _) if !self.is_repeatable() => Next::Close,
            (Reached::Backend, Fault::TakenOut) => Next::Elsewhere,
            (Reached::Backend, _) => Next::ElsewhereWithinBudget,
        }
    }

    /// What a reply means of which so much has come, `len` bytes held back.
    pub(super) fn judge(&self, reply: &ReplyScanner, len: usize) -> Verdict {
        match reply.is_ok() {
            _ if self.has_gone_to_client() => Verdict::Answer,
            _ if reply.is_whole() => match reply.code() {
                Some(code) if self.is_still_here() && Self::is_refusal(code) => Verdict::Refusal,
                _ => Verdict::Answer,
            },
            Some(false) if len < ERROR_LEN_MAX => Verdict::Unclear,
            None if len < STATUS_LEN_MAX => Verdict::Unclear,
            _ => Verdict::Answer,
        }
    }

    /// Whether a server says this of its connection and not of the request: it is full, has waited too long
    /// for a request, or has answered as many as one connection may make. It has read none.
    pub(super) fn is_refusal(code: &str) -> bool {
        matches!(code, "busy" | "timeout" | "too-many-requests")
    }

    /// It changes nothing before the client sees some of the reply, so it may be made twice until then.
    fn is_repeatable(&self) -> bool {
        match self.verb {
            Verb::List | Verb::Get | Verb::Fetch | Verb::Digest | Verb::Echo => true,
            // What begins it, begun anew, is where it goes on; content comes behind the go-ahead.
            Verb::Store => true,
            // Asked twice, it says the same of whoever asks.
            Verb::Auth => true,
            Verb::Upload | Verb::Delete => false,
            // The balancer answers them.
            Verb::Stats | Verb::Ping => true,
        }
    }

    /// Whoever has read none of it can be asked again, or another: all of it is still here. The content of
    /// an upload is not kept.
    fn is_still_here(&self) -> bool {
        self.verb != Verb::Upload || self.reached == Reached::Nobody
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU16, time::Duration};

    use balancing::{BackendSpec, EjectionRule, PolicyName, Pool, Settings};

    use super::*;

    fn some_backend() -> BackendId {
        let settings = Settings {
            policy: PolicyName::RoundRobin,
            fall: 3,
            rise: 2,
            ejection: EjectionRule::default(),
            warm_up: Duration::ZERO,
        };
        let (name, weight) = ("a".to_owned(), NonZeroU16::MIN);
        let spec = BackendSpec { name, weight, in_flight_max: 1 };
        Pool::new(settings).add(spec, Duration::ZERO).unwrap()
    }

    const FAULTS: [Fault; 5] =
        [Fault::Unreached, Fault::TurnedAway, Fault::TakenOut, Fault::Closed, Fault::Unfit];
    const HARMLESS: [Verb; 7] =
        [Verb::List, Verb::Get, Verb::Fetch, Verb::Store, Verb::Digest, Verb::Echo, Verb::Auth];

    fn after(verb: Verb, go: fn(&mut Attempts), fault: Fault) -> Next {
        let mut attempts = Attempts::new(verb);
        go(&mut attempts);
        attempts.after(some_backend(), fault)
    }

    #[test]
    fn what_has_not_reached_a_backend_goes_elsewhere_at_once() {
        for (verb, fault) in Verb::ALL.into_iter().flat_map(|verb| FAULTS.map(|it| (verb, it))) {
            assert_eq!(after(verb, |_| {}, fault), Next::Elsewhere, "{verb} {fault:?}");
        }
    }

    #[test]
    fn what_changes_nothing_is_repeated_within_the_budget_until_its_reply_has_begun() {
        for verb in HARMLESS {
            for fault in [Fault::Closed, Fault::Unfit] {
                let lost = after(verb, Attempts::goes_to_backend, fault);
                assert_eq!(lost, Next::ElsewhereWithinBudget, "{verb} {fault:?}");
            }
            let taken_out = after(verb, Attempts::goes_to_backend, Fault::TakenOut);
            assert_eq!(taken_out, Next::Elsewhere, "{verb}");
            for fault in FAULTS {
                assert_eq!(after(verb, Attempts::goes_to_client, fault), Next::Close, "{verb}");
            }
        }
    }

    #[test]
    fn what_changes_something_is_never_repeated_once_it_may_have_been_read() {
        for verb in [Verb::Upload, Verb::Delete] {
            for fault in [Fault::Closed, Fault::Unfit, Fault::TakenOut] {
                let next = after(verb, Attempts::goes_to_backend, fault);
                assert_eq!(next, Next::Close, "{verb} {fault:?}");
            }
            let mut sent = Attempts::new(verb);
            sent.goes_to_backend();
            assert!(!sent.may_replace_idle(Fault::Closed), "{verb}");
        }
    }

    #[test]
    fn whoever_turned_a_request_away_has_not_read_it_but_content_is_not_kept() {
        let turned_away = |verb| after(verb, Attempts::goes_to_backend, Fault::TurnedAway);
        assert_eq!(turned_away(Verb::Delete), Next::Elsewhere);
        assert_eq!(turned_away(Verb::Get), Next::Elsewhere);
        assert_eq!(turned_away(Verb::Upload), Next::Close);
    }

    #[test]
    fn an_idle_connection_that_had_ended_is_replaced_where_nothing_can_have_happened() {
        let mut attempts = Attempts::new(Verb::Upload);
        assert!(attempts.may_replace_idle(Fault::Closed));
        attempts.goes_to_backend();
        assert!(!attempts.may_replace_idle(Fault::Closed));
        assert!(!attempts.may_replace_idle(Fault::TurnedAway));
        let mut attempts = Attempts::new(Verb::Delete);
        attempts.goes_to_backend();
        assert!(attempts.may_replace_idle(Fault::TurnedAway));
        let mut attempts = Attempts::new(Verb::Get);
        attempts.goes_to_backend();
        assert!(attempts.may_replace_idle(Fault::Closed));
        assert!(!attempts.may_replace_idle(Fault::Unfit));
        attempts.goes_to_client();
        assert!(!FAULTS.into_iter().any(|fault| attempts.may_replace_idle(fault)));
    }

    #[test]
    fn a_repeat_that_finds_nobody_there_is_not_paid_for_again() {
        let mut attempts = Attempts::new(Verb::Get);
        attempts.goes_to_backend();
        attempts.after(some_backend(), Fault::Closed);
        assert_eq!(attempts.after(some_backend(), Fault::Unreached), Next::Elsewhere);
    }

    #[test]
    fn each_attempt_is_counted_and_its_backend_remembered() {
        let mut attempts = Attempts::new(Verb::Get);
        assert_eq!((attempts.number(), attempts.lost().len()), (1, 0));
        let backend = some_backend();
        attempts.after(backend, Fault::TurnedAway);
        assert_eq!((attempts.number(), attempts.lost()), (2, &[backend][..]));
        assert!(attempts.was_turned_away());
    }

    fn judged(attempts: &Attempts, reply: &[u8]) -> Verdict {
        let mut scanner = ReplyScanner::default();
        scanner.scan(reply).unwrap();
        attempts.judge(&scanner, reply.len())
    }

    #[test]
    fn a_reply_is_held_back_until_it_is_known_to_be_one() {
        let attempts = Attempts::new(Verb::Get);
        for (reply, verdict) in [
            (&b"{"[..], Verdict::Unclear),
            (b"{\"status\":\"O", Verdict::Unclear),
            (b"{\"status\":\"OK\"", Verdict::Answer),
            (b"{\"status\":\"ERROR\",\"da", Verdict::Unclear),
            (b"{\"status\":\"ERROR\",\"code\":\"busy\"", Verdict::Unclear),
            (b"{\"status\":\"ERROR\",\"code\":\"busy\"}", Verdict::Refusal),
            (b"{\"status\":\"ERROR\",\"code\":\"not-found\"}", Verdict::Answer),
            (b"{}", Verdict::Answer),
        ] {
            assert_eq!(judged(&attempts, reply), verdict, "{}", reply.escape_ascii());
        }
        let foreign = [b"{\"data\":\"".to_vec(), vec![b'a'; STATUS_LEN_MAX]].concat();
        assert_eq!(judged(&attempts, &foreign), Verdict::Answer);
        let mut begun = Attempts::new(Verb::Get);
        begun.goes_to_client();
        assert_eq!(judged(&begun, b"{"), Verdict::Answer);
    }

    #[test]
    fn what_is_said_of_an_upload_whose_content_is_gone_is_for_its_client() {
        let mut attempts = Attempts::new(Verb::Upload);
        attempts.goes_to_backend();
        let busy = b"{\"status\":\"ERROR\",\"code\":\"busy\"}";
        assert_eq!(judged(&attempts, busy), Verdict::Answer);
    }
}
