//! What was received and not used yet, and what is to be sent.

use std::{io, ops::Range};

/// Room for a first read: a request without content fits, an idle connection costs no more.
const INPUT_LEN_MIN: usize = 2 * 1024;
/// Room for each read once a transfer runs. Fewer, larger reads are what speed depends on most.
const INPUT_LEN_MAX: usize = 256 * 1024;

/// Bytes received; given out as room only when all of them are used.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    unused: Range<usize>,
}

impl Input {
    pub(super) fn is_empty(&self) -> bool {
        self.unused.is_empty()
    }

    pub(super) fn unused(&self) -> &[u8] {
        &self.bytes[self.unused.clone()]
    }

    pub(super) fn used(&mut self, len: usize) {
        self.unused.start += len;
    }

    /// Where the next read goes. Overwrites what was received before.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes.resize(INPUT_LEN_MIN, 0);
        } else if self.unused.end == self.bytes.len() && self.bytes.len() < INPUT_LEN_MAX {
            // The last read filled the room: more is on its way.
            self.bytes = vec![0; INPUT_LEN_MAX];
        }
        self.unused = 0..0;
        &mut self.bytes
    }

    pub(super) fn received(&mut self, len: usize) {
        self.unused = 0..len;
    }
}

/// Bytes to send. Refilled only when all of them are sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
    pending: Range<usize>,
}

impl Output {
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn pending(&self) -> &[u8] {
        &self.bytes[self.pending.clone()]
    }

    pub(super) fn sent(&mut self, len: usize) {
        self.pending.start += len;
    }

    /// Queues a whole reply, in place of whatever was pending.
    pub(super) fn set(&mut self, reply: &[u8]) {
        self.fill(reply.len(), |room| {
            room.copy_from_slice(reply);
            Ok(reply.len())
        })
        .expect("copying cannot fail");
    }

    /// Queues what `write` puts at the front of `room_len` bytes.
    pub(super) fn fill(
        &mut self,
        room_len: usize,
        write: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<()> {
        if self.bytes.len() < room_len {
            self.bytes.resize(room_len, 0);
        }
        self.pending = 0..write(&mut self.bytes[..room_len])?;
        Ok(())
    }
}
