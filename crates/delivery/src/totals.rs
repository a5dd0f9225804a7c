//! What became of many messages.

use std::time::Duration;

use simulation::Latencies;

use crate::record::Record;

/// Sums over records, by whatever way the messages were delivered. A target is a message at one subscriber,
/// so there are as many as messages where there is one subscriber.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub messages: u64,
    /// Messages that all their subscribers got.
    pub complete: u64,
    pub targets: u64,
    pub delivered: u64,
    pub acknowledged: u64,
    /// Targets that the sender reports as failed, and those among them that have the message all the same.
    pub given_up: u64,
    pub failed_though_delivered: u64,
    pub attempts: u64,
    /// Messages that arrived, the first ones and duplicates.
    pub copies: u64,
    pub acks: u64,
    pub acks_arrived: u64,
    pub latency: Latencies,
    pub time_to_ack: Latencies,
    /// For how long a message held its place in the window; none of Direct.
    pub held: Latencies,
    /// Between these two messages were sent, and after the last one nothing happened any more.
    pub first_sent: Option<Duration>,
    pub last_sent: Duration,
    pub last_settled: Duration,
}

impl Totals {
    /// Counts one message: its records at all its subscribers.
    pub fn add(&mut self, records: &[Record]) {
        let Some(first) = records.first() else { return };
        self.messages += 1;
        self.complete += u64::from(records.iter().all(|record| record.delivered.is_some()));
        records.iter().for_each(|record| self.add_target(record));
        if let Some(held) = first.held() {
            self.held.record(held);
        }
        self.first_sent = Some(self.first_sent.unwrap_or(first.sent).min(first.sent));
        self.last_sent = self.last_sent.max(first.sent);
        self.last_settled = self.last_settled.max(first.settled);
    }

    fn add_target(&mut self, record: &Record) {
        self.targets += 1;
        self.delivered += u64::from(record.delivered.is_some());
        self.acknowledged += u64::from(record.acknowledged.is_some());
        self.given_up += u64::from(record.given_up.is_some());
        self.failed_though_delivered += u64::from(record.is_failed_though_delivered());
        self.attempts += u64::from(record.attempts);
        self.copies += u64::from(record.copies);
        self.acks += u64::from(record.acks);
        self.acks_arrived += u64::from(record.acks_arrived);
        if let Some(latency) = record.latency() {
            self.latency.record(latency);
        }
        if let Some(time_to_ack) = record.time_to_ack() {
            self.time_to_ack.record(time_to_ack);
        }
    }

    pub fn duplicates(&self) -> u64 {
        self.copies - self.delivered
    }

    pub fn packets(&self) -> u64 {
        self.attempts + self.acks
    }
}
