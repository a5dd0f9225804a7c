//! Files without a server: a peer asks its neighbours who has a file, and fetches it from all who have it at once.
//!
//! The crate `searching` decides what becomes of a query: here on connections of a [`node`], and in virtual time in
//! [`simulate`]. [`watch`] is what a node tells of itself.
#![forbid(unsafe_code)]

mod args;
mod blobs;
mod commands;
mod demo;
mod fetch;
mod holdings;
mod language;
mod node;
mod simulate;
mod ticket;
mod top;
mod watch;

use std::process::ExitCode;

pub use args::Args;
use args::Command;

/// Does what the command line says. An error means bad usage, or that it could not start.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => commands::serve::run(args),
        Command::Search(args) => commands::search::run(args),
        Command::Get(args) => commands::get::run(args),
        Command::Ticket(args) => commands::ticket::run(args),
        Command::Top(args) => top::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Report(args) => simulate::render_again(args),
        Command::Documents(documents) => {
            documents.print(&cli::command::<Args>())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
