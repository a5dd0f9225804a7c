//! Events: a fixed number of threads, and each takes whichever connection is ready next.
//!
//! A connection that waits for its peer, or until a moment, is parked: it costs its memory and a place
//! in epoll, and no thread. So `workers` is how many are served at the same moment, and any number may
//! be connected. Files are read and written by the thread that serves; a disk that hangs costs it.
//!
//! All threads wait in one epoll, which wakes one of them for each connection that is ready and then
//! says no more about it until it is parked again. One timer stands for all deadlines.
//!
//! A connection moves between threads; it is counted on the worker that picked it up.
//!
//! Shutdown: accepting stops, the connections that are open go on until they have finished.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::sys::{
    epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};
use telemetry::{Arrival, OpenConnection, Slot};

use crate::{
    acceptor::Acceptor,
    admission::Admitted,
    application::{Application, Conversation, Step},
    error::ServeError,
    server::Server,
    shutdown::Drained,
};

/// Steps that a connection takes before others that are ready may go first.
const STEPS_AT_ONCE: usize = 16;

/// The place in epoll of the timer; those of connections count from 1.
const TIMER: u64 = 0;

/// The shortest time that it is set to.
const TIMER_MIN: Duration = Duration::from_nanos(1);

/// What is ready wakes one thread, and no other until it is waited for again.
const ONE_SHOT: EpollFlags = EpollFlags::EPOLLONESHOT;

pub(super) fn serve<A: Application>(
    listener: TcpListener,
    server: &Arc<Server>,
    application: &Arc<A>,
    ready: impl FnOnce(),
) -> Result<Drained, ServeError> {
    let acceptor = Acceptor::new(server, &**application)?;
    let fail = |reason| ServeError::Workers { workers: server.workers(), reason };
    let parking = Arc::new(Parking::open().map_err(fail)?);
    start_workers(server, application, &parking).map_err(fail)?;
    ready();
    acceptor.run(
        listener,
        |_| true,
        |stream, arrival, admitted| {
            server.connection_queued();
            if let Err(err) = parking.welcome(stream, arrival, admitted) {
                server.connection_picked_up();
                tracing::warn!("a connection was lost before it began: {err}");
            }
        },
    )
}

/// Starts all threads and gives each its slot; returns once all of them run.
fn start_workers<A: Application>(
    server: &Arc<Server>,
    application: &Arc<A>,
    parking: &Arc<Parking<A::Conversation>>,
) -> io::Result<()> {
    let all_run = Arc::new(Barrier::new(server.workers() + 1));
    for index in 0..server.workers() {
        let (server, application) = (Arc::clone(server), Arc::clone(application));
        let (parking, all_run) = (Arc::clone(parking), Arc::clone(&all_run));
        thread::Builder::new().name("worker".to_owned()).spawn(move || {
            let slot = server.enlist_worker(index);
            all_run.wait();
            Worker { server: &server, application: &*application, parking: &parking, slot }.run();
        })?;
    }
    all_run.wait();
    Ok(())
}

/// A connection that is served whenever it is ready.
enum Guest<C> {
    /// No worker has picked it up yet.
    Arrived(TcpStream, Arrival, Admitted),
    Open(Open<C>),
}

struct Open<C> {
    stream: TcpStream,
    conversation: C,
    /// The step that could not be done at once, and until when it may be.
    pending: Option<(Step, Instant)>,
    /// Its place among those that are open.
    _admitted: Admitted,
}

/// What follows a step.
enum Next {
    Step,
    /// Nothing until the peer is ready, where there are flags for it, or until a moment.
    Park(EpollFlags, Instant),
    Yield,
    Close,
}

struct Worker<'a, A: Application> {
    server: &'a Server,
    application: &'a A,
    parking: &'a Parking<A::Conversation>,
    slot: &'static Slot,
}

