//! The command line of `filepeer`. The options of a command are with the command.

use clap::{Parser, Subcommand};
use cli::Documents;

use crate::{
    commands::{get::GetArgs, search::SearchArgs, serve::ServeArgs, ticket::TicketArgs},
    demo::DemoArgs,
    simulate::args::{ReportArgs, SimulateArgs},
    top::TopArgs,
};

const EXAMPLES: &str = "\
Examples:
  filepeer demo                        three nodes find and fetch a file
  filepeer serve --share files         a node with the files of a directory
  filepeer get contoh.txt --via 127.0.0.1:5001
  filepeer ticket thesis.pdf           prints a line that fetches the file
  filepeer simulate                    what a search costs, up to 1,000 nodes
  filepeer top                         what the node at port 5001 counts

Exit status: 0 done, 1 the file was not found or did not come whole, 2 bad
usage or it could not start, 4 a gate was not met, 130 it was stopped.";

/// Search files of other peers, and fetch them, without a server
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Let three nodes of this machine find and fetch a file
    Demo(DemoArgs),

    /// Run a node: share files, answer searches and pass them on
    Serve(ServeArgs),

    /// Show who has a file
    Search(SearchArgs),

    /// Search for files, and fetch them from all who have them
    Get(GetArgs),

    /// Send a file to whoever has its ticket
    Ticket(TicketArgs),

    /// Show what a node counts
    Top(TopArgs),

    /// Simulate searches over many nodes, and hold them against theory
    Simulate(SimulateArgs),

    /// Write the tables and the report of a simulation again
    Report(ReportArgs),

    #[command(flatten)]
    Documents(Documents),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of examples in the help of the program and of all its commands.
    fn examples() -> Vec<String> {
        let mut commands = vec![cli::command::<Args>()];
        let mut examples = Vec::new();
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = notes.lines().filter(|line| line.starts_with("  filepeer"));
            // What it is for stands behind it, at some distance.
            let example = |line: &str| {
                line.trim_start().split("  ").next().unwrap_or_default().replace('\'', "")
            };
            examples.extend(lines.map(example));
        }
        examples
    }

    #[test]
    fn the_examples_are_command_lines() {
        let examples = examples();
        assert!(examples.len() >= 6, "{examples:?}");
        for example in examples {
            // A condition of a gate has a space that the shell would keep.
            let words = example.replace(": ", ":\u{a0}");
            let words = words.split(' ').map(|word| word.replace('\u{a0}', " "));
            let parsed = Args::try_parse_from(words);
            assert!(parsed.is_ok(), "{example}: {parsed:?}");
        }
    }

    #[test]
    fn the_short_help_fits_a_terminal_of_24_lines() {
        for page in cli::short_help::<Args>() {
            assert!(page.lines().count() < 24, "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
