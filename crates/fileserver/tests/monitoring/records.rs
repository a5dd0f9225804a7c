//! What one server writes down about itself, and reading it.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{PATIENCE, eventually};

/// A directory for the log and the database of a server, apart from the one that it serves.
pub(crate) struct Records(TempDir);

impl Records {
    pub(crate) fn new() -> Self {
        Self(TempDir::with_prefix("kolam-records-").unwrap())
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir().join("log")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir().join("events.sqlite")
    }

    /// Options of a server that writes a log as text.
    pub(crate) fn text_log(&self) -> [String; 2] {
        ["--log-file".to_owned(), self.log().to_str().unwrap().to_owned()]
    }

    /// Options of a server that writes a log as JSON.
    pub(crate) fn json_log(&self) -> [String; 4] {
        let [option, path] = self.text_log();
        [option, path, "--log-format".to_owned(), "json".to_owned()]
    }

    /// Options of a server that fills a database.
    pub(crate) fn database_option(&self) -> [String; 2] {
        ["--log-db".to_owned(), self.database().to_str().unwrap().to_owned()]
    }

    /// Options of a server that does all there is.
    pub(crate) fn everything(&self) -> Vec<String> {
        let metrics = ["--metrics", "127.0.0.1:0"].map(str::to_owned);
        [&self.json_log()[..], &self.database_option(), &metrics].concat()
    }

    /// The number that the query answers. Waits while the database is being made or written.
    #[track_caller]
    pub(crate) fn count(&self, query: &str) -> u64 {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let database = Connection::open_with_flags(self.database(), flags).unwrap();
        database.busy_timeout(PATIENCE).unwrap();
        database.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap() as u64
    }

    /// Where the metrics page is, which the log says as JSON.
    pub(crate) fn metrics(&self) -> SocketAddr {
        let mut address = None;
        await_events(&self.log(), "the log says where the metrics are", |events| {
            address = events.iter().find_map(|event| {
                let (_, after) = event["text"].as_str()?.split_once("metrics at http://")?;
                after.strip_suffix("/metrics")?.parse().ok()
            });
            address.is_some()
        });
        address.unwrap()
    }
}

/// The regular expression of docs/LOG.md, which every line of a text log matches.
pub(crate) fn documented_line() -> &'static Regex {
    static LINE: LazyLock<Regex> = LazyLock::new(|| {
        let manual = include_str!("../../../../docs/LOG.md");
        let (_, after) = manual.split_once("```regex\n").unwrap();
        Regex::new(after.lines().next().unwrap()).unwrap()
    });
    &LINE
}

/// The whole lines of a log; empty where there is none yet.
pub(crate) fn lines(log: &Path) -> Vec<String> {
    let bytes = fs::read(log).unwrap_or_default();
    // A writer may be in the middle of the last one.
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = str::from_utf8(&bytes[..end]).expect("a log is UTF-8");
    text.split_terminator('\n').map(str::to_owned).collect()
}

/// The events of a log in JSON.
#[track_caller]
pub(crate) fn events(log: &Path) -> Vec<Value> {
    let event = |line: &String| {
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "not visible: {line:?}");
        serde_json::from_str(line).unwrap_or_else(|err| panic!("not an event ({err}): {line}"))
    };
    lines(log).iter().map(event).collect()
}

/// Of those, the ones of one kind.
pub(crate) fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

/// Waits until the log in JSON has what it is to have.
#[track_caller]
pub(crate) fn await_events(
    log: &Path,
    what: &str,
    mut condition: impl FnMut(&[Value]) -> bool,
) -> Vec<Value> {
    let mut all = Vec::new();
    eventually(PATIENCE, what, || {
        all = events(log);
        condition(&all)
    });
    all
}

/// Waits until so many requests are in the log in JSON.
#[track_caller]
pub(crate) fn await_requests(log: &Path, count: usize) -> Vec<Value> {
    let what = format!("{count} requests are in the log");
    await_events(log, &what, |events| of_kind(events, "request").len() >= count)
}

/// The metrics page.
#[track_caller]
pub(crate) fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: kolam\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    reply
}

/// The value of one sample, by its name and labels as they stand on the page.
#[track_caller]
pub(crate) fn sample(page: &str, name: &str) -> f64 {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let Some(value) = value else { panic!("no sample {name} in {page}") };
    value.parse().unwrap()
}
