//! What happens in a server: one value an event.
//!
//! As JSON an event is one line of ASCII, whatever names came from the network.

use std::{
    fmt::{self, Display},
    net::SocketAddr,
    process,
    str::FromStr,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{clock, mode::Mode};

mod ascii;

/// Something that happened, when, and who saw it. In which program, whoever writes it down adds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Event {
    /// The time of day, in whole milliseconds.
    pub time: Timestamp,
    pub level: Level,
    pub source: EventSource,
    pub pid: u32,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How much an event matters. Each includes those before it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
    Info,
    Debug,
    Trace,
}

/// Who saw an event: `main`, `supervisor`, `monitor`, or a worker with its number, as `thread-3`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub enum EventSource {
    /// The thread or process that accepts for all workers.
    Main,
    /// What starts and replaces worker processes.
    Supervisor,
    /// What writes the events down.
    Monitor,
    /// A worker; the number is that of its slot.
    Worker(Mode, u32),
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A connection was accepted.
    Opened { connection: u64, client: SocketAddr, accepted_ns: u64 },
    /// A worker took it over. `waited` are seconds in the server's queue; those before the accept,
    /// in the kernel, are not known here.
    PickedUp {
        connection: u64,
        client: SocketAddr,
        accepted_ns: u64,
        picked_up_ns: u64,
        waited: f64,
    },
    /// The answer to a request was sent, or the request failed.
    Request(Box<RequestEvent>),
    /// A connection ended.
    Closed(Box<ClosedEvent>),
    /// A connection was answered `busy` and closed.
    TurnedAway { client: SocketAddr, reason: String },
    /// A backend did not answer a request, which goes to another now.
    Retried(Box<RetriedEvent>),
    /// A backend is in another state than before, or has another weight or place.
    BackendChanged {
        backend: String,
        /// What became of it: `fell`, `rose`, `ejected`, …
        change: String,
        /// Why, where more is known than the change says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A connection came to the end of what it may have.
    Limit { connection: u64, client: SocketAddr, limit: String },
    /// The peer of a connection is a proxy, and said for whom it connects: `client` from now on.
    Named { connection: u64, client: SocketAddr, proxy: SocketAddr },
    /// A connection said whose it is.
    Authenticated { connection: u64, client: SocketAddr, user: String },
    /// A connection gave a token that is none.
    AuthFailed { connection: u64, client: SocketAddr },
    /// The source is a worker, and runs from now on.
    WorkerStarted { worker: u32, restarts: u64 },
    /// A worker process ended, though nobody asked it to. The rest says what it was doing.
    WorkerDied(Box<WorkerDiedEvent>),
    /// The log file was opened again under its name.
    LogReopened,
    /// So many events before this one could not be written.
    EventsLost { count: u64, reason: String },
    /// Anything else, in words.
    Message { text: String },
}

/// A finished request. Times are of the system's monotonic clock, in nanoseconds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RequestEvent {
    pub connection: u64,
    pub client: SocketAddr,
    /// The token's name, where the connection has given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The verb in upper case, or `unknown`.
    pub command: String,
    /// The name in the request; where it is none that is allowed, what stood in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where it was forwarded: the backend that was asked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// How many backends were asked until then, that one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// `ok`, the code of the error that was answered, or `aborted` where no answer was sent whole.
    pub outcome: String,
    /// Of file content, not of base64.
    pub bytes: u64,
    /// From the request's head to the last byte of the reply.
    pub seconds: f64,
    /// `bytes` for each of the seconds; none where there are none.
    pub throughput: Option<f64>,
    pub accepted_ns: u64,
    pub picked_up_ns: u64,
    /// The head had arrived.
    pub began_ns: u64,
    /// The first byte of the reply was sent; none where nothing was.
    pub first_byte_ns: Option<u64>,
    /// The last byte of the reply was sent, or the request was given up.
    pub last_byte_ns: u64,
}

/// An attempt that failed, and was not the last.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct RetriedEvent {
    pub connection: u64,
    pub client: SocketAddr,
    /// Who did not answer.
    pub backend: String,
    pub attempt: u32,
    pub cause: String,
}

/// A connection and its totals.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ClosedEvent {
    pub connection: u64,
    pub client: SocketAddr,
    /// Where the whole connection was forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// `ok` or `failed`.
    pub outcome: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    pub requests: u64,
    /// Content bytes received and sent.
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// From the accept to the close.
    pub seconds: f64,
    /// Content bytes in both directions for each second since a worker picked it up.
    pub throughput: Option<f64>,
}

