//! The limits of the served directory, held against what it contains.
//!
//! Every byte is reserved before it is written and every file before it is made, in [`Usage`], so
//! the uploads of all threads and processes of a server stay within the limits together. What an
//! upload had reserved is released after its temporary file is gone.
//!
//! Others may change the directory, and a worker that is killed releases nothing. So the files are
//! counted: when the directory is opened, after abandoned uploads were removed, before an upload is
//! refused, and when an upload begins and the last count is ten seconds old. A count removes parts that
//! have expired. All counts together
//! take about a hundredth of the time; when that is used up, an upload is refused without one.
//!
//! While files are counted none gets or loses a name (see [`NameLock`]), so none is missed or seen
//! twice. Uploads go on writing. Whether a count saw what they write meanwhile it cannot know, so it
//! moves the running number only as far as it is certainly wrong. Of an error, as much may stay as is
//! written during the count, and at most [`STEP_LEN`] for each worker that was killed in the middle
//! of a write. It goes with the first count in a quiet moment.
//!
//! An error makes the number too large, not too small, with these exceptions: files that others add
//! are noticed with the next count, so two servers on one directory may exceed the limits together;
//! and a count that takes longer than a second, or runs where directories cannot be locked, may err
//! by the files that were named meanwhile, until the next.

pub(crate) mod name_lock;
pub(crate) mod usage;

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt as _,
    time::{Duration, Instant},
};

use cap_std::fs::{Dir, MetadataExt as _};
use protocol::FileName;

use self::{
    name_lock::NameLock,
    usage::{Counted, Usage},
};
use crate::{
    disk,
    error::StorageError,
    options::DirectoryOptions,
    part::{expiry, path::is_part},
    temporary,
};

/// An upload reserves, then writes, at most this much at a time. What sessions write is shorter.
pub(crate) const STEP_LEN: usize = 256 * 1024;

/// How long a count waits for a moment in which no file is being named.
const LOCK_PATIENCE: Duration = Duration::from_millis(100);

/// A directory's limits and the numbers they are held against; a copy is a handle to the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    usage: &'static Usage,
    quota: u64,
    files_max: u64,
    keep_parts: Duration,
    opened: Instant,
}

impl Space {
    pub(crate) fn new(options: &DirectoryOptions, usage: &'static Usage) -> Self {
        let DirectoryOptions { quota, files_max, keep_parts, .. } = *options;
        Self { usage, quota, files_max, keep_parts, opened: Instant::now() }
    }

    /// How long a part is kept that nobody adds to.
    pub(crate) fn keep_parts(&self) -> Duration {
        self.keep_parts
    }

    /// Without a limit nothing is counted, and no lock is taken.
    fn is_limited(&self) -> bool {
        self.quota != DirectoryOptions::NO_LIMIT || self.files_max != DirectoryOptions::NO_LIMIT
    }

