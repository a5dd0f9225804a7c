//! What starts and replaces worker processes.
//!
//! A loop over slots in a process that never has a second thread, because it forks again whenever
//! a worker dies.

use std::{
    io,
    net::TcpListener,
    os::{
        fd::{AsFd, AsRawFd},
        unix::net::UnixStream,
    },
    process::exit,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        socket::{self, Shutdown},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, getpid},
};

use telemetry::{Death, EventSource, journal};

use super::worker;
use crate::{
    admission::Busy,
    application::Application,
    models::companion::Companion,
    os,
    overload::{LOOK_PAUSE, Overload},
    pause::GrowingPause,
    server::Server,
    shutdown::{self, CUT_TIMEOUT, Drained, Hangup, Phase},
};

/// How often the supervisor looks at its slots without being woken.
const TICK: Duration = Duration::from_millis(100);

/// How long all workers may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A slot that keeps dying is refilled after a pause that grows between these: a crash loop must
/// not look like load.
const REFILL_PAUSE_MIN: Duration = Duration::from_millis(10);
const REFILL_PAUSE_MAX: Duration = Duration::from_secs(5);

/// A worker that lived this long did not die from being started.
const SETTLED: Duration = Duration::from_secs(1);

/// How a worker leaves that was asked to.
const ENDED: &str = "ended";

/// How many are turned away before the supervisor looks at its slots and signals again.
const TURNED_AWAY_AT_ONCE: usize = 256;

pub(super) struct Supervisor<'a, A> {
    listener: &'a TcpListener,
    server: &'a Server,
    application: &'a A,
    signals: SignalFd,
    places: Vec<Place>,
    overload: Overload,
    /// Where workers hand over to the overload whom they have turned away.
    leaving: UnixStream,
    companion: &'a mut dyn Companion,
}

/// One slot and the process in it.
struct Place {
    pid: Option<Pid>,
    has_had_worker: bool,
    started: Instant,
    /// The slot stays empty until then.
    refill_at: Instant,
    pause: GrowingPause,
}

/// How starting the pool went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Started {
    AllRunning,
    ToldToStop,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Event {
    Stop,
    ChildExited,
}

impl<'a, A: Application> Supervisor<'a, A> {
    /// From now on its signals are read by this supervisor alone.
    pub(super) fn new(
        listener: &'a TcpListener,
        server: &'a Server,
        application: &'a A,
        companion: &'a mut dyn Companion,
    ) -> io::Result<Self> {
        journal::set_source(EventSource::Supervisor);
        let mut mask = shutdown::signals();
        mask.add(Signal::SIGCHLD);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let now = Instant::now();
        let place = || Place {
            pid: None,
            has_had_worker: false,
            started: now,
            refill_at: now,
            pause: GrowingPause::new(REFILL_PAUSE_MIN, REFILL_PAUSE_MAX),
        };
        let places = server.scoreboard.slots().iter().map(|_| place()).collect();
        let (leaving, handed_over) = UnixStream::pair()?;
        let mut overload = Overload::new(server, application);
        overload.takes_over_from(handed_over);
        Ok(Self { listener, server, application, signals, places, overload, leaving, companion })
    }

    /// Fills every slot; returns once all workers accept connections, or a signal came.
    pub(super) fn start_all(&mut self) -> io::Result<Started> {
        for index in 0..self.places.len() {
            self.start_worker(index)?;
        }
        let deadline = Instant::now() + START_TIMEOUT;
        let slots = self.server.scoreboard.slots();
        while slots.iter().any(|slot| slot.counts().pid == 0) {
            if self.next_event_within(Duration::from_millis(1))? == Some(Event::Stop) {
                return Ok(Started::ToldToStop);
            }
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.reap_exited();
            self.fill_empty_slots();
        }
        Ok(Started::AllRunning)
    }

    /// Keeps every slot filled until a signal comes, then drains.
    pub(super) fn run(mut self) -> io::Result<Drained> {
        loop {
            self.reap_exited();
            self.fill_empty_slots();
            self.companion.replace_dead(&mut || {
                os::close(self.listener);
                // Its copies would keep the connections of those who are leaving open.
                self.overload = Overload::new(self.server, self.application);
            });
            self.turn_away_excess()?;
            self.overload.see_off();
            let tick = if self.overload.is_idle() { TICK } else { LOOK_PAUSE };
            let timeout = self.until_refill().map_or(tick, |refill| refill.min(tick));
            match self.next_event_within(timeout)? {
                Some(Event::Stop) => return self.drain(),
                Some(Event::ChildExited) | None => {}
            }
        }
    }

