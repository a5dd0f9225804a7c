//! The program `fileclient`: one-shot commands, a prompt, and a live view of a server.
#![forbid(unsafe_code)]

pub mod args;
mod backends;
mod commands;
mod counts;
mod failure;
mod interrupt;
mod local_file;
mod progress;
mod prompt;
mod stats_table;
mod top;

use std::process::ExitCode;

use anyhow::Context;
use client::Remote;

use self::{args::Args, commands::Commands};

/// Carries out what `args` says. Results go to standard output, failures to standard error; the
/// status is 1 when there were any, and 2 when a file that the arguments name keeps it from starting.
pub fn run(args: Args) -> ExitCode {
    let options = match args.server.options() {
        Ok(options) => options,
        Err(failure) => {
            failure::report(&failure);
            return ExitCode::from(2);
        }
    };
    let server = args.server.address();
    if let Some(warning) = options.warning(&server) {
        cli::errln!("warning: {warning}");
    }
    let remote = Remote::new(server.to_string(), options);
    let mut commands = Commands::new(remote, args.server.encoding);
    commands.note(interrupt::clean_up_on_signals().context("cannot wait for signals"));
    match args.command {
        Some(command) => commands.run(&command),
        None => prompt::run(&mut commands),
    }
    if commands.some_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
