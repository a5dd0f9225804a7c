//! The bytes behind the reply to a FETCH, on their way to their sink.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    time::Instant,
};

use protocol::{
    ReceivedReply,
    request::{Fetch, Version},
};

use super::wire::{Received, Wire, expect_about};
use crate::ClientError;

/// Which bytes of a file a server sends, and of which content.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FetchedRange {
    /// Of the whole file.
    pub size: u64,
    pub offset: u64,
    pub length: u64,
    pub version: Version,
}

impl FetchedRange {
    /// What the reply tells of, where that is what was asked for.
    pub(super) fn of(reply: &ReceivedReply, asked: &Fetch) -> Result<Self, ClientError> {
        let told = (reply.data_size, reply.data_offset, reply.data_length, &reply.data_version);
        let range = match told {
            (Some(size), Some(offset), Some(length), Some(version)) => {
                Some(Self { size, offset, length, version: version.clone() })
            }
            _ => None,
        };
        let range = range.filter(|range| range.is_what(asked));
        range.ok_or(ClientError::Lacks("range of bytes that was asked for"))
    }

    fn is_what(&self, asked: &Fetch) -> bool {
        let left = self.size.checked_sub(asked.offset);
        let length = left.map(|left| left.min(asked.length.unwrap_or(left)));
        self.offset == asked.offset
            && Some(self.length) == length
            && asked.version.as_ref().is_none_or(|version| *version == self.version)
    }
}

/// Where the bytes go.
pub(super) enum Sink<'a> {
    Writer(&'a mut dyn Write),
    /// Each to its place in the file; `moved` is told of how many went there.
    File {
        file: &'a File,
        moved: &'a mut dyn FnMut(usize) -> io::Result<()>,
    },
}

/// `begun` is told the range before its first byte is written.
pub(super) fn receive(
    wire: &mut Wire,
    asked: &Fetch,
    sink: Sink<'_>,
    begun: &mut dyn FnMut(&FetchedRange),
) -> Result<Received, ClientError> {
    let (reply, first_byte) = wire.receive_to_brace(None)?;
    if !reply.is_ok() {
        return Ok(wire.finish(reply, first_byte));
    }
    expect_about(&asked.name, &reply)?;
    let range = FetchedRange::of(&reply, asked)?;
    wire.take_exact_ending()?;
    begun(&range);
    match sink {
        Sink::Writer(writer) => write(wire, range.length, writer)?,
        Sink::File { file, moved } => place(wire, &range, file, moved)?,
    }
    let finished = Instant::now();
    Ok(Received { reply, first_byte, finished, more_may_follow: wire.has_nothing_unread() })
}

fn write(wire: &mut Wire, mut left: u64, sink: &mut dyn Write) -> Result<(), ClientError> {
    while left > 0 {
        let bytes = wire.take_bytes(left)?;
        sink.write_all(bytes).map_err(ClientError::Sink)?;
        left -= bytes.len() as u64;
    }
    Ok(())
}

/// What has not come together with the reply is spliced where that can be.
fn place(
    wire: &mut Wire,
    range: &FetchedRange,
    file: &File,
    moved: &mut dyn FnMut(usize) -> io::Result<()>,
) -> Result<(), ClientError> {
    let (mut position, mut left) = (range.offset, range.length);
    let mut pipe = None;
    while left > 0 {
        if wire.has_nothing_unread() && pipe.is_none() {
            pipe = Some(wire.socket.pipe());
        }
        let (len, placed) = match pipe.as_mut().and_then(Option::as_mut) {
            Some(pipe) => {
                let len = wire.splice(pipe, left)?;
                (len, pipe.empty_into(file, position, len))
            }
            None => {
                let bytes = wire.take_bytes(left)?;
                (bytes.len(), file.write_all_at(bytes, position))
            }
        };
        placed.and_then(|()| moved(len)).map_err(ClientError::Sink)?;
        position += len as u64;
        left -= len as u64;
    }
    Ok(())
}
