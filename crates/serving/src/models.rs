//! The concurrency models: who runs a connection, never what it says.
//!
//! A model takes the listener and the server, calls `ready` once connections are accepted and all
//! workers run, and returns when it was told to stop and no connection is left. All of them run
//! the same conversations of the [`Application`], so they differ in nothing but concurrency.

mod async_tasks;
mod blocking;
mod companion;
#[cfg(target_os = "linux")]
mod event;
mod per_connection;
#[cfg(target_os = "linux")]
mod process_pool;
mod thread_pool;
mod threads;

use std::{net::TcpListener, sync::Arc};

use telemetry::Mode;

pub use self::companion::Companion;
use crate::{application::Application, error::ServeError, server::Server, shutdown::Drained};

/// Serves with the model that the server is configured for. Beside the workers of the process pool
/// the `companion` is kept running.
pub fn serve<A: Application>(
    listener: TcpListener,
    server: &Arc<Server>,
    application: &Arc<A>,
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables))] companion: &mut dyn Companion,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    match server.mode {
        Mode::Legacy => per_connection::serve(listener, server, application, ready),
        Mode::Thread => thread_pool::serve(listener, server, application, ready),
        #[cfg(target_os = "linux")]
        Mode::Process => process_pool::serve(&listener, server, &**application, companion, ready),
        #[cfg(target_os = "linux")]
        Mode::Event => event::serve(listener, server, application, ready),
        #[cfg(not(target_os = "linux"))]
        Mode::Process | Mode::Event => Err(ServeError::NotLinux(server.mode)),
        Mode::Async => async_tasks::serve(listener, server, application, ready),
    }
}
