//! Events: a fixed number of threads, and each takes whichever connection is ready next.
//!
//! A connection that waits for its peer, or until a moment, is parked: it costs its memory and a place
//! in epoll, and no thread. One that is busy keeps its thread, and those who are ready wait in line. So
//! `workers` is how many are served at the same moment, and any number may be connected. Files are read
//! and written by the thread that serves; a disk that hangs costs it. What a session knows to wait for a
//! network ([`Step::Block`]) is done on threads beside those.
//!
//! All threads wait in one epoll, which wakes one of them for each connection that is ready and then
//! says no more about it until it is parked again. Who was ready first is served first. One timer stands
//! for all deadlines.
//!
//! A connection moves between threads; it is counted on the worker that picked it up.
//!
//! Shutdown: accepting stops, the connections that are open go on until they have finished.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
};
use telemetry::{Arrival, Slot};

use super::{blocking::timed_out, threads::Aside};
use crate::{
    acceptor::Acceptor,
    admission::Admitted,
    application::{Application, Conversation, Step},
    error::ServeError,
    os,
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
            if let Err(err) = parking.add(stream, arrival, admitted) {
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
enum Connection<C> {
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
    GoOn,
    /// Nothing until the peer is ready for these events, or until the moment at the latest; without
    /// events only the moment counts.
    Park(EpollFlags, Instant),
    /// Nothing for so long, while the connection keeps its worker.
    Busy(Duration),
    Yield,
    Block,
    Close,
}

struct Worker<'a, A: Application> {
    server: &'a Arc<Server>,
    application: &'a A,
    parking: &'a Arc<Parking<A::Conversation>>,
    slot: &'static Slot,
}

impl<A: Application> Worker<'_, A> {
    /// Serves one connection whose time has come and one that is ready, in turn and for ever, so that
    /// however many there are of the one kind they do not keep the other waiting.
    fn run(&self) {
        loop {
            let mut timeout = EpollTimeout::NONE;
            if let Some((id, connection)) = self.parking.take_due() {
                self.serve(id, connection);
                timeout = EpollTimeout::ZERO;
            }
            if let Some((id, connection)) = self.parking.next_ready(timeout) {
                self.serve(id, connection);
            }
        }
    }

    fn serve(&self, id: u64, connection: Connection<A::Conversation>) {
        // A defect in one conversation must not cost the pool a thread.
        if catch_unwind(AssertUnwindSafe(|| self.take_turn(id, connection))).is_err() {
            tracing::error!("a session panicked; its connection was closed");
        }
    }

    /// Runs the connection until it has to wait, has had its turn, or is over.
    fn take_turn(&self, id: u64, connection: Connection<A::Conversation>) {
        let mut open = match connection {
            Connection::Open(open) => open,
            Connection::Arrived(stream, arrival, admitted) => {
                self.server.connection_picked_up();
                let picked_up =
                    self.server.pick_up(self.application, self.slot, arrival, &admitted);
                let Some(conversation) = picked_up else { return };
                Open { stream, conversation, pending: None, _admitted: admitted }
            }
        };
        let mut steps_left = STEPS_AT_ONCE;
        while steps_left > 0 {
            match self.advance(&mut open) {
                Ok(Next::GoOn) => steps_left -= 1,
                // It is no step: what takes long comes in many parts, and whoever is ready waits for the last.
                Ok(Next::Busy(time)) => thread::sleep(time),
                Ok(Next::Park(events, until)) => {
                    return self.parking.park(id, Connection::Open(open), events, until);
                }
                Ok(Next::Yield) => break,
                Ok(Next::Block) => return self.step_aside(id, open),
                Ok(Next::Close) => return open.conversation.close(Ok(())),
                Err(err) => return open.conversation.close(Err(err)),
            }
        }
        self.parking.park(id, Connection::Open(open), EpollFlags::empty(), Instant::now());
    }

    /// Has another thread take the next step, and park the connection with that step to be done.
    fn step_aside(&self, id: u64, mut open: Open<A::Conversation>) {
        let (server, parking) = (Arc::clone(self.server), Arc::clone(self.parking));
        self.parking.aside.run(move || {
            open.conversation.may_block();
            match server.step(&mut open.conversation, Instant::now()) {
                Ok(step) => {
                    let now = Instant::now();
                    open.pending = Some((step, now + wait(step)));
                    parking.park(id, Connection::Open(open), EpollFlags::empty(), now);
                }
                Err(err) => open.conversation.close(Err(err)),
            }
        });
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
            Step::SendFile(_) => {
                let sent =
                    conversation.file().map_or(Ok(0), |range| os::send_file(&*stream, range));
                match sent {
                    Err(err) if timed_out(&err) => (Err(err), EpollFlags::EPOLLOUT),
                    outcome => {
                        conversation.file_sent(outcome)?;
                        return Ok(Next::GoOn);
                    }
                }
            }
            Step::Receive(_) => {
                let read = stream.read(conversation.room());
                (read.map(|len| conversation.received(len)), EpollFlags::EPOLLIN)
            }
            Step::Wait(_) => (Err(io::ErrorKind::WouldBlock.into()), EpollFlags::empty()),
            Step::Busy(time) => return Ok(Next::Busy(time)),
            Step::Yield => return Ok(Next::Yield),
            Step::Block => return Ok(Next::Block),
            Step::FinishSending => {
                // A peer that is gone already is noticed by the next read.
                let _ = stream.shutdown(Shutdown::Write);
                return Ok(Next::GoOn);
            }
            Step::Close => return Ok(Next::Close),
        };
        match done {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock && now < until => {
                *pending = Some((step, until));
                return Ok(Next::Park(events, until));
            }
            Err(err) if !timed_out(&err) => conversation.peer_lost(err)?,
            Ok(()) | Err(_) => {}
        }
        Ok(Next::GoOn)
    }
}