impl<A: Application> Worker<'_, A> {
    /// Serves whichever connection is ready next, for ever.
    fn run(&self) {
        let mut own = None;
        loop {
            let timeout = if own.is_some() { EpollTimeout::ZERO } else { EpollTimeout::NONE };
            let next = match (self.parking.next_ready(timeout), own.take()) {
                (None, own) => own,
                (other, None) => other,
                (other, Some((id, guest))) => {
                    self.parking.park(id, guest, EpollFlags::empty(), Instant::now());
                    other
                }
            };
            let Some((id, guest)) = next else { continue };
            // A defect in one conversation must not cost the pool a thread.
            own = catch_unwind(AssertUnwindSafe(|| self.serve(id, guest))).unwrap_or_else(|_| {
                tracing::error!("a session panicked; its connection was closed");
                None
            });
        }
    }

    /// Serves the connection until it is parked or over. It is given back when it has had its turn.
    fn serve(
        &self,
        id: u64,
        guest: Guest<A::Conversation>,
    ) -> Option<(u64, Guest<A::Conversation>)> {
        let mut open = match guest {
            Guest::Open(open) => open,
            Guest::Arrived(stream, arrival, admitted) => self.pick_up(stream, arrival, admitted)?,
        };
        for _ in 0..STEPS_AT_ONCE {
            match self.advance(&mut open) {
                Ok(Next::Step) => {}
                Ok(Next::Park(events, until)) => {
                    self.parking.park(id, Guest::Open(open), events, until);
                    return None;
                }
                Ok(Next::Yield) => break,
                Ok(Next::Close) => {
                    open.conversation.close(Ok(()));
                    return None;
                }
                Err(err) => {
                    open.conversation.close(Err(err));
                    return None;
                }
            }
        }
        Some((id, Guest::Open(open)))
    }

    fn pick_up(
        &self,
        stream: TcpStream,
        arrival: Arrival,
        admitted: Admitted,
    ) -> Option<Open<A::Conversation>> {
        let Server { scoreboard, journal, .. } = self.server;
        self.server.connection_picked_up();
        // A reply ends in a short write; held for an ACK it could cost 40 ms.
        let _ = stream.set_nodelay(true);
        let connection = OpenConnection::pick_up(scoreboard, journal, self.slot, arrival);
        let conversation = self.application.converse(connection, Instant::now())?;
        Some(Open { stream, conversation, pending: None, _admitted: admitted })
    }

    /// Takes the next step, or does the one that could not be done before. What has come meanwhile is
    /// read first, however late a worker was free for it.
    fn advance(
        &self,
        open: &mut Open<A::Conversation>,
    ) -> Result<Next, <A::Conversation as Conversation>::Error> {
        let Open { stream, conversation, pending, .. } = open;
        let now = Instant::now();
        let (step, until) = match pending.take() {
            Some(pending) => pending,
            None => {
                let step = self.server.step(conversation, now)?;
                (step, now + wait(step))
            }
        };
        let (done, events) = match step {
            Step::Send(_) => {
                let written = stream.write(conversation.output());
                (written.map(|len| conversation.sent(len)), EpollFlags::EPOLLOUT)
            }
            Step::Receive(_) => {
                let read = stream.read(conversation.room());
                (read.map(|len| conversation.received(len)), EpollFlags::EPOLLIN)
            }
            Step::Wait(_) => (Err(io::ErrorKind::WouldBlock.into()), EpollFlags::empty()),
            Step::Yield => return Ok(Next::Yield),
            Step::FinishSending => {
                // A peer that is gone already is noticed by the next read.
                let _ = stream.shutdown(Shutdown::Write);
                return Ok(Next::Step);
            }
            Step::Close => return Ok(Next::Close),
        };
        match done {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock && now < until => {
                *pending = Some((step, until));
                return Ok(Next::Park(events, until));
            }
            Err(err) if !is_in_vain(&err) => conversation.peer_lost(err)?,
            Ok(()) | Err(_) => {}
        }
        Ok(Next::Step)
    }
}

/// How long the step may take.
fn wait(step: Step) -> Duration {
    match step {
        Step::Send(wait) | Step::Receive(wait) | Step::Wait(wait) => wait,
        Step::Yield | Step::FinishSending | Step::Close => Duration::ZERO,
    }
}

