use std::sync::mpsc::{Receiver, Sender, channel};

use delivery::Direction;
use testkit::PATIENCE;

use super::*;

/// Tells what happens to whoever tests.
struct Witness(Sender<(u32, Fact)>);

impl Watcher for Witness {
    fn tell(&mut self, flow: u32, _: Duration, fact: Fact) {
        let _ = self.0.send((flow, fact));
    }

    fn settle(&mut self, _: u32, _: &[Record]) {}
}

fn standing(name: RunnerName) -> (Arc<World<Witness>>, Receiver<(u32, Fact)>) {
    let (witness, facts) = channel();
    let world = World::start(name, 1.0, Witness(witness)).unwrap();
    world.pause();
    (world, facts)
}

fn sure() -> Config {
    Config::default().patched(&serde_json::json!({"loss": 0})).unwrap()
}

fn names(facts: &Receiver<(u32, Fact)>) -> Vec<&'static str> {
    let name = |(_, fact)| match fact {
        Fact::Created { .. } => "created",
        Fact::Sent { packet: Packet { direction: Direction::Message, .. }, .. } => "sent",
        Fact::Sent { .. } => "ack sent",
        Fact::Lost { .. } => "lost",
        Fact::Delivered { .. } => "delivered",
        Fact::Acknowledged { .. } => "acknowledged",
        other => panic!("{other:?}"),
    };
    facts.try_iter().map(name).collect()
}

#[test]
fn each_step_is_the_next_thing_that_happens_and_moves_the_clock_there() {
    for name in RunnerName::ALL {
        let (world, facts) = standing(name);
        let flow = world.act(|stage| {
            let flow = stage.open(sure(), Method::PubSub, 1);
            stage.send(flow);
            flow
        });
        assert_eq!(names(&facts), ["created", "sent"], "{name:?}");
        let before = world.clock().now();
        world.step();
        assert_eq!(names(&facts), ["delivered", "ack sent"], "{name:?}");
        let travelled = world.clock().now() - before;
        assert!((50..=250).contains(&travelled.as_millis()), "{name:?}: {travelled:?}");
        world.step();
        assert_eq!(names(&facts), ["acknowledged"], "{name:?}");
        // Nobody waits for a timeout that means nothing.
        assert_eq!(world.cost().timers, 0, "{name:?}");
        world.step();
        assert_eq!(names(&facts), [""; 0], "{name:?}");
        let accounting = world.act(|stage| stage.delivery(flow).unwrap().accounting());
        assert!(accounting.is_balanced() && accounting.settled == 1, "{name:?}: {accounting:?}");
    }
}

#[test]
fn a_clock_that_runs_needs_no_steps() {
    for name in RunnerName::ALL {
        let (world, facts) = standing(name);
        world.set_speed(10.0);
        world.act(|stage| {
            let flow = stage.open(sure(), Method::PubSub, 1);
            stage.send(flow)
        });
        world.step();
        world.resume();
        let mut kinds = 0;
        while !matches!(facts.recv_timeout(PATIENCE), Ok((_, Fact::Acknowledged { .. }))) {
            kinds += 1;
        }
        assert_eq!(kinds, 4, "{name:?}: created, sent, delivered, ack sent");
    }
}

#[test]
fn a_packet_can_be_taken_off_the_link_while_the_clock_stands() {
    let (world, facts) = standing(RunnerName::Thread);
    world.act(|stage| {
        let flow = stage.open(sure(), Method::Direct, 1);
        let message = stage.send(flow).unwrap();
        let packet = Packet { message, subscriber: 0, attempt: 0, direction: Direction::Message };
        assert!(stage.drop_packet(flow, packet));
        assert!(!stage.drop_packet(flow, packet), "it travels no more");
    });
    assert_eq!(names(&facts), ["created", "sent", "lost"]);
    world.step();
    assert_eq!(names(&facts), [""; 0]);
}

#[test]
fn what_was_under_way_in_a_flow_that_is_closed_is_forgotten() {
    for name in RunnerName::ALL {
        let (world, facts) = standing(name);
        let flows = [1, 2].map(|seed| world.act(|stage| stage.open(sure(), Method::Direct, seed)));
        for flow in flows {
            world.act(|stage| stage.send(flow));
        }
        world.act(|stage| stage.close(flows[0]));
        assert_eq!(names(&facts).len(), 4, "{name:?}");
        world.step();
        let (flow, fact) = facts.try_recv().unwrap();
        assert!(flow == flows[1] && matches!(fact, Fact::Delivered { .. }), "{name:?}: {fact:?}");
        world.act(|stage| {
            assert_eq!(stage.send(flows[0]), None);
            assert!(stage.delivery(flows[0]).is_none());
        });
        world.restart(|stage| {
            assert_eq!((stage.now, stage.deliveries().count()), (Duration::ZERO, 0))
        });
        assert_eq!(world.cost().timers, 0, "{name:?}");
    }
}
