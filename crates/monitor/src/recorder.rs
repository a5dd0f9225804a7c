//! Writes the events of a server down: in its log, and in a database if there is one.
//!
//! The calling thread reads the journal and gives what it read to two threads, each with a bounded
//! queue of its own, so that a log that stalls holds neither the journal nor the database up.
//! Events for which a queue has no room are lost, and counted.
//!
//! It wakes up for many events at once: waking up for each would cost the transfers more than
//! writing the events does. At the end both threads get a few seconds to finish.

use std::{
    io, iter,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Relaxed, SeqCst},
        },
    },
    thread,
    time::{Duration, Instant},
};

use telemetry::{EventKind, JournalReader, Level, Losses};

use self::{
    batch::Batch,
    database_sink::DatabaseSink,
    log_file::LogFile,
    log_sink::LogSink,
    outage::Outage,
    queue::{Inbox, Queue},
};
use crate::{
    config::{Config, DatabaseTarget, LogTarget, ServerRun},
    database::{self, Purpose, StoreError},
    line::{LocalTime, own_event},
};

pub(crate) mod batch;
mod database_sink;
mod log_file;
mod log_sink;
mod outage;
mod queue;
#[cfg(test)]
mod tests;

/// How soon a wish to reopen the log is noticed while nothing happens.
const IDLE: Duration = Duration::from_millis(250);

/// How long events gather between two looks, and how long where the pipe is small.
const GATHER: Duration = Duration::from_millis(10);
const GATHER_SHORT: Duration = Duration::from_millis(1);
const PIPE_LARGE: usize = 512 * 1024;

/// A share of the pipe that, once read at a time, is reason to read on without a pause.
const BUSY_SHARE: usize = 4;

/// How long both sinks get to write what they have when the journal has ended.
const END_PATIENCE: Duration = Duration::from_secs(3);

/// How often events that the journal had no room for are looked for.
const LOSSES_INTERVAL: Duration = Duration::from_secs(1);

/// Writes down what a journal is told, once it runs.
#[derive(Debug)]
pub struct Recorder {
    log: LogSink,
    database: Option<DatabaseSink>,
    losses: &'static Losses,
    /// Of the log. The journal is told all that either the log or the database takes.
    level: Level,
}

/// A recorder whose threads run.
pub struct Recording {
    log: Outlet,
    database: Option<Outlet>,
    losses: &'static Losses,
}

/// The least that a database takes.
const DATABASE_LEVEL: Level = Level::Info;

/// Why events cannot be written down.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("--log-file {} is in a directory that does not exist; make that first", .0.display())]
    NoDirectory(PathBuf),
    #[error("--log-file {} cannot be opened for writing: {reason}; name another", path.display())]
    Log { path: PathBuf, reason: io::Error },
    #[error("the log cannot be written to standard error: {0}; --log-file names a file for it")]
    Stderr(io::Error),
    #[error("--log-db {target} cannot be used: {reason}")]
    Database { target: DatabaseTarget, reason: String },
}

impl Recorder {
    /// Makes sure that the log and the database can be written, and notes in the database that a
    /// server runs. Leaves no thread and no connection to the database open: it may be called
    /// before a fork and before the process is confined.
    pub fn open(config: &Config, losses: &'static Losses) -> Result<Self, OpenError> {
        let file = match &config.log {
            LogTarget::Stderr => LogFile::stderr(),
            LogTarget::File(path) => LogFile::open(path),
        };
        let log_error = |reason: io::Error| match (&config.log, reason.kind()) {
            (LogTarget::Stderr, _) => OpenError::Stderr(reason),
            (LogTarget::File(path), io::ErrorKind::NotFound) => {
                OpenError::NoDirectory(path.clone())
            }
            (LogTarget::File(path), _) => OpenError::Log { path: path.clone(), reason },
        };
        let outage = Outage::new(config.run.program, format!("log {}", config.log), &losses.log);
        let local = LocalTime::of_system();
        let log = LogSink::new(file.map_err(log_error)?, config, local, outage);
        let database =
            config.database.as_ref().map(|target| open_database(target, &config.run, losses));
        Ok(Self { log, database: database.transpose()?, losses, level: config.level })
    }

