//! The shim in virtual time, before a broker that is a few lines long, held against the core.

use std::collections::BTreeSet;

use delivery::{Backoff, Burst, Fact, Percent, Record, simulate};
use simulation::Arrivals;

use super::*;
use crate::broker::carrying::Happening;

const SEED: u64 = 7;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn first(message: MessageId) -> Packet {
    Packet { message, subscriber: 0, attempt: 0, direction: Direction::Message }
}

/// Everything arrives, 100 ms after it was sent.
fn reliable() -> Config {
    Config { loss: Percent(0.0), latency_min_ms: 100, latency_max_ms: 100, ..Config::default() }
}

fn told<R>(shim: &mut Shim<R>) -> Vec<Happening> {
    std::iter::from_fn(|| shim.ledger_mut().next()).collect()
}

fn facts(happenings: &[Happening]) -> Vec<Fact> {
    let fact = |happening: &Happening| match happening {
        Happening::Fact { fact, .. } => Some(*fact),
        _ => None,
    };
    happenings.iter().filter_map(fact).collect()
}

fn records(happenings: Vec<Happening>) -> Vec<Record> {
    let settled = |happening| match happening {
        Happening::Settled(records) => records,
        _ => Vec::new(),
    };
    happenings.into_iter().flat_map(settled).collect()
}

/// What a broker does that repeats in time what is not acknowledged.
struct Repeating {
    shim: Shim<Packet>,
    timeouts: Agenda<Packet>,
    /// Each of them is acknowledged or given up.
    decided: BTreeSet<(MessageId, u32)>,
}

impl Repeating {
    fn send(&mut self, packet: Packet, now: Duration) {
        let wait = self.shim.config().wait_after(packet.attempt);
        self.timeouts.schedule(now + wait, packet);
        self.shim.receive(packet, packet, now);
    }

    fn time_out(&mut self, packet: Packet, now: Duration) {
        let Packet { message, subscriber, attempt, .. } = packet;
        if self.decided.contains(&(message, subscriber)) {
            return;
        }
        if attempt < self.shim.config().max_retries {
            self.send(Packet { attempt: attempt + 1, ..packet }, now);
        } else {
            self.decided.insert((message, subscriber));
            self.shim.given_up(message, subscriber, now);
        }
    }

    fn arrive(&mut self, now: Duration) {
        for packet in self.shim.arrive(now) {
            if self.decided.insert((packet.message, packet.subscriber)) {
                self.shim.acknowledged(packet.ack(), now);
            }
        }
    }

    /// The records of messages that are created at these moments, by message.
    fn carry(config: &Config, method: Method, created: &[Duration]) -> Vec<Record> {
        let shim = Shim::new(config.clone(), method, SEED);
        let mut this = Self { shim, timeouts: Agenda::default(), decided: BTreeSet::new() };
        let mut created = created.iter().copied().peekable();
        loop {
            let due = [created.peek().copied(), this.shim.next_at(), this.timeouts.next_at()];
            let Some(now) = due.into_iter().flatten().min() else { break };
            if due[1] == Some(now) {
                this.arrive(now);
            } else if due[0] == Some(now) {
                created.next();
                let message = this.shim.create(now);
                for subscriber in 0..config.subscribers {
                    this.send(Packet { subscriber, ..first(message) }, now);
                }
            } else if let Some((_, packet)) =
                this.timeouts.next().filter(|_| method == Method::PubSub)
            {
                this.time_out(packet, now);
            }
        }
        let accounting = this.shim.ledger().accounting();
        assert!(accounting.is_balanced() && accounting.unsettled == 0, "{accounting:?}");
        let mut records = records(told(&mut this.shim));
        records.sort_by_key(|record| (record.message, record.subscriber));
        records
    }
}

fn simulated(config: &Config, method: Method) -> Vec<Record> {
    let load = simulate::Load::Open(Arrivals::Steady { per_second: 50.0 });
    let scenario =
        simulate::Scenario { config: config.clone(), method, messages: 500, load, seed: SEED };
    let mut records = Vec::new();
    simulate::run(&scenario, |settled| records.extend_from_slice(settled)).unwrap();
    records.sort_by_key(|record| (record.message, record.subscriber));
    records
}

