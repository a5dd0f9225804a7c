//! What STATS answers: a server's counts since its start.

mod by_verb;

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

pub use by_verb::ByVerb;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Stats {
    /// The concurrency model: `legacy`, `thread`, `process`, `async` or `event`.
    pub mode: String,
    /// What `--workers` said.
    pub workers: u32,
    /// The faults that a test asked this server for, with commas between them; `None` without any.
    /// What a server with faults takes and does is no measure of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected: Option<String>,
    /// The served directory is not where it was: whoever asks for files is told so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub directory_gone: bool,
    /// Stored files that no request can name, when the directory was last listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub files_left_out: u64,
    pub uptime_seconds: f64,
    /// Over the last ten seconds; requests of every kind.
    pub requests_per_second: f64,
    pub connections: Connections,
    pub requests: Requests,
    /// Bytes of file content received, failed uploads included.
    pub bytes_in: u64,
    /// Bytes of file content sent, broken downloads included.
    pub bytes_out: u64,
    /// Events that could not be written to the log or the database.
    #[serde(default)]
    pub events_lost: u64,
    pub worker: Vec<Worker>,
    /// Of a balancer: the servers behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backend: Vec<Backend>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Connections {
    /// Being served, the one that asks included.
    pub active: u64,
    /// Waiting for a worker, in the server's queue or in the kernel's backlog.
    pub waiting: u64,
    pub succeeded: u64,
    pub failed: u64,
}

/// Finished requests.
pub type Requests = ByVerb<Outcomes>;

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Outcomes {
    pub ok: u64,
    pub failed: u64,
}

/// Whoever counts may say anything: sums do not overflow.
impl AddAssign for Outcomes {
    fn add_assign(&mut self, other: Self) {
        self.ok = self.ok.saturating_add(other.ok);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

impl Requests {
    /// Of all kinds.
    pub fn all(self) -> Outcomes {
        let mut all = Outcomes::default();
        self.into_entries().for_each(|(_, outcomes)| all += outcomes);
        all
    }
}

/// One member of the pool.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Worker {
    /// 1, 2, ... up to the size of the pool.
    pub worker: u32,
    /// The process that it is, or that its thread belongs to.
    pub pid: u32,
    pub state: WorkerState,
    pub connections: WorkerConnections,
    pub requests: Requests,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// How often the worker in this place died and was replaced.
    pub restarts: u64,
    pub cpu_seconds: Option<f64>,
    /// Whose CPU time that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_of: Option<Share>,
    /// Resident memory.
    pub memory_bytes: Option<u64>,
    /// Whose memory that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_of: Option<Share>,
    /// The connection that it runs; in async mode the one of its connections that spoke last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Current>,
}

/// A server behind a balancer, and what it was sent by it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Backend {
    pub name: String,
    pub address: String,
    /// `up`, `down`, `ejected`, `draining` or `warming`.
    pub state: String,
    /// In words, why it is `down` or `ejected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub weight: u16,
    /// Requests, or connections where these are forwarded whole, that it has now, and may have.
    pub in_flight: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight_max: Option<u64>,
    /// Connections that the balancer made, or could not make.
    pub connections: Outcomes,
    /// Requests that were forwarded here last; one that was tried again counts where it ended.
    pub requests: Outcomes,
    /// On the wire, from clients and to them.
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Requests that were tried again elsewhere, after this backend was lost.
    pub retries: u64,
}

/// Whether a number is a worker's alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// The worker's thread.
    Thread,
    /// The worker's process, which threads that are workers share.
    Process,
}

/// What a worker is doing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Current {
    /// Address and port of the client.
    pub client: String,
    /// `None` between requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<CurrentRequest>,
}

/// A request under way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CurrentRequest {
    /// The verb in upper case, or `unknown`.
    pub command: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Since its head arrived.
    pub seconds: f64,
    /// Content bytes moved so far, and in all where that is known.
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_total: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    /// Not running yet, or being replaced.
    Starting,
    Idle,
    /// Runs one connection, or in async mode at least one.
    Busy,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WorkerConnections {
    pub succeeded: u64,
    pub failed: u64,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}
