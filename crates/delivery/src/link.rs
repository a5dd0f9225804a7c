//! What becomes of packets between sender and subscribers.
//!
//! The fate of a packet is a hash of the seed and of what the packet is. So it is the same under both methods,
//! and whatever else is sent; a higher loss loses what a lower one loses and more. Only bursts and
//! partitions depend on the time.

mod bursts;

use std::time::Duration;

use simulation::{Chance, Distribution};

use self::bursts::Bursts;
use crate::{
    config::Config,
    fact::Cause,
    packet::{Direction, Packet},
};

/// The way between one sender and all its subscribers. The time that is handed in never goes back.
#[derive(Clone, Debug)]
pub struct Link {
    seed: u64,
    is_cut: bool,
    bursts: Bursts,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fate {
    /// `None`: it arrives.
    pub lost: Option<Cause>,
    /// How long it travels, or would.
    pub travel: Duration,
}

impl Link {
    pub fn new(seed: u64) -> Self {
        Self { seed, is_cut: false, bursts: Bursts::new(seed) }
    }

    /// While the link is cut, everything that is sent is lost; what travels already arrives.
    pub fn set_cut(&mut self, is_cut: bool) {
        self.is_cut = is_cut;
    }

    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Of a packet that is sent now.
    pub fn fate(&mut self, config: &Config, packet: Packet, now: Duration) -> Fate {
        let mut chance = Chance::new(self.seed, stream(packet));
        let luck = chance.unit();
        let [min, max] = [config.latency_min_ms, config.latency_max_ms]
            .map(|ms| Duration::from_millis(ms.into()));
        let travel = Distribution::Uniform { min, max }.draw(&mut chance);
        Fate { lost: self.loss(config, packet.direction, luck, now), travel }
    }

    fn loss(
        &mut self,
        config: &Config,
        direction: Direction,
        luck: f64,
        now: Duration,
    ) -> Option<Cause> {
        if self.is_cut {
            return Some(Cause::Partition);
        }
        if let Some(burst) = config.burst {
            return self.bursts.is_bad(burst, now).then_some(Cause::Burst);
        }
        let loss = match direction {
            Direction::Message => config.loss,
            Direction::Ack => config.loss_of_acks(),
        };
        (luck < loss.share()).then_some(Cause::Chance)
    }
}

/// A stream of chance for each packet: 48 bits of the message, 10 of the subscriber, 5 of the attempt and
/// one of the direction. No configuration has a subscriber 1,023, whose streams are for other chances.
fn stream(packet: Packet) -> u64 {
    let direction = u64::from(packet.direction == Direction::Ack);
    packet.message.0 << 16
        | u64::from(packet.subscriber) << 6
        | u64::from(packet.attempt) << 1
        | direction
}
