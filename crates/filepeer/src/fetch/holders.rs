//! Those who are said to hold a content: who is asked, who is tried again, who is given up.

use std::time::Duration;

use iroh::EndpointAddr;

use super::{outcome::place, plan::HolderIndex};
use crate::{blobs::source::SourceError, node::Place};

/// Holders that are connected at once; the others are asked as soon as one of these is given up.
const AT_ONCE: usize = 16;
/// Holders that are remembered of one content.
const HOLDERS_MAX: usize = 256;
/// Tries in a row without a verified byte after which a holder is given up that was reached before.
const TRIES: u32 = 4;
/// The same for one that was never reached: a try takes as long as an answer may, and most who do not answer
/// have gone for good.
const TRIES_UNREACHED: u32 = 2;
/// Before the second try; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Holders(Vec<Holder>);

#[derive(Debug)]
struct Holder {
    address: EndpointAddr,
    state: State,
    was_reached: bool,
    /// In a row, since a byte was verified.
    failures: u32,
    bytes: u64,
}

#[derive(Debug)]
enum State {
    Waiting { until: Duration },
    InUse,
    Dropped(SourceError),
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It was reached before.
    Lost,
    /// It was not reached yet, and may still be.
    Awaited,
    Dropped,
    /// As were all others.
    LastDropped,
}

impl Holders {
    /// All are to be asked at once, as far as that many may be.
    pub(super) fn new(addresses: Vec<EndpointAddr>) -> Self {
        let state = || State::Waiting { until: Duration::ZERO };
        let holder =
            |address| Holder { address, state: state(), was_reached: false, failures: 0, bytes: 0 };
        Self(addresses.into_iter().take(HOLDERS_MAX).map(holder).collect())
    }

    /// Those who are to be reached now. They are in use from here on, until they fail.
    pub(super) fn due(&mut self, now: Duration) -> Vec<(HolderIndex, EndpointAddr)> {
        let in_use = self.0.iter().filter(|holder| matches!(holder.state, State::InUse)).count();
        let is_due =
            |holder: &Holder| matches!(holder.state, State::Waiting { until } if until <= now);
        let waiting = self.0.iter_mut().enumerate().filter(|(_, holder)| is_due(holder));
        let due = waiting.take(AT_ONCE.saturating_sub(in_use)).map(|(index, holder)| {
            holder.state = State::InUse;
            (index, holder.address.clone())
        });
        due.collect()
    }

    pub(super) fn reached(&mut self, holder: HolderIndex) {
        self.0[holder].was_reached = true;
    }

    pub(super) fn verified(&mut self, holder: HolderIndex, bytes: u64) {
        let holder = &mut self.0[holder];
        holder.failures = 0;
        holder.bytes += bytes;
    }

    pub(super) fn failed(
        &mut self,
        holder: HolderIndex,
        why: &SourceError,
        now: Duration,
    ) -> Verdict {
        let holder = &mut self.0[holder];
        holder.failures += 1;
        let tries = if holder.was_reached { TRIES } else { TRIES_UNREACHED };
        if why.may_pass() && holder.failures < tries {
            let pause = FIRST_PAUSE * 2_u32.pow(holder.failures - 1);
            holder.state = State::Waiting { until: now + pause };
            return if holder.was_reached { Verdict::Lost } else { Verdict::Awaited };
        }
        holder.state = State::Dropped(why.clone());
        if self.are_all_dropped() { Verdict::LastDropped } else { Verdict::Dropped }
    }

    pub(super) fn are_all_dropped(&self) -> bool {
        self.0.iter().all(|holder| matches!(holder.state, State::Dropped(_)))
    }

    pub(super) fn place(&self, holder: HolderIndex) -> Place {
        place(&self.0[holder].address)
    }

    /// What was verified of each that sent anything.
    pub(super) fn bytes(&self) -> Vec<(Place, u64)> {
        let senders = self.0.iter().filter(|holder| holder.bytes > 0);
        senders.map(|holder| (place(&holder.address), holder.bytes)).collect()
    }

    pub(super) fn dropped(&self) -> Vec<(Place, SourceError)> {
        let dropped = self.0.iter().filter_map(|holder| match &holder.state {
            State::Dropped(why) => Some((place(&holder.address), why.clone())),
            State::Waiting { .. } | State::InUse => None,
        });
        dropped.collect()
    }
}

#[cfg(test)]
mod tests {
    use iroh::SecretKey;

    use super::*;

    fn holders(count: usize) -> Holders {
        let address = |_| EndpointAddr::new(SecretKey::generate().public());
        Holders::new((0..count).map(address).collect())
    }

    fn lost() -> SourceError {
        SourceError::Lost("gone".to_owned())
    }

    #[test]
    fn so_many_are_asked_at_once_and_the_others_when_one_is_given_up() {
        let mut holders = holders(AT_ONCE + 2);
        let asked: Vec<_> = holders.due(Duration::ZERO).iter().map(|(index, _)| *index).collect();
        assert_eq!(asked, (0..AT_ONCE).collect::<Vec<_>>());
        assert!(holders.due(Duration::ZERO).is_empty());
        assert_eq!(holders.failed(3, &SourceError::NotHeld, Duration::ZERO), Verdict::Dropped);
        assert_eq!(holders.due(Duration::ZERO)[0].0, AT_ONCE);
    }

    #[test]
    fn a_lost_holder_is_tried_again_after_longer_and_longer_pauses() {
        let mut holders = holders(1);
        holders.reached(0);
        let mut now = Duration::ZERO;
        for pause in [500, 1000, 2000].map(Duration::from_millis) {
            assert_eq!(holders.due(now).len(), 1);
            assert_eq!(holders.failed(0, &lost(), now), Verdict::Lost);
            assert!(holders.due(now + pause - Duration::from_millis(1)).is_empty());
            now += pause;
        }
        assert_eq!(holders.due(now).len(), 1);
        assert_eq!(holders.failed(0, &lost(), now), Verdict::LastDropped);
        assert!(holders.are_all_dropped());
    }

    #[test]
    fn a_holder_that_was_never_reached_is_given_up_at_the_second_try() {
        let mut holders = holders(2);
        for verdict in [Verdict::Awaited, Verdict::Dropped] {
            assert_eq!(holders.failed(0, &lost(), Duration::ZERO), verdict);
        }
        holders.reached(1);
        assert_eq!(holders.failed(1, &lost(), Duration::ZERO), Verdict::Lost);
    }

    #[test]
    fn a_holder_that_sends_something_in_between_is_not_given_up() {
        let mut holders = holders(1);
        holders.reached(0);
        for _ in 0..3 * TRIES {
            holders.verified(0, 1);
            assert_eq!(holders.failed(0, &lost(), Duration::ZERO), Verdict::Lost);
        }
        assert_eq!(holders.bytes()[0].1, u64::from(3 * TRIES));
    }

    #[test]
    fn a_holder_that_sends_wrong_bytes_is_given_up_at_once() {
        let mut holders = holders(1);
        let wrong = SourceError::WrongBytes { at: 0 };
        assert_eq!(holders.failed(0, &wrong, Duration::ZERO), Verdict::LastDropped);
        assert_eq!(holders.dropped()[0].1, wrong);
    }
}
