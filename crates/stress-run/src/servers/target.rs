//! The server being measured, as the experiment uses it outside the clock.

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use client::{
    ClientError, Connection, ConnectionOptions, ErrorCode, Feature, FileName, Remote, Stats, Verb,
};

use super::{
    access::Access,
    content::{ContentHasher, SourceFile},
};

/// Longest wait for an answer outside the clock, where nothing else is said. All of it goes to
/// hashing or to a busy pool.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A server that is just starting may not listen yet.
const STARTUP_WAIT: Duration = Duration::from_secs(1);

/// A server that does not answer STATS for so long does not know it, and one that does not store a few bytes
/// in so long stores nothing.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for the names of what is left, at the end of a run.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a server may stay busy with connections that their clients have closed.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A server that listens.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) access: Access,
    /// Its first process, where that is ours to look at.
    pub(crate) pid: Option<u32>,
    /// Where it keeps its files, where that is ours to look at.
    pub(crate) dir: Option<PathBuf>,
    /// Whether what it stores or sends can be told from anything else; a null server's cannot.
    pub(crate) has_content: bool,
    timeout: Duration,
    /// How often it was asked for its counts: it counts that too.
    stats_asked: Arc<AtomicU64>,
    /// What it does not know it is not asked twice: foreign servers have neither.
    has_stats: bool,
    has_digest: bool,
}

impl Target {
    /// Finds out what the server at `address` can tell.
    pub(crate) fn new(
        address: &str,
        access: &Access,
        timeout: Option<Duration>,
    ) -> Result<Self, ClientError> {
        let timeout = timeout.unwrap_or(TIMEOUT);
        let mut target = Self {
            address: address.to_owned(),
            access: access.clone(),
            pid: None,
            dir: None,
            has_content: true,
            timeout,
            stats_asked: Arc::default(),
            has_stats: true,
            has_digest: true,
        };
        target.has_stats = match target.connect_for(timeout.min(PROBE_TIMEOUT))?.stats() {
            Ok(stats) => serde_json::from_value::<Stats>(stats).is_ok(),
            Err(err) if says_no(&err) => return Err(err),
            // Each foreign server has its own way of not knowing a request.
            Err(_) => false,
        };
        target.has_digest = target.has_stats;
        Ok(target)
    }

    /// A null server, which runs as this process.
    pub(crate) fn null(address: &str, pid: u32) -> Self {
        Self {
            address: address.to_owned(),
            access: Access::default(),
            pid: Some(pid),
            dir: None,
            has_content: false,
            timeout: TIMEOUT,
            stats_asked: Arc::default(),
            has_stats: false,
            has_digest: false,
        }
    }

    /// The server's counts; `None` from a server that has none.
    pub(crate) fn stats(&self) -> Result<Option<Stats>, ClientError> {
        if !self.has_stats {
            return Ok(None);
        }
        self.stats_asked.fetch_add(1, Relaxed);
        Ok(serde_json::from_value(self.connect()?.stats()?).ok())
    }

