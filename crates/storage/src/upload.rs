//! Uploads: a temporary file that takes its name when it is whole.
//!
//! The temporary file lies in the served directory, so taking the name is one rename. Its own name
//! starts with a dot, which no request can say. It is locked while it is written; the kernel
//! releases the lock when the writer dies, and an unlocked temporary file is an abandoned one.
//!
//! `O_TMPFILE` would leave nothing behind at all, but it needs `/proc` to take a name, has to pass
//! through a temporary name when it replaces a file, and is missing on network file systems and
//! outside Linux.

use std::{
    fs::TryLockError,
    io::{self, Write},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use cap_std::fs::{Dir, OpenOptions};
use protocol::FileName;

use crate::StorageError;

const TEMPORARY_PREFIX: &str = ".upload-";

/// What an upload does to a file that has its name already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IfExists {
    Replace,
    Refuse,
}

/// A file being received. Dropped before [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    dir: Dir,
    file: std::fs::File,
    temporary: String,
    name: FileName,
    if_exists: IfExists,
    len: u64,
}

impl Upload {
    pub(crate) fn create(
        dir: &Dir,
        name: FileName,
        if_exists: IfExists,
    ) -> Result<Self, StorageError> {
        let dir = dir.try_clone()?;
        loop {
            let temporary = next_temporary_name();
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            let file = match dir.open_with(&temporary, &options) {
                Ok(file) => file.into_std(),
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(source.into()),
            };
            // Another server that starts just now may take the file for an abandoned one before
            // it is locked: then the lock is refused, or its name is gone afterwards.
            match file.try_lock() {
                Ok(()) if dir.exists(&temporary) => {
                    return Ok(Self { dir, file, temporary, name, if_exists, len: 0 });
                }
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => {
                    let _ = dir.remove_file(&temporary);
                    return Err(source.into());
                }
            }
        }
    }

    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Bytes written so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends to the content.
    pub fn write(&mut self, content: &[u8]) -> Result<(), StorageError> {
        self.file.write_all(content)?;
        self.len += content.len() as u64;
        Ok(())
    }

    /// Gives the content its name, in one step: every reader sees the old file or all of the new.
    /// Returns the length.
    pub fn commit(self) -> Result<u64, StorageError> {
        let taken = match self.if_exists {
            IfExists::Replace => self.dir.rename(&self.temporary, &self.dir, self.name.as_str()),
            // Unlike a rename, a link never replaces. Dropping self removes the temporary name.
            IfExists::Refuse => self.dir.hard_link(&self.temporary, &self.dir, self.name.as_str()),
        };
        match taken {
            Ok(()) => Ok(self.len),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {
                Err(StorageError::Exists(self.name.clone()))
            }
            Err(err) if err.kind() == io::ErrorKind::IsADirectory => {
                Err(StorageError::NotAFile(self.name.clone()))
            }
            Err(source) => Err(source.into()),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // After a rename the name is gone, which is as good.
        let _ = self.dir.remove_file(&self.temporary);
    }
}

/// Unique in this process and, by its id, on this machine; `create_new` settles the rest.
fn next_temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{TEMPORARY_PREFIX}{}-{number}", process::id())
}

pub(crate) fn remove_abandoned(dir: &Dir) -> io::Result<()> {
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        let is_temporary = name.to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX));
        if !is_temporary || !entry.file_type().is_ok_and(|file_type| file_type.is_file()) {
            continue;
        }
        // Gone meanwhile, or not ours to open: not abandoned by us.
        let Ok(file) = dir.open(&name).map(cap_std::fs::File::into_std) else { continue };
        // The lock is held until the name is gone: an upload that has just begun then finds either
        // the lock taken or its name missing, and begins again.
        if file.try_lock().is_ok() {
            match dir.remove_file(&name) {
                Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
                _ => {}
            }
        }
    }
    Ok(())
}
