//! A delivery in virtual time: the same [`Delivery`] that a program drives with timers, on an agenda. A
//! [`Scenario`] says what is sent and when; [`run`] says what became of it.
//!
//! It costs memory for what is in flight and what waits for the window, not for what has been, and about a
//! microsecond a message and subscriber. It ends when nothing can happen any more to the last message.

use std::time::Duration;

use simulation::{Agenda, Arrivals, Chance, Moments};

use crate::{
    config::{Config, Method, Rejection},
    delivery::Delivery,
    fact::Fact,
    outbox::{Event, Outbox},
    record::Record,
    totals::Totals,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub config: Config,
    pub method: Method,
    /// How many are sent in all.
    pub messages: u64,
    pub load: Load,
    /// With the same seed everything is the same again, and both methods meet the same fates.
    pub seed: u64,
}

/// When messages come to the sender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// At these moments, whatever is in flight; with a window they may have to wait.
    Open(Arrivals),
    /// Whenever the window has room. Only PubSub with a window is ever saturated.
    Saturated,
}

/// The stream of chance that says when messages come. No packet has it.
const ARRIVALS: u64 = u64::MAX;

impl Scenario {
    pub fn check(&self) -> Result<(), Rejection> {
        self.config.check()?;
        let is_bounded = self.method == Method::PubSub && self.config.window.is_some();
        if self.load == Load::Saturated && !is_bounded {
            let reason = "a sender that never waits for a window is never saturated";
            return Err(Rejection::new("window", reason));
        }
        Ok(())
    }
}

/// Simulates a scenario to its end. `each` gets the records of each message, one for each subscriber, when
/// nothing more can happen to the message.
pub fn run(scenario: &Scenario, each: impl FnMut(&[Record])) -> Result<Totals, Rejection> {
    run_until(scenario, || false, each)
}

/// As [`run`], but ends early when `is_stopped` says so, which it is asked before everything that happens. Then
/// the totals are of fewer messages than the scenario has.
pub fn run_until(
    scenario: &Scenario,
    is_stopped: impl Fn() -> bool,
    each: impl FnMut(&[Record]),
) -> Result<Totals, Rejection> {
    scenario.check()?;
    let desk = Desk { agenda: Agenda::default(), totals: Totals::default(), each };
    let mut world = World {
        messages: scenario.messages,
        delivery: Delivery::new(scenario.config.clone(), scenario.method, scenario.seed),
        arrivals: match scenario.load {
            Load::Open(arrivals) => Some(arrivals.moments(Chance::new(scenario.seed, ARRIVALS))),
            Load::Saturated => None,
        },
        sent: 0,
        desk,
    };
    world.run(is_stopped);
    Ok(world.desk.totals)
}

enum Occurrence {
    /// A message comes to the sender.
    Arrival,
    Event(Event),
}

struct World<F> {
    messages: u64,
    delivery: Delivery,
    /// None where the sender is saturated.
    arrivals: Option<Moments>,
    sent: u64,
    desk: Desk<F>,
}

impl<F: FnMut(&[Record])> World<F> {
    fn run(&mut self, is_stopped: impl Fn() -> bool) {
        self.expect_arrival();
        self.saturate(Duration::ZERO);
        while self.desk.totals.messages < self.messages
            && !is_stopped()
            && let Some((now, occurrence)) = self.desk.agenda.next()
        {
            match occurrence {
                Occurrence::Arrival => {
                    self.send(now);
                    self.expect_arrival();
                }
                Occurrence::Event(event) => self.delivery.handle(event, now, &mut self.desk),
            }
            self.saturate(now);
        }
    }

    fn send(&mut self, now: Duration) {
        self.sent += 1;
        self.delivery.send(now, &mut self.desk);
    }

    fn expect_arrival(&mut self) {
        if self.sent < self.messages
            && let Some(moment) = self.arrivals.as_mut().and_then(Moments::next)
        {
            self.desk.agenda.schedule(moment, Occurrence::Arrival);
        }
    }

    fn saturate(&mut self, now: Duration) {
        while self.arrivals.is_none() && self.sent < self.messages && self.delivery.has_room() {
            self.send(now);
        }
    }
}

/// Where the delivery puts what it asks for and what it tells.
struct Desk<F> {
    agenda: Agenda<Occurrence>,
    totals: Totals,
    each: F,
}

impl<F: FnMut(&[Record])> Outbox for Desk<F> {
    fn schedule(&mut self, at: Duration, event: Event) {
        self.agenda.schedule(at, Occurrence::Event(event));
    }

    fn tell(&mut self, _: Fact) {}

    fn settle(&mut self, records: &[Record]) {
        self.totals.add(records);
        (self.each)(records);
    }
}
