//! What is known of the messages that are open: which of them were repeated, arrived, count as acknowledged.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use delivery::{
    Accounting, Cause, Direction, Fact, Fate, MessageId, Method, Packet, Record, Traffic,
};

use crate::broker::carrying::Happening;

/// Told of everything that happens to packets, it makes facts and records of it. Whatever it is told of
/// messages that are not open changes nothing: a server that was killed may say again what it has said.
pub(super) struct Ledger {
    method: Method,
    subscribers: u32,
    open: BTreeMap<MessageId, Vec<Life>>,
    accounting: Accounting,
    told: VecDeque<Happening>,
}

/// What has become, so far, of a message at one subscriber.
struct Life {
    record: Record,
    /// Packets of either direction.
    in_flight: u32,
    /// Of PubSub: it is acknowledged or given up. Of Direct: it was sent.
    is_decided: bool,
    /// The first ACK that the broker was given. Whether it counts, the broker says.
    handed_in: Option<Packet>,
}

impl Ledger {
    pub(super) fn new(method: Method, subscribers: u32) -> Self {
        Self {
            method,
            subscribers,
            open: BTreeMap::new(),
            accounting: Accounting::default(),
            told: VecDeque::new(),
        }
    }

    pub(super) fn create(&mut self, now: Duration, is_disturbed: bool) -> MessageId {
        let message = MessageId(self.accounting.created);
        let lives = (0..self.subscribers)
            .map(|subscriber| Life::new(message, subscriber, now, is_disturbed));
        self.open.insert(message, lives.collect());
        self.accounting.created += 1;
        self.accounting.unsettled += 1;
        self.tell(now, Fact::Created { message });
        message
    }

    /// Says when the packet arrives; `None` where it does not, or where its message is not open.
    pub(super) fn sent(&mut self, packet: Packet, fate: Fate, now: Duration) -> Option<Duration> {
        let life = life(&mut self.open, packet.message, packet.subscriber)?;
        life.send(packet.direction, self.method, now);
        let traffic = traffic(&mut self.accounting, packet.direction);
        traffic.sent += 1;
        let arrives = now.saturating_add(fate.travel);
        if fate.lost.is_none() {
            traffic.in_flight += 1;
            life.in_flight += 1;
        } else {
            traffic.lost += 1;
            life.record.is_disturbed |= fate.lost == Some(Cause::Partition);
        }
        self.tell(now, Fact::Sent { packet, arrives });
        if let Some(cause) = fate.lost {
            self.tell(now, Fact::Lost { packet, cause });
            return None;
        }
        Some(arrives)
    }

    /// An ACK has arrived that is handed in now, or a copy of the message at its subscriber.
    pub(super) fn arrived(&mut self, packet: Packet, now: Duration) {
        let Some(life) = life(&mut self.open, packet.message, packet.subscriber) else { return };
        let fact = life.arrive(packet, now);
        let traffic = traffic(&mut self.accounting, packet.direction);
        traffic.in_flight -= 1;
        traffic.arrived += 1;
        if let Some(fact) = fact {
            self.tell(now, fact);
        }
    }

    /// A packet is lost that was on its way.
    pub(super) fn lost(&mut self, packet: Packet, cause: Cause, now: Duration) {
        let Some(life) = life(&mut self.open, packet.message, packet.subscriber) else { return };
        life.in_flight -= 1;
        life.record.is_disturbed = true;
        let traffic = traffic(&mut self.accounting, packet.direction);
        traffic.in_flight -= 1;
        traffic.lost += 1;
        self.tell(now, Fact::Lost { packet, cause });
    }

    /// The broker says that the ACK of this attempt counts.
    pub(super) fn acknowledged(&mut self, ack: Packet, now: Duration) {
        let Some(life) = life(&mut self.open, ack.message, ack.subscriber) else { return };
        if life.is_decided {
            return;
        }
        life.is_decided = true;
        life.record.acknowledged = Some(now);
        self.tell(now, Fact::Acknowledged { packet: ack });
    }

    /// The broker says that it repeats a message no more.
    pub(super) fn given_up(&mut self, message: MessageId, subscriber: u32, now: Duration) {
        let Some(life) = life(&mut self.open, message, subscriber) else { return };
        if life.is_decided {
            return;
        }
        life.is_decided = true;
        life.record.given_up = Some(now);
        let (was_delivered, late) = (life.record.delivered.is_some(), life.handed_in);
        self.tell(now, Fact::GivenUp { message, subscriber, was_delivered });
        if let Some(packet) = late {
            self.tell(now, Fact::LateAck { packet });
        }
    }

