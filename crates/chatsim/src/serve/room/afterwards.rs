//! What has been decided, and is shown when it can be seen.
//!
//! The core loses a packet when it is sent, and so knows at once what the loss means. People see it fly,
//! and learn where it ends.

use std::{collections::BTreeMap, time::Duration};

use delivery::Record;

use crate::serve::messages::PacketShown;

/// What is too much for this is shown at once.
const LATER_MAX: usize = 60_000;

#[derive(Debug)]
pub(crate) enum Later {
    /// The way of a packet has ended.
    Lost(PacketShown),
    /// Nothing more could happen to a message, and now nothing more is seen of it.
    Settled { flow: u32, records: Vec<Record> },
}

#[derive(Debug, Default)]
pub(crate) struct Afterwards {
    /// By time, then in the order in which they were added.
    later: BTreeMap<(Duration, u64), Later>,
    added: u64,
}

impl Afterwards {
    pub(crate) fn add(&mut self, at: Duration, later: Later) {
        let at = if self.later.len() < LATER_MAX { at } else { Duration::ZERO };
        self.later.insert((at, self.added), later);
        self.added += 1;
    }

    /// What is to be shown by now, in order.
    pub(crate) fn until(&mut self, now: Duration) -> Vec<Later> {
        let rest = self.later.split_off(&(now + Duration::from_nanos(1), 0));
        std::mem::replace(&mut self.later, rest).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_shown_by_their_time_and_in_their_order() {
        let settled = |flow| Later::Settled { flow, records: Vec::new() };
        let flows = |shown: Vec<Later>| -> Vec<u32> {
            let flow = |later| match later {
                Later::Settled { flow, .. } => flow,
                Later::Lost(packet) => panic!("{packet:?} was never added"),
            };
            shown.into_iter().map(flow).collect()
        };
        let ms = Duration::from_millis;
        let mut afterwards = Afterwards::default();
        for (at, flow) in [(20, 3), (10, 1), (10, 2), (30, 4)] {
            afterwards.add(ms(at), settled(flow));
        }
        assert_eq!(flows(afterwards.until(ms(9))), [0_u32; 0]);
        assert_eq!(flows(afterwards.until(ms(20))), [1, 2, 3]);
        assert_eq!(flows(afterwards.until(ms(99))), [4]);
    }
}
