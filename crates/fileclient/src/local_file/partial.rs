//! What came of a download that broke off, kept for the next one.
//!
//! It is a hidden file beside the one that is to be, whose name says what it is a part of: a digest of the names
//! there and here, and the version. It is locked while somebody adds to it, and what is left of other
//! versions goes when a part of a new one begins.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions, TryLockError},
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use client::{FetchedRange, FileName};
use tempfile::{NamedTempFile, TempPath};

const PREFIX: &str = ".fileclient-part-";

/// Of the digest, so much that nobody finds another file with the same.
const BINDING_LEN: usize = 32;

/// What a file comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) name: &'a FileName,
    /// Size and version of the file.
    pub(crate) whole: &'a FetchedRange,
}

/// Takes up the part of `path`, or begins one; it stays when it is dropped. `WouldBlock`: another download is
/// adding to it.
pub(super) fn open(
    directory: &Path,
    path: &Path,
    permissions: &Permissions,
    origin: &Origin<'_>,
) -> io::Result<NamedTempFile> {
    let start = start_of(path, origin.name);
    let part = directory.join(format!("{start}{}", origin.whole.version));
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(permissions.mode())
        .open(&part)?;
    lock(&file)?;
    let (opened, named) = (file.metadata()?, fs::symlink_metadata(&part)?);
    if !named.is_file() || (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
        return Err(ErrorKind::AlreadyExists.into());
    }
    // Nobody that keeps to the rules has made it so long.
    if opened.len() > origin.whole.size {
        file.set_len(0)?;
    }
    if opened.len() == 0 {
        remove_others(directory, &start, &part);
    }
    let mut file = NamedTempFile::from_parts(file, TempPath::try_from_path(part)?);
    file.disable_cleanup(true);
    Ok(file)
}

/// What those of all versions start with.
fn start_of(path: &Path, name: &FileName) -> String {
    let mut hasher = blake3::Hasher::new();
    for name in [name.as_str().as_bytes(), path.file_name().unwrap_or_default().as_encoded_bytes()]
    {
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name);
    }
    format!("{PREFIX}{}-", &hasher.finalize().to_hex()[..BINDING_LEN])
}

fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|err| match err {
        TryLockError::WouldBlock => ErrorKind::WouldBlock.into(),
        TryLockError::Error(err) => err,
    })
}

/// What cannot be removed, or is being added to, stays.
fn remove_others(directory: &Path, start: &str, part: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let is_other = |path: &Path| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with(start) && path != part
    };
    for other in entries.flatten().map(|entry| entry.path()).filter(|path| is_other(path)) {
        if File::open(&other).is_ok_and(|file| lock(&file).is_ok()) {
            let _ = fs::remove_file(&other);
        }
    }
}
