//! A local file that takes its name when it is whole.
//!
//! As `cp` does, it keeps what the older file of its name was: its permissions, its owner where that is
//! allowed, and that it is behind a link. What may not be written to is not replaced either. Other hard
//! links to the older file keep the old content, since only a rename replaces a file at once.

mod partial;

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::{
        fd::AsFd,
        unix::fs::{MetadataExt, PermissionsExt, fchown},
    },
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::interrupt::unfinished;

pub(crate) use self::partial::Origin;

/// Of what the older file allowed, a program with new content must not run as another user.
const KEPT_PERMISSIONS: u32 = 0o777;

/// What becomes of an older file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum IfExists {
    Replace,
    Keep,
}

/// Why a file cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalFileError {
    #[error("it is there already")]
    Exists,
    #[error("it is a directory; name a file, or say with -o where to put it")]
    Directory,
    #[error("it is a link to {0}, which is not there; name that file, or remove the link")]
    DanglingLink(String),
    #[error("there is no directory {0}; make it first")]
    NoDirectory(String),
    #[error("another download of it is under way; wait for that one")]
    InUse,
    #[error("cannot make a file in {directory}")]
    Beside {
        directory: String,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What a download is written to. Dropped before [`persist`](Self::persist), it leaves nothing
/// behind, and an older file of its name as it was.
#[derive(Debug)]
pub(crate) struct LocalFile {
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Beside its later name: a rename does not cross file systems.
    Temporary { file: NamedTempFile, path: PathBuf, older: Option<Older>, if_exists: IfExists },
    /// A device or a pipe, which must not be replaced.
    Special(File),
}

/// What stays of the older file.
#[derive(Debug)]
struct Older {
    user_id: u32,
    group_id: u32,
    permissions: Permissions,
}

impl LocalFile {
    pub(crate) fn create(path: &Path, if_exists: IfExists) -> Result<Self, LocalFileError> {
        match Place::look_at(path, if_exists)? {
            Place::Special(open) => Ok(Self { content: Content::Special(open) }),
            Place::File { path, older } => {
                let file = temporary_beside(&path, older.as_ref())?;
                Ok(Self { content: Content::Temporary { file, path, older, if_exists } })
            }
        }
    }

    pub(crate) fn standard_output() -> io::Result<Self> {
        let open = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self { content: Content::Special(open) })
    }

    /// As [`create`](Self::create), but dropped before [`persist`](Self::persist) it leaves what came so far, and takes that up
    /// where there is some from the same origin. With how long that is.
    pub(crate) fn resume(
        path: &Path,
        if_exists: IfExists,
        origin: &Origin<'_>,
    ) -> Result<(Self, u64), LocalFileError> {
        match Place::look_at(path, if_exists)? {
            Place::Special(open) => Ok((Self { content: Content::Special(open) }, 0)),
            Place::File { path, older } => {
                let directory = directory_of(&path)?;
                let permissions = permissions_of_new(older.as_ref());
                let opened = partial::open(&directory, &path, &permissions, origin);
                let file = opened.map_err(|err| match err.kind() {
                    ErrorKind::WouldBlock => LocalFileError::InUse,
                    _ => beside(&directory, &err),
                })?;
                let len = file.as_file().metadata()?.len();
                let content = Content::Temporary { file, path, older, if_exists };
                Ok((Self { content }, len))
            }
        }
    }

    /// Whether [`resume`](Self::resume) is of use there: it is for devices and pipes as little as for what is
    /// to be kept.
    pub(crate) fn may_resume(path: &Path, if_exists: IfExists) -> bool {
        let keeps = if_exists == IfExists::Keep && fs::symlink_metadata(path).is_ok();
        !keeps && fs::metadata(path).map_or(true, |found| found.is_file())
    }

    /// What has the content, unless that goes to a device or a pipe.
    pub(crate) fn as_file(&self) -> Option<&File> {
        match &self.content {
            Content::Temporary { file, .. } => Some(file.as_file()),
            Content::Special(_) => None,
        }
    }

    /// Removes what [`resume`](Self::resume) would take up.
    pub(crate) fn discard(self) -> Result<(), LocalFileError> {
        match self.content {
            Content::Temporary { file, .. } => Ok(file.close()?),
            Content::Special(_) => Ok(()),
        }
    }

    /// Gives the file its name, in place of an older one.
    pub(crate) fn persist(self) -> Result<(), LocalFileError> {
        let (file, path, older, if_exists) = match self.content {
            Content::Special(mut file) => return Ok(file.flush()?),
            Content::Temporary { file, path, older, if_exists } => (file, path, older, if_exists),
        };
        if let Some(older) = older {
            older.give_to(file.as_file())?;
        }
        let named = match if_exists {
            IfExists::Replace => file.persist(path),
            IfExists::Keep => file.persist_noclobber(path),
        };
        named.map_err(|err| match err.error.kind() {
            ErrorKind::AlreadyExists => LocalFileError::Exists,
            _ => err.error.into(),
        })?;
        *unfinished() = None;
        Ok(())
    }
}

