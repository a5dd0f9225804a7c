//! Files without a server: a peer asks its neighbours who has a file, and fetches it from all who have it at once.
//!
//! The crate `searching` decides what becomes of a query: here on connections of a [`node`], and in virtual time in
//! [`simulate`]. [`watch`] is what a node tells of itself.
#![forbid(unsafe_code)]

mod args;
mod blobs;
#[allow(dead_code, reason = "the rest is for the command that serves")]
mod commands;
mod demo;
#[allow(dead_code, reason = "the rest is for the command that serves")]
mod fetch;
#[allow(dead_code, reason = "the rest is for the command that serves")]
mod holdings;
mod language;
#[expect(dead_code, unused_imports, reason = "the commands that use it come next")]
mod node;
mod simulate;
mod ticket;
mod top;
#[expect(dead_code, reason = "the commands that use it come next")]
mod watch;

use std::process::ExitCode;

pub use args::Args;
use args::Command;

/// Does what the command line says. An error means bad usage, or that it could not start.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Demo(args) => demo::run(args),
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
