//! The database as an SQLite file.
//!
//! The file has a write-ahead log, so that readers and the writer do not wait for each other.
//! `synchronous=NORMAL` flushes only when that log is folded into the file: a crash of the system
//! may lose the last transactions but leaves the file intact. `OFF` could leave it damaged and,
//! with a flush for some ten thousand events, saves nothing.

use std::{
    fs::OpenOptions, io, os::unix::fs::OpenOptionsExt, path::Path, sync::Arc, time::Duration,
};

use rusqlite::{
    CachedStatement, Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params,
    types::ValueRef,
};

use super::store::{Purpose, Store, StoreError, TO_VERSION_2, VERSION, Value, tables, utc};
use crate::{
    config::ServerRun,
    line::{Line, split_time},
    recorder::batch::Batch,
};

/// In the file's header: `kolm`.
const APPLICATION_ID: i64 = 0x6b6f_6c6d;

/// How long another connection's lock is waited for: at the start and by readers; and by the
/// writer, which tries again.
const PATIENCE: Duration = Duration::from_secs(5);
const WRITER_PATIENCE: Duration = Duration::from_millis(250);

/// As much as is written before the write-ahead log is folded into the file: 16 MB in pages.
const CHECKPOINT_PAGES: u32 = 4096;

/// The owner writes, the group may read; the files beside it get the same.
const MODE: u32 = 0o640;

const OPENED: &str = "
    INSERT INTO connection (run, connection, client, address, opened, accepted_ns)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT DO UPDATE SET opened = excluded.opened, accepted_ns = excluded.accepted_ns";

const PICKED_UP: &str = "
    INSERT INTO connection
        (run, connection, client, address, worker, pid, waited, accepted_ns, picked_up_ns)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT DO UPDATE SET worker = excluded.worker, pid = excluded.pid,
        waited = excluded.waited, picked_up_ns = excluded.picked_up_ns";

const CLOSED: &str = "
    INSERT INTO connection (run, connection, client, address, closed, backend, outcome, cause,
        requests, bytes_in, bytes_out, seconds, throughput)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT DO UPDATE SET client = excluded.client, address = excluded.address,
        closed = excluded.closed, backend = excluded.backend,
        outcome = excluded.outcome, cause = excluded.cause, requests = excluded.requests,
        bytes_in = excluded.bytes_in, bytes_out = excluded.bytes_out,
        seconds = excluded.seconds, throughput = excluded.throughput";

const REQUEST: &str = "
    INSERT INTO request (run, connection, time, worker, pid, client, address, user_name, backend,
        attempt, command, file, outcome, bytes, seconds, throughput, accepted_ns, picked_up_ns,
        began_ns, first_byte_ns, last_byte_ns)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
        ?20, ?21)";

const EVENT: &str = "
    INSERT INTO event (run, time, level, source, pid, event, connection, client, cause, detail)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
    /// Of its tables.
    version: i64,
}

impl Sqlite {
    pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Self, StoreError> {
        match purpose {
            Purpose::Create => create_file(path).map_err(StoreError::Create)?,
            Purpose::Write | Purpose::Read if !path.exists() => return Err(StoreError::Missing),
            Purpose::Write | Purpose::Read => {}
        }
        let mut connection = match purpose {
            Purpose::Read => open_to_read(path)?,
            Purpose::Create | Purpose::Write => connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        };
        if purpose == Purpose::Create {
            make_tables(&mut connection)?;
        }
        let version = version_of(&connection, purpose)?;
        let store = Self { connection, version };
        if purpose == Purpose::Write {
            store.connection.busy_timeout(WRITER_PATIENCE)?;
        }
        if purpose != Purpose::Read {
            store.set_up_writing()?;
        }
        Ok(store)
    }

    fn set_up_writing(&self) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        self.connection.pragma_update(None, "temp_store", "MEMORY")?;
        self.connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        Ok(())
    }
}

impl Store for Sqlite {
    fn start_run(&mut self, run: &ServerRun) -> Result<i64, StoreError> {
        self.connection.execute(
            "INSERT INTO run (started, program, mode, workers, address, pid)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                utc(run.started),
                run.program,
                run.mode,
                run.workers,
                run.address.to_string(),
                std::process::id()
            ],
        )?;
        Ok(self.connection.last_insert_rowid())
    }

    fn write(&mut self, run: i64, batches: &[Arc<Batch>]) -> Result<u64, StoreError> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut unreadable = 0;
        {
            let mut writer = Writer::prepare(&transaction, run)?;
            for json in batches.iter().flat_map(|batch| batch.lines()) {
                if !writer.write(json)? {
                    unreadable += 1;
                }
            }
        }
        transaction.commit()?;
        Ok(unreadable)
    }

    fn end_run(&mut self, run: i64, events_lost: u64) -> Result<(), StoreError> {
        let ended = utc(jiff::Timestamp::now());
        let sql = "UPDATE run SET ended = ?2, events_lost = ?3 WHERE run = ?1";
        self.connection.execute(sql, params![run, ended, integer(events_lost)])?;
        Ok(())
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn rows(&mut self, query: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        let mut statement = self.connection.prepare(query)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            let row: Result<Vec<Value>, rusqlite::Error> =
                (0..columns).map(|column| row.get_ref(column).map(value)).collect();
            values.push(row?);
        }
        Ok(values)
    }
}

