//! One address in front of several servers.
//!
//! What decides is the crate `balancing`, without a socket or a clock; this crate gives it both. The
//! [pool](pool::SharedPool) is what all connections ask for a place; at level `connection` the
//! [bytes](splice) of a connection go to one backend, at level `request` each [request] of a
//! client may go to another. [Checks](checks) ask the backends whether they are well, and
//! [control] is what changes while the balancer runs. [simulate] has the same pool decide in
//! virtual time.
#![forbid(unsafe_code)]

mod args;
mod backend;
mod balancer;
mod checks;
mod control;
mod pool;
mod request;
mod security;
mod serve;
mod simulate;
mod splice;
mod stats;

use std::process::ExitCode;

use anyhow::bail;

pub use args::Args;
use args::{Command, CtlArgs};

/// Does what the command line says. An error means that nothing was forwarded.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        None => Ok(serve::serve(&args.serve)?),
        Some(Command::Ctl(CtlArgs { control, request })) => {
            let Some(path) = control else {
                bail!("--control must name the socket of the balancer")
            };
            Ok(control::ask(path, request)?)
        }
        Some(Command::Simulate(args)) => {
            args.run()?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Documents(documents)) => {
            documents.print(&cli::command::<Args>())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
