//! The database in PostgreSQL.
//!
//! A batch goes there as JSON, one statement for each kind of event, and is taken apart by the
//! database: a statement for each event would wait for an answer each time.

use std::{sync::Arc, time::Duration};

use postgres::{Client, Config, NoTls, SimpleQueryMessage, error::SqlState};

use super::store::{Purpose, Store, StoreError, TO_VERSION_2, VERSION, Value, tables, utc};
use crate::{
    config::ServerRun,
    line::{Line, split_time},
    recorder::batch::Batch,
};

/// How long the database may take to answer a connection, and to acknowledge what is sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TCP_TIMEOUT: Duration = Duration::from_secs(30);

/// Of several servers that start at once one makes the tables.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1802464365)";

/// The errors of values, and of statements that they break, begin with these.
const CLASSES_OF_VALUES: [&str; 3] = ["21", "22", "23"];

/// Each event of an array of JSON. No statement may touch a row twice, so of several events that
/// say the same of a connection only the last counts.
const EVENTS: &str = "
    FROM json_array_elements($2::text::json) WITH ORDINALITY AS line (json, number),
    LATERAL json_to_record(json) AS e (
        time TEXT, level TEXT, source TEXT, pid BIGINT, event TEXT, connection BIGINT, client TEXT,
        \"user\" TEXT, backend TEXT, attempt BIGINT, change TEXT, command TEXT, file TEXT,
        outcome TEXT, cause TEXT, reason TEXT, \"limit\" TEXT, how TEXT, text TEXT, requests BIGINT,
        bytes BIGINT, bytes_in BIGINT, bytes_out BIGINT,
        waited DOUBLE PRECISION, seconds DOUBLE PRECISION, throughput DOUBLE PRECISION,
        accepted_ns BIGINT, picked_up_ns BIGINT, began_ns BIGINT, first_byte_ns BIGINT,
        last_byte_ns BIGINT
    )";

const TIME: &str =
    "to_char(time::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";

const ADDRESS: &str = "trim(both '[]' from regexp_replace(client, ':[0-9]+$', ''))";

const OPENED: &str = "
    INSERT INTO connection (run, connection, client, address, opened, accepted_ns)
    SELECT DISTINCT ON (connection) $1::bigint, connection, client, ADDRESS, TIME,
        accepted_ns EVENTS
    ORDER BY connection, number DESC
    ON CONFLICT (run, connection) DO UPDATE
    SET opened = excluded.opened, accepted_ns = excluded.accepted_ns";

const PICKED_UP: &str = "
    INSERT INTO connection
        (run, connection, client, address, worker, pid, waited, accepted_ns, picked_up_ns)
    SELECT DISTINCT ON (connection) $1::bigint, connection, client, ADDRESS, source, pid, waited,
        accepted_ns, picked_up_ns
    EVENTS
    ORDER BY connection, number DESC
    ON CONFLICT (run, connection) DO UPDATE SET worker = excluded.worker, pid = excluded.pid,
        waited = excluded.waited, picked_up_ns = excluded.picked_up_ns";

const CLOSED: &str = "
    INSERT INTO connection (run, connection, client, address, closed, backend, outcome, cause,
        requests, bytes_in, bytes_out, seconds, throughput)
    SELECT DISTINCT ON (connection) $1::bigint, connection, client, ADDRESS, TIME, backend, outcome,
        cause, requests, bytes_in, bytes_out, seconds, throughput EVENTS
    ORDER BY connection, number DESC
    ON CONFLICT (run, connection) DO UPDATE SET client = excluded.client,
        address = excluded.address, closed = excluded.closed,
        backend = excluded.backend, outcome = excluded.outcome, cause = excluded.cause,
        requests = excluded.requests, bytes_in = excluded.bytes_in,
        bytes_out = excluded.bytes_out, seconds = excluded.seconds,
        throughput = excluded.throughput";

