//! Why a request is answered with an error, and what the client is told.

use protocol::{ErrorCode, ParseRequestError, Reply};
use storage::StorageError;

use super::transfer::UploadError;

/// Why a request is answered with an error. Its text is sent to the client.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Request(#[from] ParseRequestError),
    #[error("this connection has made {0} requests, and may make no more")]
    TooManyRequests(u64),
    #[error("the server is sending as many long lists as it can")]
    TooManyLongReplies,
    /// A peer that has not said who it is, where the server wants to know.
    #[error("this server wants to know who asks: send AUTH and a token first")]
    Stranger,
    #[error("no such token is known")]
    WrongToken,
    /// A token that allows reading only.
    #[error("the token allows reading, not storing or deleting")]
    ReadToken,
    #[error("this server is read-only")]
    ReadOnly,
    #[error("the file has {size} bytes, and {offset} were to be passed over")]
    BadRange { size: u64, offset: u64 },
    #[error("the file is no longer the version that was asked for")]
    Changed,
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Upload(#[from] UploadError),
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        // The client learns what it can act on; the rest is the operator's to know about.
        match self {
            Self::Storage(StorageError::Disk(source))
            | Self::Upload(UploadError::Storage(StorageError::Disk(source))) => {
                tracing::error!("the served directory failed: {source}");
            }
            Self::Storage(err @ StorageError::Unreadable(_)) => tracing::error!("{err}"),
            _ => {}
        }
        Reply::error(self.code(), self)
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Request(err) => err.code(),
            Self::TooManyRequests(_) => ErrorCode::TooManyRequests,
            Self::TooManyLongReplies => ErrorCode::Busy,
            Self::Stranger => ErrorCode::AuthRequired,
            Self::WrongToken => ErrorCode::AuthFailed,
            Self::ReadToken => ErrorCode::Forbidden,
            Self::ReadOnly => ErrorCode::ReadOnly,
            Self::BadRange { .. } => ErrorCode::BadRange,
            Self::Changed => ErrorCode::Changed,
            Self::Storage(err) => err.code(),
            Self::Upload(err) => err.code(),
        }
    }
}
