//! Options that say where it is told what happens.

use std::{
    io::{self, IsTerminal},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use monitor::{DatabaseTarget, LogFormat};
use telemetry::LogLevel;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Log, metrics, status")]
pub struct RecordArgs {
    /// Least severe events in the log: error, warn, info, debug or trace [default: info; on a terminal
    /// warn]
    #[arg(long, hide_short_help = true, value_name = "LEVEL")]
    pub log_level: Option<LogLevel>,

    /// Append events to this file [default: standard error]
    ///
    /// SIGHUP opens it again.
    #[arg(long, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// How events are written: text or json
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        default_value_t = LogFormat::Text,
        hide_short_help = true
    )]
    pub log_format: LogFormat,

    /// Store events in this SQLite database too
    ///
    /// Those of level info and worse; `fileserver log` queries it.
    #[arg(long, value_name = "FILE", global = true)]
    pub log_db: Option<DatabaseTarget>,

    /// Serve metrics for Prometheus at this port, for example 9464
    ///
    /// Only this machine can reach it, unless an address is given too.
    #[arg(long, hide_short_help = true, value_name = "[ADDRESS:]PORT", value_parser = address_or_port)]
    pub metrics: Option<SocketAddr>,

    /// Answer STATS and PING at this port too, for example 46667
    ///
    /// It needs no worker, so it answers even while all of them are busy or stopped. Only this machine
    /// can reach it.
    #[arg(long, value_name = "[ADDRESS:]PORT", value_parser = local_address_or_port, hide_short_help = true)]
    pub status: Option<SocketAddr>,
}

/// The same for what others on the network must not reach.
fn local_address_or_port(text: &str) -> Result<SocketAddr, &'static str> {
    address_or_port(text).and_then(|address| match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("it must be an address for this machine alone, such as 127.0.0.1:46667"),
    })
}

impl RecordArgs {
    /// A terminal is for whoever started the server, and for what they must know.
    pub(super) fn level(&self) -> LogLevel {
        let is_on_terminal = self.log_file.is_none() && io::stderr().is_terminal();
        self.log_level.unwrap_or(if is_on_terminal { LogLevel::WARN } else { LogLevel::INFO })
    }
}

/// A port alone is one of this machine, for this machine.
fn address_or_port(text: &str) -> Result<SocketAddr, &'static str> {
    let port = text.strip_prefix("localhost:").unwrap_or(text).parse();
    let address = port.map(|port| (Ipv4Addr::LOCALHOST, port).into());
    address
        .or_else(|_| text.parse())
        .map_err(|_| "a port is needed, or an address and a port, such as 9464 or 127.0.0.1:9464")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_one_for_this_machine() {
        let parsed = |text| address_or_port(text).map(|address| address.to_string());
        for text in ["9464", "localhost:9464", "127.0.0.1:9464"] {
            assert_eq!(parsed(text).as_deref(), Ok("127.0.0.1:9464"));
        }
        assert_eq!(parsed("[::1]:9464").as_deref(), Ok("[::1]:9464"));
        assert_eq!(parsed("0.0.0.0:0").as_deref(), Ok("0.0.0.0:0"));
        assert!(local_address_or_port("0.0.0.0:1").is_err());
        assert!(local_address_or_port("[::1]:1").is_ok() && local_address_or_port("1").is_ok());
        for text in ["", ":9464", "70000", "-1", "127.0.0.1", "localhost", "example.com:1"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
