use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::Ordering::SeqCst,
};

use telemetry::{Event, Journal, journal};
use tempfile::TempDir;

use super::{log_file::LogFile, *};
use crate::{
    config::{LogFormat, LogLanguage},
    line::{example_run, examples, json::JsonWriter},
};

mod shared_log;

const PATIENCE: Duration = Duration::from_secs(10);

fn losses() -> &'static Losses {
    Box::leak(Box::default())
}

fn config(log: &Path, format: LogFormat, database: Option<&Path>) -> Config {
    Config {
        log: LogTarget::File(log.to_owned()),
        format,
        language: LogLanguage::En,
        level: Level::Info,
        database: database.map(|path| DatabaseTarget::Sqlite(path.to_owned())),
        run: example_run(),
    }
}

/// A recorder on a thread of its own.
struct Running {
    journal: Journal,
    losses: &'static Losses,
    reopen: &'static AtomicBool,
    thread: thread::JoinHandle<()>,
}

impl Running {
    fn start(config: &Config) -> Self {
        let losses = losses();
        let reopen: &'static AtomicBool = Box::leak(Box::default());
        let (journal, mut reader) = journal::open(Level::Info, losses).unwrap();
        let recorder = Recorder::open(config, losses).unwrap();
        let thread = thread::spawn(move || recorder.start().unwrap().run(&mut reader, reopen));
        Self { journal, losses, reopen, thread }
    }

    fn tell_examples(&self) {
        for Event { level, source, kind, .. } in examples() {
            self.journal.tell_from(source, level, kind);
        }
    }

    fn end(self) -> &'static Losses {
        self.journal.end();
        self.thread.join().unwrap();
        self.losses
    }
}

#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn count(database: &Path, sql: &str) -> i64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// A small disk for as long as the value lives; none where nobody may mount.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(dir: &TempDir) -> Option<Self> {
        let path = dir.path().join("disk");
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1M", "kolam"]).arg(&path);
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn all_events_are_in_the_log_and_in_the_database_when_the_journal_has_ended() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let dir = TempDir::new().unwrap();
        let (log, database) = (dir.path().join("log.txt"), dir.path().join("events.sqlite"));
        let running = Running::start(&config(&log, format, Some(&database)));
        running.tell_examples();
        assert_eq!(running.end().total(), 0);
        assert_eq!(lines(&log).len(), examples().len());
        if format == LogFormat::Json {
            let read: Event = serde_json::from_str(&lines(&log)[3]).unwrap();
            assert_eq!(read.kind, examples()[3].kind);
        }
        assert_eq!(count(&database, "SELECT count(*) FROM request"), 2);
        assert_eq!(count(&database, "SELECT count(*) FROM connection"), 1);
        assert_eq!(count(&database, "SELECT count(*) FROM event"), 16);
        assert_eq!(count(&database, "SELECT events_lost FROM run WHERE ended IS NOT NULL"), 0);
        for path in [log, database] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o640);
        }
    }
}

#[test]
fn a_connection_of_a_proxy_is_stored_with_the_client_that_was_named() {
    let dir = TempDir::new().unwrap();
    let (log, database) = (dir.path().join("log.txt"), dir.path().join("events.sqlite"));
    let running = Running::start(&config(&log, LogFormat::Text, Some(&database)));
    running.tell_examples();
    let of_named = |kind| match kind {
        EventKind::Closed(mut closed) => {
            closed.client = "[2001:db8::7]:5000".parse().unwrap();
            Some(EventKind::Closed(closed))
        }
        _ => None,
    };
    let closed = examples().into_iter().filter_map(|event| of_named(event.kind)).next_back();
    running.journal.tell(Level::Info, closed.unwrap());
    running.end();
    let named = "SELECT count(*) FROM connection WHERE client = '[2001:db8::7]:5000'
        AND address = '2001:db8::7' AND opened <= closed";
    assert_eq!(count(&database, named), 1);
}

#[test]
fn a_log_that_is_renamed_goes_on_in_a_new_file_when_asked_to() {
    let dir = TempDir::new().unwrap();
    let (log, old) = (dir.path().join("log.txt"), dir.path().join("log.txt.1"));
    let running = Running::start(&config(&log, LogFormat::Text, None));
    running.journal.say(Level::Info, "before");
    eventually("the log has its line", || lines(&log).len() == 1);
    fs::rename(&log, &old).unwrap();
    running.journal.say(Level::Info, "between");
    eventually("the old file has its line", || lines(&old).len() == 2);
    running.reopen.store(true, SeqCst);
    eventually("the new file is there", || log.exists() && lines(&log).len() == 1);
    running.journal.say(Level::Info, "after");
    assert_eq!(running.end().total(), 0);
    let new = lines(&log);
    assert!(new[0].ends_with(" - monitor - INFO - log-reopened"), "{new:?}");
    assert!(new[1].ends_with(" - after") && new.len() == 2, "{new:?}");
}

