//! The bytes of a file on their way to the client, as they are.

use std::{io, mem};

use protocol::{Reply, request::Fetch};
use serving::FileRange;
use storage::Reader;

use super::{buffers::Output, refusal::Refusal};

/// Sent at a time. The kernel waits for room as long as it is told to for each 64 KiB, so with more of them
/// a slow peer would keep its worker for longer.
const PIECE_LEN: usize = 256 * 1024;

/// What is no longer goes with the head, in one write.
const SHORT_LEN: u64 = 64 * 1024;

/// A part of a file on its way to the client.
#[derive(Debug)]
pub(super) struct Fetching {
    file: Reader,
    /// The reply, until it is sent.
    head: Vec<u8>,
    /// The bytes are read and written, where the kernel could send them.
    is_copied: bool,
    /// Bits of the first byte that a test wants to be wrong, until it is sent.
    flipped_bits: u8,
}

impl Fetching {
    pub(super) fn new(fetch: Fetch, mut file: Reader, flipped_bits: u8) -> Result<Self, Refusal> {
        let Fetch { name, offset, length, version } = fetch;
        let (stored, size) = (file.version(), file.len());
        if version.is_some_and(|version| version != stored) {
            return Err(Refusal::Changed);
        }
        if offset > size {
            return Err(Refusal::BadRange { size, offset });
        }
        file.select(offset, length.unwrap_or(size)).map_err(storage::StorageError::from)?;
        let length = file.left();
        let head = Reply::Fetched { name, size, offset, length, version: stored }.to_wire();
        let is_copied = length <= SHORT_LEN || flipped_bits != 0 || file.descriptor().is_none();
        Ok(Self { file, head, is_copied, flipped_bits })
    }

    /// Bytes not sent yet.
    pub(super) fn left(&self) -> u64 {
        self.file.left()
    }

    /// Fills `output` with what has to pass through it, and says how much content that holds; `None` where
    /// the kernel sends the rest.
    pub(super) fn fill(&mut self, output: &mut Output) -> io::Result<Option<usize>> {
        let head = mem::take(&mut self.head);
        if !self.is_copied {
            output.set(&head);
            return Ok((!head.is_empty()).then_some(0));
        }
        let room_len = head.len() + self.file.left().min(PIECE_LEN as u64) as usize;
        let mut content_len = 0;
        output.fill(room_len, |room| {
            let (start, rest) = room.split_at_mut(head.len());
            start.copy_from_slice(&head);
            content_len = self.file.read_chunk(rest)?;
            if let Some(first) = rest[..content_len].first_mut() {
                *first ^= mem::take(&mut self.flipped_bits);
            }
            Ok(head.len() + content_len)
        })?;
        Ok(Some(content_len))
    }

    /// What the kernel sends next, where it can.
    pub(super) fn range(&self) -> Option<FileRange<'_>> {
        let len = self.file.left().min(PIECE_LEN as u64) as usize;
        Some(FileRange { file: self.file.descriptor()?, offset: self.file.position(), len })
    }

    /// The kernel has sent so many bytes.
    pub(super) fn took(&mut self, len: usize) {
        self.file.took(len);
    }

    /// Reads what is left, where the kernel cannot send it.
    pub(super) fn copy(&mut self) -> io::Result<()> {
        self.is_copied = true;
        self.file.select(self.file.position(), self.file.left())
    }
}

/// The kernel does not send files of that kind by itself.
pub(super) fn is_impossible(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// It is the connection's, where a file was sent on it.
pub(super) fn is_of_network(err: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown,
        NetworkUnreachable, NotConnected, TimedOut,
    };
    matches!(
        err.kind(),
        BrokenPipe
            | ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
            | NotConnected
            | TimedOut
    )
}