/// A dead worker process, and what it was doing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct WorkerDiedEvent {
    pub worker: u32,
    pub worker_pid: u32,
    /// `was killed by SIGKILL`.
    pub how: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<SocketAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Seconds until another takes its place; none where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_in: Option<f64>,
}

impl Event {
    /// An event that this process tells now.
    pub fn now(source: EventSource, level: Level, kind: EventKind) -> Self {
        Self { time: clock::time_of_day(), level, source, pid: process::id(), kind }
    }

    /// One line of ASCII, without its end.
    pub fn to_json(&self) -> Vec<u8> {
        ascii::to_vec(self)
    }
}

impl Level {
    /// As Python's logging spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl From<tracing::Level> for Level {
    fn from(level: tracing::Level) -> Self {
        match level {
            tracing::Level::ERROR => Self::Error,
            tracing::Level::WARN => Self::Warning,
            tracing::Level::INFO => Self::Info,
            tracing::Level::DEBUG => Self::Debug,
            tracing::Level::TRACE => Self::Trace,
        }
    }
}

impl From<Level> for tracing::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warning => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

impl EventSource {
    /// A process of its own, which its pid tells apart from others that had its number.
    pub fn is_process(self) -> bool {
        matches!(self, Self::Supervisor | Self::Worker(Mode::Process, _))
    }
}

/// What a worker is called: its mode, except where it is a thread for one connection.
fn name_of_worker(mode: Mode) -> &'static str {
    if mode == Mode::Legacy { "connection" } else { mode.name() }
}

impl Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Main => f.write_str("main"),
            Self::Supervisor => f.write_str("supervisor"),
            Self::Monitor => f.write_str("monitor"),
            Self::Worker(mode, number) => write!(f, "{}-{number}", name_of_worker(*mode)),
        }
    }
}

impl From<EventSource> for String {
    fn from(source: EventSource) -> Self {
        source.to_string()
    }
}

impl TryFrom<String> for EventSource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for EventSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let worker = |text: &str| {
            let (name, number) = text.split_once('-')?;
            let mode = Mode::ALL.into_iter().find(|mode| name_of_worker(*mode) == name)?;
            Some(Self::Worker(mode, number.parse().ok()?))
        };
        match text {
            "main" => Ok(Self::Main),
            "supervisor" => Ok(Self::Supervisor),
            "monitor" => Ok(Self::Monitor),
            text => worker(text).ok_or_else(|| format!("no source of events is called {text}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind) -> Event {
        Event {
            time: "2026-11-20T15:00:00.123Z".parse().unwrap(),
            level: Level::Info,
            source: EventSource::Worker(Mode::Process, 3),
            pid: 77,
            kind,
        }
    }

    #[test]
    fn an_event_is_one_line_of_ascii_and_reads_back() {
        let kind = EventKind::Request(Box::new(RequestEvent {
            connection: 5,
            client: "127.0.0.1:1000".parse().unwrap(),
            user: None,
            command: "GET".to_owned(),
            file: Some("a\"b\n\u{1b}[31m\u{9b}\u{202e}é\u{1f600}.txt".to_owned()),
            backend: None,
            attempt: None,
            outcome: "not-found".to_owned(),
            bytes: 0,
            seconds: 0.5,
            throughput: None,
            accepted_ns: 1,
            picked_up_ns: 2,
            began_ns: 3,
            first_byte_ns: Some(4),
            last_byte_ns: 5,
        }));
        let event = event(kind);
        let line = event.to_json();
        assert!(line.iter().all(|byte| (b' '..=b'~').contains(byte)));
        let text = String::from_utf8(line).unwrap();
        let head = r#"{"time":"2026-11-20T15:00:00.123Z","level":"info","source":"process-3","pid":77,"event":"request","connection":5,"client":"127.0.0.1:1000","command":"GET","#;
        assert!(text.starts_with(head), "{text}");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }

    #[test]
    fn every_source_reads_back_from_its_name() {
        let workers = Mode::ALL.map(|mode| EventSource::Worker(mode, 7));
        for source in [EventSource::Main, EventSource::Supervisor, EventSource::Monitor]
            .into_iter()
            .chain(workers)
        {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
        assert_eq!(workers.map(|worker| worker.to_string())[0], "connection-7");
        assert!("thread".parse::<EventSource>().is_err());
        assert!("main-1".parse::<EventSource>().is_err());
    }
}
