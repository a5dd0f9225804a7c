//! Who waits while all backends are full: first come, first served, so many and so long.

use std::{collections::BTreeMap, time::Duration};

/// A place in one queue.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ticket(u64);

/// Those who wait, in the order in which they came.
///
/// Nobody overtakes as long as the queue is asked whenever a place may have come free: a request ended, a
/// backend came up, was enabled or readmitted, or may have more. Then none who waits could be served
/// when another comes, and whoever comes may be tried without a look at the queue.
#[derive(Debug)]
pub struct Queue<T> {
    /// Later tickets are greater.
    waiting: BTreeMap<Ticket, Waiting<T>>,
    next_ticket: u64,
    len_max: usize,
    wait_max: Duration,
}

#[derive(Debug)]
struct Waiting<T> {
    since: Duration,
    who: T,
}

impl<T> Queue<T> {
    /// Of at most `len_max` who wait, each at most for so long.
    pub fn new(len_max: usize, wait_max: Duration) -> Self {
        Self { waiting: BTreeMap::new(), next_ticket: 0, len_max, wait_max }
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits at the end, or comes back where the queue is full.
    pub fn push(&mut self, now: Duration, who: T) -> Result<Ticket, T> {
        if self.waiting.len() >= self.len_max {
            return Err(who);
        }
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.insert(ticket, Waiting { since: now, who });
        Ok(ticket)
    }

    /// Takes out who has waited longest of those for whom `is_fit` holds, also one whose time is just over:
    /// the place is there now. One who waits for a certain backend does not hold up those who wait for
    /// others.
    pub fn pop_where(&mut self, mut is_fit: impl FnMut(&T) -> bool) -> Option<T> {
        let (ticket, _) = self.waiting.iter().find(|(_, waiting)| is_fit(&waiting.who))?;
        self.cancel(*ticket)
    }

    /// Takes out all whose time is over, who came first first.
    pub fn expired(&mut self, now: Duration) -> Vec<T> {
        let mut expired = Vec::new();
        while self.next_expiry().is_some_and(|expiry| expiry <= now) {
            expired.extend(self.waiting.pop_first().map(|(_, waiting)| waiting.who));
        }
        expired
    }

    /// When the time of the next one is over.
    pub fn next_expiry(&self) -> Option<Duration> {
        let (_, first) = self.waiting.first_key_value()?;
        Some(first.since.saturating_add(self.wait_max))
    }

    /// Takes out the one with this ticket, if it still waits.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        self.waiting.remove(&ticket).map(|waiting| waiting.who)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pop<T>(queue: &mut Queue<T>) -> Option<T> {
        queue.pop_where(|_| true)
    }

    fn queue_of(names: &str) -> (Queue<char>, Vec<Ticket>) {
        let mut queue = Queue::new(100, s(10));
        let tickets = names.chars().map(|name| queue.push(s(0), name).unwrap()).collect();
        (queue, tickets)
    }

    #[test]
    fn who_came_first_is_served_first() {
        let (mut queue, _) = queue_of("abc");
        assert_eq!([(); 4].map(|()| pop(&mut queue)), [Some('a'), Some('b'), Some('c'), None]);
    }

    #[test]
    fn one_too_many_is_given_back() {
        let mut queue = Queue::new(2, s(10));
        assert!(queue.push(s(0), 'a').is_ok() && queue.push(s(0), 'b').is_ok());
        assert_eq!(queue.push(s(0), 'c'), Err('c'));
        pop(&mut queue);
        assert!(queue.push(s(0), 'd').is_ok());
        assert_eq!(Queue::new(0, s(10)).push(s(0), 'a'), Err('a'));
    }

    #[test]
    fn whoever_gives_up_holds_up_no_one() {
        let (mut queue, tickets) = queue_of("abcd");
        assert_eq!(queue.cancel(tickets[1]), Some('b'));
        assert_eq!(queue.cancel(tickets[1]), None);
        assert_eq!(pop(&mut queue), Some('a'));
        assert_eq!(queue.cancel(tickets[0]), None, "it was served");
        assert_eq!((pop(&mut queue), queue.len()), (Some('c'), 1));
    }

    #[test]
    fn those_for_whom_there_is_no_room_are_passed_and_keep_their_places() {
        let (mut queue, _) = queue_of("aXbXc");
        let small = |name: &char| name.is_lowercase();
        assert_eq!([(); 2].map(|()| queue.pop_where(small)), [Some('a'), Some('b')]);
        assert_eq!([(); 4].map(|()| pop(&mut queue)), [Some('X'), Some('X'), Some('c'), None]);
        assert_eq!(queue_of("XX").0.pop_where(small), None);
    }

    #[test]
    fn who_has_waited_ten_seconds_is_sent_away_at_once() {
        let mut queue = Queue::new(100, s(10));
        for (now, name) in [(1, 'a'), (1, 'b'), (2, 'c')] {
            queue.push(s(now), name).unwrap();
        }
        assert_eq!(queue.next_expiry(), Some(s(11)));
        assert!(queue.expired(s(11) - Duration::from_nanos(1)).is_empty());
        assert_eq!(queue.expired(s(11)), ['a', 'b']);
        assert_eq!(queue.next_expiry(), Some(s(12)));
        assert_eq!(queue.expired(s(99)), ['c']);
        assert_eq!(queue.next_expiry(), None);
    }

    proptest! {
        /// Held against a list: who came when, in order.
        #[test]
        fn order_length_and_wait_hold_whatever_happens(steps in vec((0_u8..6, 0_u64..20), 0..200)) {
            let (len_max, wait_max) = (8, s(10));
            let mut queue = Queue::new(len_max, wait_max);
            let mut list: Vec<(Ticket, Duration, u64)> = Vec::new();
            let mut tickets = Vec::new();
            let mut now = s(0);
            for (name, (what, which)) in (0..).zip(steps) {
                match what {
                    0..3 => match queue.push(now, name) {
                        Ok(ticket) => {
                            prop_assert!(list.len() < len_max && !tickets.contains(&ticket));
                            list.push((ticket, now, name));
                            tickets.push(ticket);
                        }
                        Err(back) => prop_assert!(list.len() == len_max && back == name),
                    },
                    3 => {
                        let is_fit = |name: &u64| name % 3 != which % 3;
                        let place = list.iter().position(|(_, _, name)| is_fit(name));
                        let popped = place.map(|place| list.remove(place).2);
                        prop_assert_eq!(queue.pop_where(is_fit), popped);
                    }
                    4 => {
                        let Some(&ticket) = tickets.get(which as usize) else { continue };
                        let place = list.iter().position(|(other, ..)| *other == ticket);
                        let left = place.map(|place| list.remove(place).2);
                        prop_assert_eq!(queue.cancel(ticket), left);
                    }
                    _ => {
                        now += Duration::from_millis(300 * which);
                        let is_over = |(_, since, _): &(Ticket, Duration, u64)| *since + wait_max <= now;
                        let over: Vec<_> = list.extract_if(.., |entry| is_over(entry)).collect();
                        let names: Vec<_> = over.into_iter().map(|(_, _, name)| name).collect();
                        prop_assert_eq!(queue.expired(now), names);
                    }
                }
                prop_assert_eq!(queue.len(), list.len());
                prop_assert_eq!(queue.next_expiry(), list.first().map(|(_, since, _)| *since + wait_max));
            }
            let rest: Vec<_> = std::iter::from_fn(|| pop(&mut queue)).collect();
            prop_assert_eq!(rest, list.into_iter().map(|(_, _, name)| name).collect::<Vec<_>>());
        }
    }
}
