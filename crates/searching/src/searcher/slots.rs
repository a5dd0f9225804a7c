//! Neighbours by the place that each has, so that a set of them is the bits of a number.

/// The place of a neighbour, less than [`Config::NEIGHBOURS_LIMIT`](crate::Config::NEIGHBOURS_LIMIT). When
/// the neighbour has gone another may get it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Slot(u8);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Slots(u64);

impl Slot {
    pub(super) fn index(self) -> usize {
        self.0.into()
    }
}

impl Slots {
    /// The first place that nobody has.
    pub(super) fn first_free(self) -> Option<Slot> {
        let first = self.0.trailing_ones() as u8;
        (u32::from(first) < u64::BITS).then_some(Slot(first))
    }

    pub(super) fn insert(&mut self, slot: Slot) {
        self.0 |= 1 << slot.0;
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        self.0 &= !(1 << slot.0);
    }

    pub(super) fn contains(self, slot: Slot) -> bool {
        self.0 & (1 << slot.0) != 0
    }

    pub(super) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(super) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Slot> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let first = (left != 0).then(|| Slot(left.trailing_zeros() as u8))?;
            left &= left - 1;
            Some(first)
        })
    }
}

impl FromIterator<Slot> for Slots {
    fn from_iter<I: IntoIterator<Item = Slot>>(slots: I) -> Self {
        let mut all = Self::default();
        slots.into_iter().for_each(|slot| all.insert(slot));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_out_up_to_the_last_and_again() {
        let mut all = Slots::default();
        while let Some(slot) = all.first_free() {
            all.insert(slot);
        }
        assert_eq!((all.len(), all.iter().count()), (64, 64));
        all.remove(Slot(63));
        all.remove(Slot(5));
        assert_eq!(all.first_free(), Some(Slot(5)));
        assert!(!all.contains(Slot(63)) && all.contains(Slot(62)));
        assert_eq!(Slots(u64::MAX).without(all).iter().collect::<Vec<_>>(), [Slot(5), Slot(63)]);
    }
}
