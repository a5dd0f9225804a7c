//! The monitor as a process of its own, which its supervisor replaces when it dies. What it was told
//! and has not read yet waits for the next.

use std::{
    io,
    process::exit,
    sync::{Arc, atomic::Ordering::Relaxed},
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
use signal_hook::consts::SIGHUP;
use telemetry::{Source, journal};

use super::{LOOK_PAUSE, Monitor, Running, serve_metrics};
use crate::{listener::GrowingPause, os, service::Service};

/// A monitor that keeps dying is replaced after a pause that grows between these.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(100);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(30);

/// How soon a monitor notices that its supervisor is gone.
const ORPHAN_TICK: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct MonitorProcess {
    pid: Option<Pid>,
    /// Stays dead until then.
    restart_at: Instant,
    pause: GrowingPause,
}

impl MonitorProcess {
    /// Waits for its end; it was told that no more events will come.
    pub(super) fn finish(self, deadline: Instant) {
        let Some(pid) = self.pid else { return };
        while let Ok(WaitStatus::StillAlive) = waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            if Instant::now() >= deadline {
                let _ = kill(pid, Signal::SIGKILL);
            }
            thread::sleep(LOOK_PAUSE);
        }
    }
}

impl Monitor {
    pub(super) fn start_process(&mut self, service: &Arc<Service>) -> io::Result<()> {
        let supervisor = getpid();
        match os::fork()? {
            ForkResult::Parent { child } => {
                let pause = match &self.running {
                    Running::Process(process) => process.pause,
                    _ => GrowingPause::new(RESTART_PAUSE_MIN, RESTART_PAUSE_MAX),
                };
                self.running = Running::Process(MonitorProcess {
                    pid: Some(child),
                    restart_at: Instant::now(),
                    pause,
                });
                Ok(())
            }
            ForkResult::Child => {
                let outcome = self.run(supervisor, service);
                if let Err(err) = &outcome {
                    eprintln!("fileserver: the monitor stops: {err}");
                }
                // Leaves from here: what the supervisor has under way is not the monitor's to finish.
                exit(i32::from(outcome.is_err()))
            }
        }
    }

    /// The process `pid` was reaped. True when it was the monitor.
    pub(crate) fn has_died(&mut self, pid: Pid) -> bool {
        let Running::Process(process) = &mut self.running else { return false };
        if process.pid != Some(pid) {
            return false;
        }
        process.pid = None;
        let pause = process.pause.step();
        process.restart_at = Instant::now() + pause;
        tracing::warn!("the monitor (process {pid}) died; it is replaced in {pause:?}");
        true
    }

    /// Replaces a monitor that died, when it is time.
    pub(crate) fn replace_dead(&mut self, service: &Arc<Service>) {
        let Running::Process(process) = &mut self.running else { return };
        if process.pid.is_some() || Instant::now() < process.restart_at {
            return;
        }
        if let Err(err) = self.start_process(service) {
            tracing::error!("cannot start the monitor: {err}");
        }
    }

    /// Has the log opened again under its name.
    pub(crate) fn reopen_log(&self) {
        if let Running::Process(MonitorProcess { pid: Some(pid), .. }) = &self.running {
            let _ = kill(*pid, Signal::SIGHUP);
        }
    }

    /// What the process does until the journal ends.
    fn run(&mut self, supervisor: Pid, service: &Arc<Service>) -> io::Result<()> {
        journal::set_source(Source::Monitor);
        // People and tests tell it from the workers by this.
        let _ = prctl::set_name(c"monitor");
        service.confinement.confine_monitor(self);
        // Signals to the group are the supervisor's to understand.
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGINT);
        blocked.add(Signal::SIGTERM);
        signal_hook::flag::register(SIGHUP, Arc::clone(&self.reopen))?;
        blocked.thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        self.reopen.store(false, Relaxed);
        let recording = self.take_recorder().start();
        serve_metrics(self.metrics.take(), service)?;
        let journal = service.journal.clone();
        // This process holds the journal open itself, so its end does not come with the supervisor's.
        thread::Builder::new().name("orphan".to_owned()).spawn(move || {
            while getppid() == supervisor {
                thread::sleep(ORPHAN_TICK);
            }
            journal.end();
        })?;
        recording.run(&mut self.reader, &self.reopen);
        Ok(())
    }
}
