//! A message that was sent, until nothing more can happen to it.

use std::time::Duration;

use super::target::Target;
use crate::{
    config::{Config, Method},
    packet::MessageId,
    record::Record,
};

#[derive(Clone, Debug)]
pub(super) struct Message {
    created: Duration,
    sent: Duration,
    /// The last one that was made, for all subscribers who have not acknowledged it before.
    pub(super) attempt: u32,
    /// One for each subscriber that there was when the message was sent.
    pub(super) targets: Vec<Target>,
    /// How many of them are not over, and how many await an ACK.
    pub(super) open: usize,
    pub(super) awaiting: usize,
    pub(super) released: Option<Duration>,
    pub(super) is_disturbed: bool,
}

impl Message {
    pub(super) fn new(config: &Config, method: Method, created: Duration, sent: Duration) -> Self {
        let awaits_ack = method == Method::PubSub;
        let target = Target::new(awaits_ack);
        let open = config.subscribers as usize;
        Self {
            created,
            sent,
            attempt: 0,
            targets: vec![target; open],
            open,
            awaiting: if awaits_ack { open } else { 0 },
            released: None,
            is_disturbed: false,
        }
    }

    /// A wait for ACKs is only of interest while it is that of the last attempt.
    pub(super) fn awaits_acks_of(&self, attempt: u32) -> bool {
        self.awaiting > 0 && self.attempt == attempt
    }

    /// The life of the message at each subscriber, which ends now.
    pub(super) fn records(&self, id: MessageId, now: Duration) -> impl Iterator<Item = Record> {
        (0..).zip(&self.targets).map(move |(subscriber, target)| Record {
            message: id,
            subscriber,
            created: self.created,
            sent: self.sent,
            delivered: target.delivered,
            acknowledged: target.acknowledged,
            given_up: target.given_up,
            released: self.released,
            settled: now,
            attempts: target.attempts,
            copies: target.copies,
            acks: target.acks,
            acks_arrived: target.acks_arrived,
            is_disturbed: self.is_disturbed,
        })
    }
}
