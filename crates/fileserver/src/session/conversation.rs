//! What a connection says, in plain text or within TLS. The models drive either without knowing.

use std::{sync::Arc, time::Instant};

use telemetry::{Arrival, Slot};

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
    /// For a connection that the worker of `slot` has just picked up. `None` where TLS cannot be
    /// had, which is booked.
    pub(crate) fn new(
        service: &Arc<Service>,
        slot: &'static Slot,
        arrival: Arrival,
        now: Instant,
    ) -> Option<Self> {
        let session = Session::new(Arc::clone(service), slot, arrival, now);
        Some(Self(match &service.tls {
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

    /// Books how the connection went: `outcome` is the driver's, whose steps came to
    /// [`Step::Close`] or to an error.
    pub(crate) fn close(self, outcome: Result<(), ConnectionError>) {
        match self.0 {
            Layers::Plain(session) => session.close(outcome),
            Layers::Secured(session) => session.close(outcome),
        }
    }
}
