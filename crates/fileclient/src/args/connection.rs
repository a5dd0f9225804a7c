//! How to talk to a server.

use std::{
    convert::Infallible,
    fs::File,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;
use clap::{ValueEnum, ValueHint, builder::FalseyValueParser};
use protocol::{Token, TokenError};

use crate::{Address, Framing, Options, Tls};

/// The options of every program that talks to a server as a client does. Their variables are those of
/// `fileclient`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConnectionArgs {
    /// What ends each request: crlfcrlf (a line ending and a blank line), crlf or none
    #[arg(
        long,
        value_enum,
        hide_possible_values = true,
        env = "FILECLIENT_FRAMING",
        hide_env_values = true,
        default_value_t = Framing::CrlfCrlf
    )]
    framing: Framing,

    /// Talk TLS, so that nobody on the way can read or change anything [default: off]
    #[arg(
        long,
        env = "FILECLIENT_TLS",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    tls: bool,

    /// PEM file of whom to trust with --tls: an authority, or the server's self-signed certificate
    /// [default: the authorities that the system trusts]
    #[arg(
        long,
        value_name = "FILE",
        env = "FILECLIENT_CA",
        hide_env_values = true,
        value_hint = ValueHint::FilePath
    )]
    ca: Option<PathBuf>,

    /// What the server knows you by. Others on this machine may see it in the list of processes, but
    /// not when it comes from the environment or from --token-file
    #[arg(
        long,
        env = "FILECLIENT_TOKEN",
        hide_env_values = true,
        value_parser = unshown_token
    )]
    token: Option<Result<Token, TokenError>>,

    /// File that holds the token and nothing else
    #[arg(
        long,
        value_name = "FILE",
        env = "FILECLIENT_TOKEN_FILE",
        hide_env_values = true,
        value_hint = ValueHint::FilePath
    )]
    token_file: Option<PathBuf>,
}

impl ConnectionArgs {
    /// Reads the files that the arguments name. The other options of a connection are as by default.
    pub fn options(&self) -> anyhow::Result<Options> {
        let tls = match &self.ca {
            _ if !self.tls => None,
            Some(path) => Some(Tls::trusting(path).context("nobody to trust")?),
            None => Some(Tls::trusting_system().context("nobody to trust")?),
        };
        let token = match (&self.token, &self.token_file) {
            (Some(token), _) => Some(token.clone().context("no token")?),
            (None, Some(path)) => Some(read_token(path)?),
            (None, None) => None,
        };
        Ok(Options { framing: self.framing, token, tls, ..Options::default() })
    }

    /// Gives them to another program that has these options. The token goes by a variable, since others
    /// may see a command line.
    pub fn pass_on(&self, command: &mut Command, token_variable: &str) {
        if let Some(framing) = self.framing.to_possible_value() {
            command.arg("--framing").arg(framing.get_name());
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
        if let Some(Ok(token)) = &self.token {
            command.env(token_variable, token.reveal());
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

impl Options {
    /// What lies open on the way to a server, though everything is right.
    pub fn warning(&self, server: &Address) -> Option<String> {
        let Address { host, .. } = server;
        let is_near = host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_heard = self.token.is_some() && self.tls.is_none() && !is_near;
        is_heard.then(|| format!("the token goes to {host} in plain text; --tls encrypts it"))
    }
}

/// A token that is none must not be shown in the message about it either.
fn unshown_token(text: &str) -> Result<Result<Token, TokenError>, Infallible> {
    Ok(text.parse())
}

/// A token and the line endings and blanks of an editor; whatever is longer holds no token.
const TOKEN_FILE_LEN_MAX: u64 = 4096;

fn read_token(path: &Path) -> anyhow::Result<Token> {
    let failed = || format!("cannot take the token from {}", path.display());
    let mut text = Vec::new();
    let file = File::open(path).with_context(failed)?;
    file.take(TOKEN_FILE_LEN_MAX).read_to_end(&mut text).with_context(failed)?;
    Token::from_bytes(text.trim_ascii()).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_others_could_hear_is_warned_of() {
        let warning = |server: &str, token: bool| {
            let token = token.then(|| "kolam_x".parse().unwrap());
            Options { token, ..Options::default() }.warning(&server.parse().unwrap())
        };
        for near in ["127.0.0.1:1", "localhost:1", "[::1]:1"] {
            assert_eq!(warning(near, true), None, "{near}");
        }
        assert_eq!(warning("192.0.2.7:1", false), None);
        let sentence = warning("192.0.2.7:1", true).unwrap();
        assert_eq!(sentence, "the token goes to 192.0.2.7 in plain text; --tls encrypts it");
    }
}
