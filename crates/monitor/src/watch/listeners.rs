//! Where others than clients come in.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use telemetry::Scoreboard;

use crate::{
    metrics,
    status::{self, Status},
};

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
pub struct Listeners {
    /// Readers of the metrics page.
    metrics: Option<TcpListener>,
    /// Whoever looks how the server is doing.
    status: Option<TcpListener>,
    lines: Vec<String>,
}

impl Listeners {
    /// Listens at those that are asked for: port 0 is a free one.
    pub fn bind(
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
        Ok(listeners)
    }

    /// What a person is told about them.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Answers whoever comes from now on.
    pub(super) fn open<S: Status + Clone>(
        &mut self,
        status: &S,
        board: Scoreboard,
    ) -> io::Result<()> {
        if let Some(listener) = self.metrics.take() {
            let status = status.clone();
            metrics::serve(listener, move || status.page(&board)).map_err(io::Error::other)?;
        }
        if let Some(listener) = self.status.take() {
            status::serve(listener, status.clone()).map_err(io::Error::other)?;
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
