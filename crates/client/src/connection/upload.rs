//! The content of a file on its way from its source into the request.

use std::io::{self, ErrorKind, Read};

use protocol::{BodyEncoder, FileName, Request};

use super::{piece::PIECE_LEN, wire::Wire};
use crate::{ClientError, Framing};

/// Sends an UPLOAD and returns the length of the content. `plain` must be
/// [`CONTENT_LEN`](super::piece::CONTENT_LEN) long.
pub(super) fn send(
    wire: &mut Wire,
    framing: Framing,
    name: &FileName,
    source: &mut dyn Read,
    plain: &mut [u8],
) -> Result<u64, ClientError> {
    let mut encoder = BodyEncoder::default();
    let head = Request::Upload(name.clone()).to_wire();
    let mut filled = put(&[head.as_bytes(), b" ", framing.content_quote()], wire.outgoing());
    let (mut sent, mut ahead) = (0, 0);
    loop {
        // One more byte than a piece tells whether another piece follows: the ending of the request goes
        // out with the last.
        let plain_len = match fill(source, &mut plain[ahead..=PIECE_LEN]) {
            Ok(len) => ahead + len,
            Err(err) => return Err(spoil(wire, err)),
        };
        let piece_len = plain_len.min(PIECE_LEN);
        if sent > 0 {
            wire.expect_silence()?;
        }
        let text = wire.outgoing();
        filled += encoder.encode(&plain[..piece_len], &mut text[filled..]);
        sent += piece_len as u64;
        if plain_len <= PIECE_LEN {
            filled += encoder.finish(&mut text[filled..]);
            filled += put(&[framing.content_quote(), framing.ending()], &mut text[filled..]);
            wire.send(filled)?;
            return Ok(sent);
        }
        wire.send(filled)?;
        filled = 0;
        plain[0] = plain[PIECE_LEN];
        ahead = 1;
    }
}

/// Copies `parts` to the front of `text`; their length.
pub(super) fn put(parts: &[&[u8]], text: &mut [u8]) -> usize {
    let mut len = 0;
    for part in parts {
        text[len..][..part.len()].copy_from_slice(part);
        len += part.len();
    }
    len
}

/// Reads until `plain` is full or the source ends; how much that was.
pub(super) fn fill(source: &mut (impl Read + ?Sized), plain: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < plain.len() {
        match source.read(&mut plain[filled..]) {
            Ok(0) => break,
            Ok(len) => filled += len,
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
    Ok(filled)
}

/// What was sent so far is whole groups, and a server may take the close that follows for the end
/// of the upload. A lone character makes text that nobody can decode, so nobody stores it.
fn spoil(wire: &mut Wire, err: io::Error) -> ClientError {
    // The upload has failed in any case; a lost connection spoils it as well.
    let _ = wire.socket.write_all(b"A");
    ClientError::Source(err)
}
