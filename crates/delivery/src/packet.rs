//! What travels.

use serde::{Deserialize, Serialize};

/// Messages of a sender count from 0, for each method by itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct MessageId(pub u64);

#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the subscriber.
    Message,
    /// Back to the sender.
    Ack,
}

/// A message on its way to one subscriber, or the ACK on its way back. These four tell it from every other
/// packet of its sender and method.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Packet {
    pub message: MessageId,
    /// From 0.
    pub subscriber: u32,
    /// From 0. An ACK has that of the copy which it acknowledges.
    pub attempt: u32,
    pub direction: Direction,
}

impl Packet {
    pub fn ack(self) -> Self {
        Self { direction: Direction::Ack, ..self }
    }
}
