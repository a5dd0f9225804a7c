//! What the program does besides serving.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::bail;
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use cli::Documents;
use file_service::tokens::{self, Permission};
use monitor::LogArgs;

use super::Args;
use crate::auth::{self, AuthFileError};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make tokens, with which clients show who they are
    #[command(subcommand)]
    Token(TokenCommand),
    /// Query the database of --log-db: which requests were slow or failed
    Log(LogArgs),
    #[command(flatten)]
    Documents(Documents),
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
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
            value_parser = PossibleValuesParser::new(["r", "rw"])
                .try_map(|letters| letters.parse::<Permission>())
        )]
        permission: Permission,
    },
}

impl Command {
    pub(super) fn run(&self, args: &Args) -> anyhow::Result<ExitCode> {
        match self {
            Self::Token(TokenCommand::New { name, permission }) => {
                return make_token(args, name, *permission);
            }
            Self::Log(question) => {
                let Some(database) = &args.log.log_db else {
                    bail!("--log-db must name the database")
                };
                cli::output::print(monitor::answer(database, question)?.to_string().as_bytes());
            }
            Self::Documents(documents) => documents.print(&cli::command::<Args>())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn make_token(args: &Args, name: &str, permission: Permission) -> anyhow::Result<ExitCode> {
    let (token, line) = auth::new_token(name, permission)?;
    let token = token.reveal();
    match &args.security.auth_file {
        Some(path) => auth::add_line(path, name, &line, || show(&format!("{token}\n")))?,
        None => {
            show(&format!("token for the client:    {token}\nline for --auth-file:    {line}\n"))
                .map_err(AuthFileError::Unseen)?
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody can do without seeing it, so that it cannot be written is an error.
fn show(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
