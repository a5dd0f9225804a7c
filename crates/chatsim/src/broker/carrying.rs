//! What a broker is, and how messages are seen through one.

use std::time::Duration;

use delivery::{Accounting, Fact, MessageId, Record};

use super::{address::Address, error::BrokerError};

/// How long nothing asks whether it should stop.
const TICK: Duration = Duration::from_millis(100);

/// Carries the messages of one sender to its subscribers, in real time.
pub trait Broker {
    /// Since it was opened. All that it tells is in this time.
    fn now(&self) -> Duration;

    /// Whether it takes another message yet. It has a limit for those that are open.
    fn has_room(&self) -> bool;

    /// Hands over the next message, without waiting for anything.
    fn send(&mut self) -> MessageId;

    /// What happens next, in the order in which it does. `None`: nothing did for so long.
    fn next_within(&mut self, wait: Duration) -> Result<Option<Happening>, BrokerError>;

    /// What has been told of may be behind it.
    fn accounting(&self) -> Accounting;
}

#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Fact {
        at: Duration,
        fact: Fact,
    },
    /// Nothing more can happen to a message: what became of it at each of its subscribers, in their order.
    Settled(Vec<Record>),
    Connection(Connection),
}

/// The way to a broker, where it is another process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Connection {
    /// What is open waits, and what is sent waits with it, for so long at most.
    Lost {
        address: Address,
        waits: Duration,
    },
    Back {
        address: Address,
        away: Duration,
    },
}

/// How [`carry`] came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Every message is settled.
    Complete,
    /// `stop` said so, and messages are open.
    Stopped,
}

/// Sends a message at each of the moments, which do not go back, and tells what happens until all are settled.
///
/// A message whose moment has come waits while the broker has no room. `stop` is asked ten times a second
/// at least.
pub fn carry(
    broker: &mut impl Broker,
    moments: impl IntoIterator<Item = Duration>,
    stop: impl Fn() -> bool,
    mut tell: impl FnMut(Happening),
) -> Result<Ending, BrokerError> {
    let mut moments = moments.into_iter().peekable();
    while !stop() {
        while broker.has_room() && moments.next_if(|at| *at <= broker.now()).is_some() {
            broker.send();
        }
        let wait = match moments.peek() {
            Some(at) if broker.has_room() => at.saturating_sub(broker.now()).min(TICK),
            Some(_) => TICK,
            None if is_settled(&broker.accounting()) => Duration::ZERO,
            None => TICK,
        };
        match broker.next_within(wait)? {
            Some(happening) => tell(happening),
            None if moments.peek().is_none() && is_settled(&broker.accounting()) => {
                return Ok(Ending::Complete);
            }
            None => {}
        }
    }
    Ok(Ending::Stopped)
}

fn is_settled(accounting: &Accounting) -> bool {
    accounting.settled == accounting.created
}

/// Messages times subscribers that a broker has open at most.
const OPEN_MAX: u64 = 100_000;

/// Whether that leaves room for another message.
pub(super) fn may_open(accounting: &Accounting, subscribers: u32) -> bool {
    let open = accounting.created - accounting.settled;
    open * u64::from(subscribers) < OPEN_MAX
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Has room for two messages, and settles the oldest whenever it is asked.
    #[derive(Default)]
    struct Narrow {
        accounting: Accounting,
        most: u64,
    }

    impl Narrow {
        fn open(&self) -> u64 {
            self.accounting.created - self.accounting.settled
        }
    }

    impl Broker for Narrow {
        fn now(&self) -> Duration {
            Duration::from_secs(1)
        }

        fn has_room(&self) -> bool {
            self.open() < 2
        }

        fn send(&mut self) -> MessageId {
            self.accounting.created += 1;
            self.most = self.most.max(self.open());
            MessageId(self.accounting.created - 1)
        }

        fn next_within(&mut self, _: Duration) -> Result<Option<Happening>, BrokerError> {
            if self.open() == 0 {
                return Ok(None);
            }
            self.accounting.settled += 1;
            Ok(Some(Happening::Settled(Vec::new())))
        }

        fn accounting(&self) -> Accounting {
            self.accounting
        }
    }

    #[test]
    fn what_is_due_waits_until_the_broker_has_room() {
        let mut broker = Narrow::default();
        let mut settled = 0;
        let moments = [Duration::ZERO; 5];
        let ending = carry(&mut broker, moments, || false, |_| settled += 1);
        assert_eq!(ending.unwrap(), Ending::Complete);
        assert_eq!((settled, broker.most), (5, 2));
    }

    #[test]
    fn a_carry_that_is_stopped_sends_nothing_more() {
        let mut broker = Narrow::default();
        let settled = Cell::new(0);
        let moments = [Duration::ZERO; 5];
        let stop = || settled.get() == 2;
        let ending = carry(&mut broker, moments, stop, |_| settled.set(settled.get() + 1));
        assert_eq!(ending.unwrap(), Ending::Stopped);
        assert_eq!(broker.accounting.created, 3);
    }

    #[test]
    fn a_broker_has_room_by_messages_and_by_subscribers() {
        let open = |created| Accounting { created, settled: 10, ..Accounting::default() };
        assert!(may_open(&open(109), 1_000) && !may_open(&open(110), 1_000));
        assert!(may_open(&open(100_009), 1) && !may_open(&open(100_010), 1));
    }
}
