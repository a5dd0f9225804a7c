//! One sender, its subscribers, and the link between them, moved from event to event.
//!
//! A message is kept from its first attempt until nothing more can happen to it: so what a delivery costs
//! is what is in flight, and not what has been. An event costs a search among those.

mod in_order;
mod message;
mod network;
mod target;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use self::{message::Message, network::Network, target::Target};
use crate::{
    accounting::{Accounting, Traffic},
    config::{Config, Method, Ordering},
    fact::{Cause, Fact},
    link::Link,
    outbox::{Event, Outbox},
    packet::{Direction, MessageId, Packet},
    record::Record,
};

/// Decides what happens to messages; whoever drives it has it happen at its time. The time that is handed in
/// never goes back.
#[derive(Clone, Debug)]
pub struct Delivery {
    config: Config,
    method: Method,
    network: Network,
    /// Those that were sent and to which something can still happen.
    messages: BTreeMap<MessageId, Message>,
    /// When those were created that wait for the window. They are the last ones that were created.
    waiting: VecDeque<Duration>,
    created: u64,
    settled: u64,
    /// How many hold a place in the window.
    in_flight: u32,
    /// The message that each subscriber's application gets next, where messages are delivered in order.
    next_in_order: Vec<MessageId>,
    /// Room for the records of one message, so that none is asked for each time.
    records: Vec<Record>,
}

impl Delivery {
    /// With the same seed and the same calls everything is the same again. The configuration has passed
    /// [`Config::check`].
    pub fn new(config: Config, method: Method, seed: u64) -> Self {
        debug_assert_eq!(config.check(), Ok(()));
        Self {
            next_in_order: vec![MessageId(0); config.subscribers as usize],
            config,
            method,
            network: Network::new(Link::new(seed)),
            messages: BTreeMap::new(),
            waiting: VecDeque::new(),
            created: 0,
            settled: 0,
            in_flight: 0,
            records: Vec::new(),
        }
    }

    /// Sends a message to all subscribers, now or when the window has room for it. None is refused: a driver
    /// that takes messages from outside looks at [`Delivery::waiting`] first.
    pub fn send(&mut self, now: Duration, out: &mut impl Outbox) -> MessageId {
        let message = MessageId(self.created);
        self.created += 1;
        out.tell(Fact::Created { message });
        self.waiting.push_back(now);
        self.finish(now, out);
        message
    }

    /// Takes an event back that was asked for, at its moment.
    pub fn handle(&mut self, event: Event, now: Duration, out: &mut impl Outbox) {
        match event {
            Event::Arrives(packet) => self.arrive(packet, now, out),
            Event::TimesOut { message, attempt } => self.time_out(message, attempt, now, out),
            Event::TimedOut { message, attempt } => self.repeat(message, attempt, now, out),
        }
        self.finish(now, out);
    }

    /// What travels keeps its fate, and a wait for an ACK its end; all that follows is as the new
    /// configuration says. A message keeps the subscribers that it was sent to.
    pub fn reconfigure(&mut self, config: Config, now: Duration, out: &mut impl Outbox) {
        debug_assert_eq!(config.check(), Ok(()));
        let subscribers = self.next_in_order.len().max(config.subscribers as usize);
        self.next_in_order.resize(subscribers, MessageId(0));
        self.config = config;
        self.messages.values_mut().for_each(|message| message.is_disturbed = true);
        self.reorder(now, out);
        self.finish(now, out);
    }

    /// While the link is cut, everything that is sent is lost; what travels already arrives.
    pub fn set_cut(&mut self, is_cut: bool) {
        self.network.link.set_cut(is_cut);
    }

    pub fn is_cut(&self) -> bool {
        self.network.link.is_cut()
    }

