//! Anything that may happen to a delivery, in any order: what is counted adds up after each step, nobody gets a
//! message twice, the window is kept, and in the end everything is settled once.

use std::collections::{BTreeMap, BTreeSet};

use delivery::{
    Backoff, Burst, Config, Direction, Fact, MessageId, Method, Ordering, Packet, Percent, Record,
    Traffic,
};
use proptest::{collection::vec, prelude::*};

use crate::scene::Scene;

fn configs() -> impl Strategy<Value = Config> {
    let percent = || prop_oneof![Just(0.0), 0.0..=100.0, Just(100.0)].prop_map(Percent);
    let latency = (0..300_u32, prop_oneof![Just(0), 0..500_u32]);
    let burst = (0.001..=0.999, 1..3000_u32);
    let network =
        (percent(), prop::option::of(percent()), latency, prop::option::weighted(0.2, burst));
    let backoff = prop_oneof![Just(Backoff::None), Just(Backoff::Exponential)];
    let ordering = prop_oneof![Just(Ordering::Any), Just(Ordering::InOrder)];
    let window = prop::option::of(1..5_u32);
    let sender = (0..4_u32, 1..800_u32, backoff, window, 1..4_u32, ordering);
    (network, sender).prop_map(|(network, sender)| {
        let (loss, ack_loss, (latency_min_ms, width), burst) = network;
        let (max_retries, ack_timeout_ms, backoff, window, subscribers, ordering) = sender;
        let burst = burst.map(|(share, mean_length_ms)| Burst { share, mean_length_ms });
        let latency_max_ms = latency_min_ms + width;
        Config {
            loss,
            ack_loss,
            latency_min_ms,
            latency_max_ms,
            max_retries,
            ack_timeout_ms,
            backoff,
            window,
            burst,
            subscribers,
            ordering,
        }
    })
}

fn methods() -> impl Strategy<Value = Method> {
    prop_oneof![Just(Method::Direct), Just(Method::PubSub)]
}

#[derive(Clone, Debug)]
enum Step {
    Send,
    /// So many events, or as many as there are.
    Events(u8),
    /// One of the packets that travel.
    Drop(u16),
    Cut(bool),
    Reconfigure(Config),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Send),
        4 => (1..6_u8).prop_map(Step::Events),
        1 => any::<u16>().prop_map(Step::Drop),
        1 => any::<bool>().prop_map(Step::Cut),
        1 => configs().prop_map(Step::Reconfigure),
    ];
    vec(step, 0..60)
}

/// What the facts add up to.
#[derive(Default)]
struct Ledger {
    /// How many facts have been read.
    read: usize,
    messages: Traffic,
    acks: Traffic,
    travelling: BTreeSet<Packet>,
    delivered: BTreeMap<(MessageId, u32), usize>,
}

impl Ledger {
    /// Reads on. Fails where something is told that cannot be.
    fn read(&mut self, scene: &Scene) {
        for (_, fact) in &scene.facts()[self.read..] {
            match *fact {
                Fact::Sent { packet, .. } => {
                    self.traffic(packet).sent += 1;
                    assert!(self.travelling.insert(packet), "{packet:?} is sent twice");
                }
                Fact::Lost { packet, .. } => {
                    self.traffic(packet).lost += 1;
                    assert!(self.travelling.remove(&packet), "{fact:?} does not travel");
                }
                Fact::Delivered { packet } => {
                    let count = self.delivered.entry((packet.message, packet.subscriber));
                    *count.or_default() += 1;
                    // One that was held back has arrived before.
                    if self.travelling.contains(&packet) {
                        self.arrive(packet);
                    }
                }
                Fact::Held { packet }
                | Fact::Duplicate { packet }
                | Fact::Acknowledged { packet }
                | Fact::LateAck { packet } => self.arrive(packet),
                Fact::Created { .. } | Fact::GivenUp { .. } | Fact::DeadLetter { .. } => {}
            }
        }
        self.read = scene.facts().len();
        for direction in [Direction::Message, Direction::Ack] {
            let travelling = self.travelling.iter().filter(|it| it.direction == direction).count();
            self.of(direction).in_flight = travelling as u64;
        }
    }

    fn arrive(&mut self, packet: Packet) {
        self.traffic(packet).arrived += 1;
        assert!(self.travelling.remove(&packet), "{packet:?} arrives and does not travel");
    }

    fn traffic(&mut self, packet: Packet) -> &mut Traffic {
        self.of(packet.direction)
    }

    fn of(&mut self, direction: Direction) -> &mut Traffic {
        match direction {
            Direction::Message => &mut self.messages,
            Direction::Ack => &mut self.acks,
        }
    }

    fn check(&self, scene: &Scene) {
        let accounting = scene.delivery.accounting();
        assert!(accounting.is_balanced(), "{accounting:?}");
        assert_eq!((accounting.messages, accounting.acks), (self.messages, self.acks));
        assert!(self.delivered.values().all(|count| *count == 1), "{:?}", self.delivered);
    }
}

