use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::*;
use crate::{
    config::ServerRun,
    line::{example_run, examples},
    recorder::batch::Batch,
};

/// A database with two runs, each with all examples.
struct Fixture {
    _dir: TempDir,
    path: PathBuf,
    target: DatabaseTarget,
}

fn fixture() -> Fixture {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.sqlite");
    let target = DatabaseTarget::Sqlite(path.clone());
    write(&target);
    Fixture { _dir: dir, path, target }
}

fn write(target: &DatabaseTarget) {
    let mut store = database::open(target, Purpose::Create).unwrap();
    for mode in ["thread", "async"] {
        let run = ServerRun { mode: mode.to_owned(), ..example_run() };
        let number = store.start_run(&run).unwrap();
        let mut batch = Batch::default();
        examples().iter().for_each(|event| batch.push(&event.to_json()));
        batch.push(b"no event");
        assert_eq!(store.write(number, &[Arc::new(batch)]).unwrap(), 1);
        if mode == "thread" {
            store.end_run(number, 7).unwrap();
        }
    }
}

fn ask(target: &DatabaseTarget, query: Query, run: RunChoice) -> Vec<Vec<String>> {
    let args = LogArgs { query, limit: 20, run, csv: false };
    answer(target, &args).unwrap().rows().to_vec()
}

const HOSTILE: &str =
    r#"a"b\\\n2026-11-20 15:00:00,123 - main - INFO - x\u{1b}[31m\u{9b}\u{202e}\0é 🦀"#;

fn check_answers(target: &DatabaseTarget) {
    let last = |query| ask(target, query, RunChoice::Last);
    let slowest = last(Query::Slowest);
    let expected = [
        "2026-11-20T15:00:00.120Z",
        "17",
        "127.0.0.1:5000",
        "thread-7",
        "GET",
        "a b.txt",
        "ok",
        "104857600",
        "0.052113",
        "2012120584",
    ];
    assert_eq!(slowest[0], expected);
    assert_eq!(slowest.len(), 2);
    assert_eq!(
        last(Query::Connections),
        [[
            "2026-11-20T15:00:00.000Z",
            "2",
            "17",
            "127.0.0.1:5000",
            "thread-7",
            "0.000250",
            "0.060000",
            "1",
            "0",
            "104857600",
            "failed",
        ]]
    );
    let clients = last(Query::Clients);
    let second = clients.iter().find(|row| row[0] == "127.0.0.1").unwrap();
    assert_eq!(second[1..], ["1", "1", "0", "0", "104857600", "0.052"]);
    let failures = last(Query::Failures);
    let has = |what: &str, cause: &str| {
        let is_it = |row: &&Vec<String>| row[0] == what && row[1] == cause && row[2] == "1";
        failures.iter().filter(is_it).count() == 1
    };
    assert!(has("request unknown", "not-found"), "{failures:?}");
    assert!(has("connection", "silent for 60s"), "{failures:?}");
    assert!(has("limit", "nothing moved for 60 s"), "{failures:?}");
    let fell = "fell: 3 checks in a row failed: connection refused";
    assert!(has("backend-changed", fell), "{failures:?}");
    let throughput = last(Query::Throughput);
    assert_eq!(throughput[0][..3], ["2026-11-20 15:00", "2", "1"]);
    let workers = last(Query::Workers);
    assert_eq!(workers.len(), 2);
    let runs = last(Query::Runs);
    assert_eq!(runs[0][3..9], ["fileserver", "async", "5", "127.0.0.1:46666", "1", "2"]);
    assert_eq!((runs[1][0].as_str(), runs[1][10].as_str()), ("1", "7"));
    let backends = last(Query::Backends);
    assert_eq!(backends[0][..4], ["127.0.0.1:8081", "1", "1", "1"]);
    assert_eq!(backends.len(), 1);
    assert_eq!(ask(target, Query::Slowest, RunChoice::All).len(), 4);
    assert_eq!(ask(target, Query::Slowest, RunChoice::Number(1)).len(), 2);
}