#[test]
fn a_log_that_is_deleted_is_made_again() {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("log.txt");
    let running = Running::start(&config(&log, LogFormat::Text, None));
    running.journal.say(Level::Info, "before");
    eventually("the log has its line", || lines(&log).len() == 1);
    fs::remove_file(&log).unwrap();
    running.journal.say(Level::Info, "after");
    eventually("there is a new log", || log.exists() && lines(&log).len() == 1);
    assert!(lines(&log)[0].ends_with(" - after"));
    assert_eq!(running.end().total(), 0);
}

#[test]
fn a_log_whose_directory_is_removed_loses_events_until_there_is_one_again() {
    let dir = TempDir::new().unwrap();
    let logs = dir.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let log = logs.join("log.txt");
    let running = Running::start(&config(&log, LogFormat::Text, None));
    running.journal.say(Level::Info, "before");
    eventually("the log has its line", || lines(&log).len() == 1);
    fs::remove_dir_all(&logs).unwrap();
    running.journal.say(Level::Info, "lost");
    eventually("the loss is counted", || running.losses.log.load(Relaxed) == 1);
    fs::create_dir(&logs).unwrap();
    eventually("there is a new log", || log.exists() && !lines(&log).is_empty());
    running.journal.say(Level::Info, "after");
    assert_eq!(running.end().total(), 1);
    let lines = lines(&log);
    assert!(lines[0].contains("it was deleted") && lines[0].ends_with(" count=1"), "{lines:?}");
    assert!(lines[1].ends_with(" - after") && lines.len() == 2, "{lines:?}");
}

#[test]
fn a_database_that_is_moved_away_gets_the_events_when_it_is_back() {
    let dir = TempDir::new().unwrap();
    let (place, elsewhere) = (dir.path().join("db"), dir.path().join("x"));
    fs::create_dir(&place).unwrap();
    let (log, database) = (dir.path().join("log.txt"), place.join("events.sqlite"));
    let running = Running::start(&config(&log, LogFormat::Text, Some(&database)));
    let requests = |dir: &Path| count(&dir.join("events.sqlite"), "SELECT count(*) FROM request");
    running.tell_examples();
    eventually("the first are there", || requests(&place) == 2);
    for decoy in [false, true] {
        let stored = requests(&place);
        fs::rename(&place, &elsewhere).unwrap();
        if decoy {
            fs::create_dir(&place).unwrap();
            fs::write(&database, "").unwrap();
        }
        running.tell_examples();
        thread::sleep(Duration::from_millis(600));
        assert_eq!(requests(&elsewhere), stored, "{decoy}");
        let _ = fs::remove_dir_all(&place);
        fs::rename(&elsewhere, &place).unwrap();
        eventually("the others follow", || requests(&place) == stored + 2);
    }
    assert_eq!(running.end().total(), 0);
}

#[test]
fn a_log_that_cannot_be_reopened_is_written_on() {
    let dir = TempDir::new().unwrap();
    let (log, old) = (dir.path().join("log.txt"), dir.path().join("log.txt.1"));
    let running = Running::start(&config(&log, LogFormat::Text, None));
    running.journal.say(Level::Info, "before");
    eventually("the log has its line", || log.exists() && lines(&log).len() == 1);
    fs::rename(&log, &old).unwrap();
    fs::create_dir(&log).unwrap();
    running.reopen.store(true, SeqCst);
    eventually("the wish was noticed", || !running.reopen.load(SeqCst));
    running.journal.say(Level::Info, "after");
    running.end();
    assert_eq!(lines(&old).len(), 2);
}

#[test]
fn a_disk_that_is_always_full_loses_events_and_ends() {
    let dir = TempDir::new().unwrap();
    let database = dir.path().join("events.sqlite");
    let running = Running::start(&config(Path::new("/dev/full"), LogFormat::Json, Some(&database)));
    running.tell_examples();
    let losses = running.end();
    assert_eq!(losses.log.load(Relaxed), examples().len() as u64);
    assert_eq!(losses.database.load(Relaxed), 0);
    assert_eq!(count(&database, "SELECT count(*) FROM event"), 16);
}

