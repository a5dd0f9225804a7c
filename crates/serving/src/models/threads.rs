//! How many threads there may be, and whether there is room for them.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
    thread,
};

use threadpool::ThreadPool;

/// Threads beside the workers, for steps that may wait for a network ([`Step::Block`]). They are started with
/// the first of these: most servers have none.
///
/// [`Step::Block`]: crate::application::Step::Block
#[derive(Debug, Default)]
pub(super) struct Aside(OnceLock<ThreadPool>);

/// So many steps wait at once, the others for their turn. Connections that ask for nothing of the kind never
/// wait for these.
const ASIDE_MAX: usize = 64;

impl Aside {
    /// Has one of the threads do it, as soon as one is free.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) {
        let start = || ThreadPool::with_name("aside".to_owned(), ASIDE_MAX);
        self.0.get_or_init(start).execute(job);
    }
}

/// Whether the system has room for so many more threads. The pools' own libraries panic or hang
/// where it has not, so they are asked only afterwards.
pub(super) fn try_threads(count: usize) -> io::Result<()> {
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
