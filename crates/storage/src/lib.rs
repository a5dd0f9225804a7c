//! The served directory: names in, bytes out.
//!
//! All access goes through a capability to the one directory, so nothing here can reach a file
//! outside it. Only regular files exist to it: symbolic links, FIFOs, devices and directories are
//! neither listed, read, replaced nor removed. An upload is a temporary file in the same directory
//! until it is whole; see [`Upload`].
#![forbid(unsafe_code)]

mod error;
mod upload;

use std::{
    io::{self, Read},
    os::fd::{AsFd, BorrowedFd},
    path::Path,
};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, File, Metadata, OpenOptions},
};
use protocol::FileName;

pub use error::{OpenDirectoryError, StorageError};
pub use upload::{IfExists, Upload};

/// A directory whose files are listed, read, replaced and removed.
///
/// Several processes may serve the same directory.
#[derive(Debug)]
pub struct Directory {
    dir: Dir,
}

impl Directory {
    /// Opens `path` and removes what uploads of servers that were killed left there.
    pub fn open(path: &Path) -> Result<Self, OpenDirectoryError> {
        let fail = |source| OpenDirectoryError { path: path.to_owned(), source };
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(fail)?;
        let directory = Self { dir };
        directory.remove_abandoned_uploads().map_err(fail)?;
        Ok(directory)
    }

    /// The names of all files, sorted. Files whose names no request could carry are left out.
    pub fn list(&self) -> Result<Vec<FileName>, StorageError> {
        let mut names = Vec::new();
        for entry in self.dir.entries()? {
            let entry = entry?;
            let is_file = entry.file_type().is_ok_and(|file_type| file_type.is_file());
            let name = entry.file_name().into_string().ok().and_then(|name| name.parse().ok());
            if let (true, Some(name)) = (is_file, name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Opens a file for reading, as it is now: replacing or removing it later changes nothing for
    /// this reader.
    pub fn read(&self, name: &FileName) -> Result<StoredFile, StorageError> {
        let mut options = OpenOptions::new();
        // Opening a FIFO would otherwise wait for a writer.
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = match self.dir.open_with(name.as_str(), &options) {
            Ok(file) => file,
            Err(source) => return Err(self.why_not_opened(name, source)),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(StorageError::NotFound(name.clone()));
        }
        Ok(StoredFile { file, len: metadata.len(), left: metadata.len() })
    }

    /// Starts an upload to `name`, which keeps its old content until [`Upload::commit`].
    pub fn create(&self, name: FileName, if_exists: IfExists) -> Result<Upload, StorageError> {
        match (self.metadata(&name)?, if_exists) {
            (Some(metadata), _) if !metadata.is_file() => Err(StorageError::NotAFile(name)),
            (Some(_), IfExists::Refuse) => Err(StorageError::Exists(name)),
            (Some(_), IfExists::Replace) | (None, _) => Upload::create(&self.dir, name, if_exists),
        }
    }

    /// Removes a file; whoever is reading it reads on undisturbed.
    pub fn delete(&self, name: &FileName) -> Result<(), StorageError> {
        match self.metadata(name)? {
            Some(metadata) if metadata.is_file() => {}
            _ => return Err(StorageError::NotFound(name.clone())),
        }
        self.dir.remove_file(name.as_str()).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StorageError::NotFound(name.clone()),
            _ => source.into(),
        })
    }

    /// Removes temporary files that no living process is writing; those being written are locked.
    pub fn remove_abandoned_uploads(&self) -> io::Result<()> {
        upload::remove_abandoned(&self.dir)
    }

    /// Of the entry itself: a symbolic link is not followed. `None` when there is none.
    fn metadata(&self, name: &FileName) -> Result<Option<Metadata>, StorageError> {
        match self.dir.symlink_metadata(name.as_str()) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(source.into()),
        }
    }

    /// Opening a symbolic link, a socket or a device without a driver fails in ways of its own.
    fn why_not_opened(&self, name: &FileName, source: io::Error) -> StorageError {
        match self.metadata(name) {
            Ok(Some(metadata)) if metadata.is_file() => source.into(),
            _ => StorageError::NotFound(name.clone()),
        }
    }
}

/// For what the system is asked about the directory itself.
impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

/// A file opened for reading, of the length it had then.
#[derive(Debug)]
pub struct StoredFile {
    file: File,
    len: u64,
    left: u64,
}

impl StoredFile {
    /// The length when the file was opened, in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes not read yet.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Fills `buffer` with the next bytes, or its front with the last ones, and says how many.
    ///
    /// A file that has shrunk meanwhile is an `UnexpectedEof` error; one that has grown is read to
    /// its old length.
    pub fn read_chunk(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk_len = self.left.min(buffer.len() as u64) as usize;
        self.file.read_exact(&mut buffer[..chunk_len])?;
        self.left -= chunk_len as u64;
        Ok(chunk_len)
    }
}

/// The digest of content that is fed in pieces, as DIGEST reports it.
#[derive(Debug, Default)]
pub struct Digest(blake3::Hasher);

impl Digest {
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// `blake3:` and 64 hexadecimal digits.
    pub fn finish(&self) -> String {
        format!("blake3:{}", self.0.finalize())
    }
}

#[cfg(test)]
mod tests;
