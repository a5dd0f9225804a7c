//! How a server is told to stop, and how its sessions learn of it.

use std::{
    io::{self, Read},
    net::TcpListener,
    os::{fd::AsFd, unix::net::UnixStream},
    process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{SigSet, Signal},
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How long sessions may take to notice that the grace period is over.
pub(crate) const CUT_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether sessions go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    Serving,
    /// Requests under way are finished, no more are begun.
    Draining,
    /// The grace period is over: connections are cut.
    Over,
}

/// How a server stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drained {
    Cleanly,
    /// Connections were still open at the end of the grace period.
    Cut,
}

/// The end of the grace period, where all workers of a server see it, and whether it cut anything.
/// All zeros is "serving".
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct DrainFlag {
    /// 1 + milliseconds from the server's start to the end of the grace period; 0 while serving.
    deadline_ms: AtomicU64,
    /// Requests that the shutdown ended before they were done.
    cut: AtomicU64,
}

impl DrainFlag {
    pub(crate) fn set(&self, started: Instant, deadline: Instant) {
        let deadline_ms = deadline.duration_since(started).as_millis() as u64;
        self.deadline_ms.store(1 + deadline_ms, Relaxed);
    }

    pub(crate) fn request_cut(&self) {
        self.cut.fetch_add(1, Relaxed);
    }

    pub(crate) fn has_cut(&self) -> bool {
        self.cut.load(Relaxed) > 0
    }

    pub(crate) fn phase(&self, started: Instant, now: Instant) -> Phase {
        let deadline_ms = self.deadline_ms.load(Relaxed);
        if deadline_ms == 0 {
            Phase::Serving
        } else if (now.duration_since(started).as_millis() as u64) < deadline_ms - 1 {
            Phase::Draining
        } else {
            Phase::Over
        }
    }
}

/// What SIGHUP means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hangup {
    /// The same as SIGTERM: the terminal that showed the log is gone.
    Stops,
    /// The log file was renamed; another is opened in its place.
    ReopensLog,
}

/// The signals that a server understands.
pub(crate) fn signals() -> SigSet {
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect()
}

/// Has signals wait that come while the server starts, where they would be lost: the kernel gives the
/// first process of a container none that it does not catch. They end any other process.
pub fn hold_signals_of_first_process() -> io::Result<()> {
    if process::id() == 1 {
        signals().thread_block()?;
    }
    Ok(())
}

/// The signals to stop, for models that run their connections in this process.
#[derive(Debug)]
pub(crate) struct StopSignals {
    /// Gets a byte with every signal.
    pipe: UnixStream,
}

/// What an acceptor was waiting for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Connection,
    Stop,
    Nothing,
}

impl StopSignals {
    /// From now on these signals no longer end the process, and those that were held come.
    pub(crate) fn catch(hangup: Hangup) -> io::Result<Self> {
        let (pipe, sender) = UnixStream::pair()?;
        pipe.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(SIGTERM, sender.try_clone()?)?;
        if hangup == Hangup::Stops {
            signal_hook::low_level::pipe::register(SIGHUP, sender.try_clone()?)?;
        }
        signal_hook::low_level::pipe::register(SIGINT, sender)?;
        signals().thread_unblock()?;
        Ok(Self { pipe })
    }

    /// Waits for a signal, or a connection where there is a listener; a signal comes first.
    pub(crate) fn wait(
        &self,
        listener: Option<&TcpListener>,
        timeout: Duration,
    ) -> io::Result<Event> {
        let pollin = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![pollin(self.pipe.as_fd())];
        fds.extend(listener.map(|listener| pollin(listener.as_fd())));
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready = |index: usize| fds.get(index).and_then(PollFd::any).unwrap_or(false);
        if ready(0) && self.take_one() {
            Ok(Event::Stop)
        } else if ready(1) {
            Ok(Event::Connection)
        } else {
            Ok(Event::Nothing)
        }
    }

    fn take_one(&self) -> bool {
        (&self.pipe).read(&mut [0]).is_ok_and(|len| len == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_follow_the_deadline() {
        let (flag, started) = (DrainFlag::default(), Instant::now());
        let at = |ms| started + Duration::from_millis(ms);
        assert_eq!(flag.phase(started, at(5000)), Phase::Serving);
        flag.set(started, at(1000));
        assert_eq!(flag.phase(started, at(999)), Phase::Draining);
        assert_eq!(flag.phase(started, at(1000)), Phase::Over);
        flag.set(started, started);
        assert_eq!(flag.phase(started, started), Phase::Over);
    }
}
