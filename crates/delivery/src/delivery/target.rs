//! A message at one subscriber, as long as anything can still happen to it there.

use std::time::Duration;

use crate::packet::{Direction, Packet};

#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    pub(super) attempts: u32,
    pub(super) copies: u32,
    pub(super) acks: u32,
    pub(super) acks_arrived: u32,
    /// Neither acknowledged nor given up. Never so under Direct.
    pub(super) awaits_ack: bool,
    /// The packet that brought a message which its predecessors hold back.
    pub(super) held: Option<Packet>,
    pub(super) delivered: Option<Duration>,
    pub(super) acknowledged: Option<Duration>,
    pub(super) given_up: Option<Duration>,
    /// Attempts whose packet travels, one bit each. There are at most 21 attempts.
    messages_in_flight: u32,
    acks_in_flight: u32,
    is_closed: bool,
}

impl Target {
    pub(super) fn new(awaits_ack: bool) -> Self {
        Self { awaits_ack, ..Self::default() }
    }

    pub(super) fn take_off(&mut self, packet: Packet) {
        *self.in_flight(packet.direction) |= bit(packet);
    }

    /// Whether the packet did travel. It does not from now on.
    pub(super) fn land(&mut self, packet: Packet) -> bool {
        let in_flight = self.in_flight(packet.direction);
        let did_travel = *in_flight & bit(packet) != 0;
        *in_flight &= !bit(packet);
        did_travel
    }

    /// How many packets travel.
    pub(super) fn travelling(&self, direction: Direction) -> u64 {
        let in_flight = match direction {
            Direction::Message => self.messages_in_flight,
            Direction::Ack => self.acks_in_flight,
        };
        in_flight.count_ones().into()
    }

    /// Whether any packet travels, in either direction.
    pub(super) fn has_traffic(&self) -> bool {
        self.messages_in_flight | self.acks_in_flight != 0
    }

    /// Whether a copy has arrived.
    pub(super) fn is_reached(&self) -> bool {
        self.copies > 0
    }

    /// Whether a copy travels or may be sent.
    pub(super) fn may_get_copies(&self) -> bool {
        self.awaits_ack || self.messages_in_flight != 0
    }

    /// Whether it is now, for the first time, that nothing can happen any more.
    pub(super) fn close(&mut self) -> bool {
        let is_over = !self.awaits_ack && !self.has_traffic() && self.held.is_none();
        let closes = is_over && !self.is_closed;
        self.is_closed |= closes;
        closes
    }

    fn in_flight(&mut self, direction: Direction) -> &mut u32 {
        match direction {
            Direction::Message => &mut self.messages_in_flight,
            Direction::Ack => &mut self.acks_in_flight,
        }
    }
}

/// No bit for an attempt that cannot be, such as one that somebody made up.
fn bit(packet: Packet) -> u32 {
    1_u32.checked_shl(packet.attempt).unwrap_or(0)
}
