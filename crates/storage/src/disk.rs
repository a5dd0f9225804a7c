//! The disk operations of uploads and deletions, each in one place where a test can make it fail.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::Path,
};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};

#[cfg(test)]
use crate::faults::{self, Operation};

/// Opens the directory once more. What one opening locks, or learns of failed writing, is its own;
/// a duplicated descriptor would share both. (`Dir::open_dir` opens for paths only.)
pub(crate) fn open_again(dir: &Dir) -> io::Result<Dir> {
    #[cfg(test)]
    faults::strike(Operation::OpenDirectory)?;
    dir.open(".").map(|file| Dir::from_std_file(file.into_std()))
}

/// Who may read a file that is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Readers {
    /// Whoever may read what this process makes.
    Usual,
    Owner,
}

impl Readers {
    /// Whom a file lets read that is replaced is known at the end.
    pub(crate) fn of(replaces: bool) -> Self {
        if replaces { Self::Owner } else { Self::Usual }
    }
}

/// Makes a file that did not exist.
pub(crate) fn create(dir: &Dir, name: &str, readers: Readers) -> io::Result<File> {
    #[cfg(test)]
    faults::strike(Operation::Create)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    if readers == Readers::Owner {
        options.mode(0o600);
    }
    dir.open_with(name, &options).map(cap_std::fs::File::into_std)
}

/// Opens the file of this name itself. What has come in its place is not followed, nor waited for, as
/// opening a FIFO would: the supervisor of a process pool calls this.
pub(crate) fn open_to_lock(dir: &Dir, name: impl AsRef<Path>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    dir.open_with(name, &options).map(cap_std::fs::File::into_std)
}

/// Opens the file of this name itself to read it again and to add to it.
pub(crate) fn open_to_append(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).follow(FollowSymlinks::No).nonblock(true);
    dir.open_with(name, &options).map(cap_std::fs::File::into_std)
}

pub(crate) fn lock(file: &File) -> Result<(), TryLockError> {
    #[cfg(test)]
    faults::strike(Operation::Lock).map_err(TryLockError::Error)?;
    file.try_lock()
}

pub(crate) fn write(mut file: &File, content: &[u8]) -> io::Result<()> {
    // A full disk often takes the first part.
    #[cfg(test)]
    if let Err(err) = faults::strike(Operation::Write) {
        file.write_all(&content[..content.len() / 2])?;
        return Err(err);
    }
    file.write_all(content)
}

pub(crate) fn sync(file: &File) -> io::Result<()> {
    #[cfg(test)]
    faults::strike(Operation::Sync)?;
    file.sync_all()
}

pub(crate) fn sync_dir(dir: &Dir) -> io::Result<()> {
    #[cfg(test)]
    faults::strike(Operation::SyncDirectory)?;
    Ok(rustix::fs::fsync(dir)?)
}

/// Gives a file another name, in place of any file that has it.
pub(crate) fn rename(dir: &Dir, from: &str, to: &str) -> io::Result<()> {
    #[cfg(test)]
    faults::strike(Operation::Rename)?;
    dir.rename(from, dir, to)
}

/// Gives a file a second name, which must be free.
pub(crate) fn link(dir: &Dir, from: &str, to: &str) -> io::Result<()> {
    #[cfg(test)]
    faults::strike(Operation::Link)?;
    dir.hard_link(from, dir, to)
}

pub(crate) fn remove(dir: &Dir, name: &str) -> io::Result<()> {
    #[cfg(test)]
    faults::strike(Operation::Remove)?;
    dir.remove_file(name)
}
