//! For tests: a content that is known, and what a holder sends of it.

use std::ops::Range;

use bao_tree::{
    BaoTree, ChunkRangesRef,
    io::{
        outboard::PreOrderMemOutboard,
        sync::{self, DecodeResponseIter},
    },
};

use super::{
    source::Piece,
    tree::{self, Blob},
};

/// A content, and all that proves it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) content: Vec<u8>,
    outboard: PreOrderMemOutboard,
}

impl Known {
    pub(crate) fn of_len(len: usize) -> Self {
        let content = testkit::content(3, len);
        let piece = tree::tree(0).block_size();
        let outboard = PreOrderMemOutboard::create(&content, piece);
        Self { content, outboard }
    }

    pub(crate) fn blob(&self) -> Blob {
        Blob { hash: self.outboard.root, size: self.content.len() as u64 }
    }

    /// What a holder sends for these bytes.
    pub(crate) fn pieces(&self, bytes: Range<u64>) -> Vec<Piece> {
        let chunks = tree::chunks(&bytes);
        let chunks: &ChunkRangesRef = &chunks;
        let mut encoded = Vec::new();
        sync::encode_ranges(&self.content[..], &self.outboard, chunks, &mut encoded)
            .expect("memory takes everything");
        let tree: BaoTree = self.blob().tree();
        let decoded = DecodeResponseIter::new(self.outboard.root, tree, &encoded[..], chunks);
        decoded.map(|piece| piece.expect("it was not altered")).collect()
    }
}
