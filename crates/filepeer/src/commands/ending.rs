//! Signals that ask a command to end.

use std::thread;

use anyhow::Context;
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use tokio::sync::mpsc;

/// What a shell says of a program that Ctrl-C ended.
pub(crate) const EXIT_STOPPED: u8 = 130;

/// From when it is made, its signals do not end the process by themselves.
pub(crate) struct Ending(mpsc::Receiver<()>);

impl Ending {
    /// By SIGINT, SIGTERM and SIGHUP.
    pub(crate) fn by_signals() -> anyhow::Result<Self> {
        Self::by(&[SIGINT, SIGTERM, SIGHUP])
    }

    /// The same without SIGHUP, which has a log opened again.
    pub(crate) fn by_signals_but_hangup() -> anyhow::Result<Self> {
        Self::by(&[SIGINT, SIGTERM])
    }

    fn by(signals: &[i32]) -> anyhow::Result<Self> {
        let mut signals = Signals::new(signals).context("cannot wait for signals")?;
        let (sender, receiver) = mpsc::channel(1);
        // It ends with the process, and nothing waits for it.
        let wait =
            move || signals.forever().take_while(|_| sender.blocking_send(()).is_ok()).count();
        let thread = thread::Builder::new().name("signals".to_owned()).spawn(wait);
        thread.context("cannot start a thread")?;
        Ok(Self(receiver))
    }

    /// Returns when one of them has come, each time for one.
    pub(crate) async fn asked(&mut self) {
        // The other end is held by the thread, which holds it for as long as signals come.
        let _ = self.0.recv().await;
    }
}
