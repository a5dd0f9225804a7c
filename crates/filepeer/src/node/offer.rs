//! What a node has for others.

use std::io::{self, Read};

use protocol::FileName;
use searching::Item;

/// The files that a node shares.
pub(crate) trait Offer: Send + Sync + 'static {
    /// What searches may find now.
    fn items(&self) -> Vec<Item>;

    /// Whether searches for this name find something here.
    fn has(&self, name: &FileName) -> bool;

    /// A file and its length, for the seed's `GET`; `None` where there is none of that name. May wait for a
    /// disk: it is called on a thread that may.
    fn open(&self, name: &FileName) -> io::Result<Option<(Box<dyn Read + Send>, u64)>>;
}

/// The offer of a node that only asks.
pub(crate) struct Nothing;

impl Offer for Nothing {
    fn items(&self) -> Vec<Item> {
        Vec::new()
    }

    fn has(&self, _name: &FileName) -> bool {
        false
    }

    fn open(&self, _name: &FileName) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
        Ok(None)
    }
}