    /// Answers those who wait in the kernel's queue and are too many, the longest waiting first:
    /// they are the likeliest to have given up.
    fn turn_away_excess(&mut self) -> io::Result<()> {
        for _ in 0..TURNED_AWAY_AT_ONCE {
            if self.server.waiting_excess(self.listener)? == 0 {
                break;
            }
            match self.listener.accept() {
                Ok((stream, client)) => self.overload.turn_away(stream, client, Busy::Server),
                // Workers may be faster; the listener's time limit then ends the wait.
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.overload.make_room();
                    break;
                }
            }
        }
        Ok(())
    }

    /// Lets workers finish what they run until the grace period ends.
    pub(super) fn drain(mut self) -> io::Result<Drained> {
        let mut deadline = self.server.begin_drain();
        tracing::info!("stopping");
        // Closes it in all processes at once; workers that wait for a connection wake up.
        socket::shutdown(self.listener.as_raw_fd(), Shutdown::Read)?;
        while self.any_running() && Instant::now() < deadline {
            if self.next_event_within(LOOK_PAUSE)? == Some(Event::Stop) {
                deadline = Instant::now();
            }
            self.overload.see_off();
            self.reap_exited();
        }
        if self.any_running() { self.cut() } else { Ok(self.server.drained()) }
    }

    /// Has sessions end with an error, and kills the workers that do not notice.
    fn cut(mut self) -> io::Result<Drained> {
        self.server.cut_connections();
        let deadline = Instant::now() + CUT_TIMEOUT;
        while self.any_running() && Instant::now() < deadline {
            self.next_event_within(TICK)?;
            self.reap_exited();
        }
        for pid in self.places.iter().filter_map(|place| place.pid) {
            kill(pid, Signal::SIGKILL)?;
        }
        while self.any_running() {
            self.next_event_within(TICK)?;
            self.reap_exited();
        }
        Ok(self.server.drained())
    }

    fn any_running(&self) -> bool {
        self.places.iter().any(|place| place.pid.is_some())
    }

    fn fill_empty_slots(&mut self) {
        let now = Instant::now();
        for index in 0..self.places.len() {
            let place = &mut self.places[index];
            if place.pid.is_some() || now < place.refill_at {
                continue;
            }
            if let Err(err) = self.start_worker(index) {
                let pause = self.places[index].pause.step();
                self.places[index].refill_at = now + pause;
                tracing::error!("cannot start worker {}: {err}; next try in {pause:?}", index + 1);
            }
        }
    }

    fn start_worker(&mut self, index: usize) -> io::Result<()> {
        let supervisor = getpid();
        match os::fork()? {
            ForkResult::Parent { child } => {
                let place = &mut self.places[index];
                place.has_had_worker = true;
                place.pid = Some(child);
                place.started = Instant::now();
                Ok(())
            }
            ForkResult::Child => {
                // Counted here, since the worker tells the count when it starts.
                if self.places[index].has_had_worker {
                    self.server.scoreboard.slots()[index].worker_replaced();
                }
                // Its copies would keep the connections of those who are leaving open.
                self.overload = Overload::new(self.server, self.application);
                self.companion.leave_to_others();
                let outcome = worker::run(
                    supervisor,
                    self.listener,
                    &self.leaving,
                    self.server,
                    self.application,
                    index,
                );
                if let Err(err) = &outcome {
                    tracing::error!("worker {} stops: {err}", index + 1);
                }
                // Leaves from here: what the supervisor has under way is not the worker's to finish.
                exit(i32::from(outcome.is_err()))
            }
        }
    }

    fn reap_exited(&mut self) {
        let mut left_something = false;
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, 0)) => self.empty_slot(pid, ENDED),
                Ok(WaitStatus::Exited(pid, code)) => {
                    self.empty_slot(pid, &format!("failed with exit status {code}"));
                    left_something = true;
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    self.empty_slot(pid, &format!("was killed by {signal}"));
                    left_something = true;
                }
                // No more have exited, or none are left.
                _ => break,
            }
        }
        if left_something {
            self.application.clean_up_after_workers();
        }
    }

    /// Counts what the dead worker left open as failed, and when its slot is filled again.
    fn empty_slot(&mut self, pid: Pid, how: &str) {
        let Some(index) = self.places.iter().position(|place| place.pid == Some(pid)) else {
            return self.companion.note_end(pid, how);
        };
        let place = &mut self.places[index];
        place.pid = None;
        if place.started.elapsed() >= SETTLED {
            place.pause.reset();
        }
        let slot = &self.server.scoreboard.slots()[index];
        let serving = self.server.phase(Instant::now()) == Phase::Serving;
        if !serving && slot.counts().open_connections > 0 {
            self.server.connection_cut();
        }
        let replaced_in = serving.then(|| self.places[index].pause.step());
        self.places[index].refill_at = Instant::now() + replaced_in.unwrap_or_default();
        if replaced_in.is_some() || how != ENDED {
            let (worker, pid) = (index as u32 + 1, pid.as_raw() as u32);
            Death { worker, pid, how, replaced_in }.settle(
                &self.server.scoreboard,
                &self.server.journal,
                slot,
            );
        }
    }

    fn next_event_within(&mut self, timeout: Duration) -> io::Result<Option<Event>> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let Some(info) = self.signals.read_signal()? else { return Ok(None) };
        match Signal::try_from(info.ssi_signo as i32) {
            Ok(Signal::SIGCHLD) => Ok(Some(Event::ChildExited)),
            Ok(Signal::SIGHUP) if self.server.hangup == Hangup::ReopensLog => {
                self.companion.hang_up();
                Ok(None)
            }
            _ => Ok(Some(Event::Stop)),
        }
    }

    /// Until the next empty slot is due; `None` when all are filled.
    fn until_refill(&self) -> Option<Duration> {
        let now = Instant::now();
        let empty = self.places.iter().filter(|place| place.pid.is_none());
        empty.map(|place| place.refill_at.saturating_duration_since(now)).min()
    }
}
