//! Options that say where it is told what happens.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::PathBuf,
};

use monitor::{DatabaseTarget, Format};
use telemetry::LogLevel;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Log and metrics")]
pub struct RecordArgs {
    /// Least severe events in the log: error, warn, info, debug or trace [default: info; on a terminal
    /// warn]
    #[arg(long, value_name = "LEVEL", env = "FILESERVER_LOG_LEVEL")]
    pub log_level: Option<LogLevel>,

    /// Append events to this file, which SIGHUP opens again [default: standard error]
    #[arg(long, value_name = "FILE", env = "FILESERVER_LOG_FILE")]
    pub log_file: Option<PathBuf>,

    /// How events are written: text or json
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        hide_possible_values = true,
        env = "FILESERVER_LOG_FORMAT",
        default_value_t = Format::Text
    )]
    pub log_format: Format,

    /// Store events of level info in this SQLite database too; `fileserver log` asks it
    #[arg(long, value_name = "FILE", env = "FILESERVER_LOG_DB", global = true)]
    pub log_db: Option<DatabaseTarget>,

    /// Serve metrics for Prometheus here, for example 127.0.0.1:9464
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "FILESERVER_METRICS",
        value_parser = address_and_port
    )]
    pub metrics: Option<SocketAddr>,
}

impl RecordArgs {
    /// A terminal is for whoever started the server, and for what they must know.
    pub(super) fn level(&self) -> LogLevel {
        let is_on_terminal = self.log_file.is_none() && io::stderr().is_terminal();
        self.log_level.unwrap_or(if is_on_terminal { LogLevel::WARN } else { LogLevel::INFO })
    }
}

fn address_and_port(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address and a port are needed, such as 127.0.0.1:9464".to_owned())
}