const REQUEST: &str = "
    INSERT INTO request (run, connection, time, worker, pid, client, address, user_name, backend,
        attempt, command, file, outcome, bytes, seconds, throughput, accepted_ns, picked_up_ns,
        began_ns, first_byte_ns, last_byte_ns)
    SELECT $1::bigint, connection, TIME, source, pid, client, ADDRESS, \"user\", backend, attempt,
        command, file, outcome, bytes, seconds, throughput, accepted_ns, picked_up_ns, began_ns,
        first_byte_ns, last_byte_ns EVENTS ORDER BY number";

const EVENT: &str = "
    INSERT INTO event (run, time, level, source, pid, event, connection, client, cause, detail)
    SELECT $1::bigint, TIME, upper(level), source, pid, event, connection, client,
        coalesce(cause, change || ': ' || reason, reason, \"limit\", how, text, change), json::text EVENTS ORDER BY number";

pub(super) struct Postgres {
    client: Client,
    /// Of its tables.
    version: i64,
}

impl Postgres {
    pub(super) fn connect(config: &Config, purpose: Purpose) -> Result<Self, StoreError> {
        let mut config = config.clone();
        config.connect_timeout(CONNECT_TIMEOUT).tcp_user_timeout(TCP_TIMEOUT);
        config.application_name("kolam");
        let mut client = config.connect(NoTls)?;
        match purpose {
            Purpose::Create => make_tables(&mut client)?,
            Purpose::Read => {
                client.batch_execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")?
            }
            Purpose::Write => {}
        }
        let version = version_of(&mut client, purpose)?;
        Ok(Self { client, version })
    }

    fn insert(&mut self, run: i64, events: &Events) -> Result<(), postgres::Error> {
        let mut transaction = self.client.transaction()?;
        for (sql, json) in [
            (OPENED, &events.opened),
            (PICKED_UP, &events.picked_up),
            (CLOSED, &events.closed),
            (REQUEST, &events.requests),
            (EVENT, &events.others),
        ] {
            if !json.is_empty() {
                let sql = sql.replace("ADDRESS", ADDRESS).replace("TIME", TIME);
                transaction
                    .execute(&sql.replace("EVENTS", EVENTS), &[&run, &format!("[{json}]")])?;
            }
        }
        transaction.commit()
    }
}

impl Store for Postgres {
    fn start_run(&mut self, run: &ServerRun) -> Result<i64, StoreError> {
        let row = self.client.query_one(
            "INSERT INTO run (started, program, mode, workers, address, pid)
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING run",
            &[
                &utc(run.started),
                &run.program,
                &run.mode,
                &i64::from(run.workers),
                &run.address.to_string(),
                &i64::from(std::process::id()),
            ],
        )?;
        Ok(row.get(0))
    }

    fn write(&mut self, run: i64, batches: &[Arc<Batch>]) -> Result<u64, StoreError> {
        let mut events = Events::default();
        let lines = batches.iter().flat_map(|batch| batch.lines());
        let unreadable = lines.filter(|line| !events.add(line)).count();
        match self.insert(run, &events) {
            Ok(()) => Ok(unreadable as u64),
            // The same values would be refused for ever.
            Err(err) if is_of_values(&err) => {
                Ok(batches.iter().map(|batch| batch.len() as u64).sum())
            }
            Err(err) => Err(err.into()),
        }
    }

    fn end_run(&mut self, run: i64, events_lost: u64) -> Result<(), StoreError> {
        let lost = i64::try_from(events_lost).unwrap_or(i64::MAX);
        let ended = utc(jiff::Timestamp::now());
        let sql = "UPDATE run SET ended = $2, events_lost = $3 WHERE run = $1";
        self.client.execute(sql, &[&run, &ended, &lost])?;
        Ok(())
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn rows(&mut self, query: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        let messages = self.client.simple_query(query)?;
        let value = |text: Option<&str>| match text {
            Some(text) => Value::Text(text.to_owned()),
            None => Value::Null,
        };
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| value(row.get(column))).collect())
            }
            _ => None,
        };
        Ok(messages.iter().filter_map(row).collect())
    }
}

