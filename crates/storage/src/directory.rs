//! The served directory itself.

pub(crate) mod listing;
pub(crate) mod place;
mod stored_file;

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, Metadata, OpenOptions},
};
use protocol::FileName;
use rustix::{
    fs::{Access, AtFlags, accessat},
    io::Errno,
};

use self::{
    listing::{LeftOut, Listing},
    place::Place,
};
use crate::{
    attributes::Attributes,
    disk,
    error::{OpenDirectoryError, StorageError},
    options::{DirectoryOptions, Durability},
    part::{PartKey, expiry},
    space::{Space, usage::Usage},
    temporary,
    upload::{Destination, IfExists, Upload},
};

pub use stored_file::StoredFile;

/// How long the processes of a server that was just killed may hold on to their uploads. Those of one
/// that lives are held for longer, and left alone.
const DYING_TIME: Duration = Duration::from_millis(200);

/// A directory whose files are listed, read, replaced and removed.
///
/// Several processes may serve the same directory. Limits hold for those together that share one
/// [`Usage`].
#[derive(Debug)]
pub struct Directory {
    pub(crate) dir: Dir,
    place: Arc<Place>,
    durability: Durability,
    space: Space,
    usage: &'static Usage,
}

impl Directory {
    /// Opens `path`, removes what uploads of servers that were killed left there, and counts the
    /// rest if there is a limit.
    ///
    /// `usage` starts as zeros, or as what servers of the same directory share already.
    pub fn open(
        path: &Path,
        options: &DirectoryOptions,
        usage: &'static Usage,
    ) -> Result<Self, OpenDirectoryError> {
        let fail = |source| OpenDirectoryError::of(path, source);
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(fail)?;
        let place = Arc::new(Place::of(&dir, path, usage).map_err(fail)?);
        let deadline = Instant::now() + DYING_TIME;
        while temporary::remove_abandoned(&dir).map_err(fail)? > 0 && Instant::now() < deadline {
            thread::sleep(DYING_TIME / 20);
        }
        expiry::remove_expired(&dir, options.keep_parts).map_err(fail)?;
        let space = Space::new(options, usage);
        disk::open_again(&dir).and_then(|dir| space.count_at_open(&dir)).map_err(fail)?;
        Ok(Self { dir, place, durability: options.durability, space, usage })
    }

    /// Whether files can be stored, as far as that is known without storing one.
    pub fn expect_writable(&self) -> io::Result<()> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        match accessat(&self.dir, ".", access, AtFlags::EACCESS) {
            Err(errno @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => Err(errno.into()),
            // Uploads find out.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Whether it is still at the path that it was opened at. Where it is not, all else that is asked
    /// of it fails. The log says when that changes.
    pub fn is_there(&self) -> bool {
        self.place.has(&self.dir)
    }

    /// The names of all files, sorted. Files whose names no request could carry are left out.
    pub fn list(&self) -> Result<Vec<FileName>, StorageError> {
        let Listing { mut names, left_out } = Listing::of(&self.dir)?;
        self.usage.note_left_out(left_out.count);
        names.sort_unstable();
        // Last: one that is removed meanwhile seems to be empty.
        self.place.expect(&self.dir)?;
        Ok(names)
    }

    /// The size of a file; `None` when there is none of that name.
    pub fn size(&self, name: &FileName) -> Result<Option<u64>, StorageError> {
        let metadata = self.metadata(name)?.filter(Metadata::is_file);
        Ok(metadata.map(|metadata| metadata.len()))
    }

    /// The files that [`list`](Self::list) leaves out because no request could carry their names.
    pub fn left_out(&self) -> io::Result<LeftOut> {
        let left_out = Listing::of(&self.dir)?.left_out;
        self.usage.note_left_out(left_out.count);
        Ok(left_out)
    }

    pub fn usage(&self) -> &'static Usage {
        self.usage
    }

    /// Opens a file for reading, as it is now: replacing or removing it later changes nothing for
    /// this reader.
    pub fn read(&self, name: &FileName) -> Result<StoredFile, StorageError> {
        let file = self.open_file(name);
        // Last, as above.
        self.place.expect(&self.dir)?;
        file
    }

    fn open_file(&self, name: &FileName) -> Result<StoredFile, StorageError> {
        let mut options = OpenOptions::new();
        // Opening a FIFO would otherwise wait for a writer.
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = match self.dir.open_with(name.as_str(), &options) {
            Ok(file) => file,
            // Also when a file has come there since.
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                return Err(StorageError::NotFound(name.clone()));
            }
            Err(source) => return Err(self.why_not_opened(name, source)),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(StorageError::NotFound(name.clone()));
        }
        Ok(StoredFile::new(file, &metadata))
    }

