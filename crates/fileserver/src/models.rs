//! The concurrency models: who runs a connection, never what it says.
//!
//! A model takes the listener and the service, calls `ready` once connections are accepted and all
//! workers run, and returns when it was told to stop and no connection is left. All of them run
//! the same [`Session`](crate::session::Session), so they differ in nothing but concurrency.

mod acceptor;
mod async_tasks;
mod per_connection;
#[cfg(target_os = "linux")]
mod process_pool;
mod thread_pool;

use std::{net::TcpListener, sync::Arc};

use crate::{
    args::Mode,
    serve::{Drained, ServeError},
    service::Service,
};

/// Serves with the model that the service is configured for.
pub(crate) fn serve(
    listener: TcpListener,
    service: &Arc<Service>,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    match service.mode {
        Mode::Legacy => per_connection::serve(listener, service, ready),
        Mode::Thread => thread_pool::serve(listener, service, ready),
        #[cfg(target_os = "linux")]
        Mode::Process => process_pool::serve(&listener, service, ready),
        #[cfg(not(target_os = "linux"))]
        Mode::Process => Err(ServeError::NotLinux),
        Mode::Async => async_tasks::serve(listener, service, ready),
    }
}
