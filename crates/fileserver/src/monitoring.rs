//! Starts what watches the server, and lets it finish: threads of the server, or in process mode a
//! process of its own, because the supervisor must have no second thread.
//!
//! Either way it reads the journal that all workers tell their events to, so that no worker ever waits
//! for a disk, a database or a reader of the metrics page.

use std::{
    io::{self, Write},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use monitor::{Config, OpenError};
#[cfg(target_os = "linux")]
use nix::unistd::Pid;
#[cfg(target_os = "linux")]
use serving::Companion;
use telemetry::{EventSource, JournalReader, Mode, journal};

#[cfg(target_os = "linux")]
use self::process::MonitorProcess;
use self::work::Work;
pub(crate) use self::{
    listeners::{ListenError, Listeners},
    watched::Watched,
};
use crate::confinement::Confinement;

mod listeners;
#[cfg(target_os = "linux")]
mod process;
mod watched;
mod work;

/// How long the last events may take to be written: what the monitor allows itself, and a little more.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two looks whether they are.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// What watches a server.
pub(crate) struct Monitor {
    work: Work,
    running: Running,
}

#[derive(Debug)]
enum Running {
    No,
    Threads(JoinHandle<()>),
    #[cfg(target_os = "linux")]
    Process(MonitorProcess),
}

impl Monitor {
    pub(crate) fn new(
        config: Config,
        watched: Watched,
        confinement: Confinement,
        reader: JournalReader,
        listeners: Listeners,
    ) -> Self {
        let work = Work {
            config,
            watched,
            confinement,
            recorder: None,
            reader: Some(reader),
            listeners,
            reopen: Arc::default(),
        };
        Self { work, running: Running::No }
    }

    /// What whoever starts the server is told about where else it listens.
    pub(crate) fn lines(&self) -> &[String] {
        &self.work.listeners.lines
    }

    pub(crate) fn config(&self) -> &Config {
        &self.work.config
    }

    /// Opens the log and the database, as the user that serves and while that is allowed.
    pub(crate) fn open(&mut self) -> Result<(), OpenError> {
        self.work.open()
    }

    /// Watches the server from now on. In process mode the caller must have no second thread; what is
    /// forked runs `leave` first, to close what is the caller's alone.
    pub(crate) fn start(
        &mut self,
        #[cfg_attr(not(target_os = "linux"), expect(unused_variables))] leave: impl FnOnce(),
    ) -> io::Result<()> {
        self.running = match self.work.watched.server.mode {
            #[cfg(target_os = "linux")]
            Mode::Process => Running::Process(MonitorProcess::start(&mut self.work, leave)?),
            _ => Running::Threads(self.start_threads()?),
        };
        Ok(())
    }

    fn start_threads(&mut self) -> io::Result<JoinHandle<()>> {
        self.work.reopen_at_hang_up()?;
        let record = self.work.start()?;
        thread::Builder::new().name("monitor".to_owned()).spawn(|| {
            journal::set_source(EventSource::Monitor);
            record();
        })
    }

    /// Lets it write down what it was told, and ends it.
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut))]
    pub(crate) fn finish(mut self) {
        #[cfg(target_os = "linux")]
        if let Running::Process(process) = &mut self.running {
            process.expect_alive(&mut self.work);
        }
        self.work.watched.server.journal.end();
        let deadline = Instant::now() + FINISH_TIMEOUT;
        let has_finished = match self.running {
            Running::No => true,
            Running::Threads(thread) => {
                while !thread.is_finished() && Instant::now() < deadline {
                    thread::sleep(LOOK_PAUSE);
                }
                thread.is_finished()
            }
            #[cfg(target_os = "linux")]
            Running::Process(process) => process.finish(deadline, LOOK_PAUSE),
        };
        if !has_finished {
            // The log has no room for it any more.
            let _ = writeln!(
                io::stderr(),
                "fileserver: what writes the log did not finish within {} s; the last events are \
                 lost, besides {} before",
                FINISH_TIMEOUT.as_secs(),
                self.work.losses().total()
            );
        }
    }
}

#[cfg(target_os = "linux")]
impl Companion for Monitor {
    fn note_end(&mut self, pid: Pid, how: &str) {
        if let Running::Process(process) = &mut self.running {
            process.note_end(pid, how);
        }
    }

    fn replace_dead(&mut self, leave: &mut dyn FnMut()) {
        if let Running::Process(process) = &mut self.running {
            process.replace_dead(&mut self.work, leave);
        }
    }

    fn leave_to_others(&mut self) {
        self.work.leave_to_others();
    }

    /// Has the log opened again under its name.
    fn hang_up(&self) {
        if let Running::Process(process) = &self.running {
            process.hang_up();
        }
    }
}
