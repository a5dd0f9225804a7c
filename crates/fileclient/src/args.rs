//! What can be said on the command line.

use std::{
    convert::Infallible,
    fs::File,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::{CommandFactory, Parser, ValueHint, builder::FalseyValueParser, error::ErrorKind};
use cli::Documents;
use protocol::{FileName, Token, TokenError};

use crate::{Framing, Options, Tls, top::Column};

const EXAMPLES: &str = "\
Without a command: a prompt on a terminal; elsewhere the lines of standard input are the commands.
Exit status: 0 done, 1 some of the work failed, 2 bad usage or a file that is needed cannot be read.

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
    /// What the arguments lay open, though they are right.
    pub(crate) fn warning(&self, options: &Options) -> Option<String> {
        let host = self.server.rsplit_once(':').map_or(self.server.as_str(), |(host, _)| host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let is_near = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
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
        Ok(Options { framing: self.framing, timeout: self.timeout, deadline: None, token, tls })
    }

    /// What is wrong with arguments that are right one by one.
    fn misuse(&self) -> Option<&'static str> {
        if self.ca.is_some() && !self.tls {
            Some("--ca says whom to trust with --tls; say --tls as well")
        } else if self.token.is_some() && self.token_file.is_some() {
            Some("--token and --token-file are two places for one token; name one")
        } else {
            None
        }
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

#[derive(Clone, Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the names of the stored files, one a line
    List,

    /// Download files; each takes its name when it is whole, and keeps the permissions of an older one
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

        /// Leave local files that are there as they are: a file whose name is taken is skipped, which
        /// is no failure [default: replace them]
        #[arg(
            short,
            long,
            env = "FILECLIENT_NO_CLOBBER",
            hide_env_values = true,
            value_parser = FalseyValueParser::new()
        )]
        no_clobber: bool,
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

    /// Watch the server work: its rates, and what each of its workers is doing
    #[command(after_help = TOP_NOTES)]
    Top(TopArgs),

    /// Ask whether the server answers, and how soon
    Ping,

    /// Print what a stored file hashes to
    Digest {
        /// Name of a stored file
        #[arg(value_name = "NAME")]
        name: FileName,
    },

    #[command(flatten)]
    Documents(Documents),
}

const TOP_NOTES: &str = "\
Keys: q ends, ? explains the others and the columns.

Each look takes a connection of its own, so that none of the server's workers is kept busy by being
watched; the server counts it. Where all workers are busy, the look waits in line as every client
does.

Where standard output is no terminal, the picture is printed once, as with --once.";

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

    /// Print the picture once, as plain text with all columns; its rates are those between two
    /// looks, so it takes an interval [default: off]
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
    /// What is wrong with arguments that are right one by one.
    pub(crate) fn misuse(&self) -> Option<&'static str> {
        match self {
            Self::Upload { files, name: Some(_) } if files.len() > 1 => {
                Some("--as names one file; upload the others without it")
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

fn interval(text: &str) -> Result<Duration, &'static str> {
    let range = Duration::from_millis(100)..=Duration::from_secs(3600);
    let interval = cli::seconds(text).ok().filter(|interval| range.contains(interval));
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
    fn a_server_is_a_host_and_a_port() {
        for good in ["127.0.0.1:46666", "localhost:1", "[::1]:46666"] {
            assert!(host_and_port(good).is_ok(), "{good}");
        }
        for bad in ["", "localhost", ":1", "localhost:", "localhost:70000", "localhost:http"] {
            assert!(host_and_port(bad).is_err(), "{bad}");
        }
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
