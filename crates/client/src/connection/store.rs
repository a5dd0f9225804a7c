//! The content of a STORE on its way from its source, behind the go-ahead.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use protocol::request::Store;

use super::{
    upload::fill,
    wire::{Received, Wire},
};
use crate::ClientError;

/// The head is sent. Sends the content from where the server wants it, read straight into the buffer that
/// it is sent from.
pub(super) fn send(
    wire: &mut Wire,
    store: &Store,
    source: &mut (impl Read + Seek),
) -> Result<Received, ClientError> {
    let (reply, first_byte) = wire.receive_to_brace(None)?;
    if !reply.is_ok() {
        return Ok(wire.finish(reply, first_byte));
    }
    let left = reply.data_offset.and_then(|offset| store.length.checked_sub(offset));
    let mut left = left.ok_or(ClientError::Lacks("place where the content goes on"))?;
    wire.take_exact_ending()?;
    source.seek(SeekFrom::Start(store.length - left)).map_err(ClientError::Source)?;
    while left > 0 {
        wire.expect_silence()?;
        let room = wire.outgoing();
        let piece_len = (room.len() as u64).min(left) as usize;
        let len = fill(source, &mut room[..piece_len]).map_err(ClientError::Source)?;
        if len < piece_len {
            return Err(ClientError::Source(ErrorKind::UnexpectedEof.into()));
        }
        wire.send(len)?;
        left -= len as u64;
    }
    wire.receive(None)
}
