//! The concurrency models: who runs a connection, never what it says.
//!
//! A model takes the listener and the service, calls `ready` once connections are accepted and all
//! workers run, and returns when it was told to stop and no connection is left. All of them run
//! the same [`Conversation`](crate::session::Conversation), so they differ in nothing but concurrency.

mod acceptor;
mod async_tasks;
mod per_connection;
#[cfg(target_os = "linux")]
mod process_pool;
mod thread_pool;

use std::{
    io,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::{
    args::Mode,
    monitoring::Monitor,
    serve::{Drained, ServeError},
    service::Service,
};

/// Serves with the model that the service is configured for.
pub(crate) fn serve(
    listener: TcpListener,
    service: &Arc<Service>,
    monitor: &mut Monitor,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    match service.mode {
        Mode::Legacy => per_connection::serve(listener, service, ready),
        Mode::Thread => thread_pool::serve(listener, service, ready),
        #[cfg(target_os = "linux")]
        Mode::Process => process_pool::serve(&listener, service, monitor, ready),
        #[cfg(not(target_os = "linux"))]
        Mode::Process => Err(ServeError::NotLinux),
        Mode::Async => async_tasks::serve(listener, service, ready),
    }
}

/// Whether the system has room for so many more threads. The pools' own libraries panic or hang
/// where it has not, so they are asked only afterwards.
fn try_threads(count: usize) -> io::Result<()> {
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = || drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
        let started =
            (0..count).try_for_each(|_| thread::Builder::new().spawn_scoped(scope, wait).map(drop));
        drop(closed);
        started
    })
}
