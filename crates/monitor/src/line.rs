//! An event as it came: one line of JSON.
//!
//! [`telemetry::Event`] says what events there are. Reading one as such takes several times as long
//! as reading its fields into one flat structure, and the recorder shares its processor with the
//! transfers; so it reads [`Line`], and a test holds the two together.

use std::{borrow::Cow, ops::Deref};

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use telemetry::{Event, EventKind, EventSource, Level};

#[cfg(test)]
use crate::config::ServerRun;

pub(crate) mod json;
pub(crate) mod text;
mod words;

/// The fields that all events have, and those that any event may have.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, serde(deny_unknown_fields))]
pub(crate) struct Line<'a> {
    #[serde(borrow)]
    pub(crate) time: Text<'a>,
    pub(crate) level: Level,
    pub(crate) source: EventSource,
    pub(crate) pid: u32,
    #[serde(borrow)]
    pub(crate) event: Text<'a>,
    pub(crate) connection: Option<u64>,
    #[serde(borrow)]
    pub(crate) client: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) proxy: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) user: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) command: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) file: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) backend: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) change: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) outcome: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) cause: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) limit: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) how: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
    pub(crate) worker: Option<u32>,
    pub(crate) worker_pid: Option<u32>,
    pub(crate) restarts: Option<u64>,
    pub(crate) attempt: Option<u32>,
    pub(crate) count: Option<u64>,
    pub(crate) requests: Option<u64>,
    pub(crate) bytes: Option<u64>,
    pub(crate) bytes_in: Option<u64>,
    pub(crate) bytes_out: Option<u64>,
    pub(crate) waited: Option<f64>,
    pub(crate) seconds: Option<f64>,
    pub(crate) throughput: Option<f64>,
    pub(crate) replaced_in: Option<f64>,
    pub(crate) accepted_ns: Option<u64>,
    pub(crate) picked_up_ns: Option<u64>,
    pub(crate) began_ns: Option<u64>,
    pub(crate) first_byte_ns: Option<u64>,
    pub(crate) last_byte_ns: Option<u64>,
}

/// How much the event of a line matters; `None` where it is no event.
pub(crate) fn level(line: &[u8]) -> Option<Level> {
    #[derive(Deserialize)]
    struct Graded {
        level: Level,
    }
    serde_json::from_slice(line).ok().map(|Graded { level }| level)
}

/// Text that lies in the line, where it has no escapes.
#[derive(Debug, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> Line<'a> {
    /// Reads a line that the journal gave out; `None` for one that is no event.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The client's address without its port.
    pub(crate) fn address(&self) -> Option<&str> {
        let (address, _) = self.client.as_ref()?.rsplit_once(':')?;
        Some(address.trim_start_matches('[').trim_end_matches(']'))
    }

    /// Seconds from the head of a request to the first byte of its reply.
    pub(crate) fn latency(&self) -> Option<f64> {
        let ns = self.first_byte_ns?.saturating_sub(self.began_ns?);
        Some(ns as f64 / 1e9)
    }

    /// Why something went wrong, whatever the event calls it.
    pub(crate) fn why(&self) -> Option<Cow<'_, str>> {
        if let (Some(change), Some(reason)) = (&self.change, &self.reason) {
            return Some(format!("{}: {}", change.0, reason.0).into());
        }
        let fields = [&self.cause, &self.reason, &self.limit, &self.how, &self.text, &self.change];
        fields.into_iter().find_map(|field| field.as_deref()).map(Cow::Borrowed)
    }
}

/// A line, without its end, of an event that the recorder itself tells.
pub(crate) fn own_event(level: Level, kind: EventKind) -> Vec<u8> {
    Event::now(EventSource::Monitor, level, kind).to_json()
}

/// The seconds and the milliseconds of the time of an event.
pub(crate) fn split_time(time: &str) -> Option<(&str, u32)> {
    let (seconds, rest) = time.strip_suffix('Z')?.split_at_checked("2026-11-20T15:00:00".len())?;
    let milliseconds = match rest.strip_prefix('.') {
        None if rest.is_empty() => 0,
        None => return None,
        Some(digits) => format!("{digits:0<3}").get(..3)?.parse().ok()?,
    };
    Some((seconds, milliseconds))
}

