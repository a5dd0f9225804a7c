//! The bytes of a file on their way from the client, as they are.
//!
//! They are read and written, not spliced: the digest that is told needs them in memory anyway.

use std::io;

use protocol::Reply;
use storage::{ContentHasher, StorageError, Writer};

/// What is here from earlier is hashed so much at a time.
const PIECE_LEN: usize = 256 * 1024;

/// A file on its way from the client, of which some may be here from an earlier connection.
#[derive(Debug)]
pub(super) struct Storing {
    upload: Writer,
    /// Of the whole file.
    length: u64,
    digest: ContentHasher,
    hashed: u64,
    /// For what is hashed again.
    piece: Vec<u8>,
}

impl Storing {
    pub(super) fn new(upload: Writer, length: u64) -> Self {
        let digest = ContentHasher::default();
        let piece_len = upload.len().min(PIECE_LEN as u64) as usize;
        Self { upload, length, digest, hashed: 0, piece: vec![0; piece_len] }
    }

    /// What is here.
    pub(super) fn offset(&self) -> u64 {
        self.upload.len()
    }

    /// What is still to come.
    pub(super) fn left(&self) -> u64 {
        self.length - self.upload.len()
    }

    /// Hashes the next piece of what is here from earlier; says whether all of it is hashed.
    pub(super) fn rehash(&mut self) -> Result<bool, StorageError> {
        if self.hashed < self.upload.len() {
            let left = self.upload.len() - self.hashed;
            let piece_len = self.piece.len().min(left as usize);
            let len = self.upload.read_at(&mut self.piece[..piece_len], self.hashed)?;
            if len == 0 {
                return Err(StorageError::Disk(io::ErrorKind::UnexpectedEof.into()));
            }
            self.digest.update(&self.piece[..len]);
            self.hashed += len as u64;
        }
        let is_done = self.hashed == self.upload.len();
        if is_done {
            self.piece = Vec::new();
        }
        Ok(is_done)
    }

    pub(super) fn take(&mut self, content: &[u8]) -> Result<(), StorageError> {
        self.upload.write(content)?;
        self.digest.update(content);
        Ok(())
    }

    /// Gives the file its name, now that all of it came.
    pub(super) fn commit(self) -> Result<Reply, StorageError> {
        debug_assert_eq!(self.left(), 0, "the framer counts what comes");
        let name = self.upload.name().clone();
        let digest = self.digest.finish();
        let size = self.upload.commit()?;
        Ok(Reply::Stored { name, size, digest })
    }
}
