//! Who waits for the events of a world and hands each back at its time: a thread for each message, a
//! pool of threads, or tasks. What happens is the same under each; what it costs is not.

mod pool;
mod tasks;
mod thread;
mod timer;
mod waiting;

use std::{io, sync::Arc};

use serde::Serialize;

pub(crate) use self::timer::{Due, Lane, Runner, Timer};
use self::{pool::Pool, tasks::Tasks, thread::Threads};
use super::clock::Clock;

/// Which of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunnerName {
    Thread,
    Pool,
    Async,
}

impl RunnerName {
    pub(crate) const ALL: [Self; 3] = [Self::Thread, Self::Pool, Self::Async];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Pool => "pool",
            Self::Async => "async",
        }
    }

    /// For the help of `--runner`.
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Thread => "A thread for each message that is on its way",
            Self::Pool => "One thread that waits, and a pool of threads that does what is due",
            Self::Async => "A task of tokio for each packet and each timeout",
        }
    }

    /// An error means that the threads which it begins with cannot be had.
    pub(crate) fn start(self, clock: Arc<Clock>, due: Due) -> io::Result<Box<dyn Runner>> {
        Ok(match self {
            Self::Thread => Box::new(Threads::start(clock, due)?),
            Self::Pool => Box::new(Pool::start(clock, due)?),
            Self::Async => Box::new(Tasks::start(clock, due)?),
        })
    }
}

#[cfg(test)]
mod tests;
