//! Starts what watches the server, and lets it finish: threads of the server, or in process mode a
//! process of its own, because the supervisor must have no second thread.
//!
//! Either way it reads the journal that all workers tell their events to, so that no worker ever waits
//! for a disk, a database or a reader of the metrics page.

use std::{io, sync::Arc, time::Instant};

use monitor::{Config, FINISH_TIMEOUT, LOOK_PAUSE, Listeners, OpenError, Watch, Watching};
#[cfg(target_os = "linux")]
use nix::unistd::Pid;
#[cfg(target_os = "linux")]
use serving::Companion;
use telemetry::{JournalReader, Mode};

#[cfg(target_os = "linux")]
use self::process::MonitorProcess;
pub(crate) use self::watched::Watched;
use self::work::Work;
use crate::confinement::Confinement;

#[cfg(target_os = "linux")]
mod process;
mod watched;
mod work;

/// What watches a server.
pub(crate) struct Monitor {
    work: Work,
    running: Running,
}

#[derive(Debug)]
enum Running {
    No,
    Threads(Watching),
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
        let server = Arc::clone(&watched.server);
        let watch = Watch::new(config, server.scoreboard, reader, watched, listeners);
        Self { work: Work { watch, server, confinement }, running: Running::No }
    }

    /// What whoever starts the server is told about where else it listens.
    pub(crate) fn lines(&self) -> &[String] {
        self.work.watch.lines()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.work.watch.config
    }

    /// Opens the log and the database, as the user that serves and while that is allowed.
    pub(crate) fn open(&mut self) -> Result<(), OpenError> {
        self.work.watch.open()
    }

    /// Watches the server from now on. In process mode the caller must have no second thread; what is
    /// forked runs `leave` first, to close what is the caller's alone.
    pub(crate) fn start(
        &mut self,
        #[cfg_attr(not(target_os = "linux"), expect(unused_variables))] leave: impl FnOnce(),
    ) -> io::Result<()> {
        self.running = match self.work.server.mode {
            #[cfg(target_os = "linux")]
            Mode::Process => Running::Process(MonitorProcess::start(&mut self.work, leave)?),
            _ => Running::Threads(self.work.watch.start_threads()?),
        };
        Ok(())
    }

    /// Lets it write down what it was told, and ends it.
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut))]
    pub(crate) fn finish(mut self) {
        let journal = &self.work.server.journal.clone();
        match self.running {
            Running::No => journal.end(),
            Running::Threads(watching) => watching.finish("fileserver", journal),
            #[cfg(target_os = "linux")]
            Running::Process(mut process) => {
                process.expect_alive(&mut self.work);
                journal.end();
                if !process.finish(Instant::now() + FINISH_TIMEOUT, LOOK_PAUSE) {
                    monitor::warn_of_unfinished("fileserver", self.work.watch.losses());
                }
            }
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
        self.work.watch.leave_to_others();
    }

    /// Has the log opened again under its name.
    fn hang_up(&self) {
        if let Running::Process(process) = &self.running {
            process.hang_up();
        }
    }
}
