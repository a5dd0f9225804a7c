//! Options that say where it is told what happens, for every program that is watched.

use std::{
    io::{self, IsTerminal},
    net::SocketAddr,
    path::PathBuf,
};

use telemetry::{Level, LogLevel};

use crate::config::{Config, DatabaseTarget, LogFormat, LogLanguage, LogTarget, ServerRun};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Log, metrics, status")]
pub struct RecordArgs {
    /// Least severe events in the log: error, warn, info, debug or trace [default: info; on a terminal
    /// warn]
    #[arg(long, hide_short_help = true, value_name = "LEVEL")]
    pub log_level: Option<LogLevel>,

    /// Append events to this file [default: standard error]
    ///
    /// Several programs may append to one file. SIGHUP opens it again.
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

    /// Language of the words in a log of text: en or id
    #[arg(
        long,
        value_name = "LANG",
        value_enum,
        hide_possible_values = true,
        default_value_t = LogLanguage::En,
        hide_short_help = true
    )]
    pub log_lang: LogLanguage,

    /// Store events in this SQLite database too
    ///
    /// Those of level info and worse; `fileserver log` queries it.
    #[arg(long, value_name = "FILE", global = true)]
    pub log_db: Option<DatabaseTarget>,

    /// Serve metrics for Prometheus at this port, for example 9464
    ///
    /// Only this machine can reach it, unless an address is given too.
    #[arg(
        long,
        hide_short_help = true,
        value_name = "[ADDRESS:]PORT",
        value_parser = cli::addresses::address_or_port
    )]
    pub metrics: Option<SocketAddr>,

    /// Answer STATS and PING at this port too, for example 46667
    ///
    /// It needs no worker, so it answers even while all of them are busy or stopped. Only this machine
    /// can reach it.
    #[arg(
        long,
        value_name = "[ADDRESS:]PORT",
        value_parser = cli::addresses::local_address_or_port,
        hide_short_help = true
    )]
    pub status: Option<SocketAddr>,
}

impl RecordArgs {
    /// What becomes of the events of `run`.
    pub fn config(&self, run: ServerRun) -> Config {
        Config {
            log: self.log_file.clone().map_or(LogTarget::Stderr, LogTarget::File),
            format: self.log_format,
            language: self.log_lang,
            level: self.level().into(),
            database: self.log_db.clone(),
            run,
        }
    }

    /// The least that the journal is told: a database has all that is worth an info.
    pub fn journal_level(&self) -> Level {
        let level = Level::from(self.level());
        if self.log_db.is_some() { level.max(Level::Info) } else { level }
    }

    /// A terminal is for whoever started the server, and for what they must know.
    fn level(&self) -> LogLevel {
        let is_on_terminal = self.log_file.is_none() && io::stderr().is_terminal();
        self.log_level.unwrap_or(if is_on_terminal { LogLevel::WARN } else { LogLevel::INFO })
    }
}
