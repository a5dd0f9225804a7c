//! What a monitor does, and what it takes for that, wherever it runs.

use std::{
    io,
    sync::{Arc, atomic::AtomicBool},
};

use monitor::{Config, OpenError, Recorder};
use signal_hook::consts::SIGHUP;
use telemetry::{JournalReader, Losses};

use super::{listeners::Listeners, watched::Watched};
use crate::confinement::Confinement;

pub(super) struct Work {
    pub(super) config: Config,
    pub(super) watched: Watched,
    pub(super) confinement: Confinement,
    /// What writes the log, from when it can be written until it is.
    pub(super) recorder: Option<Recorder>,
    pub(super) reader: Option<JournalReader>,
    pub(super) listeners: Listeners,
    /// Set by SIGHUP: the log is opened again under its name.
    pub(super) reopen: Arc<AtomicBool>,
}

impl Work {
    pub(super) fn open(&mut self) -> Result<(), OpenError> {
        self.recorder = Some(Recorder::open(&self.config, self.losses())?);
        Ok(())
    }

    pub(super) fn losses(&self) -> &'static Losses {
        self.watched.server.scoreboard.losses()
    }

    /// From now on, SIGHUP does not end the process.
    pub(super) fn reopen_at_hang_up(&self) -> io::Result<()> {
        signal_hook::flag::register(SIGHUP, Arc::clone(&self.reopen)).map(drop)
    }

    /// Starts what it has threads for. What remains, to record until the journal ends, is for the thread
    /// that runs what is returned. A process that was forked has a copy to take.
    pub(super) fn start(&mut self) -> io::Result<impl FnOnce() + Send + use<>> {
        let recorder = self.recorder.take().expect("the log is opened before anything is recorded");
        let mut reader = self.reader.take().expect("the journal comes with the monitor");
        let recording = recorder.start()?;
        self.listeners.open(&self.watched)?;
        let reopen = Arc::clone(&self.reopen);
        Ok(move || recording.run(&mut reader, &reopen))
    }

    /// Closes what is the monitor's alone, in a process that is to be none.
    pub(super) fn leave_to_others(&mut self) {
        self.recorder = None;
        self.reader = None;
        self.listeners = Listeners::default();
    }
}