#[test]
fn a_disk_that_is_full_for_a_while_has_whole_lines_and_says_how_many_are_missing() {
    let dir = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::mount(&dir) else {
        return eprintln!("skipped: nobody may mount here");
    };
    for (name, format) in [("log.txt", LogFormat::Text), ("log.json", LogFormat::Json)] {
        let (log, ballast) = (disk.0.join(name), disk.0.join("ballast"));
        let running = Running::start(&config(&log, format, None));
        running.journal.say(Level::Info, "first");
        eventually("the log has its line", || lines(&log).len() == 1);
        fs::write(&ballast, vec![0; 2 << 20]).unwrap_err();
        let mut told = 1;
        while running.losses.log.load(Relaxed) == 0 {
            running.tell_examples();
            told += examples().len();
            thread::sleep(Duration::from_millis(1));
        }
        assert!(fs::read(&log).unwrap().ends_with(b"\n"), "half a line is left");
        fs::remove_file(&ballast).unwrap();
        eventually("the loss is told", || lines(&log).iter().any(|line| line.contains("count")));
        running.journal.say(Level::Info, "last");
        let lost = running.end().log.load(Relaxed);
        let lines = lines(&log);
        let losses: Vec<&String> = lines
            .iter()
            .filter(|line| line.contains("events-lost") && line.contains("monitor"))
            .collect();
        assert!(losses.len() == 1 && losses[0].contains("os error 28"), "{losses:?}");
        let count = [format!("count={lost}"), format!("\"count\":{lost},")];
        assert!(count.iter().any(|count| losses[0].contains(count)), "{lost}: {losses:?}");
        assert_eq!(lines.len() as u64 + lost, told as u64 + 2);
        fs::remove_file(&log).unwrap();
    }
}

#[test]
fn a_reader_of_the_log_that_stalls_holds_up_neither_the_database_nor_the_end() {
    let dir = TempDir::new().unwrap();
    let (log, database) = (dir.path().join("log.pipe"), dir.path().join("events.sqlite"));
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let running = Running::start(&config(&log, LogFormat::Json, Some(&database)));
    let told = 2000;
    for _ in 0..told {
        running.journal.say(Level::Info, &"x".repeat(300));
        thread::sleep(Duration::from_micros(20));
    }
    let stored = || count(&database, "SELECT count(*) FROM event");
    eventually("the database has all events", || stored() == told);
    let ends = Instant::now();
    let losses = running.end();
    assert!(ends.elapsed() < END_PATIENCE + Duration::from_secs(2));
    assert!(losses.log.load(Relaxed) > 0);
    assert_eq!(losses.database.load(Relaxed), 0);
}

#[test]
fn a_locked_database_gets_all_events_when_it_is_free_again() {
    let dir = TempDir::new().unwrap();
    let (log, database) = (dir.path().join("log.txt"), dir.path().join("events.sqlite"));
    let running = Running::start(&config(&log, LogFormat::Text, Some(&database)));
    let other = rusqlite::Connection::open(&database).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    running.tell_examples();
    eventually("the log has all lines", || lines(&log).len() == examples().len());
    thread::sleep(Duration::from_millis(600));
    other.execute_batch("ROLLBACK").unwrap();
    eventually("the database has all", || count(&database, "SELECT count(*) FROM request") == 2);
    assert_eq!(running.end().total(), 0);
}

#[test]
fn a_database_that_stays_locked_does_not_hold_up_the_end() {
    let dir = TempDir::new().unwrap();
    let (log, database) = (dir.path().join("log.txt"), dir.path().join("events.sqlite"));
    let running = Running::start(&config(&log, LogFormat::Text, Some(&database)));
    let other = rusqlite::Connection::open(&database).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    running.tell_examples();
    let ends = Instant::now();
    let losses = running.end();
    assert!(ends.elapsed() < END_PATIENCE + Duration::from_secs(2));
    assert_eq!(losses.database.load(Relaxed), examples().len() as u64);
    assert_eq!(lines(&log).len(), examples().len());
}

