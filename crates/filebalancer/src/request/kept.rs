//! The connections to one backend: those that no request is using just now are kept here.
//!
//! A connection may hold a worker of its backend until it closes, so no more are open than the backend may
//! have requests at once. Whoever has got a place and finds no connection that is idle and theirs has the
//! one closed that has been idle for longest, whosever it is: so an idle connection never keeps anybody from
//! being served.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::connection::{BackendConnection, Opened};

/// How long a connection is kept that nobody uses. Less than any server waits for a request, and not long
/// for those who ask the backend themselves and wait for the worker that it holds.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// One client, which some connections are for and for nobody else: they say who is asking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Owner(u64);

impl Owner {
    /// One that nothing belongs to yet.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Relaxed))
    }
}

/// The connections to one backend.
#[derive(Debug, Default)]
pub(crate) struct KeptConnections {
    /// Those in use included.
    open: Arc<AtomicUsize>,
    /// The one that was used last is the last.
    idle: Mutex<VecDeque<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: BackendConnection,
    /// `None`: it is for whoever has not said who they are.
    owner: Option<Owner>,
    since: Instant,
}

/// A connection of somebody who has no use for it just now.
pub(crate) struct Borrowed {
    pub(crate) connection: BackendConnection,
    owner: Option<Owner>,
    /// So many were open when it was borrowed.
    open: usize,
}

impl KeptConnections {
    /// One that is idle and the owner's, as far as can be known; those that have ended are dropped.
    pub(crate) fn take(&self, owner: Option<Owner>) -> Option<BackendConnection> {
        let mut idle = self.lock();
        loop {
            let index = idle.iter().rposition(|idle| idle.owner == owner)?;
            let Idle { mut connection, .. } = idle.remove(index)?;
            if connection.is_reusable() {
                return Some(connection);
            }
        }
    }

    /// One that is idle, whosever it is, for what may be asked on anybody's.
    pub(crate) fn borrow(&self) -> Option<Borrowed> {
        let Idle { mut connection, owner, .. } = self.lock().pop_back()?;
        let open = self.open();
        connection.is_reusable().then_some(Borrowed { connection, owner, open })
    }

    /// Takes it back, unless others were opened meanwhile, which may wait for the worker that it holds.
    pub(crate) fn give_back(&self, Borrowed { connection, owner, open }: Borrowed) {
        self.keep(connection, owner, open);
    }

    /// Keeps one that no request is under way on, as long as no more than `open_max` are open.
    pub(crate) fn keep(
        &self,
        mut connection: BackendConnection,
        owner: Option<Owner>,
        open_max: usize,
    ) {
        if connection.is_reusable() && self.open() <= open_max {
            self.lock().push_back(Idle { connection, owner, since: Instant::now() });
        }
    }

    /// Counts one more that is open, for which others that are idle are closed where `open_max` are open.
    pub(super) fn make_room(&self, open_max: usize) -> Opened {
        let mut idle = self.lock();
        while self.open() >= open_max && idle.pop_front().is_some() {}
        Opened::count(&self.open)
    }

    /// Closes those that are the owner's.
    pub(super) fn forget(&self, owner: Owner) {
        self.lock().retain(|idle| idle.owner != Some(owner));
    }

    /// Closes those that nobody has used for a while. To be called often.
    pub(crate) fn close_unused(&self) {
        let mut idle = self.lock();
        while idle.pop_front_if(|idle| idle.since.elapsed() >= IDLE_MAX).is_some() {}
    }

    fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serving::timeouts::TimeLimits;
    use tokio::{
        io::AsyncWriteExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::backend::BackendStream;

    const LIMITS: TimeLimits = TimeLimits {
        idle_timeout: Duration::from_secs(60),
        head_timeout: Duration::from_secs(60),
        min_rate: 0,
    };

    /// A backend that takes connections, and what is kept of them.
    struct Bench {
        listener: TcpListener,
        kept: KeptConnections,
    }

    impl Bench {
        async fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            Self { listener, kept: KeptConnections::default() }
        }

        /// A new connection, and the backend's end of it.
        async fn connect(&self, open_max: usize) -> (BackendConnection, TcpStream) {
            let opened = self.kept.make_room(open_max);
            let stream = TcpStream::connect(self.listener.local_addr().unwrap()).await.unwrap();
            let (backend, _) = self.listener.accept().await.unwrap();
            let stream = BackendStream::Plain(stream);
            (BackendConnection::new(stream, LIMITS, opened), backend)
        }
    }

    #[tokio::test]
    async fn a_connection_is_its_owners_and_nobody_elses() {
        let bench = Bench::new().await;
        let (connection, _backend) = bench.connect(9).await;
        let (mine, theirs) = (Owner::new(), Owner::new());
        bench.kept.keep(connection, Some(mine), 9);
        assert!(bench.kept.take(None).is_none() && bench.kept.take(Some(theirs)).is_none());
        let connection = bench.kept.take(Some(mine)).unwrap();
        bench.kept.keep(connection, Some(mine), 9);
        bench.kept.forget(mine);
        assert!(bench.kept.take(Some(mine)).is_none());
        assert_eq!(bench.kept.open(), 0);
    }

    #[tokio::test]
    async fn no_more_are_open_than_may_be_and_the_one_idle_for_longest_gives_way() {
        let bench = Bench::new().await;
        let owners = [Owner::new(), Owner::new(), Owner::new()];
        let mut backends = Vec::new();
        for owner in owners {
            let (connection, backend) = bench.connect(2).await;
            backends.push(backend);
            bench.kept.keep(connection, Some(owner), 2);
            assert!(bench.kept.open() <= 2);
        }
        assert!(bench.kept.take(Some(owners[0])).is_none());
        assert!(bench.kept.take(Some(owners[1])).is_some());
        // The backend turned out to have fewer workers than there are connections.
        let (one, _one) = bench.connect(9).await;
        let (two, _two) = bench.connect(9).await;
        bench.kept.keep(one, None, 2);
        assert!(bench.kept.take(None).is_none());
        bench.kept.keep(two, None, 2);
        assert!(bench.kept.take(None).is_some());
    }

    #[tokio::test]
    async fn a_borrowed_connection_keeps_no_worker_from_one_that_was_opened_meanwhile() {
        let bench = Bench::new().await;
        let (connection, _backend) = bench.connect(1).await;
        bench.kept.keep(connection, None, 1);
        bench.kept.give_back(bench.kept.borrow().unwrap());
        let borrowed = bench.kept.borrow().unwrap();
        assert!(bench.kept.take(None).is_none());
        let (_opened, _waits) = bench.connect(1).await;
        bench.kept.give_back(borrowed);
        assert!(bench.kept.take(None).is_none());
    }

    #[tokio::test]
    async fn what_the_backend_has_closed_or_spoken_on_unasked_is_not_used_again() {
        let bench = Bench::new().await;
        let (closed, backend) = bench.connect(9).await;
        let (spoken, mut speaker) = bench.connect(9).await;
        let (unused, _silent) = bench.connect(9).await;
        bench.kept.keep(unused, None, 9);
        bench.kept.keep(closed, None, 9);
        bench.kept.keep(spoken, None, 9);
        drop(backend);
        speaker.write_all(b"{}").await.unwrap();
        // It is loopback: what was written or closed here is there when the call returns.
        assert!(bench.kept.take(None).is_some());
        assert!(bench.kept.lock().is_empty());
    }

    #[tokio::test]
    async fn a_connection_within_a_request_is_not_kept() {
        let bench = Bench::new().await;
        let (mut connection, _backend) = bench.connect(9).await;
        connection.begin_request();
        bench.kept.keep(connection, None, 9);
        assert!(bench.kept.lock().is_empty() && bench.kept.open() == 0);
    }
}
