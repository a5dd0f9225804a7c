//! Where the server of a configuration comes from, and how it is made ready to be measured.

use std::{
    cell::Cell as Counter,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use crate::{
    args::PlanOptions,
    cell::download_name,
    content::Source,
    interrupt::Interrupt,
    plan::{Configuration, Mode},
    server::ServerProcess,
    target::Target,
    timeline::EventLog,
};

/// All servers of a run.
pub(crate) struct Servers {
    origin: Origin,
    downloads: Vec<Source>,
    timeout: Option<Duration>,
    interrupt: Interrupt,
    started: Counter<u32>,
}

pub(crate) enum Origin {
    /// A process of its own for each configuration.
    Started { program: PathBuf, port: u16, dir: PathBuf, log_dir: PathBuf },
    /// One that is running already.
    Connected(String),
}

/// A server under measurement.
pub(crate) struct Running {
    /// `None` for one that is not ours to stop.
    pub(crate) process: Option<ServerProcess>,
    pub(crate) target: Target,
}

impl Servers {
    /// Every server is to have the `downloads`.
    pub(crate) fn new(
        origin: Origin,
        downloads: Vec<Source>,
        timeout: Option<Duration>,
        interrupt: &Interrupt,
    ) -> Self {
        let (interrupt, started) = (interrupt.clone(), Counter::default());
        Self { origin, downloads, timeout, interrupt, started }
    }

    /// Starts the server, or finds the one that runs, and stores what downloads read.
    pub(crate) fn start(&self, configuration: Configuration) -> anyhow::Result<Running> {
        let (process, address) = match &self.origin {
            Origin::Connected(address) => (None, address.clone()),
            Origin::Started { program, port, dir, log_dir } => {
                let events = EventLog::at(self.unused_log(log_dir));
                let server = (program.as_path(), configuration, *port);
                let process = ServerProcess::start(server, dir, events, &self.interrupt)?;
                let address = process.address().to_owned();
                (Some(process), address)
            }
        };
        let mut target = Target::new(&address, self.timeout)?;
        target.pid = process.as_ref().map(ServerProcess::pid);
        for source in &self.downloads {
            target
                .provide(&download_name(source), source)
                .context("cannot store the file to download")?;
        }
        Ok(Running { process, target })
    }

    /// Ends the server, or leaves the one that ran before as it was.
    pub(crate) fn stop(&self, running: Running) {
        match running.process {
            Some(process) => process.stop(),
            None => {
                for source in &self.downloads {
                    // Some servers cannot delete; the file's name says where it came from.
                    let _ = running.target.delete(&download_name(source));
                }
            }
        }
    }

    /// A file for the log of one server more.
    fn unused_log(&self, log_dir: &Path) -> PathBuf {
        let number = self.started.get() + 1;
        self.started.set(number);
        log_dir.join(format!("server-{number}.jsonl"))
    }
}

impl Running {
    /// Why it is no server any more, if it has died.
    pub(crate) fn how_it_died(&mut self) -> Option<String> {
        let process = self.process.as_mut()?;
        process.is_dead().then(|| format!("the server died: {}", process.how_it_ended()))
    }
}

/// What a server that is running already says that it is, or else what the options say.
pub(crate) fn connected_configuration(
    options: &PlanOptions,
    address: &str,
) -> anyhow::Result<Configuration> {
    let target = Target::new(address, options.timeout())
        .with_context(|| format!("cannot measure {address}"))?;
    match (target.stats()?, options.single_server()) {
        (Some(stats), _) => {
            let mode = <Mode as clap::ValueEnum>::from_str(&stats.mode, true).ok();
            Ok(Configuration { mode, workers: stats.workers })
        }
        (None, Some(workers)) => Ok(Configuration { mode: None, workers }),
        (None, None) => Err(anyhow!(
            "the server at {address} does not tell how many workers it has; say it with --servers N"
        )),
    }
}
