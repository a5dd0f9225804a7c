//! The thread that writes the database.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use telemetry::{EventKind, Level, Losses};

use super::{
    batch::Batch,
    outage::Outage,
    queue::{Queue, Wait},
};
use crate::{
    config::DatabaseTarget,
    database::{self, Purpose, Store, StoreError},
    line::own_event,
};

/// Events gather for so long, or until there are so many, before they are committed together.
const GATHER: Wait = Wait { first: None, more: Duration::from_millis(250), enough: 4096 };

/// How often a database that cannot be used is tried again. One that is locked is waited for
/// without a pause: its lock has a timeout of its own.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct DatabaseSink {
    target: DatabaseTarget,
    /// The file that it is, where it is one.
    file: Option<FileId>,
    /// The number of this server's run.
    run: i64,
    outage: Arc<Outage>,
    losses: &'static Losses,
}

impl DatabaseSink {
    pub(crate) fn new(
        target: DatabaseTarget,
        run: i64,
        outage: Arc<Outage>,
        losses: &'static Losses,
    ) -> Self {
        let file = FileId::of(&target);
        Self { target, file, run, outage, losses }
    }

    pub(crate) fn outage(&self) -> Arc<Outage> {
        Arc::clone(&self.outage)
    }

    /// Writes until the queue is closed and empty, or the database is unusable at the end.
    pub(crate) fn run(&mut self, queue: &Queue) {
        let mut store = None;
        loop {
            let taken = queue.take(GATHER);
            self.write(&taken.batches, &mut store, queue);
            if let Some(lost) = self.outage.lost().filter(|_| queue.is_calm()) {
                let (count, reason) = (lost.count, lost.reason.clone());
                let event = own_event(Level::Error, EventKind::EventsLost { count, reason });
                if self.write(&[Arc::new(Batch::of(&event))], &mut store, queue) {
                    self.outage.end(&lost);
                }
            }
            if taken.is_last {
                break;
            }
        }
        // Also those that monitors before this one lost.
        let Losses { journal, database, .. } = self.losses;
        let lost = journal.load(Relaxed) + database.load(Relaxed);
        // The run has ended all the same where that cannot be noted.
        let _ = store.map(|mut store| store.end_run(self.run, lost));
    }

    /// Writes all batches at once, however long that takes; the queue takes what comes meanwhile.
    /// False when they are given up because the server ends.
    fn write(
        &mut self,
        batches: &[Arc<Batch>],
        store: &mut Option<Box<dyn Store>>,
        queue: &Queue,
    ) -> bool {
        let mut is_closed = false;
        loop {
            match self.try_write(batches, store) {
                Ok(unreadable) => {
                    self.outage.trust();
                    self.outage.lose(unreadable, "an event could not be read");
                    return true;
                }
                // The rest of the time that the end allows is for waiting for the lock.
                Err(StoreError::Busy) => continue,
                Err(error) => {
                    *store = None;
                    if is_closed {
                        let count: usize = batches.iter().map(|batch| batch.len()).sum();
                        self.outage.lose(count as u64, &error.to_string());
                        return false;
                    }
                    self.outage.suspect(&error.to_string());
                    is_closed = queue.wait_until_closed(RETRY);
                }
            }
        }
    }

    /// Writes all batches or none; how many of their events could not be read.
    fn try_write(
        &self,
        batches: &[Arc<Batch>],
        store: &mut Option<Box<dyn Store>>,
    ) -> Result<u64, StoreError> {
        if batches.is_empty() {
            return Ok(0);
        }
        // SQLite goes on with a file that was deleted or moved, which nobody finds again.
        if FileId::of(&self.target) != self.file {
            return Err(StoreError::Moved);
        }
        let store = match store {
            Some(store) => store,
            None => store.insert(database::open(&self.target, Purpose::Write)?),
        };
        store.write(self.run, batches)
    }
}

/// The file system of a file, and its number there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct FileId(u64, u64);

impl FileId {
    /// `None` where there is no file.
    fn of(target: &DatabaseTarget) -> Option<Self> {
        let metadata = fs::metadata(target.path()?).ok()?;
        Some(Self(metadata.dev(), metadata.ino()))
    }
}
