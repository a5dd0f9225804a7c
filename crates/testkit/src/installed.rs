//! Servers that others have written, where they are installed.

#[cfg(feature = "bucket")]
mod garage;
mod nats;
mod postgres;

use std::process::{Child, Command, Stdio};

#[cfg(feature = "bucket")]
pub use garage::Garage;
pub use nats::Nats;
pub use postgres::Postgres;

/// A server's process. It is killed when this is dropped, and when the test is killed: as a loss of power would
/// end it, without a word to anyone.
#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Runs the program with what is added to its command.
    #[track_caller]
    fn start(program: &str, add: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig=KILL", "--", program]);
        add(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("setpriv runs"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
