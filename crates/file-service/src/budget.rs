//! Memory that grows with what clients have stored, held to a limit for all connections together.

use std::sync::{
    Arc, Condvar, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// Bytes that the long replies of one process may take together. A directory full of the longest
/// names makes a LIST of 5 MB, and whoever asks for many and reads them slowly has them all kept.
const LONG_REPLIES_LEN_MAX: usize = 64 << 20;

/// What is reserved at the moment.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<AtomicUsize>);

/// So many bytes; dropping it gives them back.
#[derive(Debug)]
pub struct Reserved {
    budget: Budget,
    len: usize,
}

impl Budget {
    /// `None` when too much is reserved already. One reservation is always granted, however large.
    pub fn reserve(&self, len: usize) -> Option<Reserved> {
        let fits = |used: usize| {
            let sum = used.checked_add(len)?;
            (used == 0 || sum <= LONG_REPLIES_LEN_MAX).then_some(sum)
        };
        self.0.fetch_update(SeqCst, SeqCst, fits).ok()?;
        Some(Reserved { budget: self.clone(), len })
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.len, SeqCst);
    }
}

/// Turns at making a list. How long one gets is known only when it is made, and by then it takes several
/// times as much memory; so as many threads make one at a time as there are processors for.
#[derive(Debug)]
pub struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

/// Whoever has it may make a list; dropping it lets the next one.
#[derive(Debug)]
pub struct Turn<'a>(&'a Turns);

impl Turns {
    /// So many at a time.
    pub fn new(free: usize) -> Self {
        Self { free: Mutex::new(free), freed: Condvar::new() }
    }

    /// Waits for a turn: as long as the lists of those before take.
    pub fn take(&self) -> Turn<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free =
            self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn so_many_have_a_turn_at_once_and_no_more() {
        let (turns, now, most) = (Turns::new(2), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let _turn = turns.take();
                        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                        thread::yield_now();
                        now.fetch_sub(1, SeqCst);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
    }

    #[test]
    fn reservations_share_the_budget_and_one_is_always_granted() {
        let budget = Budget::default();
        let large = budget.reserve(LONG_REPLIES_LEN_MAX + 1).unwrap();
        assert!(budget.reserve(1).is_none());
        drop(large);
        let first = budget.reserve(LONG_REPLIES_LEN_MAX - 1).unwrap();
        let _second = budget.reserve(1).unwrap();
        assert!(budget.reserve(1).is_none());
        drop(first);
        assert!(budget.reserve(1).is_some());
    }
}
