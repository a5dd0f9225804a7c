//! What a broker is, and how messages are seen through one.

use std::{fmt, time::Duration};

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

/// The way to a broker, where it is another process. Displayed, it is a sentence for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Connection {
    /// What is open waits, and what is sent waits with it.
    Lost {
        address: Address,
    },
    Back {
        address: Address,
        away: Duration,
    },
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { address } => {
                write!(f, "the NATS server at {address} is away; messages wait until it is back")
            }
            Self::Back { address, away } => write!(
                f,
                "the NATS server at {address} is back after {:.1} s; messages go on",
                away.as_secs_f64()
            ),
        }
    }
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
