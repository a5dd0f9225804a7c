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
    ffi::OsStr,
    fs::{File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cap_std::fs::Dir;
use protocol::FileName;

use crate::{
    Directory, Durability, StorageError,
    attributes::Attributes,
    disk::{self, Readers},
    place::Place,
    space::{STEP_LEN, Space},
};

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
    place: Arc<Place>,
    durability: Durability,
    space: Space,
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
}

impl Upload {
    /// `replaced` are those of the file that has `name` now.
    pub(crate) fn create(
        directory: &Directory,
        name: FileName,
        if_exists: IfExists,
        replaced: Option<Attributes>,
    ) -> Result<Self, StorageError> {
        let Directory { durability, space, .. } = *directory;
        let place = Arc::clone(&directory.place);
        let dir = disk::open_again(&directory.dir)?;
        let names = space.reserve_file(&dir, replaced.is_some())?;
        // Whom the old file lets read is known at the end.
        let readers = if replaced.is_some() { Readers::Owner } else { Readers::Usual };
        let (file, temporary) =
            create_temporary(&dir, readers).inspect_err(|_| space.release(0))?;
        drop(names);
        Ok(Self {
            dir,
            place,
            durability,
            space,
            file,
            temporary: Some(temporary),
            name,
            if_exists,
            replaced,
            len: 0,
            reserved: 0,
            broken: false,
        })
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

    /// Appends to the content. After an error nothing more can be written, and nothing committed.
    pub fn write(&mut self, content: &[u8]) -> Result<(), StorageError> {
        self.check_whole()?;
        self.broken = true;
        for step in content.chunks(STEP_LEN) {
            let step_len = step.len() as u64;
            self.space.reserve_bytes(&self.dir, step_len)?;
            self.reserved += step_len;
            disk::write(&self.file, step)?;
            self.space.settle(step_len);
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
        if self.durability >= Durability::File {
            // Never tried again: the kernel reports lost pages once, and then takes them for clean.
            disk::sync(&self.file)?;
        }
        self.place.expect(&self.dir)?;
        self.take_name().map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => StorageError::Exists(self.name.clone()),
            io::ErrorKind::IsADirectory => StorageError::NotAFile(self.name.clone()),
            _ => source.into(),
        })?;
        if self.durability >= Durability::Full {
            disk::sync_dir(&self.dir)?;
        }
        self.place.expect(&self.dir)?;
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
                Attributes::of(&self.dir, &self.name)?.or_else(|| self.replaced.take())
        {
            replaced.give_to(&self.file)?;
        }
        Ok(())
    }

    fn take_name(&mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        let _names = self.space.lock_names(&self.dir);
        match self.if_exists {
            IfExists::Replace => {
                let replaced = self.space.claim(&self.dir, &self.name);
                disk::rename(&self.dir, temporary, self.name.as_str())?;
                self.space.release_claimed(replaced);
            }
            IfExists::Refuse => {
                // Unlike a rename, a link never replaces.
                disk::link(&self.dir, temporary, self.name.as_str())?;
                // If this name stays, it is an abandoned upload's.
                let _ = disk::remove(&self.dir, temporary);
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
        let _names = self.space.lock_names(&self.dir);
        match disk::remove(&self.dir, temporary) {
            // What is still there takes space, until it is removed as abandoned.
            Err(err) if err.kind() != io::ErrorKind::NotFound => {}
            _ => self.space.release(self.reserved),
        }
        // Last: a count in between would take off what was not written, before it is released.
        self.space.settle(self.reserved - self.len);
    }
}

fn create_temporary(dir: &Dir, readers: Readers) -> io::Result<(File, String)> {
    loop {
        let temporary = next_temporary_name();
        let file = match disk::create(dir, &temporary, readers) {
            Ok(file) => file,
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(source) => return Err(source),
        };
        // Another server that starts just now may take the file for an abandoned one before it is
        // locked: then the lock is refused, or its name is gone afterwards.
        match disk::lock(&file) {
            Ok(()) if file.metadata()?.nlink() > 0 => return Ok((file, temporary)),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => {
                let _ = disk::remove(dir, &temporary);
                return Err(source);
            }
        }
    }
}

/// Unique in this process and, by its id, on this machine; `create_new` settles the rest.
fn next_temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{TEMPORARY_PREFIX}{}-{number}", process::id())
}

/// Whether it is a name that [`next_temporary_name`] makes: others are not ours to remove.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers =
        name.to_str().and_then(|name| name.strip_prefix(TEMPORARY_PREFIX)?.split_once('-'));
    numbers.is_some_and(|(process, number)| is_number(process) && is_number(number))
}

/// Removes temporary files that nobody is writing; says how many others there are.
pub(crate) fn remove_abandoned(dir: &Dir) -> io::Result<usize> {
    let mut locked = 0;
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if !is_temporary(&name) || !entry.file_type().is_ok_and(|file_type| file_type.is_file()) {
            continue;
        }
        // Gone meanwhile, or not ours to open: not abandoned by us.
        let Ok(file) = disk::open_to_lock(dir, &name) else { continue };
        // The lock is held until the name is gone: an upload that has just begun then finds either
        // the lock taken or its name missing, and begins again.
        if file.try_lock().is_err() {
            locked += 1;
            continue;
        }
        match dir.remove_file(&name) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
            _ => {}
        }
    }
    Ok(locked)
}
