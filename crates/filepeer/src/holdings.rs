//! What this peer shares: the regular files of one directory, by name and by hash.
//!
//! Files stay where they are and are hashed in the background, again when size or time of change say
//! so. Nothing is kept on the disk, so nothing on the disk can be out of date. A file is offered once
//! it was hashed, and no longer as soon as anybody notices that it has changed.

pub(crate) mod held;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc, OnceLock, RwLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, SyncSender},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use bao_tree::blake3;
use cli::units;
use protocol::{FileName, FileNameError};
use searching::Item;
use storage::{Directory, DirectoryOptions, OpenDirectoryError, StorageError, Usage};

use self::held::{Held, Opened, Stamp, memory_of};
use crate::node::Offer;

/// Files that are shared at most.
const FILES_MAX: usize = 65_536;
/// Memory for the hashes of all files: enough for 128 GiB of content.
const MEMORY_MAX: u64 = 512 * 1024 * 1024;
/// How often the directory is looked through, where that is quick.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Looking through it may take this part of the time.
const PART_OF_TIME: u32 = 50;
/// While many files are hashed, those that are ready are offered so often.
const OFFER_EVERY: Duration = Duration::from_secs(1);
/// A large file that was written to just now is probably still being copied; it waits for a later look.
const LARGE: u64 = 16 * 1024 * 1024;
const SETTLED_AFTER: Duration = Duration::from_secs(1);

/// The files that are offered. They are none until [`keep_current`](Self::keep_current) has run a while.
#[derive(Debug)]
pub(crate) struct Holdings {
    directory: Directory,
    /// Where one file of the directory is shared and no other.
    only: Option<FileName>,
    files: RwLock<Files>,
    /// Files were added or withdrawn since that was last told.
    is_news: AtomicBool,
    /// Has the directory looked through at once.
    nudge: OnceLock<SyncSender<()>>,
}

#[derive(Debug, Default)]
struct Files {
    by_name: BTreeMap<FileName, Arc<Held>>,
    by_hash: HashMap<[u8; 32], Vec<Arc<Held>>>,
    memory: u64,
    /// What was said to be left out is not said again.
    left_out: BTreeSet<FileName>,
}

/// Something that was found out about the directory.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    /// Begins to read a file; a large one takes a second for each GB.
    Hashing { name: FileName, size: u64 },
    /// What is offered is another than it was.
    OfferChanged { files: usize },
    /// A file that cannot be offered.
    LeftOut { name: FileName, why: String },
    /// The directory cannot be looked through; what was offered stays so.
    Unreadable { why: String },
}

impl Finding {
    /// What a person should read of it. A small file is hashed before anybody has read that it is.
    pub(crate) fn sentence(&self) -> Option<String> {
        match self {
            Self::Hashing { size: ..LARGE, .. } => None,
            Self::Hashing { name, size } => Some(format!("reading {name}, {}", units::size(*size))),
            Self::OfferChanged { files: 1 } => Some("1 file is shared".to_owned()),
            Self::OfferChanged { files } => Some(format!("{files} files are shared")),
            Self::LeftOut { name, why } => Some(format!("{name} is not shared: {why}")),
            Self::Unreadable { why } => Some(format!("the shared directory is not read: {why}")),
        }
    }
}

/// Why there is nothing that could be shared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShareError {
    #[error(transparent)]
    Directory(#[from] OpenDirectoryError),
    #[error("{0} is not a regular file that can be read")]
    NotAFile(String),
    #[error("{path} cannot be shared: {source}")]
    Name { path: String, source: FileNameError },
}

impl Holdings {
    /// Shares the regular files of `directory` whose names other peers can say.
    pub(crate) fn of_directory(directory: &Path) -> Result<Self, ShareError> {
        Self::open(directory, None)
    }

