//! The directory of a run's temporary files, which goes with the run.
//!
//! A run holds a lock in its directory. One that was killed leaves the directory, which the next run finds
//! without a holder and removes.

use std::{
    ffi::OsStr,
    fs::{self, File, TryLockError},
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use nix::unistd::Uid;
use tempfile::TempDir;

const PREFIX: &str = "stress-run-";

/// The file in the directory that is locked while the run lasts.
const LOCK: &str = "stress-run.lock";

/// A new directory; removed when dropped.
pub(crate) struct WorkDir {
    dir: TempDir,
    /// Closed after the directory is gone.
    _lock: File,
}

impl WorkDir {
    pub(crate) fn create(above: &Path) -> io::Result<Self> {
        loop {
            let dir = TempDir::with_prefix_in(PREFIX, above)?;
            let path = dir.path().join(LOCK);
            let lock = File::create(&path)?;
            // Where there are no locks, nobody takes it for abandoned either.
            let is_locked = !matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
            // A run that starts at this moment may have found it between the two steps.
            if is_locked && path.exists() {
                return Ok(Self { dir, _lock: lock });
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes what killed runs of this user have left in these places; the directories that are gone. What
/// cannot be looked at or removed stays.
pub(crate) fn remove_abandoned(places: &[PathBuf]) -> Vec<PathBuf> {
    let entries = places.iter().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let ours = entries.filter(|entry| is_named_by_us(&entry.file_name()));
    ours.map(|entry| entry.path()).filter(|dir| remove_if_abandoned(dir).is_ok()).collect()
}

fn is_named_by_us(name: &OsStr) -> bool {
    name.as_bytes().starts_with(PREFIX.as_bytes())
}

fn remove_if_abandoned(dir: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(dir)?;
    if !found.is_dir() || found.uid() != Uid::effective().as_raw() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    // One without it is being created, or is none of ours.
    let lock = File::options().write(true).open(dir.join(LOCK))?;
    lock.try_lock()?;
    fs::remove_dir_all(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_is_removed_and_nothing_else() {
        let above = TempDir::new().unwrap();
        let held = WorkDir::create(above.path()).unwrap();
        let abandoned = above.path().join("stress-run-killed");
        let others = ["stress-run-results", "elsewhere"].map(|name| above.path().join(name));
        for dir in others.iter().chain([&abandoned]) {
            fs::create_dir_all(dir.join("served")).unwrap();
        }
        fs::write(abandoned.join(LOCK), "").unwrap();
        let link = above.path().join("stress-run-link");
        std::os::unix::fs::symlink(&others[1], &link).unwrap();
        fs::write(others[1].join(LOCK), "").unwrap();
        assert_eq!(remove_abandoned(&[above.path().to_owned()]), std::slice::from_ref(&abandoned));
        assert!(!abandoned.exists() && held.path().is_dir() && link.exists());
        assert!(others.iter().all(|dir| dir.is_dir()));
        let path = held.path().to_owned();
        drop(held);
        assert!(!path.exists());
    }
}
