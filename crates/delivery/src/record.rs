//! What became of a message at one subscriber: the raw result, by whatever way it was delivered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{nanos, packet::MessageId};

/// The whole life of a message at one subscriber. It is written when nothing more can happen to the message
/// at any of its subscribers, so also duplicates and late ACKs are in it.
///
/// Moments are since the beginning, as whole nanoseconds in JSON and CSV.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    pub message: MessageId,
    pub subscriber: u32,
    /// When it was handed to the sender; until it was sent it waited for the window.
    #[serde(rename = "created_ns", with = "nanos")]
    pub created: Duration,
    /// The first attempt. Latencies count from here.
    #[serde(rename = "sent_ns", with = "nanos")]
    pub sent: Duration,
    /// When the application had it. `None`: never.
    #[serde(rename = "delivered_ns", with = "nanos::optional")]
    pub delivered: Option<Duration>,
    /// When the first ACK arrived that counts. `None`: the message was given up, or needs none.
    #[serde(rename = "acknowledged_ns", with = "nanos::optional")]
    pub acknowledged: Option<Duration>,
    #[serde(rename = "given_up_ns", with = "nanos::optional")]
    pub given_up: Option<Duration>,
    /// When the message gave back its place in the window: all its subscribers had acknowledged it or were
    /// given up. The same for each of them; `None` of Direct, which takes no place.
    #[serde(rename = "released_ns", with = "nanos::optional")]
    pub released: Option<Duration>,
    /// When nothing more could happen to the message. The same for each of its subscribers.
    #[serde(rename = "settled_ns", with = "nanos")]
    pub settled: Duration,
    /// How often it was sent to this subscriber.
    pub attempts: u32,
    /// How many of those arrived.
    pub copies: u32,
    /// How many ACKs the subscriber sent, and how many of them arrived.
    pub acks: u32,
    pub acks_arrived: u32,
    /// A packet of the message was lost to a partition or taken off the link by hand, or the configuration
    /// changed before the message was settled. No theory speaks of such a message.
    pub is_disturbed: bool,
}

impl Record {
    /// From the first attempt to the application.
    pub fn latency(&self) -> Option<Duration> {
        self.delivered.map(|delivered| delivered.saturating_sub(self.sent))
    }

    /// From the first attempt to the first ACK that counts.
    pub fn time_to_ack(&self) -> Option<Duration> {
        self.acknowledged.map(|acknowledged| acknowledged.saturating_sub(self.sent))
    }

    /// How long the message held its place in the window.
    pub fn held(&self) -> Option<Duration> {
        self.released.map(|released| released.saturating_sub(self.sent))
    }

    /// How many copies arrived beyond the first.
    pub fn duplicates(&self) -> u32 {
        self.copies.saturating_sub(1)
    }

    pub fn packets(&self) -> u32 {
        self.attempts + self.acks
    }

    /// The sender reports a failure, though the subscriber has the message.
    pub fn is_failed_though_delivered(&self) -> bool {
        self.given_up.is_some() && self.delivered.is_some()
    }
}
