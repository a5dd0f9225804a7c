//! A delivery with an agenda of its own, that writes down what it is told.

use std::time::Duration;

use delivery::{Config, Delivery, Direction, Event, Fact, Method, Outbox, Packet, Record};
use simulation::Agenda;

pub(crate) struct Scene {
    pub(crate) delivery: Delivery,
    desk: Desk,
}

#[derive(Default)]
struct Desk {
    now: Duration,
    /// `None` is a moment at which the scene stops.
    agenda: Agenda<Option<Event>>,
    told: Vec<(Duration, Fact)>,
    records: Vec<Record>,
}

impl Outbox for Desk {
    fn schedule(&mut self, at: Duration, event: Event) {
        assert!(at >= self.now, "{event:?} is scheduled for {at:?}, before {:?}", self.now);
        self.agenda.schedule(at, Some(event));
    }

    fn tell(&mut self, fact: Fact) {
        self.told.push((self.now, fact));
    }

    fn settle(&mut self, records: &[Record]) {
        self.records.extend(records);
    }
}

impl Scene {
    pub(crate) fn new(config: Config, method: Method) -> Self {
        Self::with_seed(config, method, 1)
    }

    pub(crate) fn with_seed(config: Config, method: Method, seed: u64) -> Self {
        Self { delivery: Delivery::new(config, method, seed), desk: Desk::default() }
    }

    pub(crate) fn send(&mut self) -> &mut Self {
        self.delivery.send(self.desk.now, &mut self.desk);
        self
    }

    /// Hands back what is due before this moment.
    pub(crate) fn until(&mut self, ms: u64) -> &mut Self {
        self.desk.agenda.schedule(Duration::from_millis(ms), None);
        while self.step() {}
        self
    }

    /// Hands back everything.
    pub(crate) fn end(&mut self) -> &mut Self {
        while !self.desk.agenda.is_empty() {
            self.step();
        }
        self
    }

    /// Whether there was an event, and not a moment to stop at.
    pub(crate) fn step(&mut self) -> bool {
        let Some((now, event)) = self.desk.agenda.next() else { return false };
        self.desk.now = now;
        if let Some(event) = event {
            self.handle(event);
        }
        event.is_some()
    }

    pub(crate) fn handle(&mut self, event: Event) -> &mut Self {
        self.delivery.handle(event, self.desk.now, &mut self.desk);
        self
    }

    pub(crate) fn set_cut(&mut self, is_cut: bool) -> &mut Self {
        self.delivery.set_cut(is_cut);
        self
    }

    pub(crate) fn drop_packet(&mut self, packet: Packet) -> bool {
        self.delivery.drop_packet(packet, self.desk.now, &mut self.desk)
    }

    pub(crate) fn reconfigure(&mut self, config: Config) -> &mut Self {
        self.delivery.reconfigure(config, self.desk.now, &mut self.desk);
        self
    }

    pub(crate) fn now(&self) -> Duration {
        self.desk.now
    }

    pub(crate) fn facts(&self) -> &[(Duration, Fact)] {
        &self.desk.told
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.desk.records
    }

    /// What was told, a line each: the milliseconds, the fact, and `m` or `a` with the numbers of message,
    /// subscriber and attempt.
    pub(crate) fn told(&self) -> Vec<String> {
        self.desk.told.iter().map(|(at, fact)| format!("{} {}", ms(*at), line(fact))).collect()
    }
}

fn line(fact: &Fact) -> String {
    match *fact {
        Fact::Created { message } => format!("created m{}", message.0),
        Fact::Sent { packet, arrives } => format!("sent {} until {}", name(packet), ms(arrives)),
        Fact::Lost { packet, cause } => format!("lost {} by {cause:?}", name(packet)),
        Fact::Held { packet } => format!("held {}", name(packet)),
        Fact::Delivered { packet } => format!("delivered {}", name(packet)),
        Fact::Duplicate { packet } => format!("duplicate {}", name(packet)),
        Fact::Acknowledged { packet } => format!("acknowledged {}", name(packet)),
        Fact::LateAck { packet } => format!("late {}", name(packet)),
        Fact::GivenUp { message, subscriber, was_delivered } => {
            let delivered = if was_delivered { "delivered" } else { "undelivered" };
            format!("given up m{}/{subscriber} {delivered}", message.0)
        }
        Fact::DeadLetter { message, subscriber } => {
            format!("dead letter m{}/{subscriber}", message.0)
        }
    }
}

fn name(packet: Packet) -> String {
    let letter = match packet.direction {
        Direction::Message => 'm',
        Direction::Ack => 'a',
    };
    format!("{letter}{}/{}#{}", packet.message.0, packet.subscriber, packet.attempt)
}

fn ms(moment: Duration) -> u128 {
    assert_eq!(moment.subsec_nanos() % 1_000_000, 0, "{moment:?} is no whole millisecond");
    moment.as_millis()
}