fn is_in_vain(err: &io::Error) -> bool {
    matches!(err.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Where connections wait until one of the workers takes them.
struct Parking<C> {
    epoll: Epoll,
    /// Fires at the first of the deadlines.
    timer: TimerFd,
    parked: Mutex<Parked<C>>,
}

struct Parked<C> {
    /// Each with its deadline, which one that has just arrived has not got.
    guests: HashMap<u64, (Guest<C>, Option<Instant>)>,
    deadlines: BTreeSet<(Instant, u64)>,
    /// When the timer fires; `None` while it does not.
    timer_at: Option<Instant>,
    next_id: u64,
}

impl<C> Parking<C> {
    fn open() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        epoll.add(&timer, EpollEvent::new(EpollFlags::EPOLLIN | ONE_SHOT, TIMER))?;
        let parked = Parked {
            guests: HashMap::new(),
            deadlines: BTreeSet::new(),
            timer_at: None,
            next_id: TIMER + 1,
        };
        Ok(Self { epoll, timer, parked: Mutex::new(parked) })
    }

    /// Has a worker pick up a connection that was just accepted.
    fn welcome(&self, stream: TcpStream, arrival: Arrival, admitted: Admitted) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let mut parked = self.lock();
        let id = parked.next_id;
        parked.next_id += 1;
        // There is room to send, so it is ready at once.
        self.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLOUT | ONE_SHOT, id))?;
        parked.guests.insert(id, (Guest::Arrived(stream, arrival, admitted), None));
        Ok(())
    }

    /// Keeps `guest` until its peer is ready, where there are flags for it, or until a moment.
    fn park(&self, id: u64, guest: Guest<C>, events: EpollFlags, until: Instant) {
        // Whoever is woken at once must find it, so the lock is held from before it can be.
        let mut parked = self.lock();
        if !events.is_empty() {
            let mut event = EpollEvent::new(events | ONE_SHOT, id);
            if let Err(err) = self.epoll.modify(guest.stream(), &mut event) {
                tracing::warn!("a connection was closed that could not be waited for: {err}");
                return;
            }
        }
        parked.guests.insert(id, (guest, Some(until)));
        parked.deadlines.insert((until, id));
        self.set_timer(&mut parked);
    }

    /// Waits for a connection that is ready or has waited in vain. `None`: there is none after all, or
    /// not within the time.
    fn next_ready(&self, timeout: EpollTimeout) -> Option<(u64, Guest<C>)> {
        let mut events = [EpollEvent::empty()];
        if self.epoll.wait(&mut events, timeout).ok()? == 0 {
            return None;
        }
        let mut parked = self.lock();
        match events[0].data() {
            TIMER => self.next_due(&mut parked),
            id => parked.take(id),
        }
    }

    /// The connection whose deadline is over; should there be more, the timer fires again.
    fn next_due(&self, parked: &mut Parked<C>) -> Option<(u64, Guest<C>)> {
        let now = Instant::now();
        let first = parked.deadlines.first().filter(|(deadline, _)| *deadline <= now).copied();
        let due = first.and_then(|(_, id)| parked.take(id));
        parked.timer_at = None;
        self.set_timer(parked);
        let mut event = EpollEvent::new(EpollFlags::EPOLLIN | ONE_SHOT, TIMER);
        self.epoll.modify(&self.timer, &mut event).expect("the timer is in it from the start");
        due
    }

    /// The timer fires at the first deadline or earlier.
    fn set_timer(&self, parked: &mut Parked<C>) {
        let first = parked.deadlines.first().map(|(deadline, _)| *deadline);
        let set = match (first, parked.timer_at) {
            (Some(first), Some(at)) if at <= first => return,
            (None, Some(_)) => return,
            // It has fired, and would be ready for ever.
            (None, None) => self.timer.unset(),
            (Some(first), _) => {
                // No time at all would stop it.
                let left = first.saturating_duration_since(Instant::now()).max(TIMER_MIN);
                let expiration = Expiration::OneShot(TimeSpec::from_duration(left));
                self.timer.set(expiration, TimerSetTimeFlags::empty())
            }
        };
        set.expect("deadlines are moments that the timer can hold");
        parked.timer_at = first;
    }

    fn lock(&self) -> MutexGuard<'_, Parked<C>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Parked<C> {
    /// `None` where another worker was faster.
    fn take(&mut self, id: u64) -> Option<(u64, Guest<C>)> {
        let (guest, deadline) = self.guests.remove(&id)?;
        deadline.map(|deadline| self.deadlines.remove(&(deadline, id)));
        Some((id, guest))
    }
}

impl<C> Guest<C> {
    fn stream(&self) -> &TcpStream {
        match self {
            Self::Arrived(stream, ..) | Self::Open(Open { stream, .. }) => stream,
        }
    }
}
