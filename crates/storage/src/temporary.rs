//! Temporary files: how they are named and locked, and how abandoned ones are found.

use std::{
    ffi::OsStr,
    fs::{File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use cap_std::fs::Dir;

use crate::disk::{self, Readers};

const PREFIX: &str = ".upload-";

/// A new one, which is locked, and its name.
pub(crate) fn create(dir: &Dir, readers: Readers) -> io::Result<(File, String)> {
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
    format!("{PREFIX}{}-{number}", process::id())
}

/// Whether it is a name that [`next_temporary_name`] makes: others are not ours to remove.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
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
