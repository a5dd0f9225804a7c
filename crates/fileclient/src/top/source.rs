//! Where the looks come from: a connection for each, made in a thread that waits instead of us.

use std::{
    sync::mpsc::{self, Receiver, SyncSender, TryRecvError},
    thread,
    time::Instant,
};

use anyhow::{Context, anyhow, bail};
use client::{Connection, ConnectionOptions};
use protocol::Stats;

use super::view::Look;

/// A server that can be looked at.
pub(crate) struct StatsSource {
    server: String,
    options: ConnectionOptions,
}

impl StatsSource {
    pub(crate) fn new(server: String, options: ConnectionOptions) -> Self {
        Self { server, options }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Blocks until the server has answered or a limit of the options strikes.
    pub(super) fn look(&self) -> anyhow::Result<Look> {
        let stats = Connection::connect(&self.server, self.options.clone())?.stats()?;
        let received = Instant::now();
        let stats: Stats = serde_json::from_value(stats)
            .map_err(|_| anyhow!("this server's counts are its own; only 'stats' can show them"))?;
        Ok(Look { stats, received })
    }
}

/// The thread that looks when it is told to.
pub(super) struct Poller {
    questions: SyncSender<()>,
    answers: Receiver<anyhow::Result<Look>>,
}

impl Poller {
    /// It ends with the [`Poller`], after the look that is on its way.
    pub(super) fn start(source: StatsSource) -> anyhow::Result<Self> {
        let (questions, asked) = mpsc::sync_channel(1);
        let (answer, answers) = mpsc::channel();
        let run = move || {
            while let Ok(()) = asked.recv() {
                if answer.send(source.look()).is_err() {
                    break;
                }
            }
        };
        thread::Builder::new()
            .name("looks".to_owned())
            .spawn(run)
            .context("cannot start a thread")?;
        Ok(Self { questions, answers })
    }

    /// Does not block. A question while one is on its way is dropped.
    pub(super) fn ask(&self) {
        let _ = self.questions.try_send(());
    }

    /// Does not block; `None` when there is no answer yet.
    pub(super) fn answer(&self) -> anyhow::Result<Option<anyhow::Result<Look>>> {
        match self.answers.try_recv() {
            Ok(answer) => Ok(Some(answer)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => bail!("the thread that asks the server has ended"),
        }
    }
}
