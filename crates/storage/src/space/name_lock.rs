//! The lock on the served directory that keeps counting its files and naming them apart.

use std::{
    thread,
    time::{Duration, Instant},
};

use cap_std::fs::Dir;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// How long naming a file waits for a count to end. A count of a hundred thousand files takes less;
/// a stranger's lock would otherwise stop every upload.
const COUNT_PATIENCE: Duration = Duration::from_secs(1);

const POLL: Duration = Duration::from_micros(500);

/// A lock on an opening of the directory, which the kernel releases when its holder dies.
#[derive(Debug)]
pub(crate) struct NameLock<'a>(&'a Dir);

impl<'a> NameLock<'a> {
    /// For giving or taking a name: together with others who do, but not during a count.
    ///
    /// When a count takes very long, or a stranger holds the lock, this goes on without.
    pub(crate) fn shared(dir: &'a Dir) -> Self {
        lock_within(COUNT_PATIENCE, dir, FlockOperation::NonBlockingLockShared);
        Self(dir)
    }

    /// For a count: alone. `None` when names were being given or taken all the time.
    pub(crate) fn exclusive_within(patience: Duration, dir: &'a Dir) -> Option<Self> {
        lock_within(patience, dir, FlockOperation::NonBlockingLockExclusive).then_some(Self(dir))
    }
}

impl Drop for NameLock<'_> {
    fn drop(&mut self) {
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}

fn lock_within(patience: Duration, dir: &Dir, operation: FlockOperation) -> bool {
    let mut deadline = None;
    loop {
        match flock(dir, operation) {
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            // Some network file systems do not lock directories: better a count that may be a
            // little off than none.
            Ok(()) | Err(_) => return true,
        }
        let now = Instant::now();
        if now >= *deadline.get_or_insert(now + patience) {
            return false;
        }
        thread::sleep(POLL);
    }
}
