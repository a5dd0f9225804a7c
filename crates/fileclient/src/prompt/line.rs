//! One line of the prompt, read as a command.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::{Parser, builder::FalseyValueParser, error::ErrorKind};
use protocol::FileName;

use super::words;
use crate::{args::Command, output::print};

const NOTES: &str = "\
A name with blanks goes in quotes. Tab completes commands, files here and names on the server.
'help COMMAND' tells more about one.";

#[derive(Debug, Parser)]
#[command(
    multicall = true,
    disable_help_flag = true,
    subcommand_value_name = "COMMAND",
    subcommand_help_heading = "Commands",
    help_template = "{subcommands}{after-help}",
    after_help = NOTES
)]
struct Line {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print the names of the stored files, one a line
    List,
    /// Download a file
    Get {
        /// Name of a stored file
        name: FileName,
        /// File to write, or a directory that is there [default: the file's name, in the current
        /// directory]
        local: Option<PathBuf>,
    },
    /// Upload a file; a stored file of the same name is replaced
    Upload {
        /// Local file
        local: PathBuf,
        /// Name to store it under [default: the last part of its path]
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
            hide_env = true,
            value_parser = FalseyValueParser::new()
        )]
        json: bool,
    },
    /// Ask whether the server answers, and how soon
    Ping,
    /// Print what a stored file hashes to
    Digest {
        /// Name of a stored file
        name: FileName,
    },
    /// Leave, as Ctrl-D does
    #[command(alias = "quit")]
    Exit,
}

/// What a line amounts to.
#[derive(Debug)]
pub(super) enum Entered {
    Command(Command),
    /// A blank line or a comment.
    Nothing,
    Exit,
}

/// Why a line is no command.
#[derive(Debug)]
pub(super) enum LineError {
    OpenQuote,
    Usage(clap::Error),
}

pub(super) fn parse(line: &str) -> Result<Entered, LineError> {
    if line.trim_start().starts_with('#') {
        return Ok(Entered::Nothing);
    }
    let found = words::split(line);
    if found.is_open {
        return Err(LineError::OpenQuote);
    }
    if found.words.is_empty() {
        return Ok(Entered::Nothing);
    }
    let verb = Line::try_parse_from(found.words).map_err(LineError::Usage)?.verb;
    Ok(Entered::from(verb))
}

impl From<Verb> for Entered {
    fn from(verb: Verb) -> Self {
        Self::Command(match verb {
            Verb::List => Command::List,
            Verb::Get { name, local } => Command::Get { names: vec![name], output: local },
            Verb::Upload { local, name } => Command::Upload { files: vec![local], name },
            Verb::Delete { names } => Command::Delete { names },
            Verb::Stats { json } => Command::Stats { json },
            Verb::Ping => Command::Ping,
            Verb::Digest { name } => Command::Digest { name },
            Verb::Exit => return Self::Exit,
        })
    }
}

impl LineError {
    /// Prints the help, if that is what was asked for; else the failure to report.
    pub(super) fn tell(self) -> anyhow::Result<()> {
        let usage = match self {
            Self::OpenQuote => return Err(anyhow!("a quote is not closed; close it")),
            Self::Usage(usage) => usage,
        };
        let text = usage.render().to_string();
        if usage.kind() == ErrorKind::DisplayHelp {
            return print(text.as_bytes()).context("cannot write to standard output");
        }
        // Its first lines say what is wrong, the rest repeats what `help` shows.
        let reason =
            text.trim_start_matches("error: ").split("\n\nUsage").next().unwrap_or_default();
        let reason = reason.split("\n\nFor more").next().unwrap_or_default();
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(anyhow!("{reason}; 'help' lists the commands"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_take_a_name_and_a_path() {
        let Ok(Entered::Command(Command::Get { names, output })) = parse("get 'a b' c/d") else {
            panic!("not a get");
        };
        assert_eq!(names[0].as_str(), "a b");
        assert_eq!(output, Some(PathBuf::from("c/d")));
    }

    #[test]
    fn blank_lines_and_comments_are_nothing() {
        for line in ["", "  ", "# list"] {
            assert!(matches!(parse(line), Ok(Entered::Nothing)), "{line}");
        }
        assert!(matches!(parse("quit"), Ok(Entered::Exit)));
    }

    #[test]
    fn a_wrong_line_is_one_sentence() {
        for (line, part) in [
            ("frobnicate", "unrecognized subcommand 'frobnicate'"),
            ("get", "required arguments were not provided"),
            ("get .hidden", "the file name starts with a dot"),
            ("get 'a", "a quote is not closed"),
        ] {
            let failure = parse(line).unwrap_err().tell().unwrap_err().to_string();
            assert!(failure.contains(part) && !failure.contains('\n'), "{failure}");
        }
    }
}
