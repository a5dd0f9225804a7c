//! The server to talk to, and how.

use std::{
    convert::Infallible,
    fs::File,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::{ValueHint, builder::FalseyValueParser};
use protocol::{Token, TokenError};

use crate::{Framing, Options, Tls, address::Address};

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// Server to talk to: a host, a port or both. A server on this machine that is just starting is
    /// waited for, for a second
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        env = "FILECLIENT_SERVER",
        hide_env_values = true,
        default_value = "127.0.0.1:46666",
        value_hint = ValueHint::Hostname
    )]
    server: Address,

    /// The host alone, as the course's programs are told it.
    #[arg(long, global = true, hide = true, aliases = ["host", "ip"], value_parser = Address::parse_host)]
    server_host: Option<String>,

    /// The port alone.
    #[arg(long, global = true, hide = true, alias = "port", value_parser = Address::parse_port)]
    server_port: Option<u16>,

    /// What ends each request: crlfcrlf (a line ending and a blank line), crlf or none
    #[arg(
        long,
        global = true,
        value_enum,
        hide_possible_values = true,
        env = "FILECLIENT_FRAMING",
        hide_env_values = true,
        default_value_t = Framing::CrlfCrlf
    )]
    framing: Framing,

    /// Longest wait without a byte moving; connecting takes at most 10 seconds of it
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "FILECLIENT_TIMEOUT",
        hide_env_values = true,
        default_value = "60",
        value_parser = cli::seconds_not_zero
    )]
    timeout: Duration,

    /// Talk TLS, so that nobody on the way can read or change anything [default: off]
    #[arg(
        long,
        global = true,
        env = "FILECLIENT_TLS",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    tls: bool,

    /// PEM file of whom to trust with --tls: an authority, or the server's self-signed certificate
    /// [default: the authorities that the system trusts]
    #[arg(
        long,
        global = true,
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
        global = true,
        env = "FILECLIENT_TOKEN",
        hide_env_values = true,
        value_parser = unshown_token
    )]
    token: Option<Result<Token, TokenError>>,

    /// File that holds the token and nothing else
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "FILECLIENT_TOKEN_FILE",
        hide_env_values = true,
        value_hint = ValueHint::FilePath
    )]
    token_file: Option<PathBuf>,
}

impl ServerArgs {
    /// The server that all of them name together.
    pub(crate) fn address(&self) -> Address {
        Address {
            host: self.server_host.clone().unwrap_or_else(|| self.server.host.clone()),
            port: self.server_port.unwrap_or(self.server.port),
        }
    }

    /// What the arguments lay open, though they are right.
    pub(crate) fn warning(&self, options: &Options) -> Option<String> {
        let Address { host, .. } = self.address();
        let is_near = host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_heard = options.token.is_some() && options.tls.is_none() && !is_near;
        is_heard.then(|| format!("the token goes to {host} in plain text; --tls encrypts it"))
    }

    /// Reads the files that the arguments name.
    pub(crate) fn options(&self) -> anyhow::Result<Options> {
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
        Ok(Options {
            framing: self.framing,
            timeout: self.timeout,
            deadline: None,
            startup_wait: STARTUP_WAIT,
            token,
            tls,
        })
    }

    /// What is wrong with arguments that are right one by one.
    pub(super) fn misuse(&self) -> Option<&'static str> {
        if self.ca.is_some() && !self.tls {
            Some("--ca says whom to trust with --tls; say --tls as well")
        } else if self.token.is_some() && self.token_file.is_some() {
            Some("--token and --token-file are two places for one token; name one")
        } else {
            None
        }
    }
}

/// Whoever types a server's command and a client's one after the other is not to be told that there is
/// no server.
const STARTUP_WAIT: Duration = Duration::from_secs(1);

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
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    #[test]
    fn a_token_that_others_could_hear_is_warned_of() {
        let warning = |server: &str, token: bool| {
            let line = ["fileclient", "--server", server, "ping"];
            let args = Args::try_parse_from(line).unwrap().server;
            let token = token.then(|| "kolam_x".parse().unwrap());
            args.warning(&Options { token, ..Options::default() })
        };
        for near in ["127.0.0.1:1", "localhost:1", "[::1]:1"] {
            assert_eq!(warning(near, true), None, "{near}");
        }
        assert_eq!(warning("192.0.2.7:1", false), None);
        let sentence = warning("192.0.2.7:1", true).unwrap();
        assert_eq!(sentence, "the token goes to 192.0.2.7 in plain text; --tls encrypts it");
    }

    #[test]
    fn the_courses_spellings_name_the_server_too() {
        for (line, address) in [
            (&["--server-host", "192.0.2.7"][..], "192.0.2.7:46666"),
            (&["--server-port", "5000", "--server", "localhost:1"], "localhost:5000"),
            (&["--ip", "::1", "--port", "6665"], "[::1]:6665"),
            (&["--host", "[::1]"], "[::1]:46666"),
        ] {
            let line = ["fileclient", "list"].iter().chain(line);
            assert_eq!(Args::try_parse_from(line).unwrap().server.address().to_string(), address);
        }
    }
}
