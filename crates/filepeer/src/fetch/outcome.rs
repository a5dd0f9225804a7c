//! What is wanted, how far it is, and how it ended.

use std::{fmt, path::PathBuf, time::Duration};

use bao_tree::blake3;
use iroh::EndpointAddr;

use super::partial::TargetError;
use crate::{
    blobs::{source::SourceError, tree::SIZE_MAX},
    node::Place,
};

/// A content, and who is said to hold it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) hash: blake3::Hash,
    /// What the person was told. A content has one size, so another is another content.
    pub(crate) size: u64,
    /// Asked in this order, where they are too many.
    pub(crate) holders: Vec<EndpointAddr>,
}

/// What happens while a file is fetched.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// So many bytes were found on the disk and proved; the rest is fetched.
    Begun { resumed: u64 },
    /// So many bytes are verified by now, those included that were found.
    Verified { bytes: u64 },
    /// Lost what it was asked for, because another has it sooner; it may be asked again.
    Slow { holder: Place },
    /// The transfer goes on without it, and tries it again. Not told of one that was never reached.
    Lost { holder: Place, why: SourceError },
    /// The transfer does without it from now on. When no other is left it ends instead.
    Dropped { holder: Place, why: SourceError },
}

/// A file that has come whole and has its name.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// Bytes that were found on the disk.
    pub(crate) resumed: u64,
    pub(crate) took: Duration,
    /// What was verified of each holder that sent anything.
    pub(crate) holders: Vec<(Place, u64)>,
    pub(crate) dropped: Vec<(Place, SourceError)>,
}

/// Why a file was not fetched. What was verified stays on the disk, and the next try goes on with it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("nobody can send it{}", Dropped(.0))]
    NoHolder(Vec<(Place, SourceError)>),
    #[error("it is said to have {0} bytes; more than {SIZE_MAX} are not believed")]
    TooLarge(u64),
}

struct Dropped<'a>(&'a [(Place, SourceError)]);

impl fmt::Display for Dropped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(holder, why)| write!(f, "; {holder}: {why}"))
    }
}

/// Where a person would look for the holder.
pub(crate) fn place(holder: &EndpointAddr) -> Place {
    Place { address: holder.ip_addrs().next().copied(), id: Some(holder.id) }
}
