//! What can be said on the command line.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{CommandFactory, Parser, ValueHint, builder::FalseyValueParser, error::ErrorKind};
use clap_complete::Shell;
use protocol::FileName;

use crate::{Framing, Options};

const EXAMPLES: &str = "\
Without a command: a prompt on a terminal; elsewhere the lines of standard input are the commands.
Exit status: 0 done, 1 some of the work failed, 2 bad usage.

Examples:
  fileclient list
  fileclient get notes.txt
  fileclient get a.txt b.txt -o downloads
  fileclient upload report.pdf --as march.pdf
  fileclient --server 192.0.2.7:46666 stats";

/// List, fetch and store files on a file server
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, subcommand_help_heading = "Commands")]
pub struct Args {
    #[command(flatten)]
    pub(crate) server: ServerArgs,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// Server to talk to
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        env = "FILECLIENT_SERVER",
        hide_env_values = true,
        default_value = "127.0.0.1:46666",
        value_parser = host_and_port,
        value_hint = ValueHint::Hostname
    )]
    pub(crate) server: String,

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
        value_parser = seconds
    )]
    timeout: Duration,
}

impl ServerArgs {
    pub(crate) fn options(&self) -> Options {
        Options { framing: self.framing, timeout: self.timeout, deadline: None }
    }
}

#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the names of the stored files, one a line
    List,

    /// Download files; each takes its name when it is whole
    Get {
        /// Names of stored files
        #[arg(value_name = "NAME", required = true)]
        names: Vec<FileName>,

        /// File to write, or a directory that is there; - is standard output [default: the file's
        /// name, in the current directory]
        #[arg(
            short,
            long,
            value_name = "PATH",
            env = "FILECLIENT_OUTPUT",
            hide_env_values = true,
            value_hint = ValueHint::AnyPath
        )]
        output: Option<PathBuf>,
    },

    /// Upload files; a stored file of the same name is replaced
    Upload {
        /// Local files
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,

        /// Name to store a single file under [default: the last part of its path]
        #[arg(long = "as", value_name = "NAME", env = "FILECLIENT_AS", hide_env_values = true)]
        name: Option<FileName>,
    },

    /// Delete stored files
    Delete {
        /// Names of stored files
        #[arg(value_name = "NAME", required = true)]
        names: Vec<FileName>,
    },

    /// Print the server's counts: connections, requests, bytes and its workers
    Stats {
        /// Print them as JSON instead of a table [default: off]
        #[arg(
            long,
            env = "FILECLIENT_JSON",
            hide_env_values = true,
            value_parser = FalseyValueParser::new()
        )]
        json: bool,
    },

    /// Ask whether the server answers, and how soon
    Ping,

    /// Print what a stored file hashes to
    Digest {
        /// Name of a stored file
        #[arg(value_name = "NAME")]
        name: FileName,
    },

    /// Print the completions of a shell
    #[command(hide = true)]
    Completions { shell: Shell },

    /// Print a manual page: the program's, or that of a command
    #[command(hide = true)]
    Man { command: Option<String> },
}

impl Args {
    /// Reads and checks the arguments of this process and its environment.
    ///
    /// The error also stands for `--help` and `--version`: `exit` prints it as it should be.
    pub fn from_command_line() -> Result<Self, clap::Error> {
        let args = Self::try_parse()?;
        match args.command.as_ref().and_then(Command::misuse) {
            Some(misuse) => Err(Self::command().error(ErrorKind::ArgumentConflict, misuse)),
            None => Ok(args),
        }
    }
}

impl Command {
    /// What is wrong with arguments that are right one by one.
    pub(crate) fn misuse(&self) -> Option<&'static str> {
        match self {
            Self::Upload { files, name: Some(_) } if files.len() > 1 => {
                Some("--as names one file; upload the others without it")
            }
            Self::Get { names, output: Some(output) } if names.len() > 1 => misuse_for_many(output),
            _ => None,
        }
    }
}

fn misuse_for_many(output: &Path) -> Option<&'static str> {
    if output.as_os_str() == "-" {
        Some("standard output takes one file; give one NAME with -o -")
    } else if !output.is_dir() {
        Some("with more than one NAME, -o needs a directory that is there")
    } else {
        None
    }
}

fn host_and_port(text: &str) -> Result<String, &'static str> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            Ok(text.to_owned())
        }
        _ => Err("a host, a colon and a port are needed, as in 127.0.0.1:46666"),
    }
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|timeout| !timeout.is_zero())
        .ok_or("a number of seconds above zero is needed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_server_is_a_host_and_a_port() {
        for good in ["127.0.0.1:46666", "localhost:1", "[::1]:46666"] {
            assert!(host_and_port(good).is_ok(), "{good}");
        }
        for bad in ["", "localhost", ":1", "localhost:", "localhost:70000", "localhost:http"] {
            assert!(host_and_port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_timeout_is_above_zero() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["0", "-1", "inf", "NaN", "soon"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
