//! What a transfer needs of the network: somebody who holds the content, and pieces of it.

use std::{ops::Range, time::Duration};

use bao_tree::{blake3, io::BaoContentItem};
use iroh::EndpointAddr;
use n0_future::Stream;

use super::tree::Blob;

/// Verified against the hash of the content: a pair of hashes, or up to 16 KiB of content.
pub(crate) type Piece = BaoContentItem;

/// Where the content of a hash comes from. A transfer knows nothing else of the network.
pub(crate) trait Blobs: Clone + Send + Sync + 'static {
    /// A holder that was reached. It has the content, or had it then.
    type Source: Clone + Send + Sync + 'static;

    /// Reaches a holder, within a deadline, and has it prove how large the content is.
    fn reach(
        &self,
        holder: &EndpointAddr,
        hash: blake3::Hash,
    ) -> impl Future<Output = Result<(Self::Source, u64), SourceError>> + Send;

    /// The pieces of a span, in order, until the first error. It waits for ever for a holder that
    /// sends nothing; dropping it tells the holder to stop.
    fn read(
        source: Self::Source,
        blob: Blob,
        span: Range<u64>,
    ) -> impl Stream<Item = Result<Piece, SourceError>> + Send;
}

/// Why a holder gave nothing, or no more.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    #[error("the connection was lost: {0}")]
    Lost(String),
    #[error("it sent nothing for {} s", .0.as_secs())]
    Silent(Duration),
    #[error("it serves as many as it can already")]
    Busy,
    #[error("it stopped sending")]
    Stopped,
    #[error("it does not have this content")]
    NotHeld,
    #[error("what it sent from byte {at} on is not this content")]
    WrongBytes { at: u64 },
    #[error("it says that the content has {0} bytes, which is not what was announced")]
    OtherSize(u64),
}

impl SourceError {
    /// Whether the holder may do better a little later.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) | Self::Silent(_) | Self::Busy | Self::Stopped => {
                true
            }
            Self::NotHeld | Self::WrongBytes { .. } | Self::OtherSize(_) => false,
        }
    }
}
