//! What a connection says, in plain text or within TLS. The models drive either without knowing.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use telemetry::Slot;

use super::{ConnectionError, SecuredSession, Session, Step};
use crate::service::Service;

/// A connection's session, with TLS around it or not. Boxed, for the sake of small stacks.
#[derive(Debug)]
pub(crate) struct Conversation(Layers);

#[derive(Debug)]
enum Layers {
    Plain(Box<Session>),
    Secured(Box<SecuredSession>),
}

impl Conversation {
    /// For a connection from `peer` that the worker of `slot` has just picked up.
    pub(crate) fn new(
        service: &Arc<Service>,
        slot: &'static Slot,
        peer: SocketAddr,
        now: Instant,
    ) -> Result<Self, ConnectionError> {
        let session = Session::new(Arc::clone(service), slot, peer, now);
        Ok(Self(match &service.tls {
            None => Layers::Plain(Box::new(session)),
            Some(tls) => Layers::Secured(SecuredSession::new(session, Arc::clone(tls))?),
        }))
    }

    /// See [`Session::step`]; the same goes for the rest.
    pub(crate) fn step(&mut self, now: Instant) -> Result<Step<'_>, ConnectionError> {
        match &mut self.0 {
            Layers::Plain(session) => session.step(now),
            Layers::Secured(session) => session.step(now),
        }
    }

    pub(crate) fn sent(&mut self, len: usize) {
        match &mut self.0 {
            Layers::Plain(session) => session.sent(len),
            Layers::Secured(session) => session.sent(len),
        }
    }

    pub(crate) fn received(&mut self, len: usize) {
        match &mut self.0 {
            Layers::Plain(session) => session.received(len),
            Layers::Secured(session) => session.received(len),
        }
    }

    pub(crate) fn peer_lost(&mut self, why: ConnectionError) -> Result<(), ConnectionError> {
        match &mut self.0 {
            Layers::Plain(session) => session.peer_lost(why),
            Layers::Secured(session) => session.peer_lost(why),
        }
    }

    pub(crate) fn into_outcome(self) -> Result<(), ConnectionError> {
        match self.0 {
            Layers::Plain(session) => session.into_outcome(),
            Layers::Secured(session) => session.into_outcome(),
        }
    }
}
