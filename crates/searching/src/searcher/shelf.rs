//! What a node shares itself.

use std::collections::BTreeMap;

use protocol::FileName;

use crate::{
    filter::{Filter, NameHash},
    message::{Item, Wanted},
};

#[derive(Debug)]
pub(super) struct Shelf {
    items: BTreeMap<FileName, Item>,
    filter: Filter,
}

impl Shelf {
    /// Of two items with one name the last one counts.
    pub(super) fn new(items: Vec<Item>, filter_len: usize) -> Self {
        let mut filter = Filter::new(filter_len);
        items.iter().for_each(|item| filter.insert(NameHash::of(&item.name)));
        Self { items: items.into_iter().map(|item| (item.name.clone(), item)).collect(), filter }
    }

    /// At most so many, by name. A part of a name is looked for in every name.
    pub(super) fn matching(&self, wanted: &Wanted, max: usize) -> Vec<&Item> {
        match wanted {
            Wanted::Exact(name) => self.items.get(name).into_iter().take(max).collect(),
            Wanted::Containing(_) => {
                let matching = self.items.values().filter(|item| wanted.matches(&item.name));
                matching.take(max).collect()
            }
        }
    }

    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }
}
