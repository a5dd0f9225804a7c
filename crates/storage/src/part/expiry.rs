//! How long parts are kept.
//!
//! They outlast the server, so their age is by the time of day. A clock that jumps may have one thrown away
//! too early, whose client then begins anew, or kept for longer.

use std::{
    ffi::OsStr,
    fs::Metadata,
    io,
    time::{Duration, SystemTime},
};

use cap_std::fs::Dir;

use super::path::is_part;
use crate::disk;

/// Removes parts that have been kept for long enough.
pub(crate) fn remove_expired(dir: &Dir, keep: Duration) -> io::Result<()> {
    for entry in dir.entries()? {
        let path = entry?.file_name();
        if is_part(&path) {
            remove_if_expired(dir, &path, keep);
        }
    }
    Ok(())
}

/// How long a part was that has expired; `None` where it is still there, or somebody adds to it.
pub(crate) fn remove_if_expired(dir: &Dir, path: &OsStr, keep: Duration) -> Option<u64> {
    let is_due = dir.symlink_metadata(path).is_ok_and(|metadata| {
        metadata.is_file()
            && metadata.modified().is_ok_and(|modified| is_over(modified.into_std(), keep))
    });
    if !is_due {
        return None;
    }
    let file = disk::open_to_lock(dir, path).ok()?;
    // Until its name is gone nobody adds to it.
    file.try_lock().ok()?;
    let metadata = file.metadata().ok().filter(|metadata| has_expired(metadata, keep))?;
    dir.remove_file(path).ok()?;
    Some(metadata.len())
}

pub(super) fn has_expired(metadata: &Metadata, keep: Duration) -> bool {
    metadata.modified().is_ok_and(|modified| is_over(modified, keep))
}

/// A clock that was set back makes nothing older.
fn is_over(modified: SystemTime, keep: Duration) -> bool {
    modified.elapsed().is_ok_and(|age| age >= keep)
}