#[test]
fn a_database_whose_disk_is_full_for_a_while_gets_all_events() {
    let dir = TempDir::new().unwrap();
    let Some(disk) = SmallDisk::mount(&dir) else {
        return eprintln!("skipped: nobody may mount here");
    };
    let (log, database) = (dir.path().join("log.txt"), disk.0.join("events.sqlite"));
    let running = Running::start(&config(&log, LogFormat::Json, Some(&database)));
    let ballast = disk.0.join("ballast");
    fs::write(&ballast, vec![0; 2 << 20]).unwrap_err();
    running.tell_examples();
    eventually("the log has all lines", || lines(&log).len() == examples().len());
    thread::sleep(Duration::from_millis(600));
    fs::remove_file(&ballast).unwrap();
    running.tell_examples();
    eventually("the database has all", || count(&database, "SELECT count(*) FROM request") == 4);
    assert_eq!(running.end().total(), 0);
}

#[test]
#[cfg(feature = "postgres")]
fn a_connection_to_postgres_that_breaks_is_made_again() {
    let Some(server) = testkit::Postgres::start() else { return };
    let postgres: postgres::Config = server.url().parse().unwrap();
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir.path().join("log.txt"), LogFormat::Text, None);
    config.database = Some(DatabaseTarget::Postgres(Box::new(postgres.clone())));
    let running = Running::start(&config);
    let mut client = postgres.connect(postgres::NoTls).unwrap();
    let mut stored =
        || -> i64 { client.query_one("SELECT count(*) FROM request", &[]).unwrap().get(0) };
    running.tell_examples();
    eventually("the first events are stored", || stored() == 2);
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'kolam' AND datname = current_database() AND state = 'idle'";
    let mut killer = postgres.connect(postgres::NoTls).unwrap();
    // One that was killed before it has answered a commit would be sent the events again.
    eventually("it is idle and killed", || killer.execute(kill, &[]).unwrap() == 1);
    running.tell_examples();
    assert_eq!(running.end().total(), 0);
    assert_eq!(stored(), 4);
}

#[test]
fn what_the_journal_lost_is_told() {
    let dir = TempDir::new().unwrap();
    let (log, database) = (dir.path().join("log.txt"), dir.path().join("events.sqlite"));
    let running = Running::start(&config(&log, LogFormat::Text, Some(&database)));
    running.journal.say(Level::Info, "one");
    eventually("the recorder runs", || log.exists() && lines(&log).len() == 1);
    running.losses.journal.fetch_add(3, Relaxed);
    running.end();
    assert!(lines(&log)[1].ends_with(" count=3"), "{:?}", lines(&log));
    assert_eq!(count(&database, "SELECT count(*) FROM event WHERE event = 'events-lost'"), 1);
    assert_eq!(count(&database, "SELECT events_lost FROM run"), 3);
}

#[test]
fn a_monitor_that_replaces_another_tells_what_was_lost_between_them() {
    let dir = TempDir::new().unwrap();
    let log = dir.path().join("log.txt");
    let losses = losses();
    let reopen = AtomicBool::new(false);
    for (lost, ends) in [(2, " count=2"), (5, " count=3")] {
        losses.journal.store(lost, Relaxed);
        let (journal, mut reader) = journal::open(Level::Info, losses).unwrap();
        journal.end();
        let recorder = Recorder::open(&config(&log, LogFormat::Text, None), losses).unwrap();
        recorder.start().unwrap().run(&mut reader, &reopen);
        assert!(lines(&log).last().unwrap().ends_with(ends), "{:?}", lines(&log));
    }
}

#[test]
fn several_servers_write_one_database_at_once() {
    let dir = TempDir::new().unwrap();
    let database = dir.path().join("events.sqlite");
    let running: Vec<Running> = (0..3)
        .map(|number| {
            let log = dir.path().join(number.to_string());
            Running::start(&config(&log, LogFormat::Text, Some(&database)))
        })
        .collect();
    running.iter().for_each(Running::tell_examples);
    for running in running {
        assert_eq!(running.end().total(), 0);
    }
    assert_eq!(count(&database, "SELECT count(*) FROM run WHERE ended IS NOT NULL"), 3);
    assert_eq!(count(&database, "SELECT count(DISTINCT run) FROM request"), 3);
    assert_eq!(count(&database, "SELECT count(*) FROM request"), 6);
}

