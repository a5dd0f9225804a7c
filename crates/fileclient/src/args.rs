//! What can be said on the command line.

mod server;
mod transfer;

use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser, ValueHint, error::ErrorKind};
use cli::Documents;
use protocol::{EchoText, FileName};

use crate::top::TopArgs;
pub(crate) use server::{Encoding, ServerArgs};
pub(crate) use transfer::GetOptions;

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
        /// Print their sizes too, where the server tells them
        #[arg(short, long)]
        long: bool,

        #[command(flatten)]
        report: Report,
    },

    /// Download files; each takes its name when it is whole
    Get {
        /// Names of stored files; with -r a * in one stands for any text
        #[arg(value_name = "NAME", required_unless_present = "recursive")]
        names: Vec<FileName>,

        /// File to write, an existing directory, or - for standard output
        ///
        /// [default: the file's name, in the current directory]
        #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
        output: Option<PathBuf>,

        /// Download all stored files, or those whose names are like NAME
        #[arg(short, long)]
        recursive: bool,

        #[command(flatten)]
        how: GetOptions,

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
        #[arg(long = "as", value_name = "NAME")]
        name: Option<FileName>,

        /// Upload the files in directories too, but no hidden ones and no directories in them
        #[arg(short, long)]
        recursive: bool,

        /// Keep what comes of a broken upload on the server, and go on from there
        ///
        /// Upload the same file with --continue again. The server keeps it for a day unless it is told otherwise;
        /// servers that know no STORE get all of the file. The digest of the whole is compared at the end.
        #[arg(short = 'c', long = "continue")]
        resume: bool,

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
    Top(TopArgs),

    /// Ask whether the server answers, and how soon
    Ping {
        #[command(flatten)]
        report: Report,
    },

    /// Have the server send a text back
    Echo {
        /// A line of at most 4,091 bytes
        text: EchoText,

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
    /// Print the results as JSON, an object a line
    #[arg(long)]
    json: bool,
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
            | Self::Echo { report, .. }
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
            Self::Upload { name: Some(_), recursive: true, .. } => {
                Some("--as names one file; leave it out with -r")
            }
            Self::Get { output: Some(output), recursive: true, .. } if !output.is_dir() => {
                Some("with -r, -o needs an existing directory")
            }
            Self::Get { output: Some(output), how: GetOptions { resume: true, .. }, .. }
                if output.as_os_str() == "-" =>
            {
                Some("standard output cannot be continued; leave --continue out")
            }
            Self::Get { how: GetOptions { resume: true, parallel: Some(2..), .. }, .. } => {
                Some("--continue goes on with one connection; leave --parallel out")
            }
            Self::Upload { resume: true, .. } if self.reads_stdin() => {
                Some("standard input cannot be continued; leave --continue out")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_short_help_fits_a_terminal_of_24_lines() {
        for page in cli::short_help::<Args>() {
            assert!(page.lines().count() < 24, "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
