//! A message's life, told as it happens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    nanos,
    packet::{MessageId, Packet},
};

/// Something that has just happened; when, is known to whoever hears it. As JSON it is tagged:
/// `{"fact":"lost","packet":{"message":3,"subscriber":0,"attempt":1,"direction":"ack"},"cause":"chance"}`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The first one of each message. One that has to wait for the window is sent later.
    Created {
        message: MessageId,
    },
    /// A packet has been handed to the network. What the network loses is told by `Lost` right after this;
    /// it would have arrived at the moment that is told here.
    Sent {
        packet: Packet,
        #[serde(rename = "arrives_ns", with = "nanos")]
        arrives: Duration,
    },
    Lost {
        packet: Packet,
        cause: Cause,
    },
    /// The first copy that this subscriber gets has arrived too early to be delivered in order.
    Held {
        packet: Packet,
    },
    /// The application of this subscriber has the message, for the first and only time. The packet is the one
    /// that brought it.
    Delivered {
        packet: Packet,
    },
    /// A copy has arrived at a subscriber that has the message already.
    Duplicate {
        packet: Packet,
    },
    /// The first ACK of this subscriber has arrived, before the message was given up.
    Acknowledged {
        packet: Packet,
    },
    /// An ACK has arrived that changes nothing: there was one before, or the message was given up.
    LateAck {
        packet: Packet,
    },
    /// The wait after the last attempt has ended without an ACK of this subscriber, who has a copy or has
    /// none so far.
    GivenUp {
        message: MessageId,
        subscriber: u32,
        was_delivered: bool,
    },
    /// A message that was given up has not reached this subscriber, and no copy of it travels any more.
    DeadLetter {
        message: MessageId,
        subscriber: u32,
    },
}

/// Why a packet is lost.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Chance,
    /// It was sent while the link was bad.
    Burst,
    /// It was sent while the link was cut.
    Partition,
    /// Somebody took it off the link.
    ByHand,
}
