//! How content is cut up to be verified: a tree of hashes (BLAKE3, bao) over pieces of 16 KiB.

use std::ops::Range;

use bao_tree::{BaoTree, BlockSize, ChunkNum, ChunkRanges, blake3};

/// What iroh-blobs verifies at once.
const PIECE: BlockSize = BlockSize::from_chunk_log(4);

/// Bytes of a piece; a wrong byte is found before another piece is taken.
pub(crate) const PIECE_LEN: u64 = PIECE.bytes() as u64;

/// The largest content that is believed to exist. Offsets in its tree stay far from their end.
pub(crate) const SIZE_MAX: u64 = 1 << 50;

/// Content that was never altered: its hash says what it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Blob {
    pub(crate) hash: blake3::Hash,
    pub(crate) size: u64,
}

impl Blob {
    pub(crate) fn tree(&self) -> BaoTree {
        tree(self.size)
    }
}

pub(crate) fn tree(size: u64) -> BaoTree {
    BaoTree::new(size, PIECE)
}

/// The chunks, of 1 KiB each, that these bytes lie in.
pub(crate) fn chunks(bytes: &Range<u64>) -> ChunkRanges {
    ChunkRanges::from(ChunkNum::full_chunks(bytes.start)..ChunkNum::chunks(bytes.end))
}

/// The last chunk of any content. Whoever proves it has proved the size.
pub(crate) fn last_chunk() -> ChunkRanges {
    ChunkRanges::from(ChunkNum(u64::MAX)..)
}
