//! What a connection says, in plain text or within TLS. The models drive either without knowing.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use telemetry::Slot;

use crate::{
    service::Service,
    session::{ConnectionError, SecuredSession, Session, Step},
};

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "plain text, the usual case, needs no allocation")]
pub(crate) enum Conversation {
    Plain(Session),
    Secured(Box<SecuredSession>),
}

impl Conversation {
    /// For a connection from `peer` that the worker of `slot` has just picked up.
    pub(crate) fn new(
        service: &Arc<Service>,
        slot: &'static Slot,
        peer: SocketAddr,
    ) -> Result<Self, ConnectionError> {
        let now = Instant::now();
        let session = Session::new(Arc::clone(service), slot, peer, now);
        Ok(match &service.tls {
            None => Self::Plain(session),
            Some(tls) => {
                Self::Secured(Box::new(SecuredSession::new(session, Arc::clone(tls), now)?))
            }
        })
    }

    /// See [`Session::step`]; the same goes for the rest.
    pub(crate) fn step(&mut self, now: Instant) -> Result<Step<'_>, ConnectionError> {
        match self {
            Self::Plain(session) => session.step(now),
            Self::Secured(session) => session.step(now),
        }
    }

    pub(crate) fn sent(&mut self, len: usize) {
        match self {
            Self::Plain(session) => session.sent(len),
            Self::Secured(session) => session.sent(len),
        }
    }

    pub(crate) fn received(&mut self, len: usize) {
        match self {
            Self::Plain(session) => session.received(len),
            Self::Secured(session) => session.received(len),
        }
    }

    pub(crate) fn peer_lost(&mut self, why: ConnectionError) -> Result<(), ConnectionError> {
        match self {
            Self::Plain(session) => session.peer_lost(why),
            Self::Secured(session) => session.peer_lost(why),
        }
    }

    pub(crate) fn into_outcome(self) -> Result<(), ConnectionError> {
        match self {
            Self::Plain(session) => session.into_outcome(),
            Self::Secured(session) => session.into_outcome(),
        }
    }
}