    /// Starts an upload to `name`, which keeps its old content until [`Upload::commit`].
    pub fn create(&self, name: FileName, if_exists: IfExists) -> Result<Upload, StorageError> {
        let replaced = self.replaced(&name, if_exists)?;
        Upload::create(self.destination()?, name, if_exists, replaced)
    }

    /// The same for a file that will have `len` bytes, which must fit now. With a key it goes on with what
    /// is kept of it, and is kept itself when it is broken off.
    pub fn store(
        &self,
        name: FileName,
        len: u64,
        if_exists: IfExists,
        key: Option<&PartKey>,
    ) -> Result<Upload, StorageError> {
        let replaced = self.replaced(&name, if_exists)?;
        let to = self.destination()?;
        let upload = match key.filter(|_| !self.space.keep_parts().is_zero()) {
            None => Upload::create(to, name, if_exists, replaced),
            Some(key) => Upload::take_up(to, name, if_exists, replaced, key, len),
        }?;
        upload.expect_room(len - upload.len())?;
        Ok(upload)
    }

    /// The attributes of the file that `name` is taken from, if there is one and it may be.
    fn replaced(
        &self,
        name: &FileName,
        if_exists: IfExists,
    ) -> Result<Option<Attributes>, StorageError> {
        self.place.expect(&self.dir)?;
        match (self.metadata(name)?, if_exists) {
            (Some(metadata), _) if !metadata.is_file() => Err(StorageError::NotAFile(name.clone())),
            (Some(_), IfExists::Refuse) => Err(StorageError::Exists(name.clone())),
            (None, _) => Ok(None),
            (Some(_), IfExists::Replace) => {
                self.expect_changeable(name)?;
                Ok(Attributes::of(&self.dir, name)?)
            }
        }
    }

    fn destination(&self) -> io::Result<Destination> {
        Ok(Destination {
            dir: disk::open_again(&self.dir)?,
            place: Arc::clone(&self.place),
            durability: self.durability,
            space: self.space,
        })
    }

    /// Removes a file; whoever is reading it reads on undisturbed.
    ///
    /// Under [`Durability::Full`] an error may also mean that the file is gone, but that a power
    /// failure may bring it back.
    pub fn delete(&self, name: &FileName) -> Result<(), StorageError> {
        self.place.expect(&self.dir)?;
        match self.metadata(name)? {
            Some(metadata) if metadata.is_file() => {}
            _ => return Err(StorageError::NotFound(name.clone())),
        }
        self.expect_changeable(name)?;
        let dir = disk::open_again(&self.dir)?;
        let names = self.space.lock_names(&dir);
        let claim = self.space.claim(&dir, name);
        disk::remove(&dir, name.as_str()).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StorageError::NotFound(name.clone()),
            _ => source.into(),
        })?;
        self.space.release_claimed(claim);
        drop(names);
        if self.durability >= Durability::Full {
            disk::sync_dir(&dir)?;
        }
        Ok(())
    }

    /// Removes temporary files that no living process is writing; those being written are locked.
    /// To be called when a process that wrote some has died, so that its space is counted as free.
    pub fn remove_abandoned_uploads(&self) -> io::Result<()> {
        let removed = temporary::remove_abandoned(&self.dir);
        let counted =
            disk::open_again(&self.dir).and_then(|dir| self.space.count_after_removal(&dir));
        removed.and(counted)
    }

    /// Of the entry itself: a symbolic link is not followed. `None` when there is none.
    fn metadata(&self, name: &FileName) -> Result<Option<Metadata>, StorageError> {
        match self.dir.symlink_metadata(name.as_str()) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(source.into()),
        }
    }

    /// The directory's permissions let its files be replaced and removed. A file that this process may
    /// not write is one that somebody wants to stay as it is, as `cp` has it.
    fn expect_changeable(&self, name: &FileName) -> Result<(), StorageError> {
        match accessat(&self.dir, name.as_str(), Access::WRITE_OK, AtFlags::EACCESS) {
            Err(Errno::ACCESS | Errno::PERM) => Err(StorageError::WriteProtected(name.clone())),
            // What else there is to say comes from the operation itself.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Opening a symbolic link, a socket or a device without a driver fails in ways of its own.
    fn why_not_opened(&self, name: &FileName, source: io::Error) -> StorageError {
        match self.metadata(name) {
            Ok(Some(metadata)) if metadata.is_file() => match source.kind() {
                io::ErrorKind::PermissionDenied => StorageError::Unreadable(name.clone()),
                _ => source.into(),
            },
            Ok(_) => StorageError::NotFound(name.clone()),
            Err(err) => err,
        }
    }
}

/// For what the system is asked about the directory itself.
impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}
