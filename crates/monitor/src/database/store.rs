//! What both kinds of database hold and do.

use std::sync::Arc;

use crate::{config::ServerRun, recorder::batch::Batch};

/// Counts up when the tables change. A database of an older version is brought up to this one by
/// whoever comes to write, and read as it is; one of a newer version is refused.
pub(super) const VERSION: i64 = 2;

/// What takes tables of version 1 to version 2.
pub(super) const TO_VERSION_2: &str = "
ALTER TABLE run ADD COLUMN program TEXT NOT NULL DEFAULT 'fileserver';
ALTER TABLE connection ADD COLUMN backend TEXT;
ALTER TABLE request ADD COLUMN backend TEXT;
ALTER TABLE request ADD COLUMN attempt BIGINT;
";

/// The tables, in what SQLite and PostgreSQL have in common. Times of day are text in UTC, with
/// milliseconds, so that they sort; monotonic times are nanoseconds.
const TABLES: &str = "
CREATE TABLE run (
    run RUN_KEY,
    started TEXT NOT NULL,
    ended TEXT,
    program TEXT NOT NULL,
    mode TEXT NOT NULL,
    workers BIGINT NOT NULL,
    address TEXT NOT NULL,
    pid BIGINT NOT NULL,
    events_lost BIGINT
);
CREATE TABLE connection (
    run BIGINT NOT NULL,
    connection BIGINT NOT NULL,
    client TEXT,
    address TEXT,
    opened TEXT,
    closed TEXT,
    worker TEXT,
    pid BIGINT,
    waited DOUBLE PRECISION,
    backend TEXT,
    outcome TEXT,
    cause TEXT,
    requests BIGINT,
    bytes_in BIGINT,
    bytes_out BIGINT,
    seconds DOUBLE PRECISION,
    throughput DOUBLE PRECISION,
    accepted_ns BIGINT,
    picked_up_ns BIGINT,
    PRIMARY KEY (run, connection)
) TABLE_END;
CREATE TABLE request (
    run BIGINT NOT NULL,
    connection BIGINT NOT NULL,
    time TEXT NOT NULL,
    worker TEXT NOT NULL,
    pid BIGINT NOT NULL,
    client TEXT NOT NULL,
    address TEXT NOT NULL,
    user_name TEXT,
    backend TEXT,
    attempt BIGINT,
    command TEXT NOT NULL,
    file TEXT,
    outcome TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    throughput DOUBLE PRECISION,
    accepted_ns BIGINT NOT NULL,
    picked_up_ns BIGINT NOT NULL,
    began_ns BIGINT NOT NULL,
    first_byte_ns BIGINT,
    last_byte_ns BIGINT NOT NULL
);
CREATE TABLE event (
    run BIGINT NOT NULL,
    time TEXT NOT NULL,
    level TEXT NOT NULL,
    source TEXT NOT NULL,
    pid BIGINT NOT NULL,
    event TEXT NOT NULL,
    connection BIGINT,
    client TEXT,
    cause TEXT,
    detail TEXT NOT NULL
);
";

/// What somebody wants of a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// To write; it is made where there is none.
    Create,
    /// To write; it was there a moment ago.
    Write,
    /// To read; nothing is ever changed.
    Read,
}

impl Purpose {
    /// The version of the tables, where it is one that will do.
    pub(super) fn expect_version(self, version: i64) -> Result<i64, StoreError> {
        let oldest = if self == Self::Read { 1 } else { VERSION };
        if (oldest..=VERSION).contains(&version) {
            Ok(version)
        } else {
            Err(StoreError::Version(version))
        }
    }
}

/// A connection to a database.
pub(crate) trait Store {
    /// Adds a run and returns its number.
    fn start_run(&mut self, run: &ServerRun) -> Result<i64, StoreError>;

    /// Adds all events of all batches, or none. Returns how many lines were no events.
    fn write(&mut self, run: i64, batches: &[Arc<Batch>]) -> Result<u64, StoreError>;

    fn end_run(&mut self, run: i64, events_lost: u64) -> Result<(), StoreError>;

    /// The version of its tables.
    fn version(&self) -> i64;

    /// The rows that a query has.
    fn rows(&mut self, query: &str) -> Result<Vec<Vec<Value>>, StoreError>;
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Number(f64),
    Text(String),
}

/// Why a database does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Another connection is writing; trying again helps.
    #[error("it is locked by another program")]
    Busy,
    #[error("there is no such file")]
    Missing,
    #[error("its file was deleted or moved")]
    Moved,
    #[error("it is no database of this server's events")]
    Foreign,
    #[error("its tables have version {0}, this program knows version {VERSION}")]
    Version(i64),
    #[error("its file cannot be made: {0}")]
    Create(std::io::Error),
    #[error("{0}")]
    Sqlite(rusqlite::Error),
    #[cfg(feature = "postgres")]
    #[error("{0}")]
    Postgres(String),
}

pub(super) fn tables(run_key: &str, table_end: &str) -> String {
    TABLES.replace("RUN_KEY", run_key).replace(" TABLE_END", table_end)
}

/// A moment as the tables have it.
pub(super) fn utc(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
