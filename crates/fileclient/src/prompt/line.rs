//! One line of the prompt, read as a command.

use anyhow::anyhow;
use clap::{FromArgMatches, Parser, error::ErrorKind};

use super::words;
use crate::args::Command;

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
    #[command(flatten)]
    Run(Command),
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
    /// Arguments that are right one by one, and not together.
    Misuse(&'static str),
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
    let matches = cli::command::<Line>().try_get_matches_from(found.words);
    let line = matches.and_then(|matches| Line::from_arg_matches(&matches));
    match line.map_err(LineError::Usage)?.verb {
        Verb::Exit => Ok(Entered::Exit),
        Verb::Run(command) => match command.misuse() {
            None if command.reads_stdin() => Err(LineError::Misuse(
                "at the prompt the commands come from standard input; upload a file",
            )),
            None => Ok(Entered::Command(command)),
            Some(misuse) => Err(LineError::Misuse(misuse)),
        },
    }
}

impl LineError {
    /// Prints the help, if that is what was asked for; else the failure to report.
    pub(super) fn tell(self) -> anyhow::Result<()> {
        let usage = match self {
            Self::OpenQuote => return Err(anyhow!("a quote is not closed; close it")),
            Self::Misuse(misuse) => return Err(anyhow!(misuse)),
            Self::Usage(usage) => usage,
        };
        let text = usage.render().to_string();
        if usage.kind() == ErrorKind::DisplayHelp {
            cli::output::print(text.as_bytes());
            return Ok(());
        }
        // Its first lines say what is wrong, the rest repeats what `help` shows.
        let reason =
            text.trim_start_matches("error: ").split("\n\nUsage").next().unwrap_or_default();
        let reason = reason.split("\n\n").next().unwrap_or_default();
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(anyhow!("{reason}; 'help' lists the commands"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use protocol::FileName;

    use super::*;

    #[test]
    fn verbs_take_what_they_take_on_the_command_line() {
        let line = "get 'a b' c -o .";
        let Entered::Command(Command::Get { names, output, .. }) = parse(line).unwrap() else {
            panic!("not a get");
        };
        assert_eq!(names.iter().map(FileName::as_str).collect::<Vec<_>>(), ["a b", "c"]);
        assert_eq!(output, Some(PathBuf::from(".")));
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
            ("echo two words", "unexpected argument 'words' found"),
            ("get .hidden", "the file name starts with a dot"),
            ("get 'a", "a quote is not closed"),
            ("upload a b --as c", "--as names one file"),
            ("put - --as c", "the commands come from standard input"),
        ] {
            let failure = parse(line).unwrap_err().tell().unwrap_err().to_string();
            assert!(failure.contains(part) && !failure.contains('\n'), "{failure}");
        }
    }
}
