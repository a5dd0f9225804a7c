//! The server that is running already, and how to talk to it.

use clap::{Arg, Args};
use cli::ConnectionArgs;
use client::{Address, FileName};

use crate::servers::access::Access;

/// Which server is measured, where it is not started.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "A server that is running already", mut_args(only_with_connect))]
pub(crate) struct ConnectArgs {
    /// Measure this server instead of starting some
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "modes")]
    connect: Option<Address>,

    /// The host alone, as the course's programs are told it.
    #[arg(
        long,
        hide = true,
        alias = "ip",
        conflicts_with = "modes",
        value_parser = Address::parse_host
    )]
    server_host: Option<String>,

    /// The port alone.
    #[arg(long, hide = true, conflicts_with = "modes", value_parser = Address::parse_port)]
    server_port: Option<u16>,

    /// Measure downloads of this file of the server's, and store nothing there: for a server that only
    /// hands files out
    #[arg(
        long,
        hide_short_help = true,
        value_name = "NAME",
        conflicts_with_all = ["volumes", "quick"]
    )]
    pub(super) file: Option<FileName>,

    #[command(flatten)]
    pub(super) access: AccessArgs,
}

/// How to talk to it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "A server that is running already")]
pub(crate) struct AccessArgs {
    #[command(flatten)]
    connection: ConnectionArgs,
}

fn only_with_connect(argument: Arg) -> Arg {
    match argument.get_id().as_str() {
        "framing" | "tls" | "ca" | "token" | "token_file" | "file" => argument.requires("connect"),
        _ => argument,
    }
}

impl ConnectArgs {
    /// Those of a run that goes on.
    pub(super) fn as_begun(
        address: Option<&str>,
        file: Option<FileName>,
        access: AccessArgs,
    ) -> Self {
        let connect = address.and_then(|address| address.parse().ok());
        Self { connect, file, access, ..Self::default() }
    }

    /// The server that all of them name together; `None` where servers are started.
    pub(crate) fn address(&self) -> Option<Address> {
        let is_named =
            self.connect.is_some() || self.server_host.is_some() || self.server_port.is_some();
        let address = self.connect.clone().unwrap_or_default();
        is_named.then(|| address.with(self.server_host.clone(), self.server_port))
    }

    /// Reads the files that say how to talk to it.
    pub(crate) fn access(&self) -> anyhow::Result<Access> {
        self.access.read()
    }
}

impl AccessArgs {
    /// Reads the files that they name.
    pub(crate) fn read(&self) -> anyhow::Result<Access> {
        Access::of(self.connection.clone())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        connect: ConnectArgs,
        /// Those that these options conflict with.
        #[arg(long)]
        modes: Option<String>,
        #[arg(long)]
        volumes: Option<String>,
        #[arg(long)]
        quick: bool,
    }

    fn parse(line: &str) -> Result<ConnectArgs, String> {
        let parsed = Line::try_parse_from(line.split(' '));
        parsed.map(|line| line.connect).map_err(|err| err.to_string())
    }

    #[test]
    fn a_server_is_named_as_people_name_it() {
        for (line, address) in [
            ("stress-run --connect 192.0.2.7:1", "192.0.2.7:1"),
            ("stress-run --connect 46667", "127.0.0.1:46667"),
            ("stress-run --server-host 172.16.16.101 --server-port 46666", "172.16.16.101:46666"),
            ("stress-run --ip ::1", "[::1]:46666"),
            ("stress-run --server-port 5000", "127.0.0.1:5000"),
        ] {
            assert_eq!(parse(line).unwrap().address().unwrap().to_string(), address);
        }
        assert_eq!(parse("stress-run").unwrap().address(), None);
    }

    #[test]
    fn what_is_for_a_running_server_needs_one() {
        for option in ["--tls", "--token x", "--file a.bin", "--framing crlf"] {
            let refusal = parse(&format!("stress-run {option}")).unwrap_err();
            assert!(refusal.contains("--connect <HOST:PORT>"), "{refusal}");
            assert!(parse(&format!("stress-run --connect 1 {option}")).is_ok(), "{option}");
        }
    }
}
