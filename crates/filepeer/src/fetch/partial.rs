//! A file under way: one temporary file in the folder that it is for.
//!
//! It holds the content as far as it is verified, and behind it the hashes that prove it. So whoever
//! finds it again, after a kill or a power failure, need believe nothing: what can be proved is there,
//! and the rest is fetched. It is found by its name, which is the hash of the content, and it is locked
//! as long as somebody writes to it. When all is there the hashes are cut off, and the file takes its
//! name in one step.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bao_tree::{
    BaoTree, ChunkRanges, TreeNode, blake3,
    io::sync::{self, Outboard},
};

use crate::blobs::{source::Piece, tree::Blob};

const PREFIX: &str = ".filepeer-";
const SUFFIX: &str = ".part";

/// A file that nobody went on with for so long is removed by whoever next fetches into its folder.
const ABANDONED_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// Entries of a folder that are looked at for abandoned files.
const ENTRIES_MAX: usize = 10_000;
/// Others who finish or remove the same file let it go at once.
const OPEN_TRIES: usize = 10;
/// Bytes of a pair of hashes.
const PAIR_LEN: usize = 64;

/// Where a file goes, and what becomes of one that is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    /// In a folder that exists.
    pub(crate) path: PathBuf,
    pub(crate) if_exists: IfExists,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum IfExists {
    Refuse,
    Replace,
}

/// Why a file cannot be written where it is to go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    #[error("{} exists already; --replace replaces it", .0.display())]
    Exists(PathBuf),
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    #[error("another process is fetching this content into {}", .0.display())]
    Busy(PathBuf),
    #[error("cannot write {}", path.display())]
    Disk { path: PathBuf, source: io::Error },
    #[error("the file is not written any more: {0}")]
    Stopped(String),
}

impl Target {
    /// Whether the file may go there, as far as that is known before it is fetched.
    pub(crate) fn expect_free(&self) -> Result<(), TargetError> {
        match (fs::symlink_metadata(&self.path), self.if_exists) {
            (Err(err), _) if err.kind() == io::ErrorKind::NotFound => Ok(()),
            (Err(source), _) => Err(self.disk(source)),
            (Ok(metadata), _) if !metadata.is_file() => {
                Err(TargetError::NotAFile(self.path.clone()))
            }
            (Ok(_), IfExists::Replace) => Ok(()),
            (Ok(_), IfExists::Refuse) => Err(TargetError::Exists(self.path.clone())),
        }
    }

    fn folder(&self) -> &Path {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        parent.unwrap_or(Path::new("."))
    }

    fn disk(&self, source: io::Error) -> TargetError {
        TargetError::Disk { path: self.path.clone(), source }
    }
}

/// Dropped before [`finish`](Self::finish), it stays on the disk to be gone on with, unless there is
/// nothing in it.
#[derive(Debug)]
pub(crate) struct Partial {
    file: File,
    path: PathBuf,
    blob: Blob,
    target: Target,
    is_empty: bool,
}

impl Partial {
    /// Opens what there is of a content, or begins it. Says what is missing; all else was read and
    /// proved just now, which takes a second for each GB. Blocks.
    pub(crate) fn open(target: Target, blob: Blob) -> Result<(Self, Vec<Range<u64>>), TargetError> {
        target.expect_free()?;
        remove_abandoned(target.folder());
        let path = target.folder().join(format!("{PREFIX}{}{SUFFIX}", blob.hash));
        let file = open_locked(&path).map_err(|err| match err {
            TryLockError::WouldBlock => TargetError::Busy(target.folder().to_owned()),
            TryLockError::Error(source) => target.disk(source),
        })?;
        let mut partial = Self { file, path, blob, target, is_empty: false };
        let missing = partial.prepare().map_err(|source| partial.target.disk(source))?;
        partial.is_empty = missing.first() == Some(&(0..blob.size));
        Ok((partial, missing))
    }

    fn prepare(&self) -> io::Result<Vec<Range<u64>>> {
        let len = self.file.metadata()?.len();
        if len == self.blob.size && self.is_whole()? {
            return Ok(Vec::new());
        }
        let whole_len = self.blob.size + self.blob.tree().outboard_size();
        self.file.set_len(whole_len)?;
        let all = 0..self.blob.size;
        if len == 0 { Ok(vec![all]) } else { self.missing() }
    }

