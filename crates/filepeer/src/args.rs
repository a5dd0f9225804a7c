//! The command line of `filepeer`. The options of a command are with the command.

use clap::{Parser, Subcommand};
use cli::Documents;

/// Search files of other peers, and fetch them, without a server
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Documents(Documents),
}
