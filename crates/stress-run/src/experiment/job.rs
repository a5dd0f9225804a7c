//! What one client worker does in one cell.

use std::{
    fs::File,
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use client::{ClientError, Connection, FileName, Listing, Options, Transfer};
use serde::{Deserialize, Serialize};
use telemetry::monotonic_ns;

use super::timeline::Service;
use crate::{
    machine::thread_times::ThreadTimes,
    servers::{access::Access, content::Digest},
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

/// How a job went. Times are nanoseconds on the machine's monotonic clock.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Outcome {
    pub(crate) client: u32,
    /// Which burst of its cell it was in, from 1.
    #[serde(default = "first")]
    pub(crate) burst: u32,
    /// The client's port, by which the server knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    pub(crate) released_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connected_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_byte_ns: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_ns: Option<u64>,
    pub(crate) bytes: u64,
    /// Processor time of the client's thread, from before the release to its last byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu_ns: Option<u64>,
    /// How long in that time the thread could have run and had no processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_queue_ns: Option<u64>,
    /// Of content that was hashed on arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    /// What the server says about it, where it is one that tells.
    #[serde(flatten)]
    pub(crate) service: Option<Service>,
}

fn first() -> u32 {
    1
}

/// Why a job failed: a word to count by, a sentence to read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Failure {
    pub(crate) cause: String,
    pub(crate) sentence: String,
}

/// The cause of a wrong byte, which makes the whole run invalid.
pub(crate) const WRONG_CONTENT: &str = "wrong-content";

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

    fn transfer(&self, local: Option<File>, outcome: &mut Outcome) -> Result<Ended, ClientError> {
        let deadline = Instant::now() + self.timeout;
        let options = self.access.options();
        let options = Options { timeout: self.timeout, deadline: Some(deadline), ..options };
        let mut connection = Connection::connect(&self.server, options)?;
        outcome.connected_ns = Some(monotonic_ns(Instant::now()));
        outcome.port = Some(connection.local_addr().port());
        let ended = |transfer: Transfer| Ended {
            bytes: transfer.bytes,
            first_byte: transfer.first_byte,
            finished: transfer.finished,
        };
        match (&self.task, local) {
            (Task::Download(name), Some(mut file)) => connection.get(name, &mut file).map(ended),
            (Task::Download(name), None) => {
                let mut digest = Digest::default();
                let transfer = connection.get(name, &mut digest)?;
                outcome.digest = Some(digest.finish());
                Ok(ended(transfer))
            }
            (Task::Upload(name), Some(mut file)) => connection.upload(name, &mut file).map(ended),
            (Task::Upload(name), None) => connection.upload(name, &mut io::empty()).map(ended),
            (Task::List, _) => {
                let Listing { names, first_byte, finished } = connection.list()?;
                outcome.digest = Some(Digest::of_names(names));
                Ok(Ended { bytes: 0, first_byte, finished })
            }
        }
    }
}

/// What a task that succeeded has moved, and when.
struct Ended {
    /// Of the content of a file.
    bytes: u64,
    first_byte: Instant,
    finished: Instant,
}

impl Prepared {
    /// Makes the transfer. The clock started when all clients were released.
    pub(crate) fn run(self, released_ns: u64) -> Outcome {
        let Self { job, local, before } = self;
        let mut outcome = Outcome::new(&job, released_ns);
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

impl Outcome {
    /// A job that has not got anywhere yet.
    pub(crate) fn new(job: &Job, released_ns: u64) -> Self {
        Self::of(job.client, job.burst, released_ns)
    }

    pub(crate) fn of(client: u32, burst: u32, released_ns: u64) -> Self {
        Self {
            client,
            burst,
            port: None,
            released_ns,
            connected_ns: None,
            first_byte_ns: None,
            finished_ns: None,
            bytes: 0,
            cpu_ns: None,
            run_queue_ns: None,
            digest: None,
            failure: None,
            service: None,
        }
    }

    pub(crate) fn fail(&mut self, cause: &str, sentence: String) {
        self.failure = Some(Failure { cause: cause.to_owned(), sentence });
    }

    pub(crate) fn has_failed_with(&self, cause: &str) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.cause == cause)
    }

    /// Seconds from the release to the last byte; `None` for a failed job.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.since_release(self.finished_ns)
    }

    /// Seconds from the release to the first byte of the reply.
    pub(crate) fn seconds_to_first_byte(&self) -> Option<f64> {
        self.since_release(self.first_byte_ns)
    }

    /// Seconds from the connection to the worker that picked it up.
    pub(crate) fn seconds_in_queue(&self) -> Option<f64> {
        let (connected_ns, service) = (self.connected_ns?, self.succeeded()?.service.as_ref()?);
        // A worker may pick it up a moment before the client learns that it is connected.
        Some(service.picked_up_ns.saturating_sub(connected_ns) as f64 / 1e9)
    }

    /// Seconds from the worker that picked it up to the last byte.
    pub(crate) fn seconds_in_service(&self) -> Option<f64> {
        let picked_up_ns = self.succeeded()?.service.as_ref()?.picked_up_ns;
        Some(self.finished_ns?.saturating_sub(picked_up_ns) as f64 / 1e9)
    }

    /// Seconds that the client's thread ran, waited for a processor, and waited for anything else but
    /// a worker: together with the queue, its time. What an upload sends ahead while it is in the
    /// queue is in both.
    pub(crate) fn seconds_running_runnable_blocked(&self) -> Option<[f64; 3]> {
        let cpu_s = self.succeeded()?.cpu_ns? as f64 / 1e9;
        let run_queue_s = self.run_queue_ns? as f64 / 1e9;
        let rest_s = self.seconds()? - self.seconds_in_queue()? - cpu_s - run_queue_s;
        Some([cpu_s, run_queue_s, rest_s.max(0.0)])
    }

    fn succeeded(&self) -> Option<&Self> {
        self.failure.is_none().then_some(self)
    }

    fn since_release(&self, ns: Option<u64>) -> Option<f64> {
        let ns = ns.filter(|_| self.failure.is_none())?;
        Some(ns.saturating_sub(self.released_ns) as f64 / 1e9)
    }
}