    /// Takes a packet off the link. `false` where it does not travel.
    pub fn drop_packet(&mut self, packet: Packet, now: Duration, out: &mut impl Outbox) -> bool {
        let Some(message) = self.messages.get_mut(&packet.message) else { return false };
        let target = message.targets.get_mut(packet.subscriber as usize);
        if !target.is_some_and(|target| self.network.lose(packet, target, out)) {
            return false;
        }
        message.is_disturbed = true;
        self.conclude(packet.message, packet.subscriber, now, out);
        self.finish(now, out);
        true
    }

    /// Whether a message would be sent at once.
    pub fn has_room(&self) -> bool {
        self.waiting.is_empty() && !self.is_window_full()
    }

    /// How many messages wait for the window.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many messages hold a place in the window: none of Direct.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn method(&self) -> Method {
        self.method
    }

    /// Looks at everything that is in flight.
    pub fn accounting(&self) -> Accounting {
        let targets = || self.messages.values().flat_map(|message| &message.targets);
        let in_flight = |direction| targets().map(|target| target.travelling(direction)).sum();
        Accounting {
            created: self.created,
            waiting: self.waiting.len() as u64,
            unsettled: self.messages.len() as u64,
            settled: self.settled,
            messages: Traffic { in_flight: in_flight(Direction::Message), ..self.network.messages },
            acks: Traffic { in_flight: in_flight(Direction::Ack), ..self.network.acks },
        }
    }
}

/// What becomes of a message.
impl Delivery {
    /// The end of everything that a driver asks for.
    fn finish(&mut self, now: Duration, out: &mut impl Outbox) {
        while !self.is_window_full()
            && let Some(created) = self.waiting.pop_front()
        {
            self.begin(created, now, out);
        }
        debug_assert!(self.accounting().is_balanced(), "{:?}", self.accounting());
    }

    /// Nothing of Direct is ever in flight.
    fn is_window_full(&self) -> bool {
        self.config.window.is_some_and(|window| self.in_flight >= window)
    }

    /// How many messages have been sent; the others wait.
    fn sent(&self) -> u64 {
        self.created - self.waiting.len() as u64
    }

    /// Sends the first message of those that have not been sent, which waits no more.
    fn begin(&mut self, created: Duration, now: Duration, out: &mut impl Outbox) {
        let id = MessageId(self.sent() - 1);
        let message = Message::new(&self.config, self.method, created, now);
        self.messages.insert(id, message);
        self.attempt(id, now, out);
        match self.method {
            Method::Direct => self.conclude_all(id, now, out),
            Method::PubSub => self.in_flight += 1,
        }
    }

    /// Sends a message to all subscribers whose ACK is missing.
    fn attempt(&mut self, id: MessageId, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        let attempt = message.attempt;
        for (subscriber, target) in (0..).zip(&mut message.targets) {
            if target.attempts == 0 || target.awaits_ack {
                let direction = Direction::Message;
                let packet = Packet { message: id, subscriber, attempt, direction };
                let lost = self.network.send(&self.config, packet, target, now, out);
                message.is_disturbed |= lost == Some(Cause::Partition);
            }
        }
        if self.method == Method::PubSub {
            let ends = now.saturating_add(self.config.wait_after(attempt));
            out.schedule(ends, Event::TimesOut { message: id, attempt });
        }
    }

    fn arrive(&mut self, packet: Packet, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.get_mut(&packet.message) else { return };
        let target = message.targets.get_mut(packet.subscriber as usize);
        if !target.is_some_and(|target| self.network.bring(packet, target)) {
            return;
        }
        match packet.direction {
            Direction::Message => self.receive(packet, now, out),
            Direction::Ack => self.acknowledge(packet, now, out),
        }
        self.conclude(packet.message, packet.subscriber, now, out);
    }

