//! The monitor as a process of its own, which its supervisor replaces when it dies. What it was told
//! and has not read yet waits for the next.

use std::{
    io::{self, Write},
    process::exit,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl,
        signal::{SigSet, SigmaskHow, Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, getpid, getppid},
};
use serving::{GrowingPause, os};
use telemetry::{EventSource, journal};

use super::work::Work;

/// A monitor that keeps dying is replaced after a pause that grows between these.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);

/// A monitor that lived this long did not die from being started.
const SETTLED: Duration = Duration::from_secs(10);

/// How soon a monitor notices that its supervisor is gone.
const ORPHAN_TICK: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct MonitorProcess {
    pid: Option<Pid>,
    started: Instant,
    /// Stays dead until then.
    restart_at: Instant,
    pause: GrowingPause,
}

impl MonitorProcess {
    /// What is forked runs `leave` before its work.
    pub(super) fn start(work: &mut Work, leave: impl FnOnce()) -> io::Result<Self> {
        let (now, pause) =
            (Instant::now(), GrowingPause::new(RESTART_PAUSE_MIN, RESTART_PAUSE_MAX));
        let mut process = Self { pid: None, started: now, restart_at: now, pause };
        process.fork(work, leave)?;
        Ok(process)
    }

    fn fork(&mut self, work: &mut Work, leave: impl FnOnce()) -> io::Result<()> {
        let supervisor = getpid();
        match os::fork()? {
            ForkResult::Parent { child } => {
                let now = Instant::now();
                *self = Self { pid: Some(child), started: now, restart_at: now, ..*self };
                Ok(())
            }
            ForkResult::Child => {
                leave();
                let outcome = run(work, supervisor);
                if let Err(err) = &outcome {
                    let _ = writeln!(io::stderr(), "fileserver: the monitor stops: {err}");
                }
                // Leaves from here: what the supervisor has under way is not the monitor's to finish.
                exit(i32::from(outcome.is_err()))
            }
        }
    }

    pub(super) fn note_end(&mut self, pid: Pid, how: &str) {
        if self.pid != Some(pid) {
            return;
        }
        self.pid = None;
        if self.started.elapsed() >= SETTLED {
            self.pause.reset();
        }
        let pause = self.pause.step();
        self.restart_at = Instant::now() + pause;
        tracing::error!("the monitor (process {pid}) {how}; it is replaced in {pause:?}");
    }

    pub(super) fn replace_dead(&mut self, work: &mut Work, leave: &mut dyn FnMut()) {
        if self.pid.is_some() || Instant::now() < self.restart_at {
            return;
        }
        // Until it runs, which begins a new count.
        self.restart_at = Instant::now() + RESTART_PAUSE_MAX;
        if let Err(err) = self.fork(work, leave) {
            tracing::error!("cannot start the monitor: {err}; next try in {RESTART_PAUSE_MAX:?}");
        }
    }

    pub(super) fn hang_up(&self) {
        if let Some(pid) = self.pid {
            let _ = kill(pid, Signal::SIGHUP);
        }
    }

    /// Has a monitor to read the last events, should it be dead just now.
    pub(super) fn expect_alive(&mut self, work: &mut Work) {
        if self.pid.is_none() {
            // Otherwise they are lost, with the reason why it died.
            let _ = self.fork(work, || {});
        }
    }

    /// Waits for its end, looking every `pause`; it was told that no more events will come. False when it
    /// had to be killed, or could not be started.
    pub(super) fn finish(self, deadline: Instant, pause: Duration) -> bool {
        let Some(pid) = self.pid else { return false };
        let mut has_finished = true;
        while let Ok(WaitStatus::StillAlive) = waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            if Instant::now() >= deadline {
                has_finished = false;
                let _ = kill(pid, Signal::SIGKILL);
            }
            thread::sleep(pause);
        }
        has_finished
    }
}

/// What the process does until the journal ends.
fn run(work: &mut Work, supervisor: Pid) -> io::Result<()> {
    journal::set_source(EventSource::Monitor);
    // People and tests tell it from the workers by this.
    let _ = prctl::set_name(c"monitor");
    work.confinement.confine_monitor(&work.watch.config);
    // Signals to the group are the supervisor's to understand.
    let mut blocked = SigSet::empty();
    blocked.add(Signal::SIGINT);
    blocked.add(Signal::SIGTERM);
    work.watch.reopen_at_hang_up()?;
    blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let record = work.watch.start()?;
    let journal = work.server.journal.clone();
    // This process holds the journal open itself, so its end does not come with the supervisor's.
    thread::Builder::new().name("orphan".to_owned()).spawn(move || {
        while getppid() == supervisor {
            thread::sleep(ORPHAN_TICK);
        }
        journal.end();
    })?;
    record();
    Ok(())
}
