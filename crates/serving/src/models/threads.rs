//! Whether there is room for the threads of a pool.

use std::{
    io,
    sync::{Mutex, PoisonError},
    thread,
};

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
