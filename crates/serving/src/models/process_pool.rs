//! The process pool: pre-forked processes, each running one connection at a time.
//!
//! The workers accept on the listener they inherited, so connections that wait do so in the
//! kernel's backlog. A worker costs its own memory, and its death costs the one connection it ran:
//! the supervisor counts that as failed, removes the half-written upload and fills the slot again.
//!
//! Shutdown: the supervisor closes the listener for all at once, which wakes idle workers, and sets
//! the drain flag in shared memory, which busy ones see. Whoever outlasts the grace period is
//! killed. When the supervisor is killed, the kernel kills the workers.

mod supervisor;
mod worker;

use std::{net::TcpListener, time::Duration};

use socket2::SockRef;

use self::supervisor::{Started, Supervisor};
use super::companion::Companion;
use crate::{application::Application, error::ServeError, server::Server, shutdown::Drained};

/// How long an accept waits, in all processes. Idle workers begin another each time.
const ACCEPT_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) fn serve(
    listener: &TcpListener,
    server: &Server,
    application: &impl Application,
    companion: &mut dyn Companion,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    // The supervisor must never hang in an accept that a worker was faster at; see there.
    SockRef::from(listener).set_read_timeout(Some(ACCEPT_TIMEOUT)).map_err(ServeError::Accept)?;
    let mut supervisor =
        Supervisor::new(listener, server, application, companion).map_err(ServeError::Signals)?;
    let started = supervisor
        .start_all()
        .map_err(|reason| ServeError::Workers { workers: server.workers(), reason })?;
    match started {
        Started::AllRunning => {
            ready();
            supervisor.run()
        }
        Started::ToldToStop => supervisor.drain(),
    }
    .map_err(ServeError::Accept)
}