    /// Shares one file.
    pub(crate) fn of_file(path: &Path) -> Result<Self, ShareError> {
        let shown = path.display().to_string();
        let Some(name) = path.file_name() else { return Err(ShareError::NotAFile(shown)) };
        let name = FileName::from_bytes(name.as_encoded_bytes())
            .map_err(|source| ShareError::Name { path: shown.clone(), source })?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let holdings = Self::open(parent.unwrap_or(Path::new(".")), Some(name.clone()))?;
        holdings.directory.read(&name).map_err(|_| ShareError::NotAFile(shown))?;
        Ok(holdings)
    }

    fn open(directory: &Path, only: Option<FileName>) -> Result<Self, ShareError> {
        // One directory a process, so what is leaked is as long as the process lives.
        let usage = Box::leak(Box::new(Usage::default()));
        let directory = Directory::open(directory, &DirectoryOptions::default(), usage)?;
        let (files, is_news, nudge) = Default::default();
        Ok(Self { directory, only, files, is_news, nudge })
    }

    /// Starts the thread that hashes what there is, and goes on looking until the holdings are dropped.
    /// To be called once.
    pub(crate) fn keep_current(
        self: &Arc<Self>,
        tell: impl Fn(Finding) + Send + 'static,
    ) -> io::Result<()> {
        let (nudge, nudged) = mpsc::sync_channel(1);
        self.nudge
            .set(nudge)
            .map_err(|_| io::Error::other("the directory is looked after already"))?;
        let holdings = Arc::downgrade(self);
        let look_again = move || {
            while let Some(holdings) = holdings.upgrade() {
                let began = Instant::now();
                holdings.look(&tell);
                drop(holdings);
                let pause = LOOK_EVERY.max(began.elapsed() * PART_OF_TIME);
                if nudged.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
            }
        };
        thread::Builder::new().name("holdings".to_owned()).spawn(look_again).map(drop)
    }

    /// Looks through the directory once, and hashes what is new. Blocks as long as that takes.
    pub(crate) fn look(&self, tell: &impl Fn(Finding)) {
        let names = match self.names() {
            Ok(names) => names,
            Err(err) => return tell(Finding::Unreadable { why: err.to_string() }),
        };
        self.withdraw_all_but(&names);
        let mut offered_at = Instant::now();
        for (index, name) in names.into_iter().enumerate() {
            let looked = match index {
                ..FILES_MAX => self.look_at(&name, tell),
                _ => Err(format!("more than {FILES_MAX} files are not shared")),
            };
            if let Err(why) = looked {
                self.leave_out(name, why, tell);
            }
            if offered_at.elapsed() >= OFFER_EVERY {
                self.tell_news(tell);
                offered_at = Instant::now();
            }
        }
        self.tell_news(tell);
    }

    fn names(&self) -> Result<Vec<FileName>, StorageError> {
        match &self.only {
            Some(name) => Ok(vec![name.clone()]),
            None => self.directory.list(),
        }
    }

    /// Hashes the file unless it is as it was. An error says why it cannot be offered.
    fn look_at(&self, name: &FileName, tell: &impl Fn(Finding)) -> Result<(), String> {
        let stored = match self.directory.read(name) {
            Ok(stored) => stored,
            Err(err) => {
                self.withdraw(name);
                return Err(err.to_string());
            }
        };
        let file = stored.into_file();
        let stamp = Stamp::of(&file).map_err(|err| err.to_string())?;
        if self.by_name(name).is_some_and(|held| held.is_as_in(stamp)) {
            return Ok(());
        }
        self.withdraw(name);
        if stamp.size > LARGE && !has_settled(&file) {
            return Ok(());
        }
        if self.read().memory + memory_of(stamp.size) > MEMORY_MAX {
            return Err("there is no memory for its hashes".to_owned());
        }
        tell(Finding::Hashing { name: name.clone(), size: stamp.size });
        let held = Held::hash(name.clone(), &file).map_err(|err| err.to_string())?;
        self.add(held);
        Ok(())
    }

    fn leave_out(&self, name: FileName, why: String, tell: &impl Fn(Finding)) {
        if self.write().left_out.insert(name.clone()) {
            tell(Finding::LeftOut { name, why });
        }
    }