    /// A file that was killed between the last two steps has no hashes any more.
    fn is_whole(&self) -> io::Result<bool> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(&self.file)?;
        Ok(hasher.finalize() == self.blob.hash)
    }

    fn missing(&self) -> io::Result<Vec<Range<u64>>> {
        let all = ChunkRanges::all();
        let mut missing = Vec::new();
        let mut proved_to = 0;
        for proved in sync::valid_ranges(self, &self.file, &all) {
            let proved = proved?;
            let start = proved.start.to_bytes();
            if proved_to < start {
                missing.push(proved_to..start);
            }
            proved_to = proved.end.to_bytes();
        }
        if proved_to < self.blob.size {
            missing.push(proved_to..self.blob.size);
        }
        Ok(missing)
    }

    /// Stores what was verified. Blocks.
    pub(crate) fn write(&mut self, piece: &Piece) -> Result<(), TargetError> {
        self.is_empty &= matches!(piece, Piece::Parent(_));
        self.store(piece).map_err(|source| self.target.disk(source))
    }

    fn store(&self, piece: &Piece) -> io::Result<()> {
        match piece {
            Piece::Leaf(leaf) => self.file.write_all_at(&leaf.data, leaf.offset),
            Piece::Parent(parent) => match self.blob.tree().pre_order_offset(parent.node) {
                Some(index) => {
                    let mut pair = [0; PAIR_LEN];
                    pair[..PAIR_LEN / 2].copy_from_slice(parent.pair.0.as_bytes());
                    pair[PAIR_LEN / 2..].copy_from_slice(parent.pair.1.as_bytes());
                    self.file.write_all_at(&pair, self.pair_at(index))
                }
                // Of hashes within a piece, which are computed when they are needed.
                None => Ok(()),
            },
        }
    }

    fn pair_at(&self, index: u64) -> u64 {
        self.blob.size + index * PAIR_LEN as u64
    }

    /// Gives the whole content its name. Whoever looks there sees the old file, or all of the new.
    ///
    /// After an error the content is still there, to be tried again.
    pub(crate) fn finish(mut self) -> Result<PathBuf, TargetError> {
        // An empty content is whole.
        self.is_empty = false;
        self.take_name().map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => TargetError::Exists(self.target.path.clone()),
            _ => self.target.disk(source),
        })?;
        Ok(self.target.path.clone())
    }

    fn take_name(&self) -> io::Result<()> {
        self.file.set_len(self.blob.size)?;
        match self.target.if_exists {
            IfExists::Replace => fs::rename(&self.path, &self.target.path),
            IfExists::Refuse => {
                // Unlike a rename, a link never replaces.
                fs::hard_link(&self.path, &self.target.path)?;
                // If this name stays, it is an abandoned file's.
                let _ = fs::remove_file(&self.path);
                Ok(())
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.is_empty {
            // If it stays, it is removed as abandoned.
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Outboard for &Partial {
    fn root(&self) -> blake3::Hash {
        self.blob.hash
    }

    fn tree(&self) -> BaoTree {
        self.blob.tree()
    }

    fn load(&self, node: TreeNode) -> io::Result<Option<(blake3::Hash, blake3::Hash)>> {
        let Some(index) = self.blob.tree().pre_order_offset(node) else { return Ok(None) };
        let mut pair = [0; PAIR_LEN];
        self.file.read_exact_at(&mut pair, self.pair_at(index))?;
        let hash = |half: &[u8]| blake3::Hash::from_slice(half).map_err(io::Error::other);
        Ok(Some((hash(&pair[..PAIR_LEN / 2])?, hash(&pair[PAIR_LEN / 2..])?)))
    }
}

/// The kernel releases the lock when the process ends.
fn open_locked(path: &Path) -> Result<File, TryLockError> {
    for _ in 0..OPEN_TRIES {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(TryLockError::Error)?;
        file.try_lock()?;
        // Somebody may have removed it as abandoned, or finished it, just before it was locked. And
        // what is reached through a link is nobody's file under way.
        if is_at(&file, path).map_err(TryLockError::Error)? {
            return Ok(file);
        }
    }
    Err(TryLockError::WouldBlock)
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino())),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(err) => Err(err),
    }
}

/// A folder that cannot be read is one in which nothing is removed.
fn remove_abandoned(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().take(ENTRIES_MAX).flatten();
    for entry in entries.filter(|entry| is_partial(&entry.file_name())) {
        let Ok(file) = File::open(entry.path()) else { continue };
        // The lock is held until the name is gone: see `open_locked`.
        if is_abandoned(&file) && file.try_lock().is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_partial(name: &std::ffi::OsStr) -> bool {
    let name = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    name.is_some_and(|hash| blake3::Hash::from_hex(hash).is_ok())
}

fn is_abandoned(file: &File) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
    let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_some_and(|age| age >= ABANDONED_AFTER)
}

#[cfg(test)]
mod tests;
