//! Messages that arrive before those that were sent before them.

use std::time::Duration;

use super::{Delivery, message::Message};
use crate::{config::Ordering, fact::Fact, outbox::Outbox, packet::MessageId};

impl Delivery {
    /// Delivers to a subscriber what was held back, up to the first message that may still come.
    pub(super) fn advance(&mut self, subscriber: u32, now: Duration, out: &mut impl Outbox) {
        let place = subscriber as usize;
        while self.next_in_order[place].0 < self.sent() {
            let id = self.next_in_order[place];
            if self.is_expected(id, subscriber) {
                return;
            }
            self.next_in_order[place] = MessageId(id.0 + 1);
            self.deliver_held(id, subscriber, now, out);
        }
    }

    /// What waited for an order that has been given up is delivered; in a new order come those after all that
    /// a subscriber has.
    pub(super) fn reorder(&mut self, now: Duration, out: &mut impl Outbox) {
        let oldest = self.messages.keys().next().copied().unwrap_or(MessageId(self.sent()));
        self.next_in_order.fill(oldest);
        if self.config.ordering == Ordering::InOrder {
            let subscribers = 0..self.next_in_order.len() as u32;
            subscribers.for_each(|subscriber| self.advance(subscriber, now, out));
            return;
        }
        let held_of = |(id, message): (&MessageId, &Message)| {
            let targets = (0..).zip(&message.targets);
            let held = targets.filter(|(_, target)| target.held.is_some());
            held.map(|(subscriber, _)| (*id, subscriber)).collect::<Vec<_>>()
        };
        for (id, subscriber) in self.messages.iter().flat_map(held_of).collect::<Vec<_>>() {
            self.deliver_held(id, subscriber, now, out);
        }
    }

    /// Whether a copy may still come to a subscriber who has none.
    fn is_expected(&self, id: MessageId, subscriber: u32) -> bool {
        let message = self.messages.get(&id);
        let target = message.and_then(|message| message.targets.get(subscriber as usize));
        target.is_some_and(|target| !target.is_reached() && target.may_get_copies())
    }

    fn deliver_held(
        &mut self,
        id: MessageId,
        subscriber: u32,
        now: Duration,
        out: &mut impl Outbox,
    ) {
        let message = self.messages.get_mut(&id);
        let target = message.and_then(|message| message.targets.get_mut(subscriber as usize));
        let Some(target) = target else { return };
        if let Some(packet) = target.held.take() {
            target.delivered = Some(now);
            out.tell(Fact::Delivered { packet });
            self.conclude(id, subscriber, now, out);
        }
    }
}
