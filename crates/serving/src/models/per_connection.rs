//! A new thread for each connection, as the course's first server did it.
//!
//! `--workers` caps how many run at once, by default at `--max-connections`; above the cap
//! connections wait in the kernel. A thread costs its start, which the pools save, and its stack,
//! of which only the used part takes memory.
//!
//! Shutdown: accepting stops, each thread finishes the connection it runs.

use std::{
    net::TcpListener,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    acceptor::Acceptor, application::Application, error::ServeError,
    models::blocking::run_connection, server::Server, shutdown::Drained,
};

pub(super) fn serve<A: Application>(
    listener: TcpListener,
    server: &Arc<Server>,
    application: &Arc<A>,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    let acceptor = Acceptor::new(server, &**application)?;
    let count = server.workers();
    let places = Arc::new(FreePlaces::new(count));
    // Without a cap of its own, whoever is one too many is told so instead of waiting.
    let is_capped = count < server.admission.open_max();
    ready();
    acceptor.run(
        listener,
        |timeout| !is_capped || places.wait_for_one(timeout),
        |stream, arrival, admitted| {
            let Some(place) = Place::take(&places) else { return };
            let (server, application) = (Arc::clone(server), Arc::clone(application));
            let run = move || {
                let slot = server.enlist_worker(place.index);
                run_connection(&server, &*application, slot, &stream, arrival, &admitted);
                drop((place, admitted));
            };
            if let Err(err) = thread::Builder::new().name("connection".to_owned()).spawn(run) {
                tracing::warn!("a connection was closed because no thread could be started: {err}");
            }
        },
    )
}

/// Slots that no thread runs on.
struct FreePlaces {
    free: Mutex<Vec<usize>>,
    freed: Condvar,
}

impl FreePlaces {
    fn new(count: usize) -> Self {
        Self { free: Mutex::new((0..count).rev().collect()), freed: Condvar::new() }
    }

    /// Waits at most `timeout`; true when a slot is free.
    fn wait_for_one(&self, timeout: Duration) -> bool {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let (free, _) = self
            .freed
            .wait_timeout_while(free, timeout, |free| free.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        !free.is_empty()
    }
}

/// A slot while a thread runs on it; dropping it frees the slot, also when the thread panics.
struct Place {
    index: usize,
    places: Arc<FreePlaces>,
}

impl Place {
    fn take(places: &Arc<FreePlaces>) -> Option<Self> {
        let index = places.free.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Self { index, places: Arc::clone(places) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
        self.places.freed.notify_one();
    }
}
