//! The questions that people ask about a server, and their answers from the database of its events.
//!
//! Reading changes nothing, makes no file, and holds up no server that is writing.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::{
    config::DatabaseTarget,
    database::{self, Purpose, Store, StoreError},
    table::{
        Column::{Decimal, Text, Whole},
        Head, Table,
    },
};

#[cfg(test)]
mod tests;

/// What to ask the database of events
#[derive(Clone, Copy, Debug, Args)]
pub struct LogArgs {
    /// The question
    #[arg(value_enum)]
    pub(crate) query: Query,

    /// Rows to show at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) limit: u32,

    /// Whose events: of the `last` server that started, of `all`, or of one by number
    #[arg(long, value_name = "RUN", default_value = "last")]
    pub(crate) run: RunChoice,

    /// Print CSV instead of aligned columns
    #[arg(long)]
    pub csv: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Query {
    /// Requests that took longest
    Slowest,
    /// Requests, failures and bytes of each client address, most bytes first
    Clients,
    /// What went wrong and how often, by cause
    Failures,
    /// Requests, failures and bytes of each of the last minutes
    Throughput,
    /// Connections that waited longest for a worker
    Connections,
    /// What each worker did
    Workers,
    /// Requests that each backend of a balancer was asked last, and how often after others
    Backends,
    /// Servers that wrote to this database, newest first
    Runs,
}

/// Which runs of a server a question is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RunChoice {
    Last,
    All,
    Number(u32),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("--log-db {target} cannot be read: {reason}")]
    Database { target: DatabaseTarget, reason: String },
    #[error("--run: {target} has no run {run}")]
    NoSuchRun { target: DatabaseTarget, run: u32 },
}

impl FromStr for RunChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "last" => Ok(Self::Last),
            "all" => Ok(Self::All),
            number => number
                .parse()
                .map(Self::Number)
                .map_err(|_| "a run is `last`, `all` or a number".to_owned()),
        }
    }
}

/// Answers a question from the database.
pub fn answer(target: &DatabaseTarget, args: &LogArgs) -> Result<Table, QueryError> {
    let error =
        |err: StoreError| QueryError::Database { target: target.clone(), reason: err.to_string() };
    let mut store = database::open(target, Purpose::Read).map_err(error)?;
    if let RunChoice::Number(run) = args.run
        && !has_run(store.as_mut(), run).map_err(error)?
    {
        return Err(QueryError::NoSuchRun { target: target.clone(), run });
    }
    let (heads, sql) = args.query.table();
    let runs = match (args.query, args.run) {
        // Which runs there are is what is asked.
        (Query::Runs, _) | (_, RunChoice::All) => "1 = 1".to_owned(),
        (_, RunChoice::Last) => "run = (SELECT max(run) FROM run)".to_owned(),
        (_, RunChoice::Number(run)) => format!("run = {run}"),
    };
    // All are ours or a number, so nothing can be put into the query with them.
    let sql = sql.replace("RUNS", &runs).replace("LIMIT_ROWS", &format!("LIMIT {}", args.limit));
    let sql = with_columns(sql, store.version());
    let mut rows = store.rows(&sql).map_err(error)?;
    if args.query == Query::Throughput {
        // The newest were asked for; they are read from the oldest on.
        rows.reverse();
    }
    Ok(Table::new(heads, &rows))
}

/// Tables of version 1 have no column for what only balancers know, or for the program.
fn with_columns(sql: String, version: i64) -> String {
    let columns = [
        ("PROGRAM", "program", "'fileserver'"),
        ("BACKEND", "backend", "CAST(NULL AS TEXT)"),
        ("ATTEMPT", "attempt", "1"),
    ];
    columns.into_iter().fold(sql, |sql, (placeholder, column, before)| {
        sql.replace(placeholder, if version < 2 { before } else { column })
    })
}

fn has_run(store: &mut dyn Store, run: u32) -> Result<bool, StoreError> {
    Ok(!store.rows(&format!("SELECT run FROM run WHERE run = {run}"))?.is_empty())
}

impl Query {
    /// The heads of the table and the query for its rows, in what SQLite and PostgreSQL have in
    /// common.
    fn table(self) -> (&'static [Head], &'static str) {
        match self {
            Self::Slowest => SLOWEST,
            Self::Clients => CLIENTS,
            Self::Failures => FAILURES,
            Self::Throughput => THROUGHPUT,
            Self::Connections => CONNECTIONS,
            Self::Workers => WORKERS,
            Self::Backends => BACKENDS,
            Self::Runs => RUNS,
        }
    }
}

type Question = (&'static [Head], &'static str);

const SLOWEST: Question = (
    &[
        Head("time (UTC)", Text),
        Head("connection", Whole),
        Head("client", Text),
        Head("worker", Text),
        Head("command", Text),
        Head("file", Text),
        Head("outcome", Text),
        Head("bytes", Whole),
        Head("seconds", Decimal(6)),
        Head("bytes/s", Whole),
    ],
    "SELECT time, connection, client, worker, command, file, outcome, bytes, seconds, throughput
     FROM request WHERE RUNS ORDER BY seconds DESC, time LIMIT_ROWS",
);

