//! The way to the server: TCP, and TLS over it where that is asked for.

mod pipe;
mod tcp;
mod tls_session;

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Instant,
};

use self::{tcp::Tcp, tls_session::TlsSession};
use crate::{Address, ClientError, ConnectionOptions};

pub(crate) use self::pipe::Pipe;

#[derive(Debug)]
pub(crate) struct Socket {
    tcp: Tcp,
    tls: Option<Box<TlsSession>>,
}

impl Socket {
    pub(crate) fn connect(server: &str, options: &ConnectionOptions) -> Result<Self, ClientError> {
        let address: Address = server.parse().map_err(|err| {
            let source = io::Error::new(ErrorKind::InvalidInput, err);
            ClientError::Connect { server: server.to_owned(), source }
        })?;
        let mut tcp = Tcp::connect(&address, options)?;
        let tls = match &options.tls {
            Some(tls) => Some(Box::new(TlsSession::agree(tls, &address.host, &mut tcp)?)),
            None => None,
        };
        Ok(Self { tcp, tls })
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.tcp.local_addr()
    }

    /// Reads what is there, at least a byte; zero when the server has closed.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ClientError> {
        match &mut self.tls {
            None => self.tcp.read(buffer),
            Some(session) => session.read(&mut self.tcp, buffer),
        }
    }

    /// A pipe that what comes can be moved into as it is.
    pub(crate) fn pipe(&self) -> Option<Pipe> {
        if self.tls.is_some() {
            return None;
        }
        Pipe::open().ok()
    }

    /// Moves what is there into the empty [`pipe`](Self::pipe), at most so much and at least a byte; zero
    /// when the server has closed.
    pub(crate) fn splice(&mut self, pipe: &Pipe, len_max: u64) -> Result<usize, ClientError> {
        self.tcp.splice(pipe, len_max)
    }

    /// The same as [`read`](Self::read), but `None` when nothing comes before `moment`.
    pub(crate) fn read_before(
        &mut self,
        moment: Instant,
        buffer: &mut [u8],
    ) -> Result<Option<usize>, ClientError> {
        match &mut self.tls {
            None => self.tcp.read_before(moment, buffer),
            Some(session) => session.read_before(&mut self.tcp, moment, buffer),
        }
    }

    /// Fails with [`ClientError::AnsweredEarly`] when the server takes no more and says something
    /// instead, which can then be read.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        match &mut self.tls {
            None => self.tcp.write_all(bytes, |tcp| !tcp.is_quiet()),
            Some(session) => session.write_all(&mut self.tcp, bytes),
        }
    }

    /// Whether the server has neither closed nor sent anything since it was last read from. Does
    /// not wait.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match &mut self.tls {
            None => self.tcp.is_quiet(),
            Some(session) => session.is_quiet(&self.tcp),
        }
    }

    /// Says that nothing follows, where the end of the connection alone does not. Does not wait.
    pub(crate) fn close(&mut self) {
        if let Some(session) = &mut self.tls {
            session.close(&self.tcp);
        }
    }
}
