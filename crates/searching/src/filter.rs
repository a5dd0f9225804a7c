//! Which names can be found in which direction: attenuated Bloom filters, after Rhea and Kubiatowicz,
//! "Probabilistic location and routing" (2002).
//!
//! A node tells each neighbour what it shares itself, what its other neighbours share, and what theirs do.
//! A filter never denies a name that it was given, and promises some that it was not: how many,
//! [`theory::false_positives`](crate::theory::false_positives) says.

use protocol::FileName;

/// A set of names (Bloom 1970), of which only bits are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filter(Box<[u8]>);

/// Where the bits of a name are, in filters of any length.
#[derive(Clone, Copy, Debug)]
pub struct NameHash {
    first: u64,
    step: u64,
}

impl NameHash {
    /// FNV-1a, finished as MurmurHash3 does: two names that differ in their last letter alone would
    /// otherwise share half of their bits. It is the same everywhere, and nothing secret.
    pub fn of(name: &FileName) -> Self {
        let hash = name.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let first = mixed(hash);
        Self { first, step: mixed(first) | 1 }
    }

    /// Sums of two hashes do as well as so many hashes: Kirsch and Mitzenmacher, "Less hashing, same
    /// performance" (2006).
    fn bits(self, len: usize) -> impl Iterator<Item = (usize, u8)> {
        let bits = len as u64 * 8;
        (0..u64::from(Filter::HASHES)).map(move |nth| {
            let bit = self.first.wrapping_add(self.step.wrapping_mul(nth)) % bits;
            ((bit / 8) as usize, 1 << (bit % 8))
        })
    }
}

fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

impl Filter {
    /// Three of this length fit in a frame.
    pub const LEN_MAX: usize = 1024;

    /// How many bits a name sets. In 1 KiB, a thousand names make two promises in a hundred false; with
    /// two thousand and a quarter it is crowded.
    pub const HASHES: u32 = 5;

    /// An empty one of so many bytes, at least 1 and at most [`LEN_MAX`](Self::LEN_MAX).
    pub fn new(len: usize) -> Self {
        Self(vec![0; len.clamp(1, Self::LEN_MAX)].into())
    }

    /// `None` where it has no bytes, or too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        (1..=Self::LEN_MAX).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn insert(&mut self, name: NameHash) {
        for (byte, bit) in name.bits(self.0.len()) {
            self.0[byte] |= bit;
        }
    }

    /// `false` where it does not contain the name; `true` where it may.
    pub fn promises(&self, name: NameHash) -> bool {
        name.bits(self.0.len()).all(|(byte, bit)| self.0[byte] & bit != 0)
    }

    /// Adds all names of another filter of the same length; of another length it adds nothing.
    pub fn add(&mut self, other: &Self) {
        if self.0.len() == other.0.len() {
            self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
        }
    }

    /// Whether so many bits are set that a promise is worth nothing. Somebody who sets them all, to have all
    /// walks come to him, gets no more of them than chance gives him.
    fn is_crowded(&self) -> bool {
        let ones: u32 = self.0.iter().map(|byte| byte.count_ones()).sum();
        u64::from(ones) * 4 > self.0.len() as u64 * 8 * 3
    }
}

/// What can be found through one neighbour, in three distances.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attenuated {
    /// What the neighbour has, what is one hop behind it, and what is two. All have the same length.
    levels: [Filter; Self::LEVELS],
}

impl Attenuated {
    pub const LEVELS: usize = 3;

    /// `None` where their lengths differ.
    pub fn new(levels: [Filter; Self::LEVELS]) -> Option<Self> {
        let len = levels[0].0.len();
        levels.iter().all(|level| level.0.len() == len).then_some(Self { levels })
    }

    /// What a node tells a neighbour: what it has itself, then what the others have told it, each one hop
    /// farther away. What is as far away as can be said goes no farther, so news comes to rest.
    pub fn through<'a>(own: &Filter, others: impl Iterator<Item = &'a Self>) -> Self {
        let none = || Filter::new(own.0.len());
        let mut levels = [own.clone(), none(), none()];
        for other in others {
            let farther = levels[1..].iter_mut().zip(&other.levels);
            farther.for_each(|(level, nearer)| level.add(nearer));
        }
        Self { levels }
    }

    pub fn levels(&self) -> &[Filter; Self::LEVELS] {
        &self.levels
    }

    /// Of each level, in bytes.
    pub fn level_len(&self) -> usize {
        self.levels[0].0.len()
    }

    /// How many hops behind the neighbour the nearest holder is, if one is promised.
    pub fn nearest(&self, name: NameHash) -> Option<usize> {
        self.levels.iter().position(|level| level.promises(name) && !level.is_crowded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory;

    fn hash(name: &str) -> NameHash {
        NameHash::of(&name.parse().unwrap())
    }

    fn of(names: &[&str]) -> Filter {
        let mut filter = Filter::new(128);
        names.iter().for_each(|name| filter.insert(hash(name)));
        filter
    }

    #[test]
    fn no_name_is_denied_and_few_are_promised_falsely() {
        for (len, names) in [(128, 100), (1024, 1000)] {
            let mut filter = Filter::new(len);
            (0..names).for_each(|nth| filter.insert(hash(&format!("{nth}.txt"))));
            assert!((0..names).all(|nth| filter.promises(hash(&format!("{nth}.txt")))));
            let others = 100_000;
            let promised = (0..others).filter(|nth| filter.promises(hash(&format!("other-{nth}"))));
            let share = promised.count() as f64 / f64::from(others);
            let predicted = theory::false_positives(names, len as u64 * 8, Filter::HASHES);
            assert!((share / predicted - 1.0).abs() < 0.25, "{share} is not {predicted}");
        }
    }

    #[test]
    fn what_others_have_is_told_one_hop_farther_away_and_not_beyond_two() {
        let first = Attenuated::through(&of(&["a"]), [].into_iter());
        let second = Attenuated::through(&of(&["b"]), [&first].into_iter());
        let third = Attenuated::through(&of(&["c"]), [&second].into_iter());
        let fourth = Attenuated::through(&of(&[]), [&third].into_iter());
        let nearest =
            |filters: &Attenuated| ["a", "b", "c"].map(|name| filters.nearest(hash(name)));
        assert_eq!(nearest(&first), [Some(0), None, None]);
        assert_eq!(nearest(&third), [Some(2), Some(1), Some(0)]);
        assert_eq!(nearest(&fourth), [None, Some(2), Some(1)]);
    }

    #[test]
    fn a_filter_with_all_bits_set_promises_nothing() {
        let all = || Filter::from_bytes(&[0xff; 128]).unwrap();
        let filters = Attenuated::new([all(), all(), of(&["a"])]).unwrap();
        assert_eq!([filters.nearest(hash("a")), filters.nearest(hash("b"))], [Some(2), None]);
    }

    #[test]
    fn filters_of_another_length_are_not_mixed() {
        let (mut small, large) = (Filter::new(64), of(&["a"]));
        small.add(&large);
        assert_eq!(small, Filter::new(64));
        assert_eq!(Attenuated::new([small, large.clone(), large]), None);
        assert_eq!(Filter::from_bytes(&[]), None);
        assert_eq!(Filter::from_bytes(&[0; Filter::LEN_MAX + 1]), None);
    }
}
