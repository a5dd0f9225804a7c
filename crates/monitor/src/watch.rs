//! What watches one server: the recorder of its events, and the addresses where it tells how it is
//! doing. On threads of the server, or in a process that was forked for it.

mod listeners;

use std::{
    io::{self, Write},
    sync::{Arc, atomic::AtomicBool},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use signal_hook::consts::SIGHUP;
use telemetry::{EventSource, Journal, JournalReader, Losses, Scoreboard, journal};

pub use self::listeners::{ListenError, Listeners};
use crate::{
    config::Config,
    recorder::{OpenError, Recorder},
    status::Status,
};

/// How long the last events may take to be written: what the recorder allows itself, and a little more.
pub const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two looks whether they are.
pub const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// What watches one server, before it is started and while it runs.
pub struct Watch<S> {
    pub config: Config,
    status: S,
    board: Scoreboard,
    /// What writes the log, from when it can be written until it is.
    recorder: Option<Recorder>,
    reader: Option<JournalReader>,
    listeners: Listeners,
    /// Set by SIGHUP: the log is opened again under its name.
    reopen: Arc<AtomicBool>,
}

impl<S: Status + Clone> Watch<S> {
    /// Of the server whose counts are on `board`, whose events `reader` gives out and whose state is
    /// `status`.
    pub fn new(
        config: Config,
        board: Scoreboard,
        reader: JournalReader,
        status: S,
        listeners: Listeners,
    ) -> Self {
        let (reader, reopen) = (Some(reader), Arc::default());
        Self { config, status, board, recorder: None, reader, listeners, reopen }
    }

    /// Opens the log and the database, as the user that serves and while that is allowed.
    pub fn open(&mut self) -> Result<(), OpenError> {
        self.recorder = Some(Recorder::open(&self.config, self.losses())?);
        Ok(())
    }

    pub fn losses(&self) -> &'static Losses {
        self.board.losses()
    }

    /// What a person is told about where else the server answers.
    pub fn lines(&self) -> &[String] {
        self.listeners.lines()
    }

    /// From now on, SIGHUP does not end the process.
    pub fn reopen_at_hang_up(&self) -> io::Result<()> {
        signal_hook::flag::register(SIGHUP, Arc::clone(&self.reopen)).map(drop)
    }

    /// Starts what it has threads for. What remains, to record until the journal ends, is for the thread
    /// that runs what is returned. A process that was forked has a copy to take.
    pub fn start(&mut self) -> io::Result<impl FnOnce() + Send + use<S>> {
        let recorder = self.recorder.take().expect("the log is opened before anything is recorded");
        let mut reader = self.reader.take().expect("the journal comes with the watch");
        let recording = recorder.start()?;
        self.listeners.open(&self.status, self.board)?;
        let reopen = Arc::clone(&self.reopen);
        Ok(move || recording.run(&mut reader, &reopen))
    }

    /// Watches from now on, on threads of this process.
    pub fn start_threads(&mut self) -> io::Result<Watching> {
        self.reopen_at_hang_up()?;
        let record = self.start()?;
        let thread = thread::Builder::new().name("monitor".to_owned()).spawn(|| {
            journal::set_source(EventSource::Monitor);
            record();
        })?;
        Ok(Watching { thread, losses: self.losses() })
    }

    /// Closes what is the watch's alone, in a process that is to have none.
    pub fn leave_to_others(&mut self) {
        self.recorder = None;
        self.reader = None;
        self.listeners = Listeners::default();
    }
}

/// A watch that runs on threads of this process.
#[derive(Debug)]
pub struct Watching {
    thread: JoinHandle<()>,
    losses: &'static Losses,
}

impl Watching {
    /// Ends the journal of `program`, and lets the recorder write down what it was told.
    pub fn finish(self, program: &str, journal: &Journal) {
        journal.end();
        let deadline = Instant::now() + FINISH_TIMEOUT;
        while !self.thread.is_finished() && Instant::now() < deadline {
            thread::sleep(LOOK_PAUSE);
        }
        if !self.thread.is_finished() {
            warn_of_unfinished(program, self.losses);
        }
    }
}

/// The log has no room for it any more.
pub fn warn_of_unfinished(program: &str, losses: &Losses) {
    let _ = writeln!(
        io::stderr(),
        "{program}: what writes the log did not finish within {} s; the last events are lost, besides {} \
         before",
        FINISH_TIMEOUT.as_secs(),
        losses.total()
    );
}
