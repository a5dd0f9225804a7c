//! Who plays which node. Several pages may play one, so that a page that comes back need not wait until it
//! is noticed that it was gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::serve::{
    limits::{NAME_LEN_MAX, NODES_MAX, NODES_OF_PAGE_MAX},
    messages::ErrorCode,
};

#[derive(Debug, Default)]
pub(crate) struct Nodes {
    pages: BTreeMap<String, BTreeSet<u64>>,
}

impl Nodes {
    pub(crate) fn names(&self) -> Vec<String> {
        self.pages.keys().cloned().collect()
    }

    pub(crate) fn is_here(&self, node: &str) -> bool {
        self.pages.contains_key(node)
    }

    pub(crate) fn is_played_by(&self, node: &str, page: u64) -> bool {
        self.pages.get(node).is_some_and(|pages| pages.contains(&page))
    }

    /// Everybody else, in order.
    pub(crate) fn others(&self, node: &str) -> impl Iterator<Item = &String> {
        self.pages.keys().filter(move |name| *name != node)
    }

    /// Whether the node was not there before.
    pub(crate) fn join(&mut self, node: &str, page: u64) -> Result<bool, ErrorCode> {
        if !is_name(node) {
            return Err(ErrorCode::BadName);
        }
        let is_new = !self.is_here(node);
        let played = self.pages.keys().filter(|name| self.is_played_by(name, page)).count();
        let is_one_more = !self.is_played_by(node, page);
        if is_new && self.pages.len() >= NODES_MAX || is_one_more && played >= NODES_OF_PAGE_MAX {
            return Err(ErrorCode::TooManyNodes);
        }
        self.pages.entry(node.to_owned()).or_default().insert(page);
        Ok(is_new)
    }

    /// Whether the node is gone now.
    pub(crate) fn leave(&mut self, node: &str, page: u64) -> bool {
        let Some(pages) = self.pages.get_mut(node) else { return false };
        let is_gone = pages.remove(&page) && pages.is_empty();
        if is_gone {
            self.pages.remove(node);
        }
        is_gone
    }

    /// The nodes that are gone now.
    pub(crate) fn leave_all(&mut self, page: u64) -> Vec<String> {
        let mut names = self.names();
        names.retain(|name| self.leave(name, page));
        names
    }
}

/// Letters and digits, and hyphens and low lines within.
fn is_name(name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || "-_".contains(character);
    name.chars().next().is_some_and(char::is_alphanumeric)
        && name.chars().all(is_word)
        && name.chars().count() <= NAME_LEN_MAX
}

/// The seed of a node's fates. That of A is the seed itself, so what A sends meets the fates of a simulation
/// with this seed; others have fates of their own, whoever else is there.
pub(crate) fn seed_of(node: &str, seed: u64) -> u64 {
    /// Of the hash by Fowler, Noll and Vo, FNV-1a with 64 bits.
    const BASIS: u64 = 0xCBF2_9CE4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01B3;
    if node == "A" {
        return seed;
    }
    let name = node.bytes().fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    simulation::Chance::new(seed, name).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_there_as_long_as_a_page_plays_it() {
        let mut nodes = Nodes::default();
        assert_eq!(nodes.join("A", 1), Ok(true));
        assert_eq!(nodes.join("A", 2), Ok(false));
        assert_eq!(nodes.join("B", 1), Ok(true));
        assert!(nodes.others("A").eq(["B"]));
        assert!(!nodes.leave("A", 1) && nodes.is_here("A") && !nodes.is_played_by("A", 1));
        assert!(!nodes.leave("A", 7));
        assert_eq!(nodes.leave_all(1), ["B"]);
        assert_eq!(nodes.leave_all(2), ["A"]);
        assert!(nodes.names().is_empty());
    }

    #[test]
    fn no_page_takes_all_the_places() {
        let mut nodes = Nodes::default();
        let joined = (0..10).filter(|node| nodes.join(&format!("n{node}"), 1).is_ok()).count();
        assert_eq!(joined, NODES_OF_PAGE_MAX);
        assert_eq!(nodes.join("n0", 1), Ok(false));
        for page in 2..100 {
            let _ = nodes.join(&format!("p{page}"), page);
        }
        assert_eq!(nodes.names().len(), NODES_MAX);
        assert_eq!(nodes.join("one-more", 100), Err(ErrorCode::TooManyNodes));
        assert_eq!(nodes.join("n0", 100), Ok(false));
    }

    #[test]
    fn a_name_is_a_word() {
        let mut nodes = Nodes::default();
        for name in ["", "-A", "=1+1", "A B", "<b>", "A\n", "abcdefghijklmnopq", "\u{202e}A"] {
            assert_eq!(nodes.join(name, 1), Err(ErrorCode::BadName), "{name:?}");
        }
        for name in ["A", "Node_1", "é-2"] {
            assert_eq!(nodes.join(name, 1), Ok(true), "{name:?}");
        }
    }

    #[test]
    fn each_node_has_fates_of_its_own() {
        assert_eq!(seed_of("A", 7), 7);
        assert_ne!(seed_of("B", 7), seed_of("C", 7));
        assert_ne!(seed_of("B", 7), seed_of("B", 8));
        assert_eq!(seed_of("B", 7), seed_of("B", 7));
    }
}
