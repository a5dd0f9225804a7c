//! A file that is being read.

use std::{
    io::{self, Read, Seek, SeekFrom},
    os::fd::{AsFd, BorrowedFd},
};

use cap_std::fs::{File, Metadata, MetadataExt};
use protocol::request::Version;

/// A file opened for reading, of the length it had then.
#[derive(Debug)]
pub struct StoredFile {
    file: File,
    len: u64,
    left: u64,
    position: u64,
    inode: u64,
    /// Nanoseconds; what was done to the file last, its name included.
    changed_at: i128,
}

impl StoredFile {
    pub(super) fn new(file: File, metadata: &Metadata) -> Self {
        let len = metadata.len();
        let changed_at = i128::from(metadata.ctime()) * 1_000_000_000;
        Self {
            file,
            len,
            left: len,
            position: 0,
            inode: metadata.ino(),
            changed_at: changed_at + i128::from(metadata.ctime_nsec()),
        }
    }

    /// The length when the file was opened, in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What tells this content of the file from others that its name stands for, before and after. Of
    /// writing into the file itself the clock of the file system notices what is some milliseconds apart.
    pub fn version(&self) -> Version {
        let Self { len, inode, changed_at, .. } = self;
        let version = format!("{len:x}-{inode:x}-{changed_at:x}");
        version.parse().expect("digits and hyphens, at most 66 bits of time")
    }

    /// From now on what is left are `len` bytes from `offset` on, or those up to the end.
    pub fn select(&mut self, offset: u64, len: u64) -> io::Result<()> {
        self.position = self.file.seek(SeekFrom::Start(offset))?;
        self.left = len.min(self.len.saturating_sub(offset));
        Ok(())
    }

    /// Bytes not read yet.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Where the next of them is in the file.
    pub fn position(&self) -> u64 {
        self.position
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
        self.took(chunk_len);
        Ok(chunk_len)
    }

    /// The next `len` bytes were taken past this process, by the descriptor. Whoever wants to read after
    /// that selects what is left.
    pub fn took(&mut self, len: usize) {
        self.left -= len as u64;
        self.position += len as u64;
    }
}

impl AsFd for StoredFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
