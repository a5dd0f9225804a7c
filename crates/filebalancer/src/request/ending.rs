//! Why a connection ends before its client has closed it.

use std::{io, time::Duration};

use protocol::FrameError;
use serving::Overdue;
use telemetry::Level;

use super::connection::Loss;

/// Why a connection ends before its client has closed it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ending {
    #[error("malformed frame: {0}")]
    Frame(FrameError),
    /// The client took too long to ask, or for what it sends.
    #[error("{0}")]
    Overdue(Overdue),
    /// The client took too long to read.
    #[error("{0}")]
    Deaf(Overdue),
    #[error("peer lost: {0}")]
    Lost(io::Error),
    #[error("TLS: {0}")]
    NoTls(io::Error),
    #[error("the TLS handshake did not come to its end within {} s", .0.as_secs_f64())]
    NoHandshake(Duration),
    /// What comes is no request and has no end.
    #[error("more bytes came that are no request than there may be between two")]
    Babble,
    /// The client has had all that one connection may have.
    #[error("{0}")]
    Spent(String),
    /// No request is under way, and the balancer is told to stop.
    #[error("the balancer stops")]
    Leaving,
    #[error("closed by the shutdown of the balancer")]
    ShutDown,
    /// Nobody knows what has become of the request, or part of its reply was sent.
    #[error("backend {name}: {loss}")]
    Backend { name: String, loss: Loss },
}

impl From<FrameError> for Ending {
    fn from(err: FrameError) -> Self {
        Self::Frame(err)
    }
}

impl Ending {
    /// The client came to the end of what it may have.
    pub(super) fn is_a_limit(&self) -> bool {
        matches!(
            self,
            Self::NoHandshake(_) | Self::Overdue(_) | Self::Deaf(_) | Self::Babble | Self::Spent(_)
        )
    }

    /// The client can still read what it was sent last.
    pub(super) fn takes_leave(&self) -> bool {
        match self {
            Self::Frame(_) | Self::Overdue(_) | Self::Babble | Self::Spent(_) | Self::Leaving => {
                true
            }
            Self::NoTls(_)
            | Self::NoHandshake(_)
            | Self::Deaf(_)
            | Self::Lost(_)
            | Self::ShutDown
            | Self::Backend { .. } => false,
        }
    }

    /// How much it matters where the connection counts as failed; `None` where it does not.
    pub(super) fn failure(&self) -> Option<Level> {
        match self {
            Self::Babble | Self::Spent(_) | Self::Leaving => None,
            Self::Overdue(Overdue::NoRequest(_)) => None,
            Self::Frame(_)
            | Self::NoTls(_)
            | Self::NoHandshake(_)
            | Self::Overdue(_)
            | Self::Deaf(_)
            | Self::Backend { .. } => Some(Level::Warning),
            Self::Lost(_) | Self::ShutDown => Some(Level::Info),
        }
    }
}