const CLIENTS: Question = (
    &[
        Head("address", Text),
        Head("connections", Whole),
        Head("requests", Whole),
        Head("failed", Whole),
        Head("bytes in", Whole),
        Head("bytes out", Whole),
        Head("request seconds", Decimal(3)),
    ],
    "SELECT address, max(connections), sum(requests), sum(failed), sum(bytes_in), sum(bytes_out),
         sum(seconds)
     FROM (
         SELECT address, 0 AS connections, count(*) AS requests,
             sum(CASE outcome WHEN 'ok' THEN 0 ELSE 1 END) AS failed,
             sum(CASE command WHEN 'UPLOAD' THEN bytes ELSE 0 END) AS bytes_in,
             sum(CASE command WHEN 'UPLOAD' THEN 0 ELSE bytes END) AS bytes_out,
             sum(seconds) AS seconds
         FROM request WHERE RUNS GROUP BY address
         UNION ALL
         SELECT address, count(*), 0, 0, 0, 0, 0 FROM connection WHERE RUNS GROUP BY address
     ) AS parts
     GROUP BY address ORDER BY sum(bytes_in) + sum(bytes_out) DESC, address LIMIT_ROWS",
);

const FAILURES: Question = (
    &[
        Head("what", Text),
        Head("cause", Text),
        Head("times", Whole),
        Head("first (UTC)", Text),
        Head("last (UTC)", Text),
    ],
    "SELECT what, cause, count(*), min(time), max(time)
     FROM (
         SELECT 'request ' || command AS what, outcome AS cause, time
         FROM request WHERE RUNS AND outcome <> 'ok'
         UNION ALL
         SELECT 'connection', coalesce(cause, 'unknown'), closed
         FROM connection WHERE RUNS AND outcome = 'failed'
         UNION ALL
         SELECT event, coalesce(cause, ''), time
         FROM event WHERE RUNS AND event <> 'message' AND level IN ('ERROR', 'WARNING')
         UNION ALL
         SELECT 'message ' || level, coalesce(cause, ''), time
         FROM event WHERE RUNS AND event = 'message' AND level = 'ERROR'
     ) AS failures
     GROUP BY what, cause ORDER BY count(*) DESC, what, cause LIMIT_ROWS",
);

const THROUGHPUT: Question = (
    &[
        Head("minute (UTC)", Text),
        Head("requests", Whole),
        Head("failed", Whole),
        Head("bytes", Whole),
        Head("bytes/s", Whole),
    ],
    "SELECT replace(substr(time, 1, 16), 'T', ' ') AS minute, count(*),
         sum(CASE outcome WHEN 'ok' THEN 0 ELSE 1 END), sum(bytes), sum(bytes) / 60.0
     FROM request WHERE RUNS GROUP BY minute ORDER BY minute DESC LIMIT_ROWS",
);

const CONNECTIONS: Question = (
    &[
        Head("opened (UTC)", Text),
        Head("run", Whole),
        Head("connection", Whole),
        Head("client", Text),
        Head("worker", Text),
        Head("waited seconds", Decimal(6)),
        Head("seconds", Decimal(6)),
        Head("requests", Whole),
        Head("bytes in", Whole),
        Head("bytes out", Whole),
        Head("outcome", Text),
    ],
    "SELECT opened, run, connection, client, worker, waited, seconds, requests, bytes_in,
         bytes_out, coalesce(outcome, 'open')
     FROM connection WHERE RUNS ORDER BY coalesce(waited, 0) DESC, run, connection LIMIT_ROWS",
);

const WORKERS: Question = (
    &[
        Head("worker", Text),
        Head("pid", Whole),
        Head("requests", Whole),
        Head("failed", Whole),
        Head("bytes", Whole),
        Head("request seconds", Decimal(3)),
        Head("last request (UTC)", Text),
    ],
    "SELECT worker, pid, count(*), sum(CASE outcome WHEN 'ok' THEN 0 ELSE 1 END), sum(bytes),
         sum(seconds), max(time)
     FROM request WHERE RUNS GROUP BY worker, pid ORDER BY count(*) DESC, worker, pid LIMIT_ROWS",
);

const BACKENDS: Question = (
    &[
        Head("backend", Text),
        Head("requests", Whole),
        Head("failed", Whole),
        Head("after another", Whole),
        Head("bytes", Whole),
        Head("ms to first byte", Decimal(3)),
        Head("request seconds", Decimal(3)),
        Head("last request (UTC)", Text),
    ],
    "SELECT BACKEND, count(*), sum(CASE outcome WHEN 'ok' THEN 0 ELSE 1 END),
         sum(CASE WHEN ATTEMPT > 1 THEN 1 ELSE 0 END), sum(bytes),
         avg(first_byte_ns - began_ns) / 1e6, sum(seconds), max(time)
     FROM request WHERE RUNS AND BACKEND IS NOT NULL
     GROUP BY BACKEND ORDER BY count(*) DESC, BACKEND LIMIT_ROWS",
);

const RUNS: Question = (
    &[
        Head("run", Whole),
        Head("started (UTC)", Text),
        Head("ended (UTC)", Text),
        Head("program", Text),
        Head("mode", Text),
        Head("workers", Whole),
        Head("address", Text),
        Head("connections", Whole),
        Head("requests", Whole),
        Head("bytes", Whole),
        Head("events lost", Whole),
    ],
    "SELECT run.run, started, ended, PROGRAM, mode, workers, run.address,
         (SELECT count(*) FROM connection WHERE connection.run = run.run),
         (SELECT count(*) FROM request WHERE request.run = run.run),
         (SELECT coalesce(sum(bytes), 0) FROM request WHERE request.run = run.run), events_lost
     FROM run WHERE RUNS ORDER BY run.run DESC LIMIT_ROWS",
);
