//! The monitor as a process of its own, which its supervisor replaces when it dies. What it was told
//! and has not read yet waits for the next.

use std::{
    io::{self, Write},
    process::exit,
    sync::Arc,
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
use serving::{Companion, GrowingPause, os};
use signal_hook::consts::SIGHUP;
use telemetry::{EventSource, journal};

use super::{LOOK_PAUSE, Listeners, Monitor, Running};

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
    /// Waits for its end; it was told that no more events will come. False when it had to be killed,
    /// or could not be started.
    pub(super) fn finish(self, deadline: Instant) -> bool {
        let Some(pid) = self.pid else { return false };
        let mut has_finished = true;
        while let Ok(WaitStatus::StillAlive) = waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            if Instant::now() >= deadline {
                has_finished = false;
                let _ = kill(pid, Signal::SIGKILL);
            }
            thread::sleep(LOOK_PAUSE);
        }
        has_finished
    }
}

impl Monitor {
    pub(super) fn start_process(&mut self, leave: impl FnOnce()) -> io::Result<()> {
        let supervisor = getpid();
        match os::fork()? {
            ForkResult::Parent { child } => {
                let pause = match &self.running {
                    Running::Process(process) => process.pause,
                    _ => GrowingPause::new(RESTART_PAUSE_MIN, RESTART_PAUSE_MAX),
                };
                let (pid, now) = (Some(child), Instant::now());
                let process = MonitorProcess { pid, started: now, restart_at: now, pause };
                self.running = Running::Process(process);
                Ok(())
            }
            ForkResult::Child => {
                leave();
                let outcome = self.run(supervisor);
                if let Err(err) = &outcome {
                    let _ = writeln!(io::stderr(), "fileserver: the monitor stops: {err}");
                }
                // Leaves from here: what the supervisor has under way is not the monitor's to finish.
                exit(i32::from(outcome.is_err()))
            }
        }
    }

    /// Has a monitor to read the last events, should it be dead just now.
    pub(super) fn expect_process(&mut self) {
        if matches!(&self.running, Running::Process(MonitorProcess { pid: None, .. })) {
            // Otherwise they are lost, with the reason why it died.
            let _ = self.start_process(|| {});
        }
    }

    /// What the process does until the journal ends.
    fn run(&mut self, supervisor: Pid) -> io::Result<()> {
        journal::set_source(EventSource::Monitor);
        // People and tests tell it from the workers by this.
        let _ = prctl::set_name(c"monitor");
        self.confinement.confine_monitor(self);
        // Signals to the group are the supervisor's to understand.
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGINT);
        blocked.add(Signal::SIGTERM);
        signal_hook::flag::register(SIGHUP, Arc::clone(&self.reopen))?;
        blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let (recorder, mut reader) = self.take_sources();
        let recording = recorder.start()?;
        self.open_listeners()?;
        let journal = self.watched.server.journal.clone();
        // This process holds the journal open itself, so its end does not come with the supervisor's.
        thread::Builder::new().name("orphan".to_owned()).spawn(move || {
            while getppid() == supervisor {
                thread::sleep(ORPHAN_TICK);
            }
            journal.end();
        })?;
        recording.run(&mut reader, &self.reopen);
        Ok(())
    }
}

impl Companion for Monitor {
    fn note_end(&mut self, pid: Pid, how: &str) {
        let Running::Process(process) = &mut self.running else { return };
        if process.pid != Some(pid) {
            return;
        }
        process.pid = None;
        if process.started.elapsed() >= SETTLED {
            process.pause.reset();
        }
        let pause = process.pause.step();
        process.restart_at = Instant::now() + pause;
        tracing::error!("the monitor (process {pid}) {how}; it is replaced in {pause:?}");
    }

    fn replace_dead(&mut self, leave: &mut dyn FnMut()) {
        let Running::Process(process) = &mut self.running else { return };
        if process.pid.is_some() || Instant::now() < process.restart_at {
            return;
        }
        // Until it runs, which begins a new count.
        process.restart_at = Instant::now() + RESTART_PAUSE_MAX;
        if let Err(err) = self.start_process(leave) {
            tracing::error!("cannot start the monitor: {err}; next try in {RESTART_PAUSE_MAX:?}");
        }
    }

    fn leave_to_others(&mut self) {
        self.recorder = None;
        self.reader = None;
        self.listeners = Listeners::default();
    }

    /// Has the log opened again under its name.
    fn hang_up(&self) {
        if let Running::Process(MonitorProcess { pid: Some(pid), .. }) = &self.running {
            let _ = kill(*pid, Signal::SIGHUP);
        }
    }
}