#[test]
fn what_cannot_be_opened_is_named_with_its_option() {
    let dir = TempDir::new().unwrap();
    let (log, missing) = (dir.path().join("log.txt"), dir.path().join("none/log.txt"));
    let error = |config: &Config| Recorder::open(config, losses()).unwrap_err().to_string();
    let text = error(&config(&missing, LogFormat::Text, None));
    assert!(text.starts_with(&format!("--log-file {} is in a directory", missing.display())));
    let text = error(&config(&log, LogFormat::Text, Some(&missing)));
    assert!(text.starts_with(&format!("--log-db {} cannot be used: ", missing.display())));
    let foreign = dir.path().join("foreign");
    fs::write(&foreign, "no database, but long enough to be taken for one ".repeat(50)).unwrap();
    let text = error(&config(&log, LogFormat::Text, Some(&foreign)));
    assert!(text.ends_with("it is no database of this server's events"), "{text}");
    let other = dir.path().join("other.sqlite");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE notes (text)").unwrap();
    let text = error(&config(&log, LogFormat::Text, Some(&other)));
    assert!(text.ends_with("it is no database of this server's events"), "{text}");
    let newer = dir.path().join("newer.sqlite");
    drop(Recorder::open(&config(&log, LogFormat::Text, Some(&newer)), losses()).unwrap());
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let text = error(&config(&log, LogFormat::Text, Some(&newer)));
    assert!(text.ends_with("its tables have version 9, this program knows version 2"), "{text}");
}

#[test]
fn a_pipe_that_took_half_of_the_last_line_gets_the_events_that_follow() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let file = LogFile::open(&path).unwrap();
    file.set_nonblocking();
    let mut reader = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    rustix::fs::fcntl_setfl(&reader, rustix::fs::OFlags::NONBLOCK).unwrap();
    rustix::pipe::fcntl_setpipe_size(&reader, 64 * 1024).unwrap();
    let outage = Outage::new("fileserver", "log".to_owned(), &losses().log);
    let config = config(&path, LogFormat::Json, None);
    let mut log = LogSink::new(file, &config, LocalTime::of_system(), Arc::clone(&outage));
    let event = own_event(Level::Info, EventKind::Message { text: "x".repeat(10_000) });
    let batch = Arc::new(Batch::of(&event));
    let mut line = Vec::new();
    JsonWriter::new(&example_run()).write(&event, &mut line);
    // The pipe has room for six and a half.
    (0..7).for_each(|_| log.write(&[Arc::clone(&batch)], true));
    assert_eq!(outage.lost(), None);
    let mut read = vec![0; 6 * line.len()];
    reader.read_exact(&mut read).unwrap();
    log.write(&[Arc::clone(&batch)], true);
    assert_eq!(outage.lost(), None);
    let mut rest = vec![0; 2 * line.len()];
    reader.read_exact(&mut rest).unwrap();
    assert!([read, rest].concat() == line.repeat(8));
}

#[test]
fn half_a_line_at_the_end_counts_as_lost() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let file = LogFile::open(&path).unwrap();
    file.set_nonblocking();
    let outage = Outage::new("fileserver", "log".to_owned(), &losses().log);
    let config = config(&path, LogFormat::Json, None);
    let mut log = LogSink::new(file, &config, LocalTime::of_system(), Arc::clone(&outage));
    let (mut queue, mut inbox) = queue::open();
    let event = own_event(Level::Info, EventKind::Message { text: "x".repeat(2 << 20) });
    assert!(queue.push(&Arc::new(Batch::of(&event))));
    queue.close();
    log.run(&mut inbox);
    assert_eq!(outage.lost().unwrap().count, 1);
}

#[test]
#[ignore = "measures; run it with --release --nocapture"]
fn how_many_events_a_second_are_written() {
    let mut batch = Batch::default();
    for event in examples().iter().take(5).cycle().take(4000) {
        batch.push(&event.to_json());
    }
    let batch = Arc::new(batch);
    let rounds = 50;
    let rate = |seconds: f64| (rounds * batch.len()) as f64 / seconds;
    for format in [LogFormat::Json, LogFormat::Text] {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("log");
        let config = config(&path, format, None);
        let outage = Outage::new("fileserver", "log".to_owned(), &losses().log);
        let file = LogFile::open(&path).unwrap();
        let mut log = LogSink::new(file, &config, LocalTime::of_system(), outage);
        let started = Instant::now();
        for _ in 0..rounds {
            log.write(&[Arc::clone(&batch)], true);
        }
        eprintln!("{format:?}: {:.0} events/s", rate(started.elapsed().as_secs_f64()));
    }
    let dir = TempDir::new().unwrap();
    let target = DatabaseTarget::Sqlite(dir.path().join("events.sqlite"));
    let mut store = database::open(&target, Purpose::Create).unwrap();
    let started = Instant::now();
    for run in 0..rounds {
        store.write(run as i64, &[Arc::clone(&batch)]).unwrap();
    }
    eprintln!("Sqlite: {:.0} events/s", rate(started.elapsed().as_secs_f64()));
}