/// The time of day where the server stands, which is worked out once a second.
#[derive(Debug)]
pub(crate) struct LocalTime {
    zone: TimeZone,
    utc: String,
    local: String,
}

impl LocalTime {
    /// Reads the system's time zone, from files that are out of reach later.
    pub(crate) fn of_system() -> Self {
        Self::of(TimeZone::system())
    }

    pub(crate) fn of(zone: TimeZone) -> Self {
        Self { zone, utc: String::new(), local: String::new() }
    }

    /// The date and the time of the second that begins at `utc`, as `2026-11-20 15:00:00`.
    fn second(&mut self, utc: &str) -> Option<&str> {
        if self.utc != utc {
            let time: Timestamp = format!("{utc}Z").parse().ok()?;
            self.local = time.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
            utc.clone_into(&mut self.utc);
        }
        Some(&self.local)
    }
}

/// Whose events the examples are.
#[cfg(test)]
pub(crate) fn example_run() -> ServerRun {
    ServerRun {
        started: Timestamp::UNIX_EPOCH,
        ..ServerRun::starting("fileserver", "thread", 5, ([127, 0, 0, 1], 46666).into())
    }
}

/// An event of each kind, some with names from hostile clients.
#[cfg(test)]
pub(crate) fn examples() -> Vec<Event> {
    tests::examples()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use telemetry::{
        Mode,
        event::{ClosedEvent, RequestEvent, RetriedEvent, WorkerDiedEvent},
    };

    use super::*;

    const HOSTILE: &str =
        "a\"b\\\n2026-11-20 15:00:00,123 - main - INFO - x\u{1b}[31m\u{9b}\u{202e}\0é 🦀";

    const CONNECTION: u64 = 17;

    fn client() -> SocketAddr {
        "127.0.0.1:5000".parse().unwrap()
    }

    pub(super) fn examples() -> Vec<Event> {
        let all = of_connections().into_iter().chain(of_requests()).chain(of_closes());
        let event = |(index, kind)| Event {
            time: Timestamp::from_millisecond(1_795_186_800_000 + index as i64 * 60).unwrap(),
            level: if index % 2 == 0 { Level::Info } else { Level::Warning },
            source: if index % 3 == 0 {
                EventSource::Worker(Mode::Process, 3)
            } else {
                EventSource::Worker(Mode::Thread, 7)
            },
            pid: 77,
            kind,
        };
        all.chain(of_others()).enumerate().map(event).collect()
    }

    fn of_connections() -> [EventKind; 2] {
        let (connection, client) = (CONNECTION, client());
        let (accepted_ns, picked_up_ns, waited) = (1_000_000, 1_250_000, 0.000_25);
        [
            EventKind::Opened { connection, client, accepted_ns },
            EventKind::PickedUp { connection, client, accepted_ns, picked_up_ns, waited },
        ]
    }

    fn of_requests() -> [EventKind; 2] {
        let request = RequestEvent {
            connection: CONNECTION,
            client: client(),
            user: None,
            command: "GET".to_owned(),
            file: Some("a b.txt".to_owned()),
            backend: None,
            attempt: None,
            outcome: "ok".to_owned(),
            bytes: 104_857_600,
            seconds: 0.052_113,
            throughput: Some(2_012_120_584.1),
            accepted_ns: 1,
            picked_up_ns: 2,
            began_ns: 3,
            first_byte_ns: Some(200_003),
            last_byte_ns: 52_113_003,
        };
        let hostile = RequestEvent {
            client: "[2001:db8::1]:5000".parse().unwrap(),
            user: Some("ann".to_owned()),
            command: "unknown".to_owned(),
            file: Some(HOSTILE.to_owned()),
            backend: Some("127.0.0.1:8081".to_owned()),
            attempt: Some(2),
            outcome: "not-found".to_owned(),
            bytes: 1 << 40,
            throughput: None,
            first_byte_ns: None,
            ..request.clone()
        };
        [request, hostile].map(|request| EventKind::Request(Box::new(request)))
    }

    fn of_closes() -> [EventKind; 2] {
        let closed = ClosedEvent {
            connection: CONNECTION,
            client: client(),
            backend: None,
            outcome: "ok".to_owned(),
            cause: None,
            requests: 1,
            bytes_in: 0,
            bytes_out: 104_857_600,
            seconds: 0.06,
            throughput: Some(1_747_626_666.7),
        };
        let failed = ClosedEvent {
            backend: Some("b1".to_owned()),
            outcome: "failed".to_owned(),
            cause: Some("silent for 60s".to_owned()),
            throughput: None,
            ..closed.clone()
        };
        [closed, failed].map(|closed| EventKind::Closed(Box::new(closed)))
    }

    fn of_others() -> Vec<EventKind> {
        let (connection, client) = (CONNECTION, client());
        let died = WorkerDiedEvent {
            worker: 3,
            worker_pid: 1234,
            how: "was killed by SIGKILL".to_owned(),
            connection: Some(connection),
            client: Some(client),
            command: Some("GET".to_owned()),
            file: Some("a b.txt".to_owned()),
            bytes: Some(1000),
            replaced_in: Some(0.1),
        };
        let idle = WorkerDiedEvent {
            connection: None,
            client: None,
            command: None,
            file: None,
            bytes: None,
            ..died.clone()
        };
        let retried = RetriedEvent {
            connection,
            client,
            backend: "127.0.0.1:8080".to_owned(),
            attempt: 1,
            cause: "connection refused".to_owned(),
        };
        let changed = |change: &str, reason: Option<&str>| EventKind::BackendChanged {
            backend: "127.0.0.1:8080".to_owned(),
            change: change.to_owned(),
            reason: reason.map(str::to_owned),
        };
        vec![
            EventKind::TurnedAway { client, reason: "1024 connections are open".to_owned() },
            EventKind::Limit { connection, client, limit: "nothing moved for 60 s".to_owned() },
            EventKind::Named {
                connection,
                client: "192.0.2.7:5000".parse().unwrap(),
                proxy: client,
            },
            EventKind::Authenticated { connection, client, user: "ann".to_owned() },
            EventKind::AuthFailed { connection, client },
            EventKind::WorkerStarted { worker: 3, restarts: 1 },
            EventKind::WorkerDied(Box::new(died)),
            EventKind::WorkerDied(Box::new(idle)),
            EventKind::Retried(Box::new(retried)),
            changed("fell", Some("3 checks in a row failed: connection refused")),
            changed("rose", None),
            EventKind::LogReopened,
            EventKind::EventsLost { count: 12, reason: "No space left on device".to_owned() },
            EventKind::Message { text: "listening on 127.0.0.1:46666".to_owned() },
            EventKind::Message { text: format!("closed connection=1 outcome=ok {HOSTILE}") },
            EventKind::Message { text: String::new() },
        ]
    }

    #[test]
    fn a_line_has_every_field_of_every_event() {
        for event in examples() {
            // Reading refuses fields that it does not know, in tests.
            let json = event.to_json();
            let line: Line<'_> = serde_json::from_slice(&json).unwrap();
            assert_eq!((line.source, line.level, line.pid), (event.source, event.level, 77));
            if let EventKind::Request(request) = event.kind {
                assert_eq!(line.file.as_deref(), request.file.as_deref());
                assert_eq!(line.address(), Some(request.client.ip().to_string().as_str()));
                assert_eq!(line.throughput, request.throughput);
            }
        }
    }

    #[test]
    fn times_are_split_whatever_zeros_they_lack() {
        assert_eq!(split_time("2026-11-20T15:00:00Z"), Some(("2026-11-20T15:00:00", 0)));
        assert_eq!(split_time("2026-11-20T15:00:00.12Z"), Some(("2026-11-20T15:00:00", 120)));
        assert_eq!(split_time("2026-11-20T15:00:00.007Z"), Some(("2026-11-20T15:00:00", 7)));
        for wrong in
            ["", "Z", "2026-11-20T15:00:00", "2026-11-20T15:00:00.Z", "2026-11-20T15:00:00+Z"]
        {
            assert!(split_time(wrong).is_none_or(|(_, milliseconds)| milliseconds == 0), "{wrong}");
        }
    }

    #[test]
    fn local_time_follows_the_zone() {
        let mut time = LocalTime::of(TimeZone::fixed(jiff::tz::offset(7)));
        assert_eq!(time.second("2026-11-20T20:00:00"), Some("2026-11-21 03:00:00"));
        assert_eq!(time.second("2026-11-20T20:00:01"), Some("2026-11-21 03:00:01"));
        assert_eq!(time.second("yesterday"), None);
    }
}
