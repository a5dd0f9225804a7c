//! What the program does besides serving.

use clap::Subcommand;
use cli::Documents;
use file_service::tokens::{self, Permission};
use monitor::LogArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make tokens, with which clients show who they are
    #[command(subcommand)]
    Token(TokenCommand),
    /// Query the database of --log-db: which requests were slow or failed
    Log(LogArgs),
    #[command(flatten)]
    Documents(Documents),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it
    ///
    /// It is stored nowhere. Its line is added to --auth-file, or printed too.
    New {
        /// Name of the owner
        #[arg(value_parser = tokens::parse_name)]
        name: String,
        /// What it allows: r (LIST, GET, DIGEST, STATS) or rw (UPLOAD and DELETE too)
        #[arg(
            long,
            hide_possible_values = true,
            default_value = "rw",
            value_parser = cli::choice([
                (Permission::Read, "r", ""),
                (Permission::ReadWrite, "rw", ""),
            ])
        )]
        permission: Permission,
    },
}
