//! One shared file, as it was when it was hashed.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::MetadataExt,
    sync::Arc,
};

use bao_tree::{
    ChunkRangesRef, blake3,
    io::{
        outboard::PreOrderMemOutboard,
        sync::{self, ReadAt, Size},
    },
};
use protocol::FileName;

use crate::blobs::tree::{self, Blob};

/// A file that was hashed: what it is called, what it holds, and the hashes that prove each piece.
///
/// The hashes take 4 MiB for each GiB of content.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) name: FileName,
    pub(crate) blob: Blob,
    stamp: Stamp,
    outboard: PreOrderMemOutboard,
}

/// By what a change is noticed. It is not proof: the receiver checks every piece.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    /// Seconds and nanoseconds since 1970.
    modified: (i64, i64),
    /// Another file of the same name, size and time is another file.
    inode: u64,
}

impl Stamp {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        Ok(Self { size: metadata.len(), modified, inode: metadata.ino() })
    }
}

/// Bytes of memory that the hashes of so large a file take.
pub(crate) fn memory_of(size: u64) -> u64 {
    tree::tree(size).outboard_size()
}

impl Held {
    /// Reads all of `file`. A file that changes meanwhile is an error.
    pub(crate) fn hash(name: FileName, file: &File) -> io::Result<Self> {
        let stamp = Stamp::of(file)?;
        let tree = tree::tree(stamp.size);
        let memory = usize::try_from(tree.outboard_size()).map_err(io::Error::other)?;
        let root = blake3::Hash::from_bytes([0; 32]);
        let mut outboard = PreOrderMemOutboard { root, tree, data: vec![0; memory] };
        outboard.root = sync::outboard(file, tree, &mut outboard)?;
        if Stamp::of(file)? != stamp {
            return Err(changed());
        }
        let blob = Blob { hash: outboard.root, size: stamp.size };
        Ok(Self { name, blob, stamp, outboard })
    }

    pub(crate) fn is_as_in(&self, stamp: Stamp) -> bool {
        self.stamp == stamp
    }

    pub(crate) fn memory(&self) -> u64 {
        self.outboard.data.len() as u64
    }
}

/// A file that is being sent, and that was as it was hashed when it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    file: File,
    pub(crate) held: Arc<Held>,
}

impl Opened {
    /// `None` where the file is another one by now.
    pub(crate) fn of(file: File, held: Arc<Held>) -> Option<Self> {
        let is_same = Stamp::of(&file).is_ok_and(|stamp| held.is_as_in(stamp));
        is_same.then_some(Self { file, held })
    }

    /// Writes these chunks, each after the hashes that prove it. Blocks on the disk and on `to`.
    ///
    /// Content is read as it is and not hashed again, which the receiver does in any case. It ends with
    /// an error when the file was changed: see [`has_changed`](Self::has_changed).
    pub(crate) fn write_to(&self, chunks: &ChunkRangesRef, to: impl Write) -> io::Result<()> {
        Ok(sync::encode_ranges(self, &self.held.outboard, chunks, to)?)
    }

    pub(crate) fn into_file(self) -> File {
        self.file
    }

    pub(crate) fn has_changed(&self) -> bool {
        !Stamp::of(&self.file).is_ok_and(|stamp| self.held.is_as_in(stamp))
    }
}

impl ReadAt for &Opened {
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(at, into)?;
        // After the reading: what was read before a change is what was hashed.
        if self.has_changed() { Err(changed()) } else { Ok(len) }
    }
}

impl Size for &Opened {
    fn size(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.held.blob.size))
    }
}

fn changed() -> io::Error {
    io::Error::other("the file was changed")
}