/// So what is measured through a broker differs from what is simulated by the broker alone.
#[test]
fn behind_a_perfect_broker_every_record_is_that_of_the_core() {
    let e1 = Config::default();
    let burst = Burst { share: 0.1, mean_length_ms: 2_000 };
    for (config, method) in [
        (e1.clone(), Method::PubSub),
        (e1.clone(), Method::Direct),
        (Config { subscribers: 3, ..e1.clone() }, Method::Direct),
        // ACKs come late, and copies after the message was given up.
        (Config { loss: Percent(50.0), ack_timeout_ms: 90, ..e1.clone() }, Method::PubSub),
        (Config { max_retries: 5, subscribers: 3, ..e1.clone() }, Method::PubSub),
        (
            Config { ack_timeout_ms: 300, backoff: Backoff::Exponential, ..e1.clone() },
            Method::PubSub,
        ),
        (Config { max_retries: 0, ack_loss: Some(Percent(80.0)), ..e1.clone() }, Method::PubSub),
        (Config { burst: Some(burst), ..e1.clone() }, Method::PubSub),
        (Config { loss: Percent(100.0), ..e1 }, Method::PubSub),
    ] {
        let simulated = simulated(&config, method);
        let first = simulated.iter().filter(|record| record.subscriber == 0);
        let created: Vec<_> = first.map(|record| record.created).collect();
        assert_eq!(created.len(), 500);
        let carried = Repeating::carry(&config, method, &created);
        assert_eq!(carried, simulated, "{method:?} {config:?}");
    }
}

#[test]
fn while_the_broker_is_away_no_ack_reaches_it_and_what_is_open_says_so() {
    let mut shim = Shim::new(reliable(), Method::PubSub, SEED);
    let message = shim.create(ms(0));
    shim.receive(first(message), (), ms(0));
    assert_eq!(shim.arrive(ms(100)), []);
    shim.set_cut(true);
    assert_eq!(shim.arrive(ms(200)), []);
    let ack = first(message).ack();
    let lost = Fact::Lost { packet: ack, cause: Cause::Partition };
    assert_eq!(facts(&told(&mut shim)).last(), Some(&lost));

    shim.set_cut(false);
    let again = Packet { attempt: 1, ..first(message) };
    shim.receive(again, (), ms(300));
    shim.arrive(ms(400));
    assert_eq!(shim.arrive(ms(500)), [()]);
    shim.acknowledged(again.ack(), ms(501));
    let [record] = records(told(&mut shim))[..] else { panic!("it is settled") };
    assert!(record.is_disturbed);
    assert_eq!((record.attempts, record.copies, record.acks, record.acks_arrived), (2, 2, 2, 1));
    assert_eq!((record.delivered, record.acknowledged), (Some(ms(100)), Some(ms(501))));

    // One that comes later knows nothing of it.
    let later = shim.create(ms(600));
    shim.receive(first(later), (), ms(600));
    shim.arrive(ms(700));
    shim.arrive(ms(800));
    shim.acknowledged(first(later).ack(), ms(800));
    assert!(!records(told(&mut shim))[0].is_disturbed);
}

#[test]
fn what_a_broker_says_again_after_it_was_killed_changes_nothing() {
    let mut shim = Shim::new(reliable(), Method::PubSub, SEED);
    let message = shim.create(ms(0));
    shim.receive(first(message), (), ms(0));
    shim.arrive(ms(100));
    shim.arrive(ms(200));
    shim.acknowledged(first(message).ack(), ms(200));
    assert_eq!(records(told(&mut shim)).len(), 1);
    let accounting = shim.ledger().accounting();

    shim.acknowledged(first(message).ack(), ms(300));
    shim.given_up(message, 0, ms(300));
    shim.receive(Packet { attempt: 1, ..first(message) }, (), ms(300));
    shim.given_up(MessageId(99), 0, ms(300));
    shim.receive(Packet { subscriber: 5, ..first(message) }, (), ms(300));
    assert_eq!(shim.arrive(ms(900)), []);
    assert_eq!((told(&mut shim), shim.ledger().accounting()), (Vec::new(), accounting));
}

#[test]
fn when_the_broker_has_nothing_more_to_say_an_ack_that_it_was_given_has_counted() {
    let mut shim = Shim::new(reliable(), Method::PubSub, SEED);
    let [answered, silent] = [(); 2].map(|()| shim.create(ms(0)));
    shim.receive(first(answered), (), ms(0));
    shim.arrive(ms(100));
    shim.arrive(ms(200));
    told(&mut shim);
    shim.ledger_mut().end(ms(9_000));
    let told = told(&mut shim);
    let dead = Fact::DeadLetter { message: silent, subscriber: 0 };
    assert!(facts(&told).contains(&dead));
    let [first, second] = records(told)[..] else { panic!("both are settled") };
    assert_eq!((first.message, first.given_up), (answered, None));
    assert!(first.acknowledged.is_some() && first.is_disturbed);
    assert_eq!((second.message, second.given_up), (silent, Some(ms(9_000))));
    assert_eq!((second.delivered, second.attempts), (None, 0));
}
