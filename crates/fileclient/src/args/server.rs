//! The server to talk to.

use std::time::Duration;

use anyhow::Context;
use clap::ValueHint;
use cli::{ConnectionArgs, Secret};
use client::{Address, ConnectionOptions, Tls, token};

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Server", mut_args(|argument| argument.global(true)))]
pub(crate) struct ServerArgs {
    /// Server: host, port or both
    ///
    /// A server on this machine that is just starting is waited for, for a second.
    #[arg(
        long,
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:46666",
        value_hint = ValueHint::Hostname
    )]
    server: Address,

    /// The host alone, as the course's programs are told it.
    #[arg(long, hide = true, aliases = ["host", "ip"], value_parser = Address::parse_host)]
    server_host: Option<String>,

    /// The port alone.
    #[arg(long, hide = true, alias = "port", value_parser = Address::parse_port)]
    server_port: Option<u16>,

    /// Longest wait without a byte moving; connecting takes at most 10 seconds of it
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "60",
        hide_short_help = true,
        value_parser = cli::units::seconds_not_zero
    )]
    timeout: Duration,

    /// How the content of files goes over the wire: as base64, as it is (raw), or as it is where the server
    /// says that it can (auto)
    ///
    /// With auto an upload of less than 1 MiB is base64, so that nothing is asked for it.
    #[arg(long, value_enum, default_value_t, hide_short_help = true, hide_possible_values = true)]
    pub(crate) encoding: Encoding,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// How content goes over the wire.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Encoding {
    #[default]
    Auto,
    Base64,
    Raw,
}

impl ServerArgs {
    /// The server that all of them name together.
    pub(crate) fn address(&self) -> Address {
        self.server.clone().with(self.server_host.clone(), self.server_port)
    }

    /// Reads the files that the arguments name.
    pub(crate) fn options(&self) -> anyhow::Result<ConnectionOptions> {
        let ConnectionArgs { framing, tls, ca, token: said, token_file } = &self.connection;
        let trust = tls.then(|| Tls::trusting(ca.as_deref())).transpose();
        Ok(ConnectionOptions {
            framing: framing.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            tls: trust.context("nobody to trust")?,
            token: token(said.as_ref().map(Secret::reveal), token_file.as_deref())?,
            timeout: self.timeout,
            startup_wait: STARTUP_WAIT,
            ..ConnectionOptions::default()
        })
    }

    pub(super) fn misuse(&self) -> Option<&'static str> {
        self.connection.misuse()
    }
}

/// Whoever types a server's command and a client's one after the other is not to be told that there is
/// no server.
const STARTUP_WAIT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Args;

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