/// How long the step may take.
fn wait(step: Step) -> Duration {
    match step {
        Step::Send(wait) | Step::SendFile(wait) | Step::Receive(wait) | Step::Wait(wait) => wait,
        Step::Busy(_) | Step::Yield | Step::Block | Step::FinishSending | Step::Close => {
            Duration::ZERO
        }
    }
}

/// Where connections wait until one of the workers takes them.
struct Parking<C> {
    epoll: Epoll,
    /// Fires at the first of the deadlines.
    timer: TimerFd,
    parked: Mutex<Parked<C>>,
    aside: Aside,
}

struct Parked<C> {
    connections: HashMap<u64, Waiting<C>>,
    deadlines: BTreeSet<(Instant, u64)>,
    /// When the timer fires; `None` while it does not.
    timer_at: Option<Instant>,
    next_id: u64,
}

struct Waiting<C> {
    connection: Connection<C>,
    /// What it waits for; nothing but its deadline where there are none.
    events: EpollFlags,
    /// `None` where it is known to be ready, as one that was just accepted is.
    deadline: Option<Instant>,
}

impl<C> Parking<C> {
    fn open() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        epoll.add(&timer, EpollEvent::new(EpollFlags::EPOLLIN | ONE_SHOT, TIMER))?;
        let parked = Parked {
            connections: HashMap::new(),
            deadlines: BTreeSet::new(),
            timer_at: None,
            next_id: TIMER + 1,
        };
        Ok(Self { epoll, timer, parked: Mutex::new(parked), aside: Aside::default() })
    }

    /// Has a worker pick up a connection that was just accepted.
    fn add(&self, stream: TcpStream, arrival: Arrival, admitted: Admitted) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        let mut parked = self.lock();
        let id = parked.next_id;
        parked.next_id += 1;
        // There is room to send, so it is ready at once.
        let events = EpollFlags::EPOLLOUT;
        self.epoll.add(&stream, EpollEvent::new(events | ONE_SHOT, id))?;
        let connection = Connection::Arrived(stream, arrival, admitted);
        parked.connections.insert(id, Waiting { connection, events, deadline: None });
        Ok(())
    }

    /// Keeps the connection until its peer is ready for these events, or until the moment at the latest;
    /// without events only the moment counts.
    fn park(&self, id: u64, connection: Connection<C>, events: EpollFlags, until: Instant) {
        // Whoever is woken at once must find it, so the lock is held from before it can be.
        let mut parked = self.lock();
        if !events.is_empty() {
            let mut event = EpollEvent::new(events | ONE_SHOT, id);
            if let Err(err) = self.epoll.modify(connection.stream(), &mut event) {
                tracing::warn!("a connection was closed that could not be waited for: {err}");
                return;
            }
        }
        parked.connections.insert(id, Waiting { connection, events, deadline: Some(until) });
        parked.deadlines.insert((until, id));
        self.set_timer(&mut parked);
    }

    /// Waits for a connection that is ready or has waited in vain. `None`: there is none after all, or
    /// not within the time.
    fn next_ready(&self, timeout: EpollTimeout) -> Option<(u64, Connection<C>)> {
        let mut events = [EpollEvent::empty()];
        if self.epoll.wait(&mut events, timeout).ok()? == 0 {
            return None;
        }
        let mut parked = self.lock();
        match events[0].data() {
            TIMER => {
                // Should more than this one be due, the timer fires again, for another worker.
                let due = parked.take_due();
                parked.timer_at = None;
                self.set_timer(&mut parked);
                let mut event = EpollEvent::new(EpollFlags::EPOLLIN | ONE_SHOT, TIMER);
                self.epoll
                    .modify(&self.timer, &mut event)
                    .expect("the timer is in it from the start");
                due
            }
            id => parked.take(id),
        }
    }

    /// The connection that has waited in vain for longest.
    fn take_due(&self) -> Option<(u64, Connection<C>)> {
        self.lock().take_due()
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
    fn take_due(&mut self) -> Option<(u64, Connection<C>)> {
        loop {
            let (deadline, id) = *self.deadlines.first()?;
            if deadline > Instant::now() {
                return None;
            }
            let waiting = self.connections.get_mut(&id)?;
            if !waiting.is_ready() {
                return self.take(id);
            }
            // It has not waited in vain, and has its place in epoll behind those who were ready before.
            waiting.deadline = None;
            self.deadlines.pop_first();
        }
    }

    /// `None` where another worker was faster.
    fn take(&mut self, id: u64) -> Option<(u64, Connection<C>)> {
        let Waiting { connection, deadline, .. } = self.connections.remove(&id)?;
        deadline.map(|deadline| self.deadlines.remove(&(deadline, id)));
        Some((id, connection))
    }
}

