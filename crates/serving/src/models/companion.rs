//! A process that runs beside the workers of the process pool.

use nix::unistd::Pid;

/// A process that the supervisor keeps running beside the workers, and that is none of them. It was
/// started before the first worker.
pub trait Companion {
    /// The process `pid`, which is no worker, has ended, and how.
    fn note_end(&mut self, pid: Pid, how: &str);

    /// Replaces it when it has died and it is time. What is forked runs `leave` first, to close what
    /// is the supervisor's alone.
    fn replace_dead(&mut self, leave: &mut dyn FnMut());

    /// Closes what is the companion's alone, in a process that was just forked to be a worker.
    fn leave_to_others(&mut self);

    /// SIGHUP came, and the server is not to stop.
    fn hang_up(&self);
}

/// No process runs beside the workers.
impl Companion for () {
    fn note_end(&mut self, _pid: Pid, _how: &str) {}

    fn replace_dead(&mut self, _leave: &mut dyn FnMut()) {}

    fn leave_to_others(&mut self) {}

    fn hang_up(&self) {}
}
