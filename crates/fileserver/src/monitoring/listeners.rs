//! Where others than clients come in.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use monitor::{
    metrics,
    status::{self, Status},
};

use super::watched::Watched;

/// An address beside the server's own cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {option} {address}: {reason}; choose another address or port")]
pub struct ListenError {
    option: &'static str,
    address: SocketAddr,
    reason: io::Error,
}

/// Bound at the start; those who come are answered while the server runs.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// Readers of the metrics page.
    metrics: Option<TcpListener>,
    /// Whoever looks how the server is doing.
    status: Option<TcpListener>,
    /// What a person is told about them.
    pub(super) lines: Vec<String>,
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

    /// Answers whoever comes from now on.
    pub(super) fn open(&mut self, watched: &Watched) -> io::Result<()> {
        if let Some(listener) = self.metrics.take() {
            let watched = watched.clone();
            let board = watched.server.scoreboard;
            let page = move || metrics::render(&watched.stats(), &board, watched.families());
            metrics::serve(listener, page).map_err(io::Error::other)?;
        }
        if let Some(listener) = self.status.take() {
            status::serve(listener, watched.clone()).map_err(io::Error::other)?;
        }
        Ok(())
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
