//! Parts: what came of a file that its client means to store in more than one go.
//!
//! A part is a hidden file of the served directory, whose name says whose it is: the client's ID, and a
//! digest of the visitor, the name and the length. It is locked while somebody adds to it, as a temporary
//! file is. It is kept for a while after that, however its writer ended, and counts as any other file.
//!
//! An index of parts could be lost or disagree with them, extended attributes are missing on some file
//! systems; a name is there exactly as long as its file.

pub(crate) mod expiry;
pub(crate) mod path;

use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::MetadataExt as _,
};

use cap_std::fs::{Dir, MetadataExt as _};
use protocol::{FileName, request::PartId};

use self::{
    expiry::{has_expired, remove_if_expired},
    path::{is_part, start_of},
};
use crate::{
    disk::{self, Readers},
    error::StorageError,
    space::Space,
};

/// How often a part may turn out to be another's, or gone, while it is opened.
const TRIES_MAX: usize = 3;

/// Whose part it is, whichever connection adds to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartKey {
    pub id: PartId,
    /// By its name where visitors have one.
    pub visitor: Option<String>,
}

/// A part that is opened and locked.
#[derive(Debug)]
pub(crate) struct TakenPart {
    pub(crate) file: File,
    pub(crate) path: String,
    /// What it has already.
    pub(crate) len: u64,
}

impl PartKey {
    /// The name of the hidden file that a file of this name and length begins as.
    fn path(&self, name: &FileName, len: u64) -> String {
        let visitor = self.visitor.as_deref().unwrap_or_default();
        path::of(&self.id, [visitor.as_bytes(), name.as_str().as_bytes(), &len.to_le_bytes()])
    }

    /// Takes up the part, or begins a new one.
    pub(crate) fn take(
        &self,
        dir: &Dir,
        space: &Space,
        name: &FileName,
        len: u64,
        replaces: bool,
    ) -> Result<TakenPart, StorageError> {
        let path = self.path(name, len);
        for _ in 0..TRIES_MAX {
            let taken = match disk::open_to_append(dir, &path) {
                Ok(file) => take_up(dir, space, &path, file)?,
                Err(err) if err.kind() == io::ErrorKind::NotFound => {
                    self.expect_no_other(dir, space)?;
                    begin(dir, space, &path, replaces)?
                }
                Err(source) => return Err(source.into()),
            };
            match taken {
                Some(taken) if taken.len <= len => return Ok(taken),
                // Nobody that keeps to the rules has made it so long.
                Some(_) => return Err(StorageError::OtherPart),
                None => {}
            }
        }
        Err(StorageError::PartInUse)
    }

    /// There is no part of this ID. The names that are looked at for that show what has expired, too.
    fn expect_no_other(&self, dir: &Dir, space: &Space) -> Result<(), StorageError> {
        let start = start_of(&self.id);
        let mut is_taken = false;
        let _names = space.lock_names(dir);
        for entry in dir.entries()? {
            let entry = entry?;
            let path = entry.file_name();
            if !is_part(&path) {
                continue;
            }
            match remove_if_expired(dir, &path, space.keep_parts()) {
                Some(len) => space.release(len),
                None => is_taken |= path.to_str().is_some_and(|path| path.starts_with(&start)),
            }
        }
        if is_taken { Err(StorageError::OtherPart) } else { Ok(()) }
    }
}

/// `None`: it is gone, or has expired and is removed.
fn take_up(
    dir: &Dir,
    space: &Space,
    path: &str,
    file: File,
) -> Result<Option<TakenPart>, StorageError> {
    match disk::lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StorageError::PartInUse),
        Err(TryLockError::Error(source)) => return Err(source.into()),
    }
    // Whoever held the lock before may have given the file its name, or removed it.
    let taken = file.metadata()?;
    let Ok(named) = dir.symlink_metadata(path) else { return Ok(None) };
    if !taken.is_file() || (taken.dev(), taken.ino()) != (named.dev(), named.ino()) {
        return Ok(None);
    }
    if has_expired(&taken, space.keep_parts()) {
        let _names = space.lock_names(dir);
        disk::remove(dir, path)?;
        space.release(taken.len());
        return Ok(None);
    }
    Ok(Some(TakenPart { file, path: path.to_owned(), len: taken.len() }))
}

/// `None`: another connection was faster.
fn begin(
    dir: &Dir,
    space: &Space,
    path: &str,
    replaces: bool,
) -> Result<Option<TakenPart>, StorageError> {
    let names = space.reserve_file(dir, replaces)?;
    let created = disk::create(dir, path, Readers::of(replaces)).inspect_err(|_| space.release(0));
    drop(names);
    let file = match created {
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        created => created?,
    };
    match disk::lock(&file) {
        Ok(()) => Ok(Some(TakenPart { file, path: path.to_owned(), len: 0 })),
        // It is theirs now.
        Err(TryLockError::WouldBlock) => Err(StorageError::PartInUse),
        Err(TryLockError::Error(source)) => {
            if disk::remove(dir, path).is_ok() {
                space.release(0);
            }
            Err(source.into())
        }
    }
}
