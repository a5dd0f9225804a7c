//! The link, and how many packets it was given, brought and lost. Those that travel are known to their
//! targets.

use std::time::Duration;

use super::target::Target;
use crate::{
    accounting::Traffic,
    config::Config,
    fact::{Cause, Fact},
    link::Link,
    outbox::{Event, Outbox},
    packet::{Direction, Packet},
};

#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) link: Link,
    /// Without what is in flight.
    pub(super) messages: Traffic,
    pub(super) acks: Traffic,
}

impl Network {
    pub(super) fn new(link: Link) -> Self {
        Self { link, messages: Traffic::default(), acks: Traffic::default() }
    }

    /// Sends a packet to a target or from it. Returns why it is lost, where it is.
    pub(super) fn send(
        &mut self,
        config: &Config,
        packet: Packet,
        target: &mut Target,
        now: Duration,
        out: &mut impl Outbox,
    ) -> Option<Cause> {
        let fate = self.link.fate(config, packet, now);
        let arrives = now.saturating_add(fate.travel);
        out.tell(Fact::Sent { packet, arrives });
        match packet.direction {
            Direction::Message => target.attempts += 1,
            Direction::Ack => target.acks += 1,
        }
        let traffic = self.traffic(packet.direction);
        traffic.sent += 1;
        match fate.lost {
            Some(cause) => {
                traffic.lost += 1;
                out.tell(Fact::Lost { packet, cause });
            }
            None => {
                target.take_off(packet);
                out.schedule(arrives, Event::Arrives(packet));
            }
        }
        fate.lost
    }

    /// Whether the packet arrives: it does not if it was taken off the link.
    pub(super) fn bring(&mut self, packet: Packet, target: &mut Target) -> bool {
        let arrives = target.land(packet);
        if arrives {
            self.traffic(packet.direction).arrived += 1;
        }
        arrives
    }

    /// Takes a packet off the link, if it travels.
    pub(super) fn lose(
        &mut self,
        packet: Packet,
        target: &mut Target,
        out: &mut impl Outbox,
    ) -> bool {
        let did_travel = target.land(packet);
        if did_travel {
            self.traffic(packet.direction).lost += 1;
            out.tell(Fact::Lost { packet, cause: Cause::ByHand });
        }
        did_travel
    }

    fn traffic(&mut self, direction: Direction) -> &mut Traffic {
        match direction {
            Direction::Message => &mut self.messages,
            Direction::Ack => &mut self.acks,
        }
    }
}
