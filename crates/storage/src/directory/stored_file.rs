//! A file that is being read.

use std::io::{self, Read};

use cap_std::fs::File;

/// A file opened for reading, of the length it had then.
#[derive(Debug)]
pub struct StoredFile {
    file: File,
    len: u64,
    left: u64,
}

impl StoredFile {
    pub(super) fn new(file: File, len: u64) -> Self {
        Self { file, len, left: len }
    }

    /// The length when the file was opened, in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes not read yet.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The file itself, for whoever reads it in an order of their own.
    pub fn into_file(self) -> std::fs::File {
        self.file.into_std()
    }

    /// Fills `buffer` with the next bytes, or its front with the last ones, and says how many.
    ///
    /// A file that has shrunk meanwhile is an `UnexpectedEof` error; one that has grown is read to
    /// its old length.
    pub fn read_chunk(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk_len = self.left.min(buffer.len() as u64) as usize;
        self.file.read_exact(&mut buffer[..chunk_len])?;
        self.left -= chunk_len as u64;
        Ok(chunk_len)
    }
}
