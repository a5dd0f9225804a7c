//! What a connection says, in plain text or within TLS. Whoever runs it need not know which.

use std::{io, sync::Arc, time::Instant};

use serving::{Phase, Step};
use telemetry::OpenConnection;

use crate::{error::ConnectionError, service::FileService, session::Session, tls::SecuredSession};

/// A connection's session, with TLS around it or not. Boxed, for the sake of small stacks.
pub struct Conversation(Layers);

enum Layers {
    Plain(Box<Session>),
    Secured(Box<SecuredSession>),
}

impl Conversation {
    /// For a connection that a worker has just picked up. `None` where TLS cannot be had, which is
    /// counted.
    pub fn new(
        service: &Arc<FileService>,
        connection: OpenConnection,
        now: Instant,
    ) -> Option<Self> {
        let session = Session::new(Arc::clone(service), connection, now);
        Some(Self(match &service.tls {
            None => Layers::Plain(Box::new(session)),
            Some(tls) => Layers::Secured(SecuredSession::new(session, Arc::clone(tls))?),
        }))
    }
}

impl serving::Conversation for Conversation {
    type Error = ConnectionError;

    fn step(&mut self, now: Instant, phase: Phase) -> Result<Step, ConnectionError> {
        match &mut self.0 {
            Layers::Plain(session) => session.step(now, phase),
            Layers::Secured(session) => session.step(now, phase),
        }
    }

    fn output(&self) -> &[u8] {
        match &self.0 {
            Layers::Plain(session) => session.output(),
            Layers::Secured(session) => session.output(),
        }
    }

    fn room(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Layers::Plain(session) => session.room(),
            Layers::Secured(session) => session.room(),
        }
    }

    fn sent(&mut self, len: usize) {
        match &mut self.0 {
            Layers::Plain(session) => {
                session.moved(len);
                session.sent(len);
            }
            Layers::Secured(session) => session.sent(len),
        }
    }

    fn received(&mut self, len: usize) {
        match &mut self.0 {
            Layers::Plain(session) => {
                session.moved(len);
                session.received(len);
            }
            Layers::Secured(session) => session.received(len),
        }
    }

    fn peer_lost(&mut self, why: io::Error) -> Result<(), ConnectionError> {
        match &mut self.0 {
            Layers::Plain(session) => session.peer_lost(ConnectionError::Peer(why)),
            Layers::Secured(session) => session.peer_lost(ConnectionError::Peer(why)),
        }
    }

    fn close(self, outcome: Result<(), ConnectionError>) {
        match self.0 {
            Layers::Plain(session) => session.close(outcome),
            Layers::Secured(session) => session.close(outcome),
        }
    }
}
