//! How a connection behaves: what ends a request, how long anything may take, who is asking, and
//! whether others may listen.

use std::time::{Duration, Instant};

use protocol::Token;

use crate::Tls;

/// What ends a request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum Framing {
    /// A line ending and a blank line, which every server that looks for an ending takes.
    #[default]
    #[value(name = "crlfcrlf")]
    CrlfCrlf,
    /// A line ending.
    Crlf,
    /// Nothing, for servers that take what arrives together as the request.
    None,
}

impl Framing {
    pub(crate) fn ending(self) -> &'static [u8] {
        match self {
            Self::CrlfCrlf => b"\r\n\r\n",
            Self::Crlf => b"\r\n",
            Self::None => b"",
        }
    }

    /// What stands around the content of an upload: without a line ending, only a closing quote
    /// tells where it stops.
    pub(crate) fn content_quote(self) -> &'static [u8] {
        match self {
            Self::CrlfCrlf | Self::Crlf => b"",
            Self::None => b"\"",
        }
    }
}

/// How a [`Connection`](crate::Connection) is made, and its limits.
#[derive(Clone, Debug)]
pub struct Options {
    pub framing: Framing,
    /// Longest wait without a byte moving, on every read and write. Connecting waits as long, but
    /// at most ten seconds for each address, and so does agreeing on TLS; a server that has stopped
    /// reading gets a second more to say why. Zero counts as a millisecond.
    pub timeout: Duration,
    /// The moment by which every operation on the connection must be over; an operation that is
    /// not fails with [`ClientError::DeadlinePassed`](crate::ClientError::DeadlinePassed).
    pub deadline: Option<Instant>,
    /// How long to try again where this machine itself refuses the connection, by a loopback address: a
    /// server that was started a moment ago may not listen yet. Zero by default.
    pub startup_wait: Duration,
    /// What the server knows us by: said first on every connection. Without TLS, whoever listens on
    /// the way reads it.
    pub token: Option<Token>,
    /// Whom to trust on a connection that nobody else can read or change; `None` is plain TCP.
    pub tls: Option<Tls>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            framing: Framing::default(),
            timeout: Duration::from_secs(60),
            deadline: None,
            startup_wait: Duration::ZERO,
            token: None,
            tls: None,
        }
    }
}
