//! Why a connection ended before its peer closed it.

use std::{io, time::Duration};

use protocol::FrameError;
use serving::Overdue;
use telemetry::Level;

use crate::proxied::ProxyHeaderError;

/// Why a connection ended before its peer closed it. For the log: a client is told by a reply,
/// where one still makes sense.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error("malformed frame: {0}")]
    Frame(FrameError),
    #[error("{0}")]
    Overdue(Overdue),
    #[error("peer lost: {0}")]
    Peer(io::Error),
    /// Half a reply was sent, so the client must see the connection end without the rest.
    #[error("could not read the file being sent: {0}")]
    Disk(io::Error),
    #[error("{0}")]
    ProxyHeader(ProxyHeaderError),
    #[error("no PROXY header came whole within {} s", .0.as_secs_f64())]
    NoProxyHeader(Duration),
    /// There is no room for one more of the client that a proxy has named.
    #[error("turned away: {0}")]
    TurnedAway(String),
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    #[error("the TLS handshake did not come to its end in time")]
    NoHandshake,
    #[error("closed by the shutdown of the server")]
    ShutDown,
}

impl ConnectionError {
    /// How much it matters: peers vanish daily, but a failing disk is the operator's to know of.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Disk(_) => Level::Error,
            Self::Frame(_)
            | Self::Overdue(_)
            | Self::ProxyHeader(_)
            | Self::NoProxyHeader(_)
            | Self::TurnedAway(_)
            | Self::Tls(_)
            | Self::NoHandshake => Level::Warning,
            Self::Peer(_) | Self::ShutDown => Level::Info,
        }
    }
}
