//! Why a bucket did not do what it was asked, and in which words that may be told.

use object_store::Error;
use protocol::FileName;

use crate::error::StorageError;

/// What comes before a status in the library's words.
const STATUS: &str = "status code: ";

/// Longest text of an error that goes into the log.
const TEXT_LEN_MAX: usize = 300;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("there is no such object or bucket")]
    Missing,
    #[error("it refuses that: {0}")]
    Refused(String),
    #[error("there is such an object already")]
    Exists,
    #[error("the object was replaced meanwhile")]
    Replaced,
    #[error("{0}")]
    Away(String),
}

impl Failure {
    pub(super) fn of(err: &Error) -> Self {
        match err {
            Error::NotFound { .. } => Self::Missing,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                Self::Refused(without_secrets(&err.to_string()))
            }
            Error::AlreadyExists { .. } => Self::Exists,
            Error::Precondition { .. } => Self::Replaced,
            _ => Self::of_text(without_secrets(&err.to_string())),
        }
    }

    /// Of lists, parts and ranges the library tells the status in its words alone.
    fn of_text(text: String) -> Self {
        let status = text.split_once(STATUS).and_then(|(_, rest)| rest.get(..3));
        match status {
            Some("401" | "403") => Self::Refused(text),
            Some("404") => Self::Missing,
            // What is asked for was there when the object was opened.
            Some("416") => Self::Replaced,
            _ => Self::Away(text),
        }
    }

    /// What somebody is told who wants something of one file.
    pub(super) fn of_file(self, name: &FileName) -> StorageError {
        match self {
            Self::Missing => StorageError::NotFound(name.clone()),
            Self::Exists => StorageError::Exists(name.clone()),
            Self::Replaced => StorageError::Replaced(name.clone()),
            Self::Refused(_) => StorageError::Refused,
            Self::Away(_) => StorageError::Unavailable,
        }
    }

    /// What somebody is told who wants something of all.
    pub(super) fn of_bucket(self) -> StorageError {
        match self {
            Self::Refused(_) => StorageError::Refused,
            Self::Missing | Self::Exists | Self::Replaced | Self::Away(_) => {
                StorageError::Unavailable
            }
        }
    }
}

/// What the store says of itself, without the body of its answer: that one may repeat the ID of a key and all
/// that was signed. Of the body the code is kept, one word.
fn without_secrets(text: &str) -> String {
    let ours = text.split('<').next().unwrap_or_default();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split('<').next());
    let told = match code {
        Some(code) => format!("{} {code}", ours.trim_end()),
        None => ours.trim_end().to_owned(),
    };
    told.chars().filter(|char| !char.is_control()).take(TEXT_LEN_MAX).collect()
}
