//! The thread that writes the database.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use telemetry::Losses;

use super::{batch::Batch, outage::Outage, queue::Inbox};
use crate::{
    config::DatabaseTarget,
    database::{self, Purpose, Store, StoreError},
};

/// Events gather for so long before they are committed together.
const GATHER: Duration = Duration::from_millis(250);

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

    /// Writes until no more will come, or the database is unusable at the end.
    pub(crate) fn run(&mut self, inbox: &mut Inbox) {
        let mut store = None;
        while !inbox.is_closed() || inbox.events() > 0 {
            inbox.gather(GATHER);
            self.write(inbox, &mut store);
        }
        // Also those that monitors before this one lost.
        let Losses { journal, database, .. } = self.losses;
        let lost = journal.load(Relaxed) + database.load(Relaxed);
        // The run has ended all the same where that cannot be noted.
        let _ = store.map(|mut store| store.end_run(self.run, lost));
    }

    /// Writes what is in hand at once, however long that takes, and with it what comes meanwhile.
    /// Gives it up when the server ends.
    fn write(&mut self, inbox: &mut Inbox, store: &mut Option<Box<dyn Store>>) {
        let mut is_last_try = false;
        loop {
            let lost = self.outage.lost().filter(|_| inbox.is_calm());
            let told = lost.as_ref().map(|lost| Arc::new(lost.event()));
            let batches: Vec<Arc<Batch>> = inbox.batches().iter().cloned().chain(told).collect();
            if batches.is_empty() {
                return;
            }
            match self.try_write(&batches, store) {
                Ok(unreadable) => {
                    self.outage.trust();
                    lost.iter().for_each(|lost| self.outage.end(lost));
                    self.outage.lose(unreadable, "an event could not be read");
                    inbox.clear();
                }
                // The rest of the time that the end allows is for waiting for the lock.
                Err(StoreError::Busy) => {}
                Err(error) => {
                    *store = None;
                    if is_last_try {
                        self.outage.lose(inbox.events() as u64, &error.to_string());
                        return inbox.clear();
                    }
                    self.outage.suspect(&error.to_string());
                    inbox.gather_until(Instant::now() + RETRY);
                    is_last_try = inbox.is_closed();
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