/// Makes the tables in a database that has none, and brings those of an older version up to this one.
fn make_tables(client: &mut Client) -> Result<(), StoreError> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute(LOCK)?;
    let row = transaction.query_one("SELECT to_regclass('kolam_schema') IS NULL", &[])?;
    if row.get(0) {
        let key = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
        transaction.batch_execute(&tables(key, ""))?;
        transaction.batch_execute(&format!(
            "CREATE TABLE kolam_schema (version BIGINT NOT NULL);
             INSERT INTO kolam_schema VALUES ({VERSION})"
        ))?;
    }
    let of_version_1 = "SELECT version FROM kolam_schema WHERE version = 1";
    if transaction.query_opt(of_version_1, &[])?.is_some() {
        transaction.batch_execute(TO_VERSION_2)?;
        transaction.batch_execute(&format!("UPDATE kolam_schema SET version = {VERSION}"))?;
    }
    Ok(transaction.commit()?)
}

fn version_of(client: &mut Client, purpose: Purpose) -> Result<i64, StoreError> {
    let undefined = |err: &postgres::Error| err.code() == Some(&SqlState::UNDEFINED_TABLE);
    match client.query_opt("SELECT version FROM kolam_schema", &[]) {
        Err(err) if undefined(&err) => Err(StoreError::Foreign),
        Err(err) => Err(err.into()),
        Ok(row) => purpose.expect_version(row.map_or(0, |row| row.get(0))),
    }
}

/// Events by kind, each kind as elements of a JSON array.
#[derive(Debug, Default)]
struct Events {
    opened: String,
    picked_up: String,
    closed: String,
    requests: String,
    others: String,
}

impl Events {
    /// False for a line that is no event.
    fn add(&mut self, json: &[u8]) -> bool {
        let Some(line) = Line::parse(json).filter(|line| split_time(&line.time).is_some()) else {
            return false;
        };
        let Ok(json) = str::from_utf8(json) else { return false };
        let kind = match (&*line.event, line.connection) {
            ("opened", Some(_)) => &mut self.opened,
            ("picked-up", Some(_)) => &mut self.picked_up,
            ("closed", Some(_)) => &mut self.closed,
            ("request", Some(_)) => &mut self.requests,
            _ => &mut self.others,
        };
        if !kind.is_empty() {
            kind.push(',');
        }
        push_without_nul(json, kind);
        true
    }
}

/// PostgreSQL has no character NUL; the sign for what cannot be shown takes its place.
fn push_without_nul(json: &str, out: &mut String) {
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (escape, after) = match escape.strip_prefix("\\u0000") {
            Some(after) => ("\\ufffd", after),
            // A backslash and what it escapes, which may be a backslash.
            None => escape.split_at_checked(2).unwrap_or((escape, "")),
        };
        out.push_str(escape);
        rest = after;
    }
    out.push_str(rest);
}

fn is_of_values(err: &postgres::Error) -> bool {
    let is_of =
        |code: &SqlState| CLASSES_OF_VALUES.iter().any(|class| code.code().starts_with(class));
    err.code().is_some_and(is_of)
}

impl From<postgres::Error> for StoreError {
    fn from(err: postgres::Error) -> Self {
        // What the database says, where it said something, is in the source.
        let text = match std::error::Error::source(&err) {
            Some(source) => source.to_string(),
            None => err.to_string(),
        };
        Self::Postgres(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_replaced_where_it_is_escaped_and_nowhere_else() {
        let mut out = String::new();
        push_without_nul(r#"{"a":"x\u0000\\u0000\n\\\u0000"}"#, &mut out);
        assert_eq!(out, r#"{"a":"x\ufffd\\u0000\n\\\ufffd"}"#);
    }
}