/// What holds of every record, whatever was done.
fn check_record(record: &Record) {
    let Record { created, sent, settled, .. } = *record;
    let moments = [record.delivered, record.acknowledged, record.given_up, record.released];
    assert!(created <= sent && sent <= settled, "{record:?}");
    assert!(moments.iter().flatten().all(|at| (sent..=settled).contains(at)), "{record:?}");
    assert!(record.acknowledged.is_none() || record.given_up.is_none(), "{record:?}");
    assert_eq!(record.delivered.is_some(), record.copies > 0, "{record:?}");
    assert!(record.copies <= record.attempts && record.acks <= record.copies, "{record:?}");
    assert!(record.acks_arrived <= record.acks, "{record:?}");
    assert!(record.acknowledged.is_none() || record.acks_arrived > 0, "{record:?}");
    let may_have_acks = record.released.is_some();
    assert_eq!(may_have_acks, record.acknowledged.is_some() || record.given_up.is_some());
}

/// Each message that was created has one record for each of its subscribers, of all of which one fact says
/// that they have it.
fn check_end(scene: &Scene, ledger: &Ledger) {
    let accounting = scene.delivery.accounting();
    assert_eq!((accounting.waiting, accounting.unsettled), (0, 0));
    assert_eq!(ledger.travelling.len(), 0);
    let key = |record: &Record| (record.message, record.subscriber);
    let settled: BTreeSet<_> = scene.records().iter().map(key).collect();
    assert_eq!(settled.len(), scene.records().len(), "a message is settled twice");
    let messages: BTreeSet<_> = settled.iter().map(|(message, _)| *message).collect();
    assert_eq!(messages.len() as u64, accounting.created);
    scene.records().iter().for_each(check_record);
    let reached = scene.records().iter().filter(|record| record.delivered.is_some()).map(key);
    assert_eq!(reached.collect::<BTreeSet<_>>(), ledger.delivered.keys().copied().collect());
    let sum =
        |of: fn(&Record) -> u32| scene.records().iter().map(|it| u64::from(of(it))).sum::<u64>();
    assert_eq!(
        (sum(|it| it.attempts), sum(|it| it.acks)),
        (ledger.messages.sent, ledger.acks.sent)
    );
    assert_eq!(sum(|it| it.copies), ledger.messages.arrived);
    assert_eq!(sum(|it| it.acks_arrived), ledger.acks.arrived);
}

fn perform(step: Step, scene: &mut Scene, ledger: &Ledger) {
    match step {
        Step::Send => {
            scene.send();
        }
        Step::Events(count) => {
            for _ in 0..count {
                scene.step();
            }
        }
        Step::Drop(which) => {
            let travelling = ledger.travelling.len().max(1);
            if let Some(packet) = ledger.travelling.iter().nth(usize::from(which) % travelling) {
                assert!(scene.drop_packet(*packet), "{packet:?} travels");
            }
        }
        Step::Cut(is_cut) => {
            scene.set_cut(is_cut);
        }
        Step::Reconfigure(config) => {
            scene.reconfigure(config);
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_adds_up(config in configs(), method in methods(), seed: u64, steps in steps()) {
        let mut scene = Scene::with_seed(config, method, seed);
        let mut ledger = Ledger::default();
        for step in steps {
            let before = scene.delivery.in_flight();
            perform(step, &mut scene, &ledger);
            ledger.read(&scene);
            ledger.check(&scene);
            // A window that has become smaller sends nothing until it has room.
            let window = scene.delivery.config().window.unwrap_or(u32::MAX);
            prop_assert!(scene.delivery.in_flight() <= window.max(before));
            prop_assert!(scene.delivery.waiting() == 0 || scene.delivery.in_flight() >= window);
        }
        scene.end();
        ledger.read(&scene);
        ledger.check(&scene);
        check_end(&scene, &ledger);
    }

    #[test]
    fn left_alone_a_delivery_keeps_its_configuration(
        config in configs(), method in methods(), seed: u64, gaps in vec(0..400_u64, 0..40)
    ) {
        let mut scene = Scene::with_seed(config.clone(), method, seed);
        let mut now_ms = 0;
        for gap in gaps {
            now_ms += gap;
            scene.until(now_ms).send();
        }
        scene.end();
        for record in scene.records() {
            let attempts_max = if method == Method::Direct { 1 } else { config.max_retries + 1 };
            prop_assert!((1..=attempts_max).contains(&record.attempts));
            prop_assert_eq!(record.acks, if method == Method::Direct { 0 } else { record.copies });
            prop_assert!(!record.is_disturbed);
            let latency_min = u128::from(config.latency_min_ms);
            prop_assert!(record.latency().is_none_or(|latency| latency.as_millis() >= latency_min));
        }
        if config.ordering == Ordering::InOrder {
            for subscriber in 0..config.subscribers {
                let to_it = |(_, fact): &(_, Fact)| match fact {
                    Fact::Delivered { packet } if packet.subscriber == subscriber => Some(packet.message),
                    _ => None,
                };
                let messages: Vec<_> = scene.facts().iter().filter_map(to_it).collect();
                prop_assert!(messages.is_sorted(), "{:?}", messages);
            }
        }
    }

    #[test]
    fn with_the_same_seed_everything_is_the_same_again(
        config in configs(), method in methods(), seed: u64, steps in steps()
    ) {
        let run = || {
            let mut scene = Scene::with_seed(config.clone(), method, seed);
            let mut ledger = Ledger::default();
            for step in steps.clone() {
                perform(step, &mut scene, &ledger);
                ledger.read(&scene);
            }
            scene.end();
            (scene.facts().to_vec(), scene.records().to_vec())
        };
        prop_assert_eq!(run(), run());
    }
}
