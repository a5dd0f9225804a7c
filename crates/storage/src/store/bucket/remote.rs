//! The other end: a client of the bucket, the threads that speak to it, and whether it answers.

use std::{
    fmt::{self, Debug, Formatter},
    hash::{BuildHasher, Hasher, RandomState},
    io,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use object_store::{
    ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    aws::AmazonS3,
    list::{PaginatedListOptions, PaginatedListStore},
    path::Path,
};
use protocol::FileName;
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{
    failure::Failure,
    settings::{BucketSettings, BucketSettingsError},
};
use crate::{space::usage::Usage, upload::IfExists};

/// Longest for one thing that is asked for, all tries together. Clients wait for a minute.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest that is waited at the end for what is given up.
const LAST_PATIENCE: Duration = Duration::from_secs(3);
/// They move bytes from sockets to memory and decrypt them.
const THREADS: usize = 2;

/// What the uploads of one process may hold in memory together: fifty that are large.
const BUFFERED_LEN_MAX: usize = 256 << 20;

/// What begins the names of objects that have no other yet. No client can ask for one with a dot.
const TEMPORARY_PREFIX: &str = ".upload-";

/// Why a bucket is not served.
#[derive(Debug, thiserror::Error)]
pub enum OpenBucketError {
    #[error(transparent)]
    Settings(#[from] BucketSettingsError),
    #[error("there is no bucket {0}; make it first, or name another with --dir")]
    Missing(String),
    #[error("{0} does not let this server list its files: {1}")]
    Refused(String, String),
    #[error(
        "{0} replaces an object where it is told not to, so --no-replace cannot be kept; serve another \
         bucket, or go without --no-replace"
    )]
    Replaces(String),
    #[error("whether {0} can keep --no-replace is not known, because it does not answer: {1}")]
    Unknown(String, String),
    #[error("the client of the bucket cannot be made: {0}")]
    Client(String),
}

impl OpenBucketError {
    fn of_client(err: &object_store::Error) -> Self {
        Self::Client(Failure::of(err).to_string())
    }

    fn of_threads(err: &io::Error) -> Self {
        Self::Client(err.to_string())
    }
}

/// A client of one bucket, shared by all that reads and writes there.
pub(super) struct Remote {
    pub(super) store: AmazonS3,
    address: String,
    port: u16,
    prefix: String,
    /// Made with the first request: threads do not survive a fork.
    runtime: OnceLock<Runtime>,
    /// What is given up while nobody waits for it.
    abandoned: Mutex<JoinSet<()>>,
    buffered: AtomicUsize,
    usage: &'static Usage,
}

/// Something that was asked for and is on its way. Dropped, it is not asked for any longer.
pub(super) struct Begun<T>(JoinHandle<Result<T, Failure>>);

impl Remote {
    pub(super) fn new(
        settings: &BucketSettings,
        usage: &'static Usage,
    ) -> Result<Self, OpenBucketError> {
        Ok(Self {
            store: settings.client().map_err(|err| OpenBucketError::of_client(&err))?,
            address: settings.address(),
            port: settings.port(),
            prefix: settings.prefix().to_owned(),
            runtime: OnceLock::new(),
            abandoned: Mutex::default(),
            buffered: AtomicUsize::new(0),
            usage,
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn usage(&self) -> &'static Usage {
        self.usage
    }

    /// What the keys of all files begin with.
    pub(super) fn prefix(&self) -> Option<&str> {
        Some(self.prefix.as_str()).filter(|prefix| !prefix.is_empty())
    }

    pub(super) fn location(&self, name: &FileName) -> Path {
        location(&self.prefix, name.as_str())
    }

    /// A place for an object that has no name yet.
    pub(super) fn temporary_location(&self) -> Path {
        location(&self.prefix, &temporary_name())
    }

    /// The name of what lies there; `None` where it is not directly below the prefix.
    pub(super) fn name_of<'a>(&self, location: &'a Path) -> Option<&'a str> {
        let name = location.as_ref().strip_prefix(self.prefix.as_str())?;
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }

    /// Does something, and waits until it is done.
    pub(super) fn wait<T>(
        &self,
        work: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Failure> {
        let outcome = self.runtime()?.block_on(within_patience(work));
        self.noticed(outcome)
    }

    /// Begins something that is to go on while nobody waits for it.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<Begun<T>, Failure> {
        Ok(Begun(self.runtime()?.spawn(within_patience(work))))
    }

    /// Waits until that is done.
    pub(super) fn wait_for<T>(&self, mut begun: Begun<T>) -> Result<T, Failure> {
        let outcome = self.runtime()?.block_on(&mut begun.0);
        self.noticed(outcome.unwrap_or_else(|err| Err(Failure::Away(err.to_string()))))
    }

