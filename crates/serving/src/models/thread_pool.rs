//! The thread pool: a fixed number of threads take connections from a queue.
//!
//! A connection keeps its thread until it closes, so `workers` is also how many clients are
//! served at once. The rest wait in the queue, which `--max-connections` bounds: a slow client
//! costs a whole thread, which is the effect this model is here to show.
//!
//! Shutdown: accepting stops, each thread finishes the connections that were accepted before.

use std::{
    cell::Cell,
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Barrier},
};

use telemetry::Slot;
use threadpool::ThreadPool;

use super::threads::try_threads;
use crate::{
    acceptor::Acceptor, application::Application, error::ServeError,
    models::blocking::run_connection, server::Server, shutdown::Drained,
};

thread_local! {
    /// The place of this thread in the pool.
    static SLOT: Cell<Option<&'static Slot>> = const { Cell::new(None) };
}

pub(super) fn serve<A: Application>(
    listener: TcpListener,
    server: &Arc<Server>,
    application: &Arc<A>,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    let acceptor = Acceptor::new(server, &**application)?;
    let pool = start_threads(server)?;
    ready();
    acceptor.run(
        listener,
        |_| true,
        |stream, arrival, admitted| {
            let (server, application) = (Arc::clone(server), Arc::clone(application));
            server.connection_queued();
            pool.execute(move || {
                server.connection_picked_up();
                let slot =
                    SLOT.get().expect("every thread of the pool took its place at the start");
                // A defect in one session must not cost the pool a thread.
                let run =
                    || run_connection(&server, &*application, slot, &stream, arrival, &admitted);
                if catch_unwind(AssertUnwindSafe(run)).is_err() {
                    tracing::error!("a session panicked; its connection was closed");
                }
                drop(admitted);
            });
        },
    )
}

/// Starts all threads and gives each its slot; returns once all of them run.
fn start_threads(server: &Arc<Server>) -> Result<ThreadPool, ServeError> {
    let count = server.workers();
    // The pool panics where it cannot start a thread.
    try_threads(count).map_err(|reason| ServeError::Workers { workers: count, reason })?;
    let pool = ThreadPool::with_name("worker".to_owned(), count);
    let all_run = Arc::new(Barrier::new(count + 1));
    for index in 0..count {
        let (server, all_run) = (Arc::clone(server), Arc::clone(&all_run));
        // Each of these holds its thread until all have one, so no thread gets two.
        pool.execute(move || {
            SLOT.set(Some(server.enlist_worker(index)));
            all_run.wait();
        });
    }
    all_run.wait();
    Ok(pool)
}