    fn tell_news(&self, tell: &impl Fn(Finding)) {
        if self.is_news.swap(false, Ordering::AcqRel) {
            tell(Finding::OfferChanged { files: self.read().by_name.len() });
        }
    }

    /// All that is offered, in the order of names.
    pub(crate) fn offered(&self) -> Vec<Arc<Held>> {
        self.read().by_name.values().cloned().collect()
    }

    pub(crate) fn by_name(&self, name: &FileName) -> Option<Arc<Held>> {
        self.read().by_name.get(name).cloned()
    }

    /// A file of this content, opened. One that has changed is withdrawn, and hashed again soon.
    pub(crate) fn open_content(&self, hash: &blake3::Hash) -> Option<Opened> {
        let holding_it = self.read().by_hash.get(hash.as_bytes()).cloned().unwrap_or_default();
        holding_it.into_iter().find_map(|held| self.open_held(held))
    }

    fn open_held(&self, held: Arc<Held>) -> Option<Opened> {
        let file = self.directory.read(&held.name).ok().map(storage::StoredFile::into_file);
        let opened = file.and_then(|file| Opened::of(file, Arc::clone(&held)));
        if opened.is_none() {
            self.note_changed(&held);
        }
        opened
    }

    /// To be called by whoever finds that a file is not what was hashed.
    pub(crate) fn note_changed(&self, held: &Held) {
        // The name may stand for a newer content by now.
        if self.by_name(&held.name).is_some_and(|current| current.blob == held.blob) {
            self.withdraw(&held.name);
        }
        if let Some(nudge) = self.nudge.get() {
            // A look that is due already will do.
            let _ = nudge.try_send(());
        }
    }

    fn add(&self, held: Held) {
        let held = Arc::new(held);
        let mut files = self.write();
        files.memory += held.memory();
        files.left_out.remove(&held.name);
        files.by_hash.entry(*held.blob.hash.as_bytes()).or_default().push(Arc::clone(&held));
        files.by_name.insert(held.name.clone(), held);
        self.is_news.store(true, Ordering::Release);
    }

    fn withdraw(&self, name: &FileName) {
        let mut files = self.write();
        let Some(held) = files.by_name.remove(name) else { return };
        files.memory -= held.memory();
        if let Some(holding_it) = files.by_hash.get_mut(held.blob.hash.as_bytes()) {
            holding_it.retain(|other| other.name != *name);
            if holding_it.is_empty() {
                files.by_hash.remove(held.blob.hash.as_bytes());
            }
        }
        self.is_news.store(true, Ordering::Release);
    }

    /// `names` are in order.
    fn withdraw_all_but(&self, names: &[FileName]) {
        let is_gone = |name: &&FileName| names.binary_search(name).is_err();
        let gone: Vec<_> = self.read().by_name.keys().filter(is_gone).cloned().collect();
        gone.iter().for_each(|name| self.withdraw(name));
        self.write().left_out.retain(|name| !is_gone(&name));
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Files> {
        self.files.read().expect("no holder of this lock panics")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Files> {
        self.files.write().expect("no holder of this lock panics")
    }
}

impl Offer for Holdings {
    fn items(&self) -> Vec<Item> {
        let item = |held: &Arc<Held>| {
            let hash = *held.blob.hash.as_bytes();
            Item { name: held.name.clone(), hash, size: held.blob.size }
        };
        self.read().by_name.values().map(item).collect()
    }

    fn has(&self, name: &FileName) -> bool {
        self.by_name(name).is_some()
    }

    /// What was hashed, as all else that is served. The seed's peers cannot check it.
    fn open(&self, name: &FileName) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
        let Some(opened) = self.by_name(name).and_then(|held| self.open_held(held)) else {
            return Ok(None);
        };
        let size = opened.held.blob.size;
        Ok(Some((Box::new(opened.into_file().take(size)), size)))
    }
}

/// A time of change in the future says nothing, and would never pass.
fn has_settled(file: &File) -> bool {
    let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
    let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
    age.is_none_or(|age| age >= SETTLED_AFTER)
}

#[cfg(test)]
mod tests;