    /// The server's counts once it has booked every connection that its clients have closed.
    pub(crate) fn settled_stats(&self) -> Result<Option<Stats>, ClientError> {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        loop {
            let stats = self.stats()?;
            match &stats {
                // The one that asks is active.
                Some(counts) if counts.connections.active + counts.connections.waiting > 1 => {}
                _ => return Ok(stats),
            }
            if Instant::now() >= deadline {
                return Err(ClientError::DeadlinePassed);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// How often it was asked for its counts until now.
    pub(crate) fn stats_asked(&self) -> u64 {
        self.stats_asked.load(Relaxed)
    }

    /// The verbs of those features that it does not have.
    pub(crate) fn lacking(&self, needed: &[Feature]) -> Result<Vec<&'static str>, ClientError> {
        let options = self.options(self.timeout.min(PROBE_TIMEOUT));
        let mut remote = Remote::new(self.address.clone(), options);
        let mut lacking = Vec::new();
        for feature in needed {
            if !remote.knows(*feature)? {
                let verb = match feature {
                    Feature::Fetch => Verb::Fetch,
                    Feature::Store => Verb::Store,
                };
                lacking.push(verb.name());
            }
        }
        Ok(lacking)
    }

    /// Stores the file that downloads read.
    pub(crate) fn provide(&self, source: &SourceFile) -> anyhow::Result<()> {
        Ok(self.store(&source.name, &mut File::open(&source.path)?)?)
    }

    pub(crate) fn store(&self, name: &FileName, content: &mut dyn Read) -> Result<(), ClientError> {
        self.connect()?.upload(name, content).map(drop)
    }

    /// Stores a few bytes, to see whether that can be done.
    pub(crate) fn store_probe(&self, name: &FileName) -> Result<(), ClientError> {
        let mut connection = self.connect_for(self.timeout.min(PROBE_TIMEOUT))?;
        connection.upload(name, &mut &b"kolam"[..]).map(drop)
    }

    /// Copies a stored file; how long it is.
    pub(crate) fn fetch(&self, name: &FileName, sink: &mut dyn Write) -> Result<u64, ClientError> {
        Ok(self.connect()?.get(name, sink)?.bytes)
    }

    /// The names of all stored files: from their directory, or else as the server says when it has nothing
    /// else to do.
    pub(crate) fn stored_names(&self) -> anyhow::Result<Vec<String>> {
        let Some(dir) = &self.dir else { return Ok(self.list(self.timeout)?) };
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            // The server's temporary files begin with a dot, and no stored one does.
            let name = entry?.file_name().into_string().ok();
            names.extend(name.filter(|name| !name.starts_with('.')));
        }
        Ok(names)
    }

    pub(crate) fn list(&self, timeout: Duration) -> Result<Vec<String>, ClientError> {
        Ok(self.connect_for(timeout.min(self.timeout))?.list()?.names)
    }

    /// Of the names that it lists those of ours, at the end of a run.
    pub(crate) fn names_that_begin_with(&self, ours: &[&str]) -> Result<Vec<String>, ClientError> {
        let mut names = self.list(LIST_TIMEOUT)?;
        names.retain(|name| {
            // Whatever else it says is not from here, and may be anything.
            name.bytes().all(|byte| byte.is_ascii_graphic())
                && ours.iter().any(|beginning| name.starts_with(beginning))
        });
        Ok(names)
    }

    /// Finds out whether it knows DIGEST, of a file that it has.
    pub(crate) fn learn_digest(&mut self, name: &FileName) {
        let asked = || self.connect_for(self.timeout.min(PROBE_TIMEOUT))?.digest(name);
        self.has_digest = self.has_digest || asked().is_ok();
    }

    /// The digest of a stored file: from the server, or by reading the file back.
    pub(crate) fn digest(&self, name: &FileName) -> Result<String, ClientError> {
        if self.has_digest {
            return Ok(self.connect()?.digest(name)?.digest);
        }
        let mut digest = ContentHasher::default();
        self.fetch(name, &mut digest)?;
        Ok(digest.finish())
    }

    pub(crate) fn delete(&self, name: &FileName) -> Result<(), ClientError> {
        self.connect()?.delete(name).map(drop)
    }

    fn connect(&self) -> Result<Connection, ClientError> {
        self.connect_for(self.timeout)
    }

    fn connect_for(&self, timeout: Duration) -> Result<Connection, ClientError> {
        Connection::connect(&self.address, self.options(timeout))
    }

    fn options(&self, timeout: Duration) -> ConnectionOptions {
        ConnectionOptions { timeout, startup_wait: STARTUP_WAIT, ..self.access.options() }
    }
}

/// Whether this is more than not knowing a request: there is no way to talk to the server, or it has
/// understood the request and refuses it.
fn says_no(err: &ClientError) -> bool {
    match err {
        ClientError::Connect { .. } | ClientError::Tls(_) | ClientError::SpeaksTls => true,
        err => err.code().is_some_and(|code| code != ErrorCode::UnknownRequest),
    }
}
