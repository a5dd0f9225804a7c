//! Processes that this one starts. They end with it, however it ends.
//!
//! Dropping one kills it, and so does an interrupt. Where this process is killed itself, the kernel kills
//! them (the parent-death signal, on Linux). It does so when the *thread* that started them ends, so only
//! the main thread may start any.

use std::{
    ffi::OsString,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use super::interrupt::Interrupt;

/// The hidden subcommand that becomes another program, which then ends with this process.
pub(crate) const BOUND_COMMAND: &str = "bound";

const LOOK_PAUSE: Duration = Duration::from_millis(2);

/// A process in a group of its own. Dropping it kills the group.
pub(crate) struct Offspring {
    child: Child,
    interrupt: Interrupt,
}

/// This program with a hidden subcommand, whose first argument is this process.
pub(crate) fn this_program(subcommand: &str) -> io::Result<Command> {
    let mut command = Command::new(executable()?);
    command.arg0(env!("CARGO_PKG_NAME")).arg(subcommand).arg(process::id().to_string());
    Ok(command)
}

/// Another program.
pub(crate) fn other_program(program: &Path) -> io::Result<Command> {
    let mut command = this_program(BOUND_COMMAND)?;
    command.arg(program);
    Ok(command)
}

/// The file that this process runs, also when another has taken its place since.
#[cfg(target_os = "linux")]
pub(crate) fn executable() -> io::Result<PathBuf> {
    Ok("/proc/self/exe".into())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn executable() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// What each hidden subcommand does first: from now on this process ends when `parent` does.
#[cfg(target_os = "linux")]
pub(crate) fn end_with(parent: u32) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid().as_raw() as u32 != parent {
        // It ended before that.
        process::exit(1);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with(_parent: u32) -> io::Result<()> {
    Ok(())
}

/// What the hidden subcommand does: becomes another program. Returns only when that fails.
pub(crate) fn become_program(parent: u32, words: &[OsString]) -> anyhow::Error {
    let Some((program, arguments)) = words.split_first() else {
        return anyhow::anyhow!("this command is for stress-run itself");
    };
    let err =
        end_with(parent).map_or_else(|err| err, |()| Command::new(program).args(arguments).exec());
    anyhow::Error::new(err).context(format!("cannot start {}", Path::new(program).display()))
}

impl Offspring {
    /// Starts what [`this_program`] or [`other_program`] has prepared.
    pub(crate) fn start(command: &mut Command, interrupt: &Interrupt) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        debug_assert_eq!(nix::unistd::gettid(), Pid::this(), "its end must not end the process");
        // Ctrl-C on a terminal is for stress-run: a server that ended first would look as if it had
        // failed its clients.
        let child = command.process_group(0).spawn()?;
        interrupt.kill_on_stop(child.id());
        Ok(Self { child, interrupt: interrupt.clone() })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// For its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Asks all of its group to end.
    pub(crate) fn ask_to_end(&mut self) {
        if self.status().is_none() {
            let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        }
    }

    /// Ends all of its group.
    pub(crate) fn kill(&mut self) {
        // Forgotten before it is reaped: its number may be given to another process then.
        self.interrupt.forget(self.child.id());
        if self.status().is_none() {
            let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }

    /// How it ended, if it does before the deadline.
    pub(crate) fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            match self.status() {
                Some(status) => return Some(status),
                None if Instant::now() < deadline => thread::sleep(LOOK_PAUSE),
                None => return None,
            }
        }
    }

    /// Its number may be given to another process once its status was taken, so it is forgotten then.
    fn status(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten()?;
        self.interrupt.forget(self.child.id());
        Some(status)
    }
}

impl Drop for Offspring {
    fn drop(&mut self) {
        self.kill();
    }
}
