//! Uploads: a temporary file that takes its name when it is whole.
//!
//! The temporary file lies in the served directory, so taking the name is one rename. Its own name
//! starts with a dot, which no request can say. It is locked while it is written; the kernel
//! releases the lock when the writer dies, and an unlocked temporary file is an abandoned one.
//!
//! `O_TMPFILE` would leave nothing behind at all, but it needs `/proc` to take a name, has to pass
//! through a temporary name when it replaces a file, and is missing on network file systems and
//! outside Linux.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use cap_std::fs::Dir;
use protocol::FileName;

use crate::{
    attributes::Attributes,
    directory::place::Place,
    disk::{self, Readers},
    error::StorageError,
    options::Durability,
    part::{PartKey, TakenPart},
    space::{STEP_LEN, Space},
    temporary,
};

/// What an upload does to a file that has its name already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IfExists {
    Replace,
    Refuse,
}

/// Where an upload goes, and how it is stored there.
#[derive(Debug)]
pub(crate) struct Destination {
    /// Of the upload alone: locks are held on it.
    pub(crate) dir: Dir,
    pub(crate) place: Arc<Place>,
    pub(crate) durability: Durability,
    pub(crate) space: Space,
}

/// A file being received. Dropped before [`commit`](Self::commit), it leaves nothing behind, or what came
/// if that is to be kept as a part.
#[derive(Debug)]
pub struct Upload {
    to: Destination,
    file: File,
    /// The temporary file's name, until it has lost it.
    temporary: Option<String>,
    name: FileName,
    if_exists: IfExists,
    /// Of the file that has the name, or had it when the upload began.
    replaced: Option<Attributes>,
    len: u64,
    reserved: u64,
    /// A piece was not written, so the rest would be in the wrong place.
    broken: bool,
    is_part: bool,
}

impl Upload {
    /// `replaced` are those of the file that has `name` now.
    pub(crate) fn create(
        to: Destination,
        name: FileName,
        if_exists: IfExists,
        replaced: Option<Attributes>,
    ) -> Result<Self, StorageError> {
        let names = to.space.reserve_file(&to.dir, replaced.is_some())?;
        let readers = Readers::of(replaced.is_some());
        let (file, temporary) =
            temporary::create(&to.dir, readers).inspect_err(|_| to.space.release(0))?;
        drop(names);
        let begun = TakenPart { file, path: temporary, len: 0 };
        Ok(Self::begun(to, name, if_exists, replaced, begun, false))
    }

    /// Goes on with what is kept under `key` of a file that will have `len` bytes, or begins that.
    pub(crate) fn take_up(
        to: Destination,
        name: FileName,
        if_exists: IfExists,
        replaced: Option<Attributes>,
        key: &PartKey,
        len: u64,
    ) -> Result<Self, StorageError> {
        let part = key.take(&to.dir, &to.space, &name, len, replaced.is_some())?;
        Ok(Self::begun(to, name, if_exists, replaced, part, true))
    }

    fn begun(
        to: Destination,
        name: FileName,
        if_exists: IfExists,
        replaced: Option<Attributes>,
        begun: TakenPart,
        is_part: bool,
    ) -> Self {
        let TakenPart { file, path, len } = begun;
        Self {
            to,
            file,
            temporary: Some(path),
            name,
            if_exists,
            replaced,
            len,
            reserved: len,
            broken: false,
            is_part,
        }
    }

    /// Refuses what would not fit if it came now.
    pub(crate) fn expect_room(&self, len: u64) -> Result<(), StorageError> {
        self.to.space.expect_room(&self.to.dir, len)
    }

    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Fills the front of `buffer` with what was written at `offset`, and says how much that is.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, StorageError> {
        Ok(self.file.read_at(buffer, offset)?)
    }

    /// Bytes written so far.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends to the content. After an error nothing more can be written, and nothing committed.
    pub fn write(&mut self, content: &[u8]) -> Result<(), StorageError> {
        self.check_whole()?;
        self.broken = true;
        for step in content.chunks(STEP_LEN) {
            let step_len = step.len() as u64;
            self.to.space.reserve_bytes(&self.to.dir, step_len)?;
            self.reserved += step_len;
            disk::write(&self.file, step)?;
            self.to.space.settle(step_len);
            self.len += step_len;
        }
        self.broken = false;
        Ok(())
    }

    /// Gives the content its name, in one step: every reader sees the old file or all of the new.
    /// Returns the length.
    ///
    /// After an error the old file is there, with two exceptions. Under [`Durability::Full`] the
    /// directory may turn out not to be on the disk: the new file has its name then and is read
    /// under it, but a power failure may bring the old one back. And the directory may be moved away
    /// just now: then it has the new file, wherever it is.
    pub fn commit(mut self) -> Result<u64, StorageError> {
        self.check_whole()?;
        self.keep_attributes()?;
        if self.to.durability >= Durability::File {
            // Never tried again: the kernel reports lost pages once, and then takes them for clean.
            disk::sync(&self.file)?;
        }
        self.to.place.expect(&self.to.dir)?;
        self.take_name().map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => StorageError::Exists(self.name.clone()),
            io::ErrorKind::IsADirectory => StorageError::NotAFile(self.name.clone()),
            _ => source.into(),
        })?;
        if self.to.durability >= Durability::Full {
            disk::sync_dir(&self.to.dir)?;
        }
        self.to.place.expect(&self.to.dir)?;
        Ok(self.len)
    }

    fn check_whole(&self) -> Result<(), StorageError> {
        if self.broken {
            return Err(StorageError::Disk(io::Error::other("part of the upload is missing")));
        }
        Ok(())
    }

    /// Others may have changed those of the old file while the content came.
    fn keep_attributes(&mut self) -> io::Result<()> {
        if self.if_exists == IfExists::Replace
            && let Some(replaced) =
                Attributes::of(&self.to.dir, &self.name)?.or_else(|| self.replaced.take())
        {
            replaced.give_to(&self.file)?;
        }
        Ok(())
    }

    fn take_name(&mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        let _names = self.to.space.lock_names(&self.to.dir);
        match self.if_exists {
            IfExists::Replace => {
                let replaced = self.to.space.claim(&self.to.dir, &self.name);
                disk::rename(&self.to.dir, temporary, self.name.as_str())?;
                self.to.space.release_claimed(replaced);
            }
            IfExists::Refuse => {
                // Unlike a rename, a link never replaces.
                disk::link(&self.to.dir, temporary, self.name.as_str())?;
                // If this name stays, it is an abandoned upload's.
                let _ = disk::remove(&self.to.dir, temporary);
            }
        }
        self.temporary = None;
        Ok(())
    }

    /// Leaves behind what an upload leaves whose process is killed.
    #[cfg(test)]
    pub(crate) fn kill(mut self) {
        self.temporary = None;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(temporary) = &self.temporary else { return };
        // What a full disk has no room for must not take the room that is left.
        if self.is_part && !self.broken && self.len > 0 {
            return;
        }
        let _names = self.to.space.lock_names(&self.to.dir);
        match disk::remove(&self.to.dir, temporary) {
            // What is still there takes space, until it is removed as abandoned.
            Err(err) if err.kind() != io::ErrorKind::NotFound => {}
            _ => self.to.space.release(self.reserved),
        }
        // Last: a count in between would take off what was not written, before it is released.
        self.to.space.settle(self.reserved - self.len);
    }
}
