//! How much of a file moves at once, as text and as content.

use protocol::{
    HEAD_LEN_MAX,
    body::{PLAIN_GROUP, plain_len_max},
};

/// Big reads and writes matter more to the rate than anything else; beyond this size they gain nothing
/// and leave the processor's cache.
const TEXT_LEN: usize = 256 * 1024;

/// Content of one write. Base64 pads only its last group, so this is whole groups.
pub(super) const PIECE_LEN: usize = TEXT_LEN / 4 * PLAIN_GROUP;
const _: () = assert!(PIECE_LEN.is_multiple_of(PLAIN_GROUP));

/// Room for the text of one piece, with a head before it or an ending after it.
pub(super) const BUFFER_LEN: usize = TEXT_LEN + HEAD_LEN_MAX;

/// Room for the content of everything that one read can bring, which is more than a piece.
pub(super) const CONTENT_LEN: usize = plain_len_max(BUFFER_LEN);
const _: () = assert!(CONTENT_LEN > PIECE_LEN);
