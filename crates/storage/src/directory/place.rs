//! Where the served directory was opened, and whether it is still there.
//!
//! An open directory stays usable when it is moved, removed, or covered by another file system, while
//! whoever looks under its path sees another one or none. A server that went on would take files that
//! nobody finds again. It cannot follow the path instead: it is confined to the directory that it
//! opened. So every request looks at the path once, which takes about a microsecond.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{self, Path, PathBuf},
};

use cap_std::fs::{Dir, MetadataExt as _};
use rustix::io::Errno;

#[cfg(test)]
use crate::faults::{self, Operation};
use crate::{error::StorageError, space::usage::Usage};

#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    /// What is to be found there. `None` on a file system that numbers a directory anew with each look.
    id: Option<Id>,
    usage: &'static Usage,
}

impl Place {
    /// `dir` was opened at `path`, perhaps by a name that is relative to where the process runs.
    pub(crate) fn of(dir: &Dir, path: &Path, usage: &'static Usage) -> io::Result<Self> {
        let metadata = dir.dir_metadata()?;
        let id = Id(metadata.dev(), metadata.ino());
        // Links stay in it: where one leads to another directory later, people look there.
        let path = path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let is_found = Id::at(&path).is_ok_and(|found| found == id);
        Ok(Self { path, id: is_found.then_some(id), usage })
    }

    pub(crate) fn expect(&self, dir: &Dir) -> Result<(), StorageError> {
        if self.has(dir) { Ok(()) } else { Err(StorageError::Gone) }
    }

    /// Whether `dir` is there. The first of all threads and processes to notice a change says so.
    pub(crate) fn has(&self, dir: &Dir) -> bool {
        let is_there = self.looks_right(dir);
        if self.usage.note_gone(!is_there) {
            let path = self.path.display();
            if is_there {
                tracing::warn!("the served directory is at {path} again");
            } else {
                tracing::error!(
                    "the served directory is no longer at {path}: requests for files fail until it \
                     is there again; a restarted server serves what is there then"
                );
            }
        }
        is_there
    }

    fn looks_right(&self, dir: &Dir) -> bool {
        #[cfg(test)]
        if faults::strike(Operation::Look).is_err() {
            return false;
        }
        let unknown = match (Id::at(&self.path), self.id) {
            (Ok(found), Some(id)) => return found == id,
            (Ok(_), None) => None,
            (Err(err), _) => Errno::from_io_error(&err),
        };
        match unknown {
            Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => false,
            // Whoever gave up root may no longer look there. One that was removed has no link left.
            _ => dir.dir_metadata().map_or(true, |metadata| metadata.nlink() > 0),
        }
    }
}

/// A file system, and the number of a directory in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Id(u64, u64);

impl Id {
    fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self(metadata.dev(), metadata.ino()))
    }
}