impl<C> Waiting<C> {
    fn is_ready(&self) -> bool {
        let events = if self.events.contains(EpollFlags::EPOLLIN) {
            PollFlags::POLLIN
        } else if self.events.contains(EpollFlags::EPOLLOUT) {
            PollFlags::POLLOUT
        } else {
            return false;
        };
        let mut polled = [PollFd::new(self.connection.stream().as_fd(), events)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

impl<C> Connection<C> {
    fn stream(&self) -> &TcpStream {
        match self {
            Self::Arrived(stream, ..) | Self::Open(Open { stream, .. }) => stream,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;
    use crate::admission::Admission;

    const LONG: Duration = Duration::from_secs(600);

    /// A connection of the parking, in epoll as one that was accepted, and its peer.
    fn connection(parking: &Parking<()>, id: u64) -> (Connection<()>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, address) = listener.accept().unwrap();
        parking.epoll.add(&stream, EpollEvent::new(ONE_SHOT, id)).unwrap();
        let _admitted = Admission::new(1, 1, 1).admit(address).unwrap();
        (Connection::Open(Open { stream, conversation: (), pending: None, _admitted }), peer)
    }

    fn id<C>(taken: Option<(u64, Connection<C>)>) -> Option<u64> {
        taken.map(|(id, _)| id)
    }

    #[test]
    fn whoever_has_something_to_say_is_ready_and_once() {
        let parking = Parking::open().unwrap();
        let (connection, mut peer) = connection(&parking, 7);
        parking.park(7, connection, EpollFlags::EPOLLIN, Instant::now() + LONG);
        assert_eq!(id(parking.next_ready(EpollTimeout::ZERO)), None);
        peer.write_all(b"x").unwrap();
        let (seven, connection) = parking.next_ready(EpollTimeout::NONE).unwrap();
        assert_eq!((seven, id(parking.next_ready(EpollTimeout::ZERO))), (7, None));
        // What was not read makes it ready again, once it is waited for.
        parking.park(7, connection, EpollFlags::EPOLLIN, Instant::now() + LONG);
        assert_eq!(id(parking.next_ready(EpollTimeout::NONE)), Some(7));
    }

    #[test]
    fn a_deadline_wakes_whoever_waits_also_when_a_later_one_was_there_before() {
        let parking = Parking::open().unwrap();
        let ((late, _late_peer), (soon, _peer)) =
            (connection(&parking, 1), connection(&parking, 2));
        parking.park(1, late, EpollFlags::EPOLLIN, Instant::now() + LONG);
        let until = Instant::now() + Duration::from_millis(20);
        parking.park(2, soon, EpollFlags::EPOLLIN, until);
        assert_eq!(id(parking.take_due()), None);
        assert_eq!(id(parking.next_ready(EpollTimeout::NONE)), Some(2));
        assert!(Instant::now() >= until);
        assert_eq!(id(parking.next_ready(EpollTimeout::ZERO)), None);
    }

    #[test]
    fn whose_time_has_come_need_not_wait_behind_those_who_are_ready() {
        let parking = Parking::open().unwrap();
        let mut peers = Vec::new();
        for id in 1..10 {
            let (connection, mut peer) = connection(&parking, id);
            peer.write_all(b"x").unwrap();
            parking.park(id, connection, EpollFlags::EPOLLIN, Instant::now() + LONG);
            peers.push(peer);
        }
        let (due, _peer) = connection(&parking, 99);
        parking.park(99, due, EpollFlags::empty(), Instant::now());
        assert_eq!(id(parking.take_due()), Some(99));
        assert_eq!(id(parking.take_due()), None);
    }

    #[test]
    fn who_is_ready_when_its_time_is_over_keeps_its_place_in_line() {
        let parking = Parking::open().unwrap();
        let ((first, mut first_peer), (second, mut second_peer)) =
            (connection(&parking, 1), connection(&parking, 2));
        parking.park(1, first, EpollFlags::EPOLLIN, Instant::now() + LONG);
        parking.park(2, second, EpollFlags::EPOLLIN, Instant::now());
        first_peer.write_all(b"x").unwrap();
        second_peer.write_all(b"x").unwrap();
        assert_eq!(id(parking.take_due()), None);
        // The timer is ready too, and nobody is due.
        let next = || iter::repeat_with(|| parking.next_ready(EpollTimeout::NONE)).find_map(id);
        assert_eq!([next(), next()], [Some(1), Some(2)]);
    }

    #[test]
    fn an_event_of_one_that_was_taken_by_its_deadline_finds_nobody() {
        let parking = Parking::open().unwrap();
        let (connection, mut peer) = connection(&parking, 5);
        parking.park(5, connection, EpollFlags::EPOLLIN, Instant::now());
        let (_, connection) = parking.take_due().unwrap();
        peer.write_all(b"x").unwrap();
        // Its event and the timer's, in whichever order.
        assert_eq!(id(parking.next_ready(EpollTimeout::NONE)), None);
        assert_eq!(id(parking.next_ready(EpollTimeout::NONE)), None);
        assert_eq!(parking.epoll.wait(&mut [EpollEvent::empty()], EpollTimeout::ZERO), Ok(0));
        // Nothing is lost by that.
        parking.park(5, connection, EpollFlags::EPOLLIN, Instant::now() + LONG);
        assert_eq!(id(parking.next_ready(EpollTimeout::NONE)), Some(5));
    }
}
