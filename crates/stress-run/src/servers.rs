//! Where the server of a configuration comes from, and how it is made ready to be measured.

pub(crate) mod access;
pub(crate) mod connected;
pub(crate) mod content;
pub(crate) mod event_log;
pub(crate) mod null_server;
pub(crate) mod process;
pub(crate) mod target;

use std::{
    cell::Cell as Counter,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use client::{ClientError, Feature};

use self::{
    access::Access, connected::Connected, content::SourceFile, event_log::EventLog,
    process::ServerProcess, target::Target,
};
use crate::{plan::Configuration, processes::interrupt::Interrupt};

/// All servers of a run.
pub(crate) struct Servers {
    origin: Origin,
    downloads: Vec<SourceFile>,
    timeout: Option<Duration>,
    interrupt: Interrupt,
    started: Counter<u32>,
}

pub(crate) enum Origin {
    /// A process of its own for each configuration.
    Started {
        program: PathBuf,
        port: u16,
        dir: PathBuf,
        log_dir: PathBuf,
    },
    Connected(Box<Connected>),
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
        downloads: Vec<SourceFile>,
        timeout: Option<Duration>,
        interrupt: &Interrupt,
    ) -> Self {
        let (interrupt, started) = (interrupt.clone(), Counter::default());
        Self { origin, downloads, timeout, interrupt, started }
    }

    /// Starts the server, or finds the one that runs, and stores what downloads read.
    pub(crate) fn start(&self, configuration: Configuration) -> anyhow::Result<Running> {
        let running = self.launch(configuration)?;
        for source in &self.downloads {
            running.target.provide(source).context("cannot store the file to download")?;
        }
        Ok(running)
    }

    /// Refuses to measure servers that lack what is `needed`. One that does not start is no reason: that is a
    /// result.
    pub(crate) fn check_know(
        &self,
        needed: &[Feature],
        configuration: Configuration,
    ) -> anyhow::Result<()> {
        if needed.is_empty() {
            return Ok(());
        }
        let Ok(running) = self.launch(configuration) else { return Ok(()) };
        let lacking = running.target.lacking(needed);
        if let Some(process) = running.process {
            process.stop();
        }
        let lacking = lacking.context("cannot ask the server what it knows")?;
        if !lacking.is_empty() {
            bail!(
                "--encoding raw needs a server that knows {}, and {} does not; leave raw out, or \
                 measure a fileserver of this version",
                lacking.join(" and "),
                self.origin.named()
            );
        }
        Ok(())
    }

    fn launch(&self, configuration: Configuration) -> anyhow::Result<Running> {
        let (process, target) = match &self.origin {
            Origin::Connected(connected) => (None, connected.target().clone()),
            Origin::Started { program, port, dir, log_dir } => {
                let events = EventLog::at(self.unused_log(log_dir));
                let server = (program.as_path(), configuration, *port);
                let process = ServerProcess::start(server, dir, events, &self.interrupt)?;
                let mut target = Target::new(process.address(), &Access::default(), self.timeout)?;
                target.pid = Some(process.pid());
                target.dir = Some(dir.clone());
                (Some(process), target)
            }
        };
        Ok(Running { process, target })
    }

    /// Ends the server, or leaves the one that ran before as it was.
    pub(crate) fn stop(&self, running: Running) {
        match running.process {
            Some(process) => process.stop(),
            None => {
                for source in &self.downloads {
                    // Some servers cannot delete; what is left is told at the end.
                    let _ = running.target.delete(&source.name);
                }
            }
        }
    }

    /// What runs have stored on a server that ran before, and could not delete.
    pub(crate) fn left_behind(&self) -> Option<Result<Vec<String>, ClientError>> {
        match &self.origin {
            Origin::Connected(connected) => Some(connected.left_behind()),
            Origin::Started { .. } => None,
        }
    }

    /// A file for the log of one server more.
    fn unused_log(&self, log_dir: &Path) -> PathBuf {
        let number = self.started.get() + 1;
        self.started.set(number);
        log_dir.join(format!("server-{number}.jsonl"))
    }
}

impl Origin {
    fn named(&self) -> String {
        match self {
            Self::Started { program, .. } => program.display().to_string(),
            Self::Connected(connected) => format!("the server at {}", connected.address()),
        }
    }
}

impl Running {
    /// Why it is no server any more, if it has died.
    pub(crate) fn how_it_died(&mut self) -> Option<String> {
        let process = self.process.as_mut()?;
        process.is_dead().then(|| format!("the server died: {}", process.how_it_ended()))
    }
}
