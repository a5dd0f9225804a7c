//! What certainty of delivery costs: messages on a bad network, sent once and hoped for (Direct), or acknowledged
//! and repeated (PubSub).
//!
//! The crate `delivery` decides, `theory` says what to expect of it, and this program has both do the same
//! [experiments]: [`run()`] leaves a directory of [results] of which [`report`] makes what people read, [`check`] holds every
//! number against its closed form, and a [`trace`] can be replayed. The same deliveries happen [`live`], on a clock, where
//! [`serve`] shows them to browsers.
#![forbid(unsafe_code)]

mod args;
pub mod broker;
mod check;
mod experiments;
mod language;
mod live;
mod page;
mod report;
mod results;
mod run;
mod serve;
mod trace;

use std::process::ExitCode;

pub use args::Args;
use args::Command;

/// Does what the command line says. An error means bad usage, or that a result could not be read or written.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Serve(args) => serve::run(args),
        Command::Run(args) => run::experiment(args),
        Command::Sweep(args) => run::sweep(args),
        Command::Runners(args) => run::runners::compare(args),
        Command::Check(args) => check::run(args),
        Command::Replay(args) => trace::replay::run(args),
        Command::Report(args) => run::render_again(args),
        Command::Documents(documents) => {
            documents.print(&cli::command::<Args>())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