    /// A copy reaches its subscriber.
    fn receive(&mut self, packet: Packet, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.get_mut(&packet.message) else { return };
        let place = packet.subscriber as usize;
        let target = &mut message.targets[place];
        let is_in_order = self.config.ordering == Ordering::InOrder;
        let is_first = !target.is_reached();
        target.copies += 1;
        if !is_first {
            out.tell(Fact::Duplicate { packet });
        } else if is_in_order && self.next_in_order[place] != packet.message {
            target.held = Some(packet);
            out.tell(Fact::Held { packet });
        } else {
            target.delivered = Some(now);
            out.tell(Fact::Delivered { packet });
        }
        if self.method == Method::PubSub {
            let lost = self.network.send(&self.config, packet.ack(), target, now, out);
            message.is_disturbed |= lost == Some(Cause::Partition);
        }
        if is_first && is_in_order {
            self.advance(packet.subscriber, now, out);
        }
    }

    fn acknowledge(&mut self, packet: Packet, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.get_mut(&packet.message) else { return };
        let target = &mut message.targets[packet.subscriber as usize];
        target.acks_arrived += 1;
        if !target.awaits_ack {
            out.tell(Fact::LateAck { packet });
            return;
        }
        target.awaits_ack = false;
        target.acknowledged = Some(now);
        out.tell(Fact::Acknowledged { packet });
        message.awaiting -= 1;
        if message.awaiting == 0 {
            message.released = Some(now);
            self.in_flight -= 1;
        }
    }

    /// An ACK that arrives at this very moment counts, and may have been scheduled after this event.
    fn time_out(&mut self, id: MessageId, attempt: u32, now: Duration, out: &mut impl Outbox) {
        let awaits = |message: &&Message| message.awaits_acks_of(attempt);
        let Some(message) = self.messages.get(&id).filter(awaits) else { return };
        if message.targets.iter().any(Target::has_traffic) {
            out.schedule(now, Event::TimedOut { message: id, attempt });
        } else {
            self.repeat(id, attempt, now, out);
        }
    }

    fn repeat(&mut self, id: MessageId, attempt: u32, now: Duration, out: &mut impl Outbox) {
        let awaits = |message: &&mut Message| message.awaits_acks_of(attempt);
        let Some(message) = self.messages.get_mut(&id).filter(awaits) else { return };
        if attempt < self.config.max_retries {
            message.attempt += 1;
            self.attempt(id, now, out);
        } else {
            self.give_up(id, now, out);
        }
    }

    fn give_up(&mut self, id: MessageId, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        for (subscriber, target) in (0..).zip(&mut message.targets) {
            if target.awaits_ack {
                target.awaits_ack = false;
                target.given_up = Some(now);
                let was_delivered = target.is_reached();
                out.tell(Fact::GivenUp { message: id, subscriber, was_delivered });
            }
        }
        message.awaiting = 0;
        message.released = Some(now);
        self.in_flight -= 1;
        self.conclude_all(id, now, out);
    }

    fn conclude_all(&mut self, id: MessageId, now: Duration, out: &mut impl Outbox) {
        let targets = self.messages.get(&id).map_or(0, |message| message.targets.len());
        (0..targets as u32).for_each(|subscriber| self.conclude(id, subscriber, now, out));
    }

    /// Looks whether anything can still happen to a message at a subscriber, and ends its life where
    /// nothing can.
    fn conclude(&mut self, id: MessageId, subscriber: u32, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.get_mut(&id) else { return };
        let target = &mut message.targets[subscriber as usize];
        if !target.close() {
            return;
        }
        let is_reached = target.is_reached();
        if !is_reached && target.given_up.is_some() {
            out.tell(Fact::DeadLetter { message: id, subscriber });
        }
        message.open -= 1;
        if message.open == 0 {
            self.settle(id, now, out);
        }
        if !is_reached && self.config.ordering == Ordering::InOrder {
            self.advance(subscriber, now, out);
        }
    }

    fn settle(&mut self, id: MessageId, now: Duration, out: &mut impl Outbox) {
        let Some(message) = self.messages.remove(&id) else { return };
        self.settled += 1;
        self.records.clear();
        self.records.extend(message.records(id, now));
        out.settle(&self.records);
    }
}
