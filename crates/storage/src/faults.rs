//! For tests: disk operations that fail when they are told to.
//!
//! Faults are planned for the calling thread, so tests do not meet each other's.

use std::{cell::RefCell, io};

use rustix::io::Errno;

/// What an upload or a deletion asks of the disk; to look is to find the directory in its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Look,
    OpenDirectory,
    Create,
    Lock,
    Write,
    Sync,
    SyncDirectory,
    Rename,
    Link,
    Remove,
}

#[derive(Debug, Default)]
struct Plan {
    calls: Vec<Operation>,
    faults: Vec<(Operation, usize, Errno)>,
}

thread_local! {
    static PLAN: RefCell<Plan> = RefCell::default();
}

/// Records the operations of this thread until it is dropped, and lets some of them fail.
#[derive(Debug)]
pub(crate) struct Faults(());

impl Faults {
    pub(crate) fn none() -> Self {
        PLAN.take();
        Self(())
    }

    /// The `nth` call of `operation` from now on, counted from 0, fails with `errno`.
    pub(crate) fn with(self, operation: Operation, nth: usize, errno: Errno) -> Self {
        PLAN.with_borrow_mut(|plan| plan.faults.push((operation, nth, errno)));
        self
    }

    pub(crate) fn calls(&self) -> Vec<Operation> {
        PLAN.with_borrow(|plan| plan.calls.clone())
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        PLAN.take();
    }
}

/// Counts a call, and fails if that was planned.
pub(crate) fn strike(operation: Operation) -> io::Result<()> {
    PLAN.with_borrow_mut(|plan| {
        let nth = plan.calls.iter().filter(|call| **call == operation).count();
        plan.calls.push(operation);
        match plan.faults.iter().find(|fault| (fault.0, fault.1) == (operation, nth)) {
            Some((_, _, errno)) => Err((*errno).into()),
            None => Ok(()),
        }
    })
}
