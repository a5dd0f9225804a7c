//! The bad network, put between the broker and the subscribers.
//!
//! Broker and subscribers are on one machine, where nothing is lost and nothing takes long. So what the broker
//! sends is lost here, by silence, or held for as long as it would travel, and so are ACKs on their way
//! back: the broker sees no more than it would of a bad network. Time is handed in.

use std::time::Duration;

use delivery::{Cause, Config, Direction, Link, MessageId, Method, Packet};
use simulation::Agenda;

use super::ledger::Ledger;

/// `R` is what the broker must be given to acknowledge a packet.
pub(super) struct Shim<R> {
    config: Config,
    method: Method,
    link: Link,
    travelling: Agenda<(Packet, R)>,
    ledger: Ledger,
}

impl<R> Shim<R> {
    pub(super) fn new(config: Config, method: Method, seed: u64) -> Self {
        let ledger = Ledger::new(method, config.subscribers);
        Self { config, method, link: Link::new(seed), travelling: Agenda::default(), ledger }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn method(&self) -> Method {
        self.method
    }

    pub(super) fn create(&mut self, now: Duration) -> MessageId {
        self.ledger.create(now, self.link.is_cut())
    }

    /// The broker has sent a message to a subscriber.
    pub(super) fn receive(&mut self, packet: Packet, reply: R, now: Duration) {
        self.take(packet, reply, now);
        self.ledger.settle(packet.message, now);
    }

    /// When the next packet arrives.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.travelling.next_at()
    }

    /// Has everything arrive that does by now. What it returns acknowledges messages, and is for the broker.
    pub(super) fn arrive(&mut self, now: Duration) -> Vec<R> {
        let mut acks = Vec::new();
        while self.next_at().is_some_and(|at| at <= now) {
            let Some((_, (packet, reply))) = self.travelling.next() else { break };
            match packet.direction {
                Direction::Message => {
                    self.ledger.arrived(packet, now);
                    if self.method == Method::PubSub {
                        self.take(packet.ack(), reply, now);
                    }
                }
                Direction::Ack if self.link.is_cut() => {
                    self.ledger.lost(packet, Cause::Partition, now);
                }
                Direction::Ack => {
                    self.ledger.arrived(packet, now);
                    acks.push(reply);
                }
            }
            self.ledger.settle(packet.message, now);
        }
        acks
    }

    /// The link takes a packet.
    fn take(&mut self, packet: Packet, reply: R, now: Duration) {
        let fate = self.link.fate(&self.config, packet, now);
        if let Some(arrives) = self.ledger.sent(packet, fate, now) {
            self.travelling.schedule(arrives, (packet, reply));
        }
    }

    /// The broker says that an ACK counts.
    pub(super) fn acknowledged(&mut self, ack: Packet, now: Duration) {
        self.ledger.acknowledged(ack, now);
        self.ledger.settle(ack.message, now);
    }

    /// The broker says that it repeats a message no more.
    pub(super) fn given_up(&mut self, message: MessageId, subscriber: u32, now: Duration) {
        self.ledger.given_up(message, subscriber, now);
        self.ledger.settle(message, now);
    }

    /// The broker is away, or back: while it is away nothing reaches it.
    pub(super) fn set_cut(&mut self, is_cut: bool) {
        self.link.set_cut(is_cut);
        self.ledger.disturb();
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(super) fn ledger_mut(&mut self) -> &mut Ledger {
        &mut self.ledger
    }
}

#[cfg(test)]
mod tests;