/// Makes the tables in a database that has none, and brings those of an older version up to this one.
/// Of several servers that start at once one does, the others wait for it.
fn make_tables(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables_there: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let sql = match (tables_there, pragma(&transaction, "application_id")?) {
        (0, 0) => Some(tables("INTEGER PRIMARY KEY", " WITHOUT ROWID")),
        (_, APPLICATION_ID) if pragma(&transaction, "user_version")? == 1 => {
            Some(TO_VERSION_2.to_owned())
        }
        _ => None,
    };
    if let Some(sql) = sql {
        transaction.execute_batch(&sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(transaction.commit()?)
}

fn version_of(connection: &Connection, purpose: Purpose) -> Result<i64, StoreError> {
    if pragma(connection, "application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign);
    }
    purpose.expect_version(pragma(connection, "user_version")?)
}

/// The statements of one transaction.
struct Writer<'a> {
    run: i64,
    time: String,
    opened: CachedStatement<'a>,
    picked_up: CachedStatement<'a>,
    closed: CachedStatement<'a>,
    request: CachedStatement<'a>,
    event: CachedStatement<'a>,
}

impl<'a> Writer<'a> {
    fn prepare(transaction: &'a Transaction<'_>, run: i64) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            run,
            time: String::new(),
            opened: transaction.prepare_cached(OPENED)?,
            picked_up: transaction.prepare_cached(PICKED_UP)?,
            closed: transaction.prepare_cached(CLOSED)?,
            request: transaction.prepare_cached(REQUEST)?,
            event: transaction.prepare_cached(EVENT)?,
        })
    }

    /// Adds one event; false for a line that is none.
    fn write(&mut self, json: &[u8]) -> Result<bool, rusqlite::Error> {
        let Some(line) = Line::parse(json) else { return Ok(false) };
        let Some((second, milliseconds)) = split_time(&line.time) else { return Ok(false) };
        self.time = format!("{second}.{milliseconds:03}Z");
        match (&*line.event, line.connection) {
            ("opened", Some(connection)) => self.opened.execute(params![
                self.run,
                integer(connection),
                line.client.as_deref(),
                line.address(),
                self.time,
                line.accepted_ns.map(integer),
            ])?,
            ("picked-up", Some(connection)) => self.picked_up.execute(params![
                self.run,
                integer(connection),
                line.client.as_deref(),
                line.address(),
                line.source.to_string(),
                line.pid,
                line.waited,
                line.accepted_ns.map(integer),
                line.picked_up_ns.map(integer),
            ])?,
            ("closed", Some(connection)) => self.closed.execute(params![
                self.run,
                integer(connection),
                line.client.as_deref(),
                line.address(),
                self.time,
                line.backend.as_deref(),
                line.outcome.as_deref(),
                line.cause.as_deref(),
                line.requests.map(integer),
                line.bytes_in.map(integer),
                line.bytes_out.map(integer),
                line.seconds,
                line.throughput,
            ])?,
            ("request", Some(connection)) => self.write_request(&line, connection)?,
            _ => self.write_event(&line, json)?,
        };
        Ok(true)
    }

    fn write_request(
        &mut self,
        line: &Line<'_>,
        connection: u64,
    ) -> Result<usize, rusqlite::Error> {
        self.request.execute(params![
            self.run,
            integer(connection),
            self.time,
            line.source.to_string(),
            line.pid,
            line.client.as_deref(),
            line.address(),
            line.user.as_deref(),
            line.backend.as_deref(),
            line.attempt,
            line.command.as_deref(),
            line.file.as_deref(),
            line.outcome.as_deref(),
            line.bytes.map(integer),
            line.seconds,
            line.throughput,
            line.accepted_ns.map(integer),
            line.picked_up_ns.map(integer),
            line.began_ns.map(integer),
            line.first_byte_ns.map(integer),
            line.last_byte_ns.map(integer),
        ])
    }

    fn write_event(&mut self, line: &Line<'_>, json: &[u8]) -> Result<usize, rusqlite::Error> {
        self.event.execute(params![
            self.run,
            self.time,
            line.level.name(),
            line.source.to_string(),
            line.pid,
            &*line.event,
            line.connection.map(integer),
            line.client.as_deref(),
            line.why().as_deref(),
            str::from_utf8(json).unwrap_or_default(),
        ])
    }
}

/// SQLite would make the file with more rights.
fn create_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(MODE).open(path) {
        Ok(_) => Ok(()),
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(err) => Err(err),
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// A reader shares a memory of locks with the writer, a file beside the database. One who may not
/// make that file reads a database that no server writes as one that does not change.
fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = connect(path, flags)?;
    let can_read = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    match can_read {
        Err(err)
            if matches!(
                err.sqlite_error_code(),
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
            ) && !Path::new(&log).exists() =>
        {
            let path = std::path::absolute(path).map_err(StoreError::Create)?;
            connect(Path::new(&immutable_uri(&path)), flags | OpenFlags::SQLITE_OPEN_URI)
        }
        Err(err) => Err(err.into()),
        Ok(()) => Ok(connection),
    }
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn pragma(connection: &Connection, name: &str) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// SQLite's integers have a sign; nothing that is counted comes near it.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number as f64),
        ValueRef::Real(number) => Value::Number(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(err: rusqlite::Error) -> Self {
        match err.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            _ => Self::Sqlite(err),
        }
    }
}
