//! Memory that grows with what clients have stored, held to a limit for all connections together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// Bytes that the long replies of one process may take together. A directory full of the longest
/// names makes a LIST of 5 MB, and whoever asks for many and reads them slowly has them all kept.
const LONG_REPLIES_LEN_MAX: usize = 64 << 20;

/// What is reserved at the moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budget(Arc<AtomicUsize>);

/// So many bytes; dropping it gives them back.
#[derive(Debug)]
pub(crate) struct Reserved {
    budget: Budget,
    len: usize,
}

impl Budget {
    /// `None` when too much is reserved already. One reservation is always granted, however large.
    pub(crate) fn reserve(&self, len: usize) -> Option<Reserved> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