    /// Does something that nobody waits for, and whose failure changes nothing.
    pub(super) fn abandon(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime nothing was begun that could be given up.
        let Some(runtime) = self.runtime.get() else { return };
        let mut abandoned = self.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
        while abandoned.try_join_next().is_some() {}
        let work = async move { drop(timeout(PATIENCE, work).await) };
        abandoned.spawn_on(work, runtime.handle());
    }

    /// Waits a little for that.
    pub(super) fn finish(&self) {
        let Some(runtime) = self.runtime.get() else { return };
        let mut abandoned = self.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
        let all = async { while abandoned.join_next().await.is_some() {} };
        let _ = runtime.block_on(async { timeout(LAST_PATIENCE, all).await });
    }

    /// Whether so many bytes more may be held in memory. They are given back by [`release`](Self::release).
    pub(super) fn reserve(&self, len: usize) -> bool {
        let fits = |held: usize| held.checked_add(len).filter(|sum| *sum <= BUFFERED_LEN_MAX);
        self.buffered.fetch_update(SeqCst, SeqCst, fits).is_ok()
    }

    pub(super) fn release(&self, len: usize) {
        self.buffered.fetch_sub(len, SeqCst);
    }

    fn runtime(&self) -> Result<&Runtime, Failure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("bucket")
            .enable_all()
            .build()
            .map_err(|err| Failure::Away(format!("no thread can be started: {err}")))?;
        Ok(self.runtime.get_or_init(|| runtime))
    }

    /// The first of all threads and processes to notice that the bucket is away, or back, says so.
    fn noticed<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        let address = &self.address;
        let is_away = matches!(outcome, Err(Failure::Away(_)));
        let is_news = self.usage.note_gone(is_away);
        match &outcome {
            Err(Failure::Away(why)) if is_news => tracing::error!(
                "the bucket {address} is away: requests for files fail until it answers again; {why}"
            ),
            Err(Failure::Refused(why)) => tracing::error!("the bucket {address} refused: {why}"),
            _ if is_news => tracing::warn!("the bucket {address} answers again"),
            _ => {}
        }
        outcome
    }
}

/// A store's own Debug would show what it signs with.
impl Debug for Remote {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("address", &self.address).finish_non_exhaustive()
    }
}

impl<T> Drop for Begun<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn within_patience<T>(
    work: impl Future<Output = object_store::Result<T>>,
) -> Result<T, Failure> {
    match timeout(PATIENCE, work).await {
        Ok(outcome) => outcome.map_err(|err| Failure::of(&err)),
        Err(_) => Err(Failure::Away(format!("no answer within {} s", PATIENCE.as_secs()))),
    }
}

/// Where something of this name lies. Unlike a `Path` that is made from its parts it keeps every character.
fn location(prefix: &str, name: &str) -> Path {
    Path::parse(format!("{prefix}{name}"))
        .expect("names have no control characters and are no dots")
}

/// By chance unlike that of any other server.
fn temporary_name() -> String {
    let chance = || RandomState::new().build_hasher().finish();
    format!("{TEMPORARY_PREFIX}{:016x}{:016x}", chance(), chance())
}

/// Asks the bucket what has to be known before it is served. The runtime, its threads and its connections
/// are gone then: the process that serves confines itself, and may fork.
pub(super) fn probe(settings: &BucketSettings, if_exists: IfExists) -> Result<(), OpenBucketError> {
    let store = settings.client().map_err(|err| OpenBucketError::of_client(&err))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|err| OpenBucketError::of_threads(&err))?;
    let (address, prefix) = (settings.address(), settings.prefix());
    let listed = async {
        let options = PaginatedListOptions {
            delimiter: Some("/".into()),
            max_keys: Some(1),
            ..PaginatedListOptions::default()
        };
        store.list_paginated(Some(prefix).filter(|prefix| !prefix.is_empty()), options).await
    };
    match runtime.block_on(within_patience(listed)) {
        Ok(_) => {}
        Err(Failure::Missing) => return Err(OpenBucketError::Missing(address)),
        Err(Failure::Refused(why)) => return Err(OpenBucketError::Refused(address, why)),
        Err(why) => tracing::warn!("the bucket {address} does not answer yet: {why}"),
    }
    if if_exists == IfExists::Replace {
        return Ok(());
    }
    let location = location(prefix, &temporary_name());
    match runtime.block_on(within_patience(refuses_to_replace(&store, &location))) {
        Ok(true) => Ok(()),
        Ok(false) => Err(OpenBucketError::Replaces(address)),
        Err(why) => Err(OpenBucketError::Unknown(address, why.to_string())),
    }
}

/// Some stores pass over a condition that they do not know.
async fn refuses_to_replace(store: &AmazonS3, location: &Path) -> object_store::Result<bool> {
    let put =
        || store.put_opts(location, PutPayload::from_static(b"probe"), PutMode::Create.into());
    put().await?;
    let refused = match put().await {
        Ok(_) => Ok(false),
        Err(object_store::Error::AlreadyExists { .. }) => Ok(true),
        Err(err) => Err(err),
    };
    store.delete(location).await?;
    refused
}