/// What a path leads to.
#[derive(Debug)]
enum Place {
    /// Behind the link, if it is one.
    File {
        path: PathBuf,
        older: Option<Older>,
    },
    Special(File),
}

impl Place {
    fn look_at(path: &Path, if_exists: IfExists) -> Result<Self, LocalFileError> {
        let link = match fs::symlink_metadata(path) {
            Ok(_) if if_exists == IfExists::Keep => return Err(LocalFileError::Exists),
            Ok(found) => found,
            Err(err) if err.kind() == ErrorKind::NotFound => {
                return Ok(Self::File { path: path.to_owned(), older: None });
            }
            Err(err) => return Err(err.into()),
        };
        let found = fs::metadata(path).map_err(|err| unfollowed(path, err))?;
        if found.is_dir() {
            return Err(LocalFileError::Directory);
        }
        // Also asks whether it may be written to. A pipe waits here for its reader.
        let open = OpenOptions::new().write(true).open(path)?;
        if !found.is_file() {
            return Ok(Self::Special(open));
        }
        let path = if link.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
        Ok(Self::File { path, older: Some(Older::of(&found)) })
    }
}

impl Older {
    fn of(found: &Metadata) -> Self {
        let permissions = Permissions::from_mode(found.mode() & KEPT_PERMISSIONS);
        Self { user_id: found.uid(), group_id: found.gid(), permissions }
    }

    fn give_to(self, file: &File) -> io::Result<()> {
        // Only root may give files away; with others the file is theirs from now on.
        let _ = fchown(file, Some(self.user_id), Some(self.group_id))
            .or_else(|_| fchown(file, None, Some(self.group_id)));
        file.set_permissions(self.permissions)
    }
}

fn unfollowed(link: &Path, err: io::Error) -> LocalFileError {
    match fs::read_link(link) {
        Ok(target) if err.kind() == ErrorKind::NotFound => {
            LocalFileError::DanglingLink(target.display().to_string())
        }
        _ => err.into(),
    }
}

fn temporary_beside(path: &Path, older: Option<&Older>) -> Result<NamedTempFile, LocalFileError> {
    let directory = directory_of(path)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fileclient-").permissions(permissions_of_new(older));
    let mut unfinished = unfinished();
    let file = builder.tempfile_in(&directory).map_err(|source| beside(&directory, &source))?;
    *unfinished = Some(file.path().to_owned());
    Ok(file)
}

/// Nobody may read of it, before it is whole, what they may not read of the older file. Unless told
/// otherwise a temporary file is closed to others, as no new file is.
fn permissions_of_new(older: Option<&Older>) -> Permissions {
    let permissions = older.map(|older| older.permissions.clone());
    permissions.unwrap_or(Permissions::from_mode(0o666))
}

/// Where a file is made that later has this path.
fn directory_of(path: &Path) -> Result<PathBuf, LocalFileError> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let missing = if is_named_as_directory(path) { path } else { directory };
    if !missing.exists() {
        return Err(LocalFileError::NoDirectory(missing.display().to_string()));
    }
    Ok(directory.to_owned())
}

/// Without the name of the file, which says nothing to anybody.
fn beside(directory: &Path, err: &io::Error) -> LocalFileError {
    LocalFileError::Beside { directory: directory.display().to_string(), source: err.kind().into() }
}

fn is_named_as_directory(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    path.ends_with(b"/") || path.ends_with(b"/.")
}

impl Write for LocalFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.content {
            Content::Temporary { file, .. } => file.write(bytes),
            Content::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
