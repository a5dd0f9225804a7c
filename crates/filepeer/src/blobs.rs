//! Content on the wire: pieces of files, asked for by hash and checked as they come.
//!
//! What is said is the get protocol of iroh-blobs (one content, ranges of it), so that its programs
//! can fetch from here. Its store is not used: shared files stay where they are, what is verified of a
//! file under way lies in the folder that it is for, and a change of either is seen by whoever reads
//! it next. There is no database that could say something else.

#[cfg(test)]
pub(crate) mod known;
pub(crate) mod remote;
pub(crate) mod source;
pub(crate) mod tree;
pub(crate) mod upload_limit;
pub(crate) mod uploads;
mod wire;

pub(crate) use self::wire::ALPN;