#[test]
fn answers_are_what_the_events_say() {
    let fixture = fixture();
    check_answers(&fixture.target);
    assert_eq!(ask(&fixture.target, Query::Slowest, RunChoice::Last)[1][5], HOSTILE);
}

#[test]
fn only_so_many_rows_are_shown_and_csv_has_the_same() {
    let fixture = fixture();
    let args = LogArgs { query: Query::Slowest, limit: 1, run: RunChoice::All, csv: true };
    let table = answer(&fixture.target, &args).unwrap();
    let text = table.csv().unwrap();
    assert!(text.starts_with("time (UTC),connection,client,worker,"), "{text}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn what_cannot_be_answered_is_an_error_and_makes_no_file() {
    let fixture = fixture();
    let args = |run| LogArgs { query: Query::Clients, limit: 1, run, csv: false };
    let error = answer(&fixture.target, &args(RunChoice::Number(3))).unwrap_err();
    assert_eq!(error.to_string(), format!("--run: {} has no run 3", fixture.path.display()));
    let missing = fixture.path.with_extension("missing");
    let target = DatabaseTarget::Sqlite(missing.clone());
    let error = answer(&target, &args(RunChoice::Last)).unwrap_err().to_string();
    assert!(error.ends_with("missing cannot be read: there is no such file"), "{error}");
    assert!(!missing.exists());
    std::fs::write(&missing, "").unwrap();
    let error = answer(&target, &args(RunChoice::Last)).unwrap_err().to_string();
    assert!(error.ends_with("it is no database of this server's events"), "{error}");
}

/// A database as it was made before there were balancers.
fn of_version_1(path: &Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    let columns = [("run", "program"), ("connection", "backend"), ("request", "backend")];
    for (table, column) in columns.into_iter().chain([("request", "attempt")]) {
        database.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {column}")).unwrap();
    }
    database.pragma_update(None, "user_version", 1).unwrap();
}

#[test]
fn a_database_of_version_1_is_read_as_it_is_and_brought_up_to_date_by_a_writer() {
    let fixture = fixture();
    of_version_1(&fixture.path);
    let runs = || ask(&fixture.target, Query::Runs, RunChoice::Last);
    assert_eq!(runs()[0][3..5], ["fileserver", "async"]);
    assert!(ask(&fixture.target, Query::Backends, RunChoice::All).is_empty());
    assert!(matches!(
        database::open(&fixture.target, Purpose::Write).map(drop),
        Err(StoreError::Version(1))
    ));
    let mut store = database::open(&fixture.target, Purpose::Create).unwrap();
    store.start_run(&ServerRun { program: "filebalancer", ..example_run() }).unwrap();
    assert_eq!(runs()[0][3], "filebalancer");
    assert_eq!(runs()[1][3], "fileserver");
}

#[test]
fn a_reader_waits_for_no_writer() {
    let fixture = fixture();
    let writer = rusqlite::Connection::open(&fixture.path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; DELETE FROM request").unwrap();
    let started = std::time::Instant::now();
    assert_eq!(ask(&fixture.target, Query::Slowest, RunChoice::All).len(), 4);
    assert!(started.elapsed().as_secs() < 4);
}

#[test]
fn a_run_is_last_all_or_a_number() {
    assert_eq!("last".parse(), Ok(RunChoice::Last));
    assert_eq!("all".parse(), Ok(RunChoice::All));
    assert_eq!("12".parse(), Ok(RunChoice::Number(12)));
    assert!("first".parse::<RunChoice>().is_err());
}

#[test]
#[cfg(feature = "postgres")]
fn postgres_has_the_same_answers() {
    let Some(postgres) = testkit::Postgres::start() else { return };
    let target: DatabaseTarget = postgres.url().parse().unwrap();
    write(&target);
    check_answers(&target);
    let name = HOSTILE.replace("\\0", "\u{fffd}");
    assert_eq!(ask(&target, Query::Slowest, RunChoice::Last)[1][5], name);
    let mut reader = database::open(&target, Purpose::Read).unwrap();
    assert!(reader.rows("DELETE FROM request").is_err());
}
