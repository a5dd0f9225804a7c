//! Where framing ends for good.

use crate::{ErrorCode, ParseRequestError};

/// Most bytes before the content of a request: the verb, the name and the blanks between.
pub const HEAD_LEN_MAX: usize = 4096;

/// Why the start of the next request can no longer be found. Its text is sent to the client.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    #[error(
        "the request's verb and file name, or text, take more than {HEAD_LEN_MAX} bytes; \
         in an upload, a blank goes between the file name and the content"
    )]
    HeadTooLong,
    /// A line that is no request, and longer than one.
    #[error(transparent)]
    NoRequest(ParseRequestError),
    #[error("the upload stopped before its closing quote; nothing was stored")]
    Unended,
    /// Of a FETCH or STORE.
    #[error("the head of the request stopped before the CR LF CR LF that ends it")]
    HeadUnended,
    /// Of a STORE.
    #[error("the content stopped {missing} bytes before its end")]
    ContentCut { missing: u64 },
    #[error(
        "a line of the content is not base64, or longer than the first line; nothing was stored"
    )]
    StrayLine,
    #[error(
        "a line may be content or a request; nothing was stored; a blank line ends the content"
    )]
    AmbiguousLine,
}

impl FrameError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::HeadTooLong => ErrorCode::HeadTooLong,
            Self::NoRequest(err) => err.code(),
            Self::Unended | Self::HeadUnended | Self::ContentCut { .. } => ErrorCode::Unended,
            Self::StrayLine | Self::AmbiguousLine => ErrorCode::BadBase64,
        }
    }
}
