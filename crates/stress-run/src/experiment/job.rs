//! What one client worker does in one cell.

use std::{
    fs::File,
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use client::{
    ClientError, Connection, ConnectionOptions, Fetch, Fetched, FileName, Listing, Store, Stored,
    Transfer,
};
use serde::{Deserialize, Serialize};
use telemetry::monotonic_ns;

use crate::{
    machine::thread_times::ThreadTimes,
    plan::Encoding,
    results::{JobOutcome, WRONG_CONTENT},
    servers::{access::Access, content::ContentHasher},
};

/// One transfer to make.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Job {
    pub(crate) client: u32,
    /// Which burst of its cell this is a part of, from 1.
    pub(crate) burst: u32,
    pub(crate) server: String,
    /// A token is no argument for a process.
    #[serde(skip)]
    pub(crate) access: Access,
    pub(crate) task: Task,
    pub(crate) encoding: Encoding,
    /// The file to send or to fill; none for a download that is only hashed. JSON cannot hold every path.
    #[serde(skip)]
    pub(crate) local: Option<PathBuf>,
    pub(crate) volume_bytes: u64,
    /// How long the transfer may take, from the release on.
    pub(crate) timeout: Duration,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Task {
    Download(FileName),
    Upload(FileName),
    List,
}

/// A job whose local file was opened: all that is left happens inside the clock.
pub(crate) struct Prepared {
    job: Job,
    local: io::Result<Option<File>>,
    /// Of the thread that prepared it, which is the one that runs it.
    before: Option<ThreadTimes>,
}

impl Job {
    /// Opens or creates the local file.
    pub(crate) fn prepare(self) -> Prepared {
        let local = match (&self.task, &self.local) {
            (Task::Upload(_), Some(path)) => File::open(path).map(Some),
            (Task::Download(_), Some(path)) => File::create(path).map(Some),
            (Task::List, _) | (_, None) => Ok(None),
        };
        Prepared { job: self, local, before: ThreadTimes::now() }
    }

    fn transfer(
        &self,
        local: Option<File>,
        outcome: &mut JobOutcome,
    ) -> Result<Ended, ClientError> {
        let deadline = Instant::now() + self.timeout;
        let options = self.access.options();
        let options =
            ConnectionOptions { timeout: self.timeout, deadline: Some(deadline), ..options };
        let mut connection = Connection::connect(&self.server, options)?;
        outcome.connected_ns = Some(monotonic_ns(Instant::now()));
        outcome.port = Some(connection.local_addr().port());
        match &self.task {
            Task::Download(name) => self.download(&mut connection, name, local, outcome),
            Task::Upload(name) => self.upload(&mut connection, name, local),
            Task::List => {
                let Listing { names, first_byte, finished, .. } = connection.list()?;
                outcome.digest = Some(ContentHasher::of_names(names));
                Ok(Ended { bytes: 0, first_byte, finished })
            }
        }
    }

    /// Content that no file takes is hashed.
    fn download(
        &self,
        connection: &mut Connection,
        name: &FileName,
        local: Option<File>,
        outcome: &mut JobOutcome,
    ) -> Result<Ended, ClientError> {
        let (mut digest, is_hashed) = (ContentHasher::default(), local.is_none());
        let whole = Fetch::whole(name.clone());
        let ended = match (self.encoding, local) {
            (Encoding::Base64, Some(mut file)) => connection.get(name, &mut file)?.into(),
            (Encoding::Base64, None) => connection.get(name, &mut digest)?.into(),
            (Encoding::Raw, Some(file)) => {
                connection.fetch_to_file(&whole, &file, &mut |_| Ok(()), &mut |_| ())?.into()
            }
            (Encoding::Raw, None) => connection.fetch(&whole, &mut digest, &mut |_| ())?.into(),
        };
        if is_hashed {
            outcome.digest = Some(digest.finish());
        }
        Ok(ended)
    }

    fn upload(
        &self,
        connection: &mut Connection,
        name: &FileName,
        local: Option<File>,
    ) -> Result<Ended, ClientError> {
        let store = Store { name: name.clone(), length: self.volume_bytes, resume: None };
        Ok(match (self.encoding, local) {
            (Encoding::Base64, Some(mut file)) => connection.upload(name, &mut file)?.into(),
            (Encoding::Base64, None) => connection.upload(name, &mut io::empty())?.into(),
            (Encoding::Raw, Some(mut file)) => connection.store(&store, &mut file)?.into(),
            (Encoding::Raw, None) => connection.store(&store, &mut io::empty())?.into(),
        })
    }
}

/// What a task that succeeded has moved, and when.
struct Ended {
    /// Of the content of a file.
    bytes: u64,
    first_byte: Instant,
    finished: Instant,
}

impl From<Transfer> for Ended {
    fn from(Transfer { bytes, first_byte, finished, .. }: Transfer) -> Self {
        Self { bytes, first_byte, finished }
    }
}

impl From<Fetched> for Ended {
    fn from(Fetched { range, first_byte, finished }: Fetched) -> Self {
        Self { bytes: range.length, first_byte, finished }
    }
}

impl From<Stored> for Ended {
    fn from(Stored { bytes, first_byte, finished, .. }: Stored) -> Self {
        Self { bytes, first_byte, finished }
    }
}

impl Prepared {
    /// Makes the transfer. The clock started when all clients were released.
    pub(crate) fn run(self, released_ns: u64) -> JobOutcome {
        let Self { job, local, before } = self;
        let mut outcome = JobOutcome::of(job.client, job.burst, released_ns);
        let transfer = match local {
            Ok(local) => job.transfer(local, &mut outcome),
            Err(err) => {
                outcome.fail("local-file", format!("cannot open its local file: {err}"));
                return outcome;
            }
        };
        if let (Some(before), Some(after)) = (before, ThreadTimes::now()) {
            let used = after.since(before);
            (outcome.cpu_ns, outcome.run_queue_ns) = (Some(used.cpu_ns), Some(used.run_queue_ns));
        }
        match transfer {
            Ok(transfer) => {
                outcome.first_byte_ns = Some(monotonic_ns(transfer.first_byte));
                outcome.finished_ns = Some(monotonic_ns(transfer.finished));
                outcome.bytes = transfer.bytes;
                if transfer.bytes != job.volume_bytes {
                    outcome.fail(
                        WRONG_CONTENT,
                        format!("{} bytes of {}", transfer.bytes, job.volume_bytes),
                    );
                }
            }
            // The server says itself that it has or sent another file.
            Err(err @ ClientError::SizeDiffers { .. }) => {
                outcome.fail(WRONG_CONTENT, err.to_string());
            }
            Err(err) => outcome.fail(err.cause(), err.to_string()),
        }
        outcome
    }
}
