//! The content of a STORE on its way from its source, behind the go-ahead.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    ops::Range,
};

use protocol::request::Store;

use super::{
    piece::TEXT_LEN,
    upload::fill,
    wire::{Received, Wire},
};
use crate::ClientError;

/// Where the content comes from.
pub(super) trait Source {
    /// The server has what is before this place.
    fn begin_at(&mut self, offset: u64) -> io::Result<()>;

    /// Sends the next `len` bytes.
    fn send(&mut self, wire: &mut Wire, len: usize) -> Result<(), ClientError>;
}

/// What can be read, straight into the buffer that it is sent from.
pub(super) struct Reader<'a, R>(pub(super) &'a mut R);

impl<R: Read + Seek> Source for Reader<'_, R> {
    fn begin_at(&mut self, offset: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset)).map(drop)
    }

    fn send(&mut self, wire: &mut Wire, len: usize) -> Result<(), ClientError> {
        let filled = fill(self.0, &mut wire.outgoing()[..len]).map_err(ClientError::Source)?;
        if filled < len {
            return Err(ClientError::Source(ErrorKind::UnexpectedEof.into()));
        }
        wire.send(len)
    }
}

/// A file, whose bytes need not be read to be sent.
pub(super) struct FileSource<'a> {
    file: &'a File,
    position: u64,
    next: &'a mut dyn FnMut(Range<u64>) -> io::Result<()>,
}

impl<'a> FileSource<'a> {
    /// `next` is told of each range before it is sent, and of an empty one where the first begins.
    pub(super) fn new(
        file: &'a File,
        next: &'a mut dyn FnMut(Range<u64>) -> io::Result<()>,
    ) -> Self {
        Self { file, position: 0, next }
    }
}

impl Source for FileSource<'_> {
    fn begin_at(&mut self, offset: u64) -> io::Result<()> {
        self.position = offset;
        (self.next)(offset..offset)
    }

    fn send(&mut self, wire: &mut Wire, len: usize) -> Result<(), ClientError> {
        let end = self.position + len as u64;
        (self.next)(self.position..end).map_err(ClientError::Source)?;
        wire.send_file(self.file, self.position, len)?;
        self.position = end;
        Ok(())
    }
}

/// The head is sent. Sends the content from where the server wants it.
pub(super) fn send(
    wire: &mut Wire,
    store: &Store,
    source: &mut impl Source,
) -> Result<Received, ClientError> {
    let (reply, first_byte) = wire.receive_to_brace(None)?;
    if !reply.is_ok() {
        return Ok(wire.finish(reply, first_byte));
    }
    let left = reply.data_offset.and_then(|offset| store.length.checked_sub(offset));
    let mut left = left.ok_or(ClientError::Lacks("place where the content goes on"))?;
    wire.take_exact_ending()?;
    source.begin_at(store.length - left).map_err(ClientError::Source)?;
    while left > 0 {
        wire.expect_silence()?;
        let len = left.min(TEXT_LEN as u64);
        source.send(wire, len as usize)?;
        left -= len;
    }
    wire.receive(None)
}
