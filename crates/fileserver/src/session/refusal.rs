//! Why a request is answered with an error, and what the client is told.

use protocol::{ErrorCode, ParseRequestError, Reply};
use storage::StorageError;

use super::transfer::UploadError;

/// Why a request is answered with an error.
pub(super) enum Refusal {
    Request(ParseRequestError),
    TooManyRequests(u64),
    TooManyLongReplies,
    /// A peer that has not said who it is, where the server wants to know.
    Stranger,
    WrongToken,
    /// A token that allows reading only.
    ReadToken,
    ReadOnly,
    Storage(StorageError),
    Upload(UploadError),
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Request(err) => Reply::error(err.code(), err),
            Self::TooManyRequests(max) => Reply::error(
                ErrorCode::TooManyRequests,
                format!("this connection has made {max} requests, and may make no more"),
            ),
            Self::TooManyLongReplies => Reply::error(
                ErrorCode::Busy,
                "the server is sending as many long lists as it can; try again later",
            ),
            Self::Stranger => Reply::error(
                ErrorCode::AuthRequired,
                "this server wants to know who asks: send AUTH and a token first",
            ),
            Self::WrongToken => Reply::error(ErrorCode::AuthFailed, "no such token is known"),
            Self::ReadToken => Reply::error(
                ErrorCode::Forbidden,
                "the token allows reading, not storing or deleting",
            ),
            Self::ReadOnly => Reply::error(ErrorCode::ReadOnly, "this server is read-only"),
            Self::Storage(err) | Self::Upload(UploadError::Storage(err)) => storage_error(err),
            Self::Upload(err) => Reply::error(err.code(), err),
        }
    }
}

impl From<ParseRequestError> for Refusal {
    fn from(err: ParseRequestError) -> Self {
        Self::Request(err)
    }
}

impl From<StorageError> for Refusal {
    fn from(err: StorageError) -> Self {
        Self::Storage(err)
    }
}

impl From<UploadError> for Refusal {
    fn from(err: UploadError) -> Self {
        Self::Upload(err)
    }
}

/// The client learns what it can act on; a failing disk is the operator's to know about.
pub(super) fn storage_error(err: &StorageError) -> Reply {
    if let StorageError::Disk(source) = err {
        tracing::error!("the served directory failed: {source}");
    }
    Reply::error(err.code(), err)
}
