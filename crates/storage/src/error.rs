//! Why the served directory could not do what was asked.

use std::{
    io,
    path::{Path, PathBuf},
};

use protocol::{ErrorCode, FileName};
use rustix::io::Errno;

/// Why a directory cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum OpenDirectoryError {
    #[error("there is no directory {}", .0.display())]
    Missing(PathBuf),
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    #[error("this user may not read the directory {}", .0.display())]
    Unreadable(PathBuf),
    #[error("cannot use the directory {}: {source}", path.display())]
    Other { path: PathBuf, source: io::Error },
}

impl OpenDirectoryError {
    pub(crate) fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing(path),
            io::ErrorKind::NotADirectory => Self::NotADirectory(path),
            io::ErrorKind::PermissionDenied => Self::Unreadable(path),
            _ => Self::Other { path, source },
        }
    }
}

/// Why a file was not read, stored or removed. The text is sent to the client, so it names no path.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("there is no file named {0}")]
    NotFound(FileName),
    #[error("the server has no permission to read {0}")]
    Unreadable(FileName),
    #[error("a file named {0} exists already, and this server does not replace files")]
    Exists(FileName),
    #[error("{0} is not a regular file and cannot be replaced")]
    NotAFile(FileName),
    #[error("the server has no permission to change {0}")]
    WriteProtected(FileName),
    #[error("the server has no space left for the file")]
    NoSpace,
    #[error("the files of this server may take {0} bytes together, and this one does not fit")]
    QuotaExceeded(u64),
    #[error("this server keeps at most {0} files")]
    TooManyFiles(u64),
    #[error("the ID belongs to what another visitor stores, or to another name or length")]
    OtherPart,
    #[error("what came of the file is being added to on another connection")]
    PartInUse,
    #[error("the server has as many files open as it can")]
    TooManyOpen,
    #[error("the server cannot write to its directory")]
    ReadOnly,
    #[error("the directory that this server serves is gone")]
    Gone,
    #[error("{0} was replaced while it was read")]
    Replaced(FileName),
    #[error("this server stores no file of more than {0} bytes")]
    TooLong(u64),
    #[error("this server lists at most {0} files, and there are more")]
    TooManyToList(usize),
    #[error("the server is receiving as many large files as it can")]
    TooManyLarge,
    #[error("the server may not do that with its bucket")]
    Refused,
    /// What was to be stored or removed may be so or not.
    #[error("the bucket of this server does not answer; try again later")]
    Unavailable,
    /// Anything else; what it was is for the log.
    #[error("the server could not use its directory")]
    Disk(#[source] io::Error),
}

impl StorageError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Exists(_) | Self::NotAFile(_) => ErrorCode::Exists,
            Self::NoSpace | Self::QuotaExceeded(_) | Self::TooManyFiles(_) => ErrorCode::NoSpace,
            Self::OtherPart | Self::Refused => ErrorCode::Forbidden,
            Self::PartInUse | Self::TooManyOpen | Self::TooManyLarge => ErrorCode::Busy,
            Self::ReadOnly | Self::WriteProtected(_) => ErrorCode::ReadOnly,
            Self::Replaced(_) => ErrorCode::Changed,
            Self::TooLong(_) | Self::TooManyToList(_) => ErrorCode::TooLarge,
            Self::Unavailable => ErrorCode::Unavailable,
            Self::Unreadable(_) | Self::Gone | Self::Disk(_) => ErrorCode::Internal,
        }
    }
}

/// Also of one that was made of such an error, which comes out again.
impl From<io::Error> for StorageError {
    fn from(source: io::Error) -> Self {
        let source = match source.downcast() {
            Ok(err) => return err,
            Err(source) => source,
        };
        if let Some(Errno::MFILE | Errno::NFILE) = Errno::from_io_error(&source) {
            return Self::TooManyOpen;
        }
        match source.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::NoSpace,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Disk(source),
        }
    }
}
