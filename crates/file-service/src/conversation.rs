//! What a connection says, in plain text or within TLS, on its own or through a proxy. Whoever runs it need
//! not know which.

use std::{io, sync::Arc, time::Instant};

use serving::{Admitted, FileRange, Phase, Step};
use telemetry::OpenConnection;

use crate::{
    error::ConnectionError,
    proxied::{Next, Proxied},
    service::FileService,
    session::Session,
    tls::SecuredSession,
};

/// A connection's session, with TLS around it or not. Boxed, for the sake of small stacks.
pub struct Conversation {
    /// Until a proxy has said whom it connects for, nothing else is said.
    proxied: Option<Box<Proxied>>,
    layers: Layers,
}

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
        admitted: &Admitted,
        now: Instant,
    ) -> Option<Self> {
        let limits = service.limits.time();
        let proxied = admitted.is_of_proxy().then(|| Proxied::new(admitted.clone(), limits, now));
        let session = Session::new(Arc::clone(service), connection, now);
        let layers = match &service.tls {
            None => Layers::Plain(Box::new(session)),
            Some(tls) => Layers::Secured(SecuredSession::new(session, Arc::clone(tls))?),
        };
        Some(Self { proxied: proxied.map(Box::new), layers })
    }

    /// `None`: the peer is no proxy, or has said whom it connects for.
    fn step_of_proxy(
        &mut self,
        now: Instant,
        phase: Phase,
    ) -> Result<Option<Step>, ConnectionError> {
        let Some(proxied) = &mut self.proxied else { return Ok(None) };
        let client = match proxied.next(now, phase)? {
            Next::Step(step) => return Ok(Some(step)),
            Next::Named(client) => client,
        };
        if let Some(client) = client {
            let counted = proxied.count_for(client);
            match &mut self.layers {
                Layers::Plain(session) => {
                    session.named(client);
                    if let Err(why) = counted {
                        session.turn_away(why);
                    }
                }
                Layers::Secured(session) => {
                    session.named(client);
                    // A plain reply could not be read.
                    counted.map_err(ConnectionError::TurnedAway)?;
                }
            }
        }
        self.proxied = None;
        Ok(None)
    }
}

impl serving::Conversation for Conversation {
    type Error = ConnectionError;

    fn step(&mut self, now: Instant, phase: Phase) -> Result<Step, ConnectionError> {
        if let Some(step) = self.step_of_proxy(now, phase)? {
            return Ok(step);
        }
        match &mut self.layers {
            Layers::Plain(session) => session.step(now, phase),
            Layers::Secured(session) => session.step(now, phase),
        }
    }

    fn output(&self) -> &[u8] {
        match &self.layers {
            Layers::Plain(session) => session.output(),
            Layers::Secured(session) => session.output(),
        }
    }

    fn may_block(&mut self) {
        match &mut self.layers {
            Layers::Plain(session) => session.may_block(),
            Layers::Secured(session) => session.may_block(),
        }
    }

    fn file(&self) -> Option<FileRange<'_>> {
        match &self.layers {
            Layers::Plain(session) => session.file(),
            Layers::Secured(_) => None,
        }
    }

    fn file_sent(&mut self, outcome: io::Result<usize>) -> Result<(), ConnectionError> {
        match &mut self.layers {
            Layers::Plain(session) => session.file_sent(outcome),
            Layers::Secured(_) => Ok(()),
        }
    }

    fn room(&mut self) -> &mut [u8] {
        match (&mut self.proxied, &mut self.layers) {
            (Some(proxied), _) => proxied.room(),
            (None, Layers::Plain(session)) => session.room(),
            (None, Layers::Secured(session)) => session.room(),
        }
    }

    fn sent(&mut self, len: usize) {
        match &mut self.layers {
            Layers::Plain(session) => {
                session.moved(len);
                session.sent(len);
            }
            Layers::Secured(session) => session.sent(len),
        }
    }

    fn received(&mut self, len: usize) {
        match (&mut self.proxied, &mut self.layers) {
            (Some(proxied), _) => proxied.received(len),
            (None, Layers::Plain(session)) => {
                session.moved(len);
                session.received(len);
            }
            (None, Layers::Secured(session)) => session.received(len),
        }
    }

    fn peer_lost(&mut self, why: io::Error) -> Result<(), ConnectionError> {
        match (&mut self.proxied, &mut self.layers) {
            (Some(proxied), _) => proxied.peer_lost(why),
            (None, Layers::Plain(session)) => session.peer_lost(ConnectionError::Peer(why)),
            (None, Layers::Secured(session)) => session.peer_lost(ConnectionError::Peer(why)),
        }
    }

    fn close(self, outcome: Result<(), ConnectionError>) {
        match self.layers {
            Layers::Plain(session) => session.close(outcome),
            Layers::Secured(session) => session.close(outcome),
        }
    }
}
