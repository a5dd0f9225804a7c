//! Starts what watches the server, and lets it finish: threads of the server, or in process mode a
//! process of its own, because the supervisor must have no second thread.
//!
//! Either way it reads the journal that all workers tell their events to, so that no worker ever waits
//! for a disk, a database or a reader of the metrics page.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use file_service::FileService;
use monitor::{
    Config, OpenError, Recorder, metrics,
    status::{self, Status},
};
use protocol::{Stats, Token};
use serving::Server;
use signal_hook::consts::SIGHUP;
use telemetry::{EventSource, JournalReader, Losses, Mode, journal};

use crate::{confinement::Confinement, stats};

#[cfg(target_os = "linux")]
mod process;

/// How long the last events may take to be written: what the monitor allows itself, and a little more.
const FINISH_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two looks whether they are.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// An address beside the server's own cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {option} {address}: {reason}; choose another address or port")]
pub struct ListenError {
    option: &'static str,
    address: SocketAddr,
    reason: io::Error,
}

/// Where others than clients come in, while the server runs.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// Readers of the metrics page.
    metrics: Option<TcpListener>,
    /// Whoever looks how the server is doing.
    status: Option<TcpListener>,
    /// What a person is told about them.
    lines: Vec<String>,
}

impl Listeners {
    /// Listens at those that are asked for, and logs where: port 0 is a free one.
    pub(crate) fn bind(
        metrics: Option<SocketAddr>,
        status: Option<SocketAddr>,
    ) -> Result<Self, ListenError> {
        let mut listeners = Self::default();
        if let Some(address) = status {
            let (listener, address) = bind("--status", address)?;
            listeners.status = Some(listener);
            listeners.lines.push(format!("status on {address}"));
        }
        if let Some(address) = metrics {
            let (listener, address) = bind("--metrics", address)?;
            listeners.metrics = Some(listener);
            listeners.lines.push(format!("metrics at http://{address}/metrics"));
        }
        listeners.lines.iter().for_each(|line| tracing::info!("{line}"));
        Ok(listeners)
    }
}

fn bind(
    option: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), ListenError> {
    TcpListener::bind(address)
        .and_then(|listener| Ok((listener.local_addr()?, listener)))
        .map(|(address, listener)| (listener, address))
        .map_err(|reason| ListenError { option, address, reason })
}

/// Whom the monitor watches.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) server: Arc<Server>,
    pub(crate) service: Arc<FileService>,
}

impl Status for Watched {
    fn stats(&self) -> Stats {
        stats::collect(&self.server, &self.service, Instant::now())
    }

    fn asks_for_token(&self) -> bool {
        self.service.tokens.is_some()
    }

    fn identify(&self, token: &Token) -> Option<String> {
        let identity = self.service.tokens.as_ref()?.identify(token);
        if identity.is_none() {
            tracing::warn!("a wrong token was given at the status address");
        }
        identity.map(|identity| identity.name.clone())
    }
}

/// What watches a server.
pub(crate) struct Monitor {
    config: Config,
    watched: Watched,
    confinement: Confinement,
    /// What writes the log, from when it can be written until it is.
    recorder: Option<Recorder>,
    reader: Option<JournalReader>,
    listeners: Listeners,
    /// Set by SIGHUP: the log is opened again under its name.
    reopen: Arc<AtomicBool>,
    running: Running,
}

#[derive(Debug)]
enum Running {
    No,
    Threads(JoinHandle<()>),
    #[cfg(target_os = "linux")]
    Process(process::MonitorProcess),
}

impl Monitor {
    pub(crate) fn new(
        config: Config,
        watched: Watched,
        confinement: Confinement,
        reader: JournalReader,
        listeners: Listeners,
    ) -> Self {
        Self {
            config,
            watched,
            confinement,
            recorder: None,
            reader: Some(reader),
            listeners,
            reopen: Arc::default(),
            running: Running::No,
        }
    }

    /// What whoever starts the server is told about where else it listens.
    pub(crate) fn lines(&self) -> &[String] {
        &self.listeners.lines
    }

    /// Directories that it writes to while the server runs.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        self.config.directories()
    }

    /// The port of a database that it talks to.
    pub(crate) fn database_port(&self) -> Option<u16> {
        self.config.network_port()
    }

    /// Opens the log and the database, as the user that serves and while that is allowed.
    pub(crate) fn open(&mut self) -> Result<(), OpenError> {
        self.recorder = Some(Recorder::open(&self.config, self.losses())?);
        Ok(())
    }

    fn losses(&self) -> &'static Losses {
        self.watched.server.scoreboard.losses()
    }

    /// For the thread or the process that records. A process that was forked has a copy to take.
    fn take_sources(&mut self) -> (Recorder, JournalReader) {
        let recorder = self.recorder.take().expect("the log is opened before anything is recorded");
        (recorder, self.reader.take().expect("the journal comes with the monitor"))
    }

    /// Watches the server from now on. In process mode the caller must have no second thread; what is
    /// forked runs `leave` first, to close what is the caller's alone.
    pub(crate) fn start(
        &mut self,
        #[cfg_attr(not(target_os = "linux"), expect(unused_variables))] leave: impl FnOnce(),
    ) -> io::Result<()> {
        match self.watched.server.mode {
            #[cfg(target_os = "linux")]
            Mode::Process => self.start_process(leave),
            _ => self.start_threads(),
        }
    }

    fn start_threads(&mut self) -> io::Result<()> {
        let (recorder, mut reader) = self.take_sources();
        let (recording, reopen) = (recorder.start()?, Arc::clone(&self.reopen));
        signal_hook::flag::register(SIGHUP, Arc::clone(&self.reopen))?;
        let record = move || {
            journal::set_source(EventSource::Monitor);
            recording.run(&mut reader, &reopen);
        };
        self.open_listeners()?;
        let thread = thread::Builder::new().name("monitor".to_owned()).spawn(record)?;
        self.running = Running::Threads(thread);
        Ok(())
    }

    /// Lets it write down what it was told, and ends it.
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut))]
    pub(crate) fn finish(mut self) {
        #[cfg(target_os = "linux")]
        self.expect_process();
        self.watched.server.journal.end();
        let deadline = Instant::now() + FINISH_TIMEOUT;
        let losses = self.losses();
        let has_finished = match self.running {
            Running::No => true,
            Running::Threads(thread) => {
                while !thread.is_finished() && Instant::now() < deadline {
                    thread::sleep(LOOK_PAUSE);
                }
                thread.is_finished()
            }
            #[cfg(target_os = "linux")]
            Running::Process(process) => process.finish(deadline),
        };
        if !has_finished {
            // The log has no room for it any more.
            let _ = writeln!(
                io::stderr(),
                "fileserver: what writes the log did not finish within {} s; the last events are \
                 lost, besides {} before",
                FINISH_TIMEOUT.as_secs(),
                losses.total()
            );
        }
    }

    fn open_listeners(&mut self) -> io::Result<()> {
        if let Some(listener) = self.listeners.metrics.take() {
            let watched = self.watched.clone();
            let page = move || metrics::render(&watched.stats(), &watched.server.scoreboard);
            metrics::serve(listener, page).map_err(io::Error::other)?;
        }
        if let Some(listener) = self.listeners.status.take() {
            status::serve(listener, self.watched.clone()).map_err(io::Error::other)?;
        }
        Ok(())
    }
}
