//! What searches have found, content by content.

use std::collections::BTreeMap;

use protocol::FileName;

use crate::message::{Hit, Holder};

/// One content, under whatever names, and all who have it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    pub hash: [u8; 32],
    pub size: u64,
    /// In the order in which they were found.
    pub names: Vec<FileName>,
    /// Each with its distance in hops, the nearest first.
    pub holders: Vec<(Holder, u16)>,
}

/// Contents in the order in which they were first found. A holder that answers under several names is one
/// holder, at its shortest distance. Who tells another size for the same hash lies, and is not mixed with
/// the others.
pub fn grouped(hits: impl IntoIterator<Item = Hit>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut places = BTreeMap::new();
    for Hit { hops, item, holder, .. } in hits {
        let place = *places.entry((item.hash, item.size)).or_insert_with(|| {
            let (hash, size) = (item.hash, item.size);
            all.push(Found { hash, size, names: Vec::new(), holders: Vec::new() });
            all.len() - 1
        });
        all[place].add(item.name, holder, hops);
    }
    all.iter_mut().for_each(|found| found.holders.sort_by_key(|(_, hops)| *hops));
    all
}

impl Found {
    fn add(&mut self, name: FileName, holder: Holder, hops: u16) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        match self.holders.iter_mut().find(|(known, _)| known.id == holder.id) {
            Some((_, nearest)) => *nearest = hops.min(*nearest),
            None => self.holders.push((holder, hops)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Guid, Item};

    fn hit(name: &str, content: u8, size: u64, holder: u8, hops: u16) -> Hit {
        let item = Item { name: name.parse().unwrap(), hash: [content; 32], size };
        let holder = Holder { id: [holder; 32], addresses: Vec::new() };
        Hit { guid: Guid([0; 16]), hops, item, holder }
    }

    #[test]
    fn one_content_under_two_names_is_one_result_with_two_holders() {
        let found = grouped([hit("a", 1, 9, 7, 3), hit("b", 1, 9, 8, 2), hit("c", 2, 5, 7, 1)]);
        assert_eq!(found.len(), 2);
        let names: Vec<_> = found[0].names.iter().map(FileName::as_str).collect();
        assert_eq!(names, ["a", "b"]);
        let holders: Vec<_> = found[0].holders.iter().map(|(who, at)| (who.id[0], *at)).collect();
        assert_eq!(holders, [(8, 2), (7, 3)]);
    }

    #[test]
    fn a_holder_counts_once_at_its_shortest_distance() {
        let found = grouped([hit("a", 1, 9, 7, 3), hit("b", 1, 9, 7, 2), hit("a", 1, 9, 7, 5)]);
        assert_eq!(found[0].holders.len(), 1);
        assert_eq!(found[0].holders[0].1, 2);
    }

    #[test]
    fn who_tells_another_size_is_apart() {
        assert_eq!(grouped([hit("a", 1, 9, 7, 1), hit("a", 1, 8, 8, 1)]).len(), 2);
    }
}
