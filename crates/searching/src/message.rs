//! What neighbours say to one another.

mod wanted;

use std::fmt;

// Of `core`, which has addresses and no sockets.
use core::net::SocketAddr;
use protocol::FileName;
use serde::{Deserialize, Serialize};

pub use self::wanted::{NamePart, Wanted};
use crate::filter::Attenuated;

/// What one neighbour says to another in one frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    Query(Query),
    Hit(Hit),
    /// What can be found through whoever sends this; it replaces what it has said before.
    Filters(Attenuated),
}

/// Tells one query from all others, by chance, and nothing of who asks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Guid(pub [u8; 16]);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How a query gets from neighbour to neighbour. The order is that of the wire.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Routing {
    /// To all neighbours but the one that it came from, once.
    Flood,
    /// To one neighbour, chosen by chance among those that it has not met.
    Walk,
    /// To one neighbour, the one whose filters promise the nearest holder; where none promises anything, as
    /// a walk.
    Bloom,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Query {
    pub guid: Guid,
    /// How many more times it may be sent, this one included.
    pub ttl: u16,
    /// How many times it was sent before.
    pub hops: u16,
    pub routing: Routing,
    pub wanted: Wanted,
}

/// A file that a query has found, on its way back to who asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Hit {
    pub guid: Guid,
    /// How many times the query was sent until it came to the holder.
    pub hops: u16,
    pub item: Item,
    pub holder: Holder,
}

/// A file that a node shares.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    pub name: FileName,
    /// BLAKE3 of the content.
    pub hash: [u8; 32],
    /// In bytes.
    pub size: u64,
}

/// Who has a file, and where it may be reached. That is what it says of itself: whoever fetches finds out.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Holder {
    /// Its public key.
    pub id: [u8; 32],
    /// The first [`ADDRESSES_MAX`](Self::ADDRESSES_MAX) are sent.
    pub addresses: Vec<SocketAddr>,
}

impl Holder {
    pub const ADDRESSES_MAX: usize = 4;
}
