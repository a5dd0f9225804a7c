//! What a request looks like: the part of the get protocol of iroh-blobs that is about one content.

use bao_tree::{ChunkNum, ChunkRanges, blake3};
use serde::{Deserialize, Serialize};

/// Version 4 of the protocol of iroh-blobs.
pub(crate) const ALPN: &[u8] = b"/iroh-bytes/4";

/// Longest request in bytes. One for a span takes 50; whoever resumes may ask for several.
pub(super) const REQUEST_LEN_MAX: usize = 1024;

/// Ends of ranges in one request, so that an answer is bounded by the content and not by the request.
const ENDS_MAX: usize = 128;

/// Codes that streams are reset with, as iroh-blobs has them.
pub(super) mod code {
    pub(crate) const PERMISSION: u32 = 1;
    pub(crate) const LIMIT: u32 = 2;
    pub(crate) const INTERNAL: u32 = 3;
}

/// Which chunks of which content somebody wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Request {
    pub(super) hash: blake3::Hash,
    pub(super) chunks: ChunkRanges,
}

/// Why bytes are not a [`Request`] that is answered here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("not a request for content")]
    Unknown,
    #[error("a request for more than one content")]
    NotOneContent,
    #[error("ranges that are not in order, or too many")]
    Ranges,
}

/// The request as postcard writes it. iroh-blobs has more variants, for what is not offered here.
#[derive(Deserialize, Serialize)]
enum Message {
    /// Ranges are lists of distances from end to end. Of several contents the ranges of the first come
    /// first, and the last that are named hold for all that follow: so one content is its ranges, then
    /// none.
    Get { hash: [u8; 32], ranges: Vec<(u64, Vec<u64>)> },
}

impl Request {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut previous = 0;
        let ends = self.chunks.boundaries().iter();
        let distances = ends.map(|end| end.0 - std::mem::replace(&mut previous, end.0)).collect();
        let ranges = vec![(0, distances), (1, Vec::new())];
        let message = Message::Get { hash: *self.hash.as_bytes(), ranges };
        postcard::to_stdvec(&message).expect("postcard writes to memory")
    }

    /// Bytes of content that an answer holds; none where only the size is asked for.
    pub(super) fn content_len(&self, size: u64) -> u64 {
        let byte = |end: Option<&ChunkNum>| end.map_or(size, |end| end.to_bytes().min(size));
        let ranges = self.chunks.boundaries().chunks(2);
        ranges.map(|range| byte(range.get(1)) - byte(range.first())).sum()
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, RequestError> {
        let message = postcard::from_bytes(bytes).map_err(|_| RequestError::Unknown)?;
        let Message::Get { hash, ranges } = message;
        match ranges.as_slice() {
            [(0, distances), (1, rest)] if rest.is_empty() => {
                let chunks = chunks(distances).ok_or(RequestError::Ranges)?;
                Ok(Self { hash: hash.into(), chunks })
            }
            _ => Err(RequestError::NotOneContent),
        }
    }
}

/// `None` where two ends are one, one is out of reach, or they are too many.
fn chunks(distances: &[u64]) -> Option<ChunkRanges> {
    if distances.is_empty() || distances.len() > ENDS_MAX || distances[1..].contains(&0) {
        return None;
    }
    let mut chunks = ChunkRanges::empty();
    let mut at = 0_u64;
    for range in distances.chunks(2) {
        let start = at.checked_add(range[0])?;
        match range.get(1) {
            Some(len) => {
                at = start.checked_add(*len)?;
                chunks |= ChunkRanges::from(ChunkNum(start)..ChunkNum(at));
            }
            None => chunks |= ChunkRanges::from(ChunkNum(start)..),
        }
    }
    Some(chunks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blobs::tree;

    fn request(chunks: ChunkRanges) -> Request {
        Request { hash: blake3::Hash::from_bytes([0xda; 32]), chunks }
    }

    #[test]
    fn a_request_is_what_iroh_blobs_says_it_is() {
        // The example in its tests: everything of one content.
        let mut expected = vec![0];
        expected.extend([0xda; 32]);
        expected.extend([2, 0, 1, 0, 1, 0]);
        assert_eq!(request(ChunkRanges::all()).to_bytes(), expected);
    }

    #[test]
    fn requests_are_read_as_they_were_written() {
        let two = tree::chunks(&(0..4096)) | tree::chunks(&(1 << 20..2 << 20));
        for chunks in [ChunkRanges::all(), tree::last_chunk(), tree::chunks(&(5000..9000)), two] {
            let request = request(chunks);
            assert_eq!(Request::parse(&request.to_bytes()), Ok(request));
        }
    }

    #[test]
    fn asking_for_the_size_asks_for_no_content() {
        assert_eq!(request(tree::last_chunk()).content_len(5000), 0);
        assert_eq!(request(ChunkRanges::all()).content_len(5000), 5000);
        let two = tree::chunks(&(0..1024)) | tree::chunks(&(4096..10_000));
        assert_eq!(request(two).content_len(5000), 1024 + 904);
    }

    #[test]
    fn what_is_no_request_for_one_content_is_refused() {
        let get = |ranges: Vec<(u64, Vec<u64>)>| {
            let message = Message::Get { hash: [1; 32], ranges };
            Request::parse(&postcard::to_stdvec(&message).unwrap()).unwrap_err()
        };
        let one = |distances| get(vec![(0, distances), (1, vec![])]);
        assert_eq!(one(vec![]), RequestError::Ranges);
        assert_eq!(one(vec![1, 0]), RequestError::Ranges);
        assert_eq!(one(vec![u64::MAX, 1]), RequestError::Ranges);
        assert_eq!(one(vec![1; ENDS_MAX + 1]), RequestError::Ranges);
        assert_eq!(get(vec![(0, vec![0])]), RequestError::NotOneContent);
        assert_eq!(get(vec![]), RequestError::NotOneContent);
        for bytes in [&b""[..], b"\x01", b"\x00short", &[8; 64], &[0xff; 64]] {
            assert_eq!(Request::parse(bytes), Err(RequestError::Unknown), "{bytes:?}");
        }
    }
}
