//! How to talk to a server, for every program that does so as a client does.

use std::{convert::Infallible, fmt, path::PathBuf, process::Command, str::FromStr};

use clap::{Args, ValueHint};

/// Words and the names of files: what is in the files is read by those who connect. `-h` leaves them out.
#[derive(Clone, Debug, Default, Args)]
pub struct ConnectionArgs {
    /// What ends each request: crlfcrlf (a line ending and a blank line), crlf or none [default:
    /// crlfcrlf]
    #[arg(
        long,
        hide_short_help = true,
        value_parser = ["crlfcrlf", "crlf", "none"],
        hide_possible_values = true
    )]
    pub framing: Option<String>,

    /// Talk TLS, so that nobody on the way can read or change anything
    #[arg(long, hide_short_help = true)]
    pub tls: bool,

    /// PEM file of whom to trust with --tls: an authority, or the server's self-signed certificate
    /// [default: the authorities that the system trusts]
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ca: Option<PathBuf>,

    /// What the server knows you by
    ///
    /// Others on this machine may see it in the list of processes, but not when it comes from the environment
    /// or from --token-file.
    #[arg(long, hide_short_help = true)]
    pub token: Option<Secret>,

    /// File that holds the token and nothing else
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,
}

impl ConnectionArgs {
    /// Gives them to another program that has these options. The token goes by a variable, since others
    /// may see a command line.
    pub fn pass_on(&self, command: &mut Command, token_variable: &str) {
        if let Some(framing) = &self.framing {
            command.arg("--framing").arg(framing);
        }
        if self.tls {
            command.arg("--tls");
        }
        if let Some(path) = &self.ca {
            command.arg("--ca").arg(path);
        }
        if let Some(path) = &self.token_file {
            command.arg("--token-file").arg(path);
        }
        if let Some(Secret(token)) = &self.token {
            command.env(token_variable, token);
        }
    }

    /// What is wrong with arguments that are right one by one.
    pub fn misuse(&self) -> Option<&'static str> {
        if self.ca.is_some() && !self.tls {
            Some("--ca says whom to trust with --tls; say --tls as well")
        } else if self.token.is_some() && self.token_file.is_some() {
            Some("--token and --token-file are two places for one token; name one")
        } else {
            None
        }
    }
}

/// Text that no message shows.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}
