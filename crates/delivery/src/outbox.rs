//! What a delivery asks of whoever drives it, and tells it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    fact::Fact,
    packet::{MessageId, Packet},
    record::Record,
};

/// Something that a driver hands back to [`Delivery::handle`](crate::Delivery::handle) at its moment. One
/// that comes twice, or for what is no longer there, changes nothing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Arrives(Packet),
    /// The wait for ACKs of an attempt ends. What else was scheduled for this moment comes first, so while
    /// a packet of the message travels this asks for a `TimedOut` at the same moment.
    TimesOut {
        message: MessageId,
        attempt: u32,
    },
    TimedOut {
        message: MessageId,
        attempt: u32,
    },
}

/// The driver's side. Whoever simulates puts events on an agenda, whoever runs in real time sets a timer; of
/// two events at one moment the one that was scheduled first comes first.
pub trait Outbox {
    fn schedule(&mut self, at: Duration, event: Event);

    /// Facts come in the order in which they happen. Whoever needs none ignores them, at no cost.
    fn tell(&mut self, fact: Fact);

    /// Nothing more can happen to a message: what became of it at each of its subscribers, in their order.
    fn settle(&mut self, records: &[Record]);
}
