//! The threads that forward.
//!
//! At level connection a connection stays on one thread. Threads that share theirs wake one another whenever
//! two are ready at once, and for a few bytes that costs more than forwarding them. At level request the
//! connections to backends go from client to client, so all threads share all.

use std::{io, sync::Arc};

use telemetry::{EventSource, Mode, journal};
use tokio::runtime::{Builder, Runtime};

use crate::balancer::Level;

/// Threads in groups: a connection stays in its group.
pub(super) struct Threads(Vec<Group>);

struct Group {
    runtime: Runtime,
    /// Held once by each connection.
    connections: Arc<()>,
}

impl Threads {
    /// At least one.
    pub(super) fn start(level: Level, count: usize) -> io::Result<Self> {
        let (groups, each) = match level {
            Level::Connection => (count, 1),
            Level::Request => (1, count),
        };
        (0..groups).map(|_| Group::start(each)).collect::<io::Result<_>>().map(Self)
    }

    /// Where everything runs that is no connection.
    pub(super) fn runtime(&self) -> &Runtime {
        &self.0[0].runtime
    }

    /// Where there are fewest connections, and what counts one more there until it is dropped.
    pub(super) fn for_connection(&self) -> (&Runtime, Arc<()>) {
        let open = |group: &&Group| Arc::strong_count(&group.connections);
        let group = self.0.iter().min_by_key(open).expect("there is at least one thread");
        (&group.runtime, Arc::clone(&group.connections))
    }

    /// Ends what still runs.
    pub(super) fn stop(self) {
        self.0.into_iter().for_each(|group| group.runtime.shutdown_background());
    }
}

impl Group {
    /// Its threads are one worker, as the scoreboard and the log count workers.
    fn start(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("worker")
            .enable_all()
            .on_thread_start(|| journal::set_source(EventSource::Worker(Mode::Async, 1)))
            .build()?;
        Ok(Self { runtime, connections: Arc::default() })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc,
        thread::{self, ThreadId},
    };

    use testkit::{PATIENCE, eventually};
    use tokio::sync::oneshot;

    use super::*;

    /// A connection that lasts until it is closed.
    struct Open {
        thread: ThreadId,
        _close: oneshot::Sender<()>,
    }

    fn open(threads: &Threads) -> Open {
        let (close, closed) = oneshot::channel();
        let (told, thread) = mpsc::channel();
        let (runtime, counted) = threads.for_connection();
        runtime.spawn(async move {
            told.send(thread::current().id()).unwrap();
            let _ = closed.await;
            drop(counted);
        });
        Open { thread: thread.recv_timeout(PATIENCE).unwrap(), _close: close }
    }

    #[test]
    fn at_level_connection_one_more_goes_to_the_thread_that_has_fewest() {
        let threads = Threads::start(Level::Connection, 2).unwrap();
        let mut opened: Vec<Open> = (0..4).map(|_| open(&threads)).collect();
        let first = opened[0].thread;
        let stay: Vec<Open> = opened.extract_if(.., |it| it.thread == first).collect();
        assert_eq!((stay.len(), opened.len()), (2, 2));
        let other = opened[0].thread;
        drop(opened);
        let count = |group: &Group| Arc::strong_count(&group.connections) - 1;
        eventually(PATIENCE, "two are left", || threads.0.iter().map(count).sum::<usize>() == 2);
        assert_eq!([open(&threads), open(&threads)].map(|it| it.thread), [other; 2]);
    }
}
