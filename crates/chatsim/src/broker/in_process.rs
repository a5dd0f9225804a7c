//! The core on the wall clock.

use std::{
    collections::VecDeque,
    thread,
    time::{Duration, Instant},
};

use delivery::{Accounting, Config, Delivery, Event, Fact, MessageId, Method, Outbox, Record};
use simulation::Agenda;

use super::{
    carrying::{Broker, Happening, may_open},
    error::BrokerError,
};

/// The broker that needs nothing else. What is due is handed to the core by whoever asks what happens next,
/// so it costs no thread.
pub struct InProcess {
    began: Instant,
    delivery: Delivery,
    pending: Pending,
}

impl InProcess {
    /// Of a configuration that has been checked.
    pub fn new(config: Config, method: Method, seed: u64) -> Self {
        let pending =
            Pending { now: Duration::ZERO, agenda: Agenda::default(), told: VecDeque::new() };
        Self { began: Instant::now(), delivery: Delivery::new(config, method, seed), pending }
    }
}

impl Broker for InProcess {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn has_room(&self) -> bool {
        may_open(&self.accounting(), self.delivery.config().subscribers)
    }

    fn send(&mut self) -> MessageId {
        self.pending.now = self.now();
        self.delivery.send(self.pending.now, &mut self.pending)
    }

    fn next_within(&mut self, wait: Duration) -> Result<Option<Happening>, BrokerError> {
        let until = self.now().saturating_add(wait);
        loop {
            if let Some(happening) = self.pending.told.pop_front() {
                return Ok(Some(happening));
            }
            let now = self.now();
            let due = self.pending.agenda.next_at().unwrap_or(Duration::MAX);
            if due <= now {
                self.pending.now = now;
                if let Some((_, event)) = self.pending.agenda.next() {
                    self.delivery.handle(event, now, &mut self.pending);
                }
            } else if until <= now {
                return Ok(None);
            } else {
                thread::sleep(due.min(until) - now);
            }
        }
    }

    fn accounting(&self) -> Accounting {
        self.delivery.accounting()
    }
}

/// What the core has asked for and told.
struct Pending {
    now: Duration,
    agenda: Agenda<Event>,
    told: VecDeque<Happening>,
}

impl Outbox for Pending {
    fn schedule(&mut self, at: Duration, event: Event) {
        self.agenda.schedule(at, event);
    }

    fn tell(&mut self, fact: Fact) {
        self.told.push_back(Happening::Fact { at: self.now, fact });
    }

    fn settle(&mut self, records: &[Record]) {
        self.told.push_back(Happening::Settled(records.to_vec()));
    }
}