    /// Starts the threads that write.
    pub fn start(self) -> io::Result<Recording> {
        let Self { mut log, database, losses, level } = self;
        // Each takes less than the journal was told, where the other takes more.
        let log_level = (database.is_some() && level < DATABASE_LEVEL).then_some(level);
        let database_level = (level > DATABASE_LEVEL).then_some(DATABASE_LEVEL);
        let log = Outlet::start("log", log.outage(), log_level, move |inbox| log.run(inbox))?;
        let database = database.map(|mut database| {
            let outage = database.outage();
            Outlet::start("database", outage, database_level, move |inbox| database.run(inbox))
        });
        Ok(Recording { log, database: database.transpose()?, losses })
    }
}

impl Recording {
    /// Has events written down until the journal has ended, and returns when all is written, or a
    /// few seconds later. Has the log opened again when `reopen` has become true, and makes it
    /// false.
    pub fn run(mut self, journal: &mut JournalReader, reopen: &AtomicBool) {
        self.read_all(journal, reopen);
        let deadline = Instant::now() + END_PATIENCE;
        let mut outlets: Vec<&mut Outlet> =
            iter::once(&mut self.log).chain(&mut self.database).collect();
        outlets.iter_mut().for_each(|outlet| outlet.queue.close());
        // Waits until all is written or the time is over, and says what was lost.
        outlets
            .iter()
            .for_each(|outlet| outlet.outage.conclude(outlet.queue.wait_until_done(deadline)));
    }

    fn read_all(&self, journal: &mut JournalReader, reopen: &AtomicBool) {
        let pipe_len = rustix::pipe::fcntl_getpipe_size(&*journal).unwrap_or(0);
        let pause = if pipe_len < PIPE_LARGE { GATHER_SHORT } else { GATHER };
        // A monitor that takes the place of another tells at once what was lost without one.
        let mut losses_due = Instant::now();
        let mut capacity = 0;
        let mut goes_on = true;
        while goes_on {
            let mut batch = Batch::with_capacity(capacity);
            // A journal that cannot be read will not get better.
            goes_on = journal.read(IDLE, |line| batch.push(line)).unwrap_or(false);
            if !goes_on || Instant::now() >= losses_due {
                self.tell_losses(&mut batch);
                losses_due = Instant::now() + LOSSES_INTERVAL;
            }
            capacity = batch.bytes().len();
            if batch.len() > 0 {
                let batch = Arc::new(batch);
                iter::once(&self.log).chain(&self.database).for_each(|outlet| outlet.give(&batch));
            }
            if reopen.swap(false, SeqCst) {
                self.log.queue.ask_to_reopen();
            }
            if goes_on && capacity < pipe_len / BUSY_SHARE {
                thread::sleep(pause);
            }
        }
    }

    /// What was told counts on in shared memory, where the next monitor finds it.
    fn tell_losses(&self, batch: &mut Batch) {
        let lost = self.losses.journal.load(Relaxed);
        let count = lost.saturating_sub(self.losses.journal_told.swap(lost, Relaxed));
        if count > 0 {
            let reason = "there were more than could be read".to_owned();
            batch.push(&own_event(Level::Error, EventKind::EventsLost { count, reason }));
        }
    }
}

fn open_database(
    target: &DatabaseTarget,
    run: &ServerRun,
    losses: &'static Losses,
) -> Result<DatabaseSink, OpenError> {
    let error =
        |err: StoreError| OpenError::Database { target: target.clone(), reason: err.to_string() };
    let target = &target.resolved().map_err(|err| OpenError::Database {
        target: target.clone(),
        reason: format!("its host cannot be found: {err}"),
    })?;
    let mut store = database::open(target, Purpose::Create).map_err(error)?;
    let number = store.start_run(run).map_err(error)?;
    let outage = Outage::new(run.program, format!("database {target}"), &losses.database);
    Ok(DatabaseSink::new(target.clone(), number, outage, losses))
}

/// The reader's side of a thread that writes.
struct Outlet {
    queue: Queue,
    outage: Arc<Outage>,
    /// The least that it takes, where more may come.
    level: Option<Level>,
}

impl Outlet {
    fn start(
        name: &str,
        outage: Arc<Outage>,
        level: Option<Level>,
        run: impl FnOnce(&mut Inbox) + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, mut inbox) = queue::open();
        thread::Builder::new().name(name.to_owned()).spawn(move || run(&mut inbox))?;
        Ok(Self { queue, outage, level })
    }

    fn give(&self, batch: &Arc<Batch>) {
        let batch = match self.level {
            None => batch,
            Some(level) => &Arc::new(batch.up_to(level)),
        };
        if batch.len() > 0 && !self.queue.push(batch) {
            self.outage.lose(batch.len() as u64, "too many wait to be written");
        }
    }
}
