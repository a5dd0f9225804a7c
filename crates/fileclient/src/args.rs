//! What can be said on the command line.

mod server;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{CommandFactory, Parser, ValueHint, builder::FalseyValueParser, error::ErrorKind};
use cli::Documents;
use protocol::FileName;

use crate::top::Column;
pub(crate) use server::ServerArgs;

const EXAMPLES: &str = "\
Without a command: a prompt on a terminal; elsewhere the lines of standard input are the commands.
Exit status: 0 done, 1 some of the work failed, 2 bad usage, or the file of a token or certificate cannot be read.

Examples:
  fileclient list
  fileclient get notes.txt
  fileclient get a.txt b.txt -o downloads
  fileclient upload report.pdf --as march.pdf
  fileclient --server 192.0.2.7:46666 stats
  fileclient top --once --sort rate
  fileclient --tls --ca ca.pem --token-file token list";

/// List, fetch and store files on a file server
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, subcommand_help_heading = "Commands")]
pub struct Args {
    #[command(flatten)]
    pub(crate) server: ServerArgs,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the names of the stored files, one a line
    #[command(visible_alias = "ls")]
    List {
        /// Print their sizes too, where the server tells them [default: off]
        #[arg(
            short,
            long,
            env = "FILECLIENT_LONG",
            hide_env_values = true,
            value_parser = FalseyValueParser::new()
        )]
        long: bool,

        #[command(flatten)]
        report: Report,
    },

    /// Download files; each takes its name when it is whole
    Get {
        /// Names of stored files
        #[arg(value_name = "NAME", required = true)]
        names: Vec<FileName>,

        /// File to write, or an existing directory; - is standard output [default: the file's name, in
        /// the current directory]
        #[arg(
            short,
            long,
            value_name = "PATH",
            env = "FILECLIENT_OUTPUT",
            hide_env_values = true,
            value_hint = ValueHint::AnyPath
        )]
        output: Option<PathBuf>,

        /// Do not replace existing local files; they are skipped, which is no failure [default:
        /// replace them and keep their permissions]
        #[arg(
            short,
            long,
            env = "FILECLIENT_NO_CLOBBER",
            hide_env_values = true,
            value_parser = FalseyValueParser::new()
        )]
        no_clobber: bool,

        #[command(flatten)]
        report: Report,
    },

    /// Upload files; each replaces a stored one of its name
    #[command(visible_alias = "put")]
    Upload {
        /// Local files; - is standard input, which needs a name with --as
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,

        /// Name to store a single file under [default: the last part of its path]
        #[arg(long = "as", value_name = "NAME", env = "FILECLIENT_AS", hide_env_values = true)]
        name: Option<FileName>,

        #[command(flatten)]
        report: Report,
    },

    /// Delete stored files
    #[command(visible_alias = "rm")]
    Delete {
        /// Names of stored files
        #[arg(value_name = "NAME", required = true)]
        names: Vec<FileName>,

        #[command(flatten)]
        report: Report,
    },

    /// Print the server's counts: connections, requests, bytes, workers
    Stats {
        #[command(flatten)]
        report: Report,
    },

    /// Watch the server work: its rates, and what each worker does
    #[command(after_help = TOP_NOTES)]
    Top(TopArgs),

    /// Ask whether the server answers, and how soon
    Ping {
        #[command(flatten)]
        report: Report,
    },

    /// Print the hashes of stored files
    Digest {
        /// Names of stored files
        #[arg(value_name = "NAME", required = true)]
        names: Vec<FileName>,

        #[command(flatten)]
        report: Report,
    },

    #[command(flatten)]
    Documents(Documents),
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Report {
    /// Print the results as JSON, an object a line [default: off]
    #[arg(
        long,
        env = "FILECLIENT_JSON",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    json: bool,
}

const TOP_NOTES: &str = "\
Keys: q ends, ? explains the others and the columns.

Each look makes a new connection, so watching keeps no worker busy; the server counts these \
connections. While all workers are busy, a look waits in line like every client. The port of \
fileserver --status answers even then.

If standard output is no terminal, the view is printed once, as with --once.";

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TopArgs {
    /// Time from one look to the next, from 0.1 to 3600
    #[arg(
        long,
        value_name = "SECONDS",
        env = "FILECLIENT_INTERVAL",
        hide_env_values = true,
        default_value = "1",
        value_parser = interval
    )]
    pub(crate) interval: Duration,

    /// Print the view once, as plain text with all columns; this takes one interval, in which the
    /// rates are measured [default: off]
    #[arg(
        long,
        env = "FILECLIENT_ONCE",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) once: bool,

    /// Column that the workers are sorted by: worker, pid, state, client, request, progress, time,
    /// rate, cpu, memory, requests, failed or restarts
    #[arg(
        long,
        value_enum,
        value_name = "COLUMN",
        hide_possible_values = true,
        env = "FILECLIENT_SORT",
        hide_env_values = true,
        default_value_t = Column::default()
    )]
    pub(crate) sort: Column,
}

impl Args {
    /// Reads and checks the arguments of this process and its environment. Ends the process with help
    /// or an error where that is called for.
    pub fn from_command_line() -> Self {
        let args: Self = cli::parse();
        let of_command = || args.command.as_ref().and_then(Command::misuse);
        if let Some(misuse) = args.server.misuse().or_else(of_command) {
            Self::command().error(ErrorKind::ArgumentConflict, misuse).exit();
        }
        args
    }
}

impl Command {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List { report, .. }
            | Self::Get { report, .. }
            | Self::Upload { report, .. }
            | Self::Delete { report, .. }
            | Self::Stats { report }
            | Self::Ping { report }
            | Self::Digest { report, .. } => report.json,
            Self::Top(_) | Self::Documents(_) => false,
        }
    }

    /// It takes standard input for a file.
    pub(crate) fn reads_stdin(&self) -> bool {
        matches!(self, Self::Upload { files, .. } if files.iter().any(|file| file.as_os_str() == "-"))
    }

    /// What is wrong with arguments that are right one by one.
    pub(crate) fn misuse(&self) -> Option<&'static str> {
        match self {
            Self::Upload { files, name: Some(_), .. } if files.len() > 1 => {
                Some("--as names one file; upload the others without it")
            }
            Self::Upload { name: None, .. } if self.reads_stdin() => {
                Some("standard input has no name; give it one with --as NAME")
            }
            Self::Get { output: Some(output), report: Report { json: true }, .. }
                if output.as_os_str() == "-" =>
            {
                Some("-o - and --json both want standard output; leave one out")
            }
            Self::Get { names, output: Some(output), .. } if names.len() > 1 => {
                misuse_for_many(output)
            }
            _ => None,
        }
    }
}

fn misuse_for_many(output: &Path) -> Option<&'static str> {
    if output.as_os_str() == "-" {
        Some("standard output takes one file; give one NAME with -o -")
    } else if !output.is_dir() {
        Some("with more than one NAME, -o needs an existing directory")
    } else {
        None
    }
}

fn interval(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(100)..=Duration::from_secs(3600);
    let interval = cli::units::seconds(text).ok().filter(|interval| range.contains(interval));
    interval.ok_or("a number of seconds from 0.1 to 3600 is needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn an_interval_neither_hurries_nor_sleeps() {
        assert_eq!(interval("0.1"), Ok(Duration::from_millis(100)));
        assert_eq!(interval("3600"), Ok(Duration::from_secs(3600)));
        for bad in ["0", "0.09", "3601", "-1", "NaN", "often"] {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }
}