    /// To be held while a name is given or taken and the usage follows.
    pub(crate) fn lock_names<'a>(&self, dir: &'a Dir) -> Option<NameLock<'a>> {
        self.is_limited().then(|| NameLock::shared(dir))
    }

    /// Reserves the place of a temporary file, which must be made under the lock that is returned.
    ///
    /// One that will replace a file is not refused: both are there only until it takes its name.
    pub(crate) fn reserve_file<'a>(
        &self,
        dir: &'a Dir,
        replaces: bool,
    ) -> Result<Option<NameLock<'a>>, StorageError> {
        if !self.is_limited() {
            return Ok(None);
        }
        self.count_if_stale(dir);
        let files_max = if replaces { DirectoryOptions::NO_LIMIT } else { self.files_max };
        let reserve = || {
            let names = self.lock_names(dir);
            self.usage.reserve_file(files_max).then_some(names)
        };
        if let Some(names) = reserve() {
            return Ok(names);
        }
        self.count_before_refusal(dir);
        reserve().ok_or(StorageError::TooManyFiles(self.files_max))
    }

    /// Reserves up to [`STEP_LEN`] bytes, to be written before the next are reserved.
    pub(crate) fn reserve_bytes(&self, dir: &Dir, len: u64) -> Result<(), StorageError> {
        if !self.is_limited() || self.usage.reserve_bytes(len, self.quota) {
            return Ok(());
        }
        self.count_before_refusal(dir);
        let reserved = self.usage.reserve_bytes(len, self.quota);
        reserved.then_some(()).ok_or(StorageError::QuotaExceeded(self.quota))
    }

    /// Refuses what would not fit if it came now. Nothing is reserved: others may be faster.
    pub(crate) fn expect_room(&self, dir: &Dir, len: u64) -> Result<(), StorageError> {
        let fits = || self.usage.bytes().checked_add(len).is_some_and(|sum| sum <= self.quota);
        if !self.is_limited() || fits() {
            return Ok(());
        }
        self.count_before_refusal(dir);
        fits().then_some(()).ok_or(StorageError::QuotaExceeded(self.quota))
    }

    /// The bytes reserved last were written, or never will be.
    pub(crate) fn settle(&self, len: u64) {
        if self.is_limited() {
            self.usage.settle(len);
        }
    }

    /// A file of `len` bytes is gone.
    pub(crate) fn release(&self, len: u64) {
        if self.is_limited() {
            self.usage.release_bytes(len);
            self.usage.release_file();
        }
    }

    /// Prepares for releasing the file that has `name`, which is about to be replaced or removed.
    pub(crate) fn claim(&self, dir: &Dir, name: &FileName) -> Option<Claim> {
        if self.is_limited() { Claim::new(dir, name) } else { None }
    }

    /// The claimed file has lost its name.
    pub(crate) fn release_claimed(&self, claim: Option<Claim>) {
        if let Some(claim) = claim {
            self.release(claim.len);
        }
    }

    /// The first count, which must not be missed.
    pub(crate) fn count_at_open(&self, dir: &Dir) -> io::Result<()> {
        if !self.is_limited() {
            return Ok(());
        }
        let _alone = NameLock::exclusive_within(LOCK_PATIENCE, dir);
        self.count(dir)
    }

    /// Uploads were removed without releasing what they had reserved.
    pub(crate) fn count_after_removal(&self, dir: &Dir) -> io::Result<()> {
        if !self.is_limited() {
            return Ok(());
        }
        self.usage.make_stale();
        match NameLock::exclusive_within(LOCK_PATIENCE, dir) {
            Some(_alone) => self.count(dir),
            None => Ok(()),
        }
    }

    fn count_if_stale(&self, dir: &Dir) {
        let now = self.opened.elapsed();
        if self.usage.is_stale(now)
            && self.usage.may_count(now)
            && let Some(_alone) = NameLock::exclusive_within(Duration::ZERO, dir)
        {
            // A directory that cannot be read keeps its number.
            let _ = self.count(dir);
        }
    }

    /// Of many that are to be refused at once, one counts for all.
    fn count_before_refusal(&self, dir: &Dir) {
        let now = self.opened.elapsed();
        if self.usage.may_count(now)
            && let Some(_alone) = NameLock::exclusive_within(LOCK_PATIENCE, dir)
            && !self.usage.was_counted_since(now)
        {
            let _ = self.count(dir);
        }
    }

    fn count(&self, dir: &Dir) -> io::Result<()> {
        let began = self.opened.elapsed();
        let pending = self.usage.pending();
        let mut counted = Counted::default();
        for entry in dir.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            let is_part = is_part(&name);
            if is_part && expiry::remove_if_expired(dir, &name, self.keep_parts).is_some() {
                continue;
            }
            let metadata = match entry.metadata() {
                Ok(metadata) if metadata.is_file() => metadata,
                Ok(_) => continue,
                // Gone meanwhile: others do not heed the lock.
                Err(err) if err.kind() == io::ErrorKind::NotFound => continue,
                Err(err) => return Err(err),
            };
            counted.bytes = counted.bytes.saturating_add(metadata.len());
            counted.files += 1;
            if is_part || temporary::is_temporary(&name) {
                counted.unsettled_max += STEP_LEN as u64;
            }
        }
        self.usage.correct(counted, pending);
        self.usage.counted(began, self.opened.elapsed() - began);
        Ok(())
    }
}

/// A file that is about to lose its name.
///
/// Two commits to one name, or a commit and a removal, may both expect to take it from the same
/// file. Its lock lets one of them release it; what the other one takes the name from is released
/// by no one, and is found by the next count.
#[derive(Debug)]
pub(crate) struct Claim {
    len: u64,
    _locked: File,
}

impl Claim {
    fn new(dir: &Dir, name: &FileName) -> Option<Self> {
        let file = disk::open_to_lock(dir, name.as_str()).ok()?;
        file.try_lock().ok()?;
        // Whoever held the lock before may have taken the name, so it is looked up under the lock.
        let claimed = file.metadata().ok()?;
        let named = dir.symlink_metadata(name.as_str()).ok()?;
        let is_named = (claimed.dev(), claimed.ino()) == (named.dev(), named.ino());
        (claimed.is_file() && is_named).then(|| Self { len: claimed.len(), _locked: file })
    }
}
