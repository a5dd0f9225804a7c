//! What a connection says, in plain text or within TLS. Whoever runs it need not know which.

use std::{io, sync::Arc, time::Instant};

use telemetry::OpenConnection;

use crate::{
    application::{self, Step},
    connection_error::ConnectionError,
    service::FileService,
    session::Session,
    shutdown::Phase,
    tls::SecuredSession,
};

/// A connection's session, with TLS around it or not. Boxed, for the sake of small stacks.
pub(crate) enum Conversation {
    Plain(Box<Session>),
    Secured(Box<SecuredSession>),
}

impl Conversation {
    /// For a connection that a worker has just picked up. `None` where TLS cannot be had, which is
    /// booked.
    pub(crate) fn new(
        service: &Arc<FileService>,
        connection: OpenConnection,
        now: Instant,
    ) -> Option<Self> {
        let session = Session::new(Arc::clone(service), connection, now);
        Some(match &service.tls {
            None => Self::Plain(Box::new(session)),
            Some(tls) => Self::Secured(SecuredSession::new(session, Arc::clone(tls))?),
        })
    }
}

impl application::Conversation for Conversation {
    type Error = ConnectionError;

    fn step(&mut self, now: Instant, phase: Phase) -> Result<Step, ConnectionError> {
        match self {
            Self::Plain(session) => session.step(now, phase),
            Self::Secured(session) => session.step(now, phase),
        }
    }

    fn output(&self) -> &[u8] {
        match self {
            Self::Plain(session) => session.output(),
            Self::Secured(session) => session.output(),
        }
    }

    fn room(&mut self) -> &mut [u8] {
        match self {
            Self::Plain(session) => session.room(),
            Self::Secured(session) => session.room(),
        }
    }

    fn sent(&mut self, len: usize) {
        match self {
            Self::Plain(session) => {
                session.moved(len);
                session.sent(len);
            }
            Self::Secured(session) => session.sent(len),
        }
    }

    fn received(&mut self, len: usize) {
        match self {
            Self::Plain(session) => {
                session.moved(len);
                session.received(len);
            }
            Self::Secured(session) => session.received(len),
        }
    }

    fn peer_lost(&mut self, why: io::Error) -> Result<(), ConnectionError> {
        match self {
            Self::Plain(session) => session.peer_lost(ConnectionError::Peer(why)),
            Self::Secured(session) => session.peer_lost(ConnectionError::Peer(why)),
        }
    }

    fn close(self, outcome: Result<(), ConnectionError>) {
        match self {
            Self::Plain(session) => session.close(outcome),
            Self::Secured(session) => session.close(outcome),
        }
    }
}
