//! What must add up, at every moment.

use serde::Serialize;

/// Counts of one delivery since its beginning. In debug builds they are held against each other after
/// every event.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Accounting {
    /// Messages that were handed to the sender.
    pub created: u64,
    /// Those among them that wait for the window.
    pub waiting: u64,
    /// Those that were sent and to which something can still happen.
    pub unsettled: u64,
    pub settled: u64,
    /// Packets with a message, and those with an ACK.
    pub messages: Traffic,
    pub acks: Traffic,
}

/// Packets of one direction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Traffic {
    pub sent: u64,
    /// Duplicates included.
    pub arrived: u64,
    pub lost: u64,
    pub in_flight: u64,
}

impl Accounting {
    pub fn is_balanced(&self) -> bool {
        self.created == self.waiting + self.unsettled + self.settled
            && self.messages.is_balanced()
            && self.acks.is_balanced()
    }
}

impl Traffic {
    pub fn is_balanced(&self) -> bool {
        self.sent == self.arrived + self.lost + self.in_flight
    }
}