    /// Something has come between broker and subscribers of which no theory speaks.
    pub(super) fn disturb(&mut self) {
        let lives = self.open.values_mut().flatten();
        lives.for_each(|life| life.record.is_disturbed = true);
    }

    /// The broker knows of nothing more to come. An ACK that it was given then counted, though it did not
    /// say so; what else is open has failed.
    pub(super) fn end(&mut self, now: Duration) {
        self.disturb();
        for message in self.open.keys().copied().collect::<Vec<_>>() {
            for subscriber in 0..self.subscribers {
                self.end_at(message, subscriber, now);
            }
            self.settle(message, now);
        }
    }

    fn end_at(&mut self, message: MessageId, subscriber: u32, now: Duration) {
        let Some(life) = life(&mut self.open, message, subscriber) else { return };
        match (self.method, life.handed_in) {
            (Method::Direct, _) => life.is_decided = true,
            (Method::PubSub, Some(ack)) => self.acknowledged(ack, now),
            (Method::PubSub, None) => self.given_up(message, subscriber, now),
        }
    }

    /// Tells the records of a message to which nothing more can happen.
    pub(super) fn settle(&mut self, message: MessageId, now: Duration) {
        let is_over = |life: &Life| life.is_decided && life.in_flight == 0;
        if !self.open.get(&message).is_some_and(|lives| lives.iter().all(is_over)) {
            return;
        }
        let lives = self.open.remove(&message).unwrap_or_default();
        let mut records: Vec<_> = lives.into_iter().map(|life| life.record).collect();
        let released =
            records.iter().filter_map(|record| record.acknowledged.or(record.given_up)).max();
        for record in &mut records {
            (record.released, record.settled) = (released, now);
            if record.given_up.is_some() && record.delivered.is_none() {
                let subscriber = record.subscriber;
                self.tell(now, Fact::DeadLetter { message, subscriber });
            }
        }
        self.accounting.unsettled -= 1;
        self.accounting.settled += 1;
        debug_assert!(self.accounting.is_balanced(), "{:?}", self.accounting);
        self.told.push_back(Happening::Settled(records));
    }

    pub(super) fn is_open(&self, message: MessageId) -> bool {
        self.open.contains_key(&message)
    }

    pub(super) fn accounting(&self) -> Accounting {
        self.accounting
    }

    /// The next of what was told.
    pub(super) fn next(&mut self) -> Option<Happening> {
        self.told.pop_front()
    }

    pub(super) fn is_silent(&self) -> bool {
        self.told.is_empty()
    }

    pub(super) fn tell_of(&mut self, happening: Happening) {
        self.told.push_back(happening);
    }

    fn tell(&mut self, at: Duration, fact: Fact) {
        self.tell_of(Happening::Fact { at, fact });
    }
}

fn life(
    open: &mut BTreeMap<MessageId, Vec<Life>>,
    message: MessageId,
    subscriber: u32,
) -> Option<&mut Life> {
    open.get_mut(&message)?.get_mut(subscriber as usize)
}

fn traffic(accounting: &mut Accounting, direction: Direction) -> &mut Traffic {
    match direction {
        Direction::Message => &mut accounting.messages,
        Direction::Ack => &mut accounting.acks,
    }
}

impl Life {
    fn new(message: MessageId, subscriber: u32, now: Duration, is_disturbed: bool) -> Self {
        let record = Record {
            message,
            subscriber,
            created: now,
            sent: now,
            delivered: None,
            acknowledged: None,
            given_up: None,
            released: None,
            settled: now,
            attempts: 0,
            copies: 0,
            acks: 0,
            acks_arrived: 0,
            is_disturbed,
        };
        Self { record, in_flight: 0, is_decided: false, handed_in: None }
    }

    fn send(&mut self, direction: Direction, method: Method, now: Duration) {
        match direction {
            Direction::Ack => self.record.acks += 1,
            Direction::Message => {
                // What a message waits in the broker, for its window, is no latency of the network.
                if self.record.attempts == 0 {
                    self.record.sent = now;
                }
                self.record.attempts += 1;
                self.is_decided |= method == Method::Direct;
            }
        }
    }

    fn arrive(&mut self, packet: Packet, now: Duration) -> Option<Fact> {
        self.in_flight -= 1;
        match packet.direction {
            Direction::Message => {
                self.record.copies += 1;
                if self.record.delivered.is_some() {
                    return Some(Fact::Duplicate { packet });
                }
                self.record.delivered = Some(now);
                Some(Fact::Delivered { packet })
            }
            Direction::Ack => {
                self.record.acks_arrived += 1;
                if self.is_decided || self.handed_in.is_some() {
                    return Some(Fact::LateAck { packet });
                }
                self.handed_in = Some(packet);
                None
            }
        }
    }
}
