//! What will happen, in the order in which it does.

use std::{collections::BTreeMap, time::Duration};

/// Events yet to come. Of two at the same moment the one that was scheduled first comes first, so a
/// simulation has one order and not one for each way in which a heap can be built.
///
/// As an iterator it gives each event at its moment, and time moves there. It ends when nothing is left,
/// and goes on when something is scheduled after all.
#[derive(Debug)]
pub struct Agenda<E> {
    now: Duration,
    scheduled: u64,
    events: BTreeMap<(Duration, u64), E>,
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self { now: Duration::ZERO, scheduled: 0, events: BTreeMap::new() }
    }
}

impl<E> Agenda<E> {
    /// The moment of the last event that came; at first, the beginning.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// A moment that has passed is taken for now: time does not go back.
    pub fn schedule(&mut self, at: Duration, event: E) {
        self.events.insert((at.max(self.now), self.scheduled), event);
        self.scheduled += 1;
    }

    /// A delay longer than time can be is one that never ends.
    pub fn schedule_in(&mut self, delay: Duration, event: E) {
        self.schedule(self.now.saturating_add(delay), event);
    }

    /// The moment of the event that comes next; whoever runs in real time waits for it.
    pub fn next_at(&self) -> Option<Duration> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many events are yet to come.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl<E> Iterator for Agenda<E> {
    type Item = (Duration, E);

    fn next(&mut self) -> Option<(Duration, E)> {
        let ((at, _), event) = self.events.pop_first()?;
        self.now = at;
        Some((at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn events_come_by_time_then_in_the_order_in_which_they_were_scheduled() {
        let mut agenda = Agenda::default();
        for (at, event) in [(3, 'd'), (1, 'a'), (3, 'e'), (1, 'b'), (2, 'c'), (3, 'f')] {
            agenda.schedule(ms(at), event);
        }
        let order: String = agenda.map(|(_, event)| event).collect();
        assert_eq!(order, "abcdef");
    }

    #[test]
    fn an_event_can_schedule_others_also_at_its_own_moment() {
        let mut agenda = Agenda::default();
        agenda.schedule(ms(5), 3);
        agenda.schedule(ms(5), 0);
        let mut seen = Vec::new();
        while let Some((now, left)) = agenda.next() {
            seen.push((now, left));
            if left > 0 {
                agenda.schedule_in(ms(left - 1), left - 1);
            }
        }
        let expected = [(5, 3), (5, 0), (7, 2), (8, 1), (8, 0)];
        assert_eq!(seen, expected.map(|(at, left)| (ms(at), left)));
    }

    #[test]
    fn time_neither_goes_back_nor_beyond_its_end() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.next_at(), None);
        agenda.schedule(ms(9), "late");
        assert_eq!(
            (agenda.now(), agenda.next_at(), agenda.len()),
            (Duration::ZERO, Some(ms(9)), 1)
        );
        assert_eq!(agenda.next(), Some((ms(9), "late")));
        agenda.schedule(ms(2), "in the past");
        agenda.schedule_in(Duration::MAX, "never");
        assert_eq!(agenda.next(), Some((ms(9), "in the past")));
        assert_eq!(agenda.next(), Some((Duration::MAX, "never")));
        assert_eq!((agenda.next(), agenda.now()), (None, Duration::MAX));
        assert!(agenda.is_empty());
    }
}
