//! The command line of `stress-run`.

mod connect;
mod options;

use std::{ffi::OsString, path::PathBuf};

use clap::{CommandFactory, Parser, Subcommand};
use cli::Documents;

pub(crate) use self::connect::AccessArgs;
pub(crate) use self::options::{PlaceArgs, PlanArgs, ResultArgs, RunArgs};
use crate::{
    balance::{self, BalanceArgs},
    compare::{self, CompareArgs},
    experiment::client_pool,
    load::{self, LoadArgs},
    processes::offspring,
    servers::{access::WorkerAccess, null_server},
};

const EXAMPLES: &str = "\
Examples:
  stress-run --quick                     try it out: half a minute, small files
  stress-run                             thread and process mode, 54 rows each
  stress-run --modes async --clients 50  18 rows of one mode
  stress-run --encoding base64,raw       what base64 costs, 108 rows a mode
  stress-run --lang id                   tables and messages in Indonesian
  stress-run plan --modes thread         the time, disk and memory that it needs
  stress-run resume results/latest       what is missing or was disturbed
  stress-run report results/latest       its tables and its report once more
  stress-run compare results/latest --between modes
                                         which mode is faster?
  stress-run compare results/latest --between encodings
                                         how much faster is it without base64?
  stress-run load --connect 8000 --clients 20 --message halo
                                         how fast are the answers?
  stress-run balance --quick             what does a balancer's policy change?
  stress-run --gate 'failed==0' --gate 'mode=thread,clients=50:mean_s<5'

A gate is a condition on a column of numbers in cells.csv, or on `failed`, which means clients_failed. \
Conditions on other columns may stand before it, with a colon between; they select the rows, volume in \
MiB. If a selected row does not meet the gate, or its value is empty, the exit status is 4. A gate that \
selects no row is bad usage.

The variables STRESS_OP, FILE_SIZE_MB, CLIENT_POOL and CLIENT_POOL_TYPE select rows too.

Exit status: 0 all well, 1 some clients failed, 2 bad usage or it could not start, 3 wrong bytes or \
counts that disagree, 4 a gate was not met, 130 interrupted. If several apply, the first of 130, 3, 4, 1 \
counts.";

const RESUME_NOTES: &str = "\
The run continues with the options that it began with. It needs the same programs, the same machine, \
and a work directory on a file system of the same kind.

Exit status: that of the whole run, or 2 if it cannot continue.";

const REPORT_NOTES: &str = "\
Exit status: 0 written, 2 bad usage or a run that cannot be read, 4 a gate was not met.";

/// Measure a file server in every setting and write the tables
///
/// A row of a table is one setting: an operation, a volume, a number of clients and a number of
/// server workers. All clients of a row start together, each moves one file, and every byte is
/// checked. The word run may be left out.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    override_usage = "stress-run [run] [OPTIONS]\n       stress-run COMMAND ..."
)]
pub struct Args {
    /// Measure
    #[arg(value_name = "run", value_parser = no_command, hide = true)]
    run: Vec<()>,

    #[command(flatten)]
    pub(crate) options: RunArgs,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Continue a run: measure what is missing or was disturbed
    #[command(after_help = RESUME_NOTES)]
    Resume {
        /// The directory of the run
        #[arg(value_name = "RUN")]
        dir: PathBuf,

        #[command(flatten)]
        access: Box<AccessArgs>,

        #[command(flatten)]
        places: PlaceArgs,

        /// Of a run of `balance`: the balancer to start [default: the filebalancer beside
        /// stress-run]
        #[arg(long, value_name = "PATH")]
        filebalancer: Option<PathBuf>,

        #[command(flatten)]
        results: ResultArgs,
    },
    /// Write the tables and the report of a run again, from its raw files
    #[command(after_help = REPORT_NOTES)]
    Report {
        /// The directory of the run
        #[arg(value_name = "RUN")]
        dir: PathBuf,

        #[command(flatten)]
        results: ResultArgs,
    },
    /// Print the rows of a run, and the time, disk and memory that it needs
    Plan {
        /// Print JSON
        #[arg(long)]
        json: bool,

        #[command(flatten)]
        plan: Box<PlanArgs>,

        #[command(flatten)]
        results: ResultArgs,
    },
    /// Say which of two runs, modes or encodings is faster
    #[command(after_help = compare::NOTES)]
    Compare(CompareArgs),
    /// Send requests from many clients at once, and time the answers
    #[command(
        after_help = load::NOTES,
        override_usage = "stress-run load --connect <HOST:PORT> [OPTIONS]"
    )]
    Load(Box<LoadArgs>),
    /// Measure a balancer: its policies, with servers that are slow or lost
    #[command(after_help = balance::NOTES)]
    Balance(Box<BalanceArgs>),
    /// Make one transfer for a pool of client processes
    #[command(name = client_pool::WORKER_COMMAND, hide = true)]
    ClientWorker {
        parent: u32,
        job: String,
        local: Option<PathBuf>,
        #[command(flatten)]
        access: WorkerAccess,
    },
    /// Serve zeros and discard uploads, for the ceilings
    #[command(name = null_server::NULL_SERVER_COMMAND, hide = true)]
    NullServer { parent: u32 },
    /// Become another program, which ends with this one's parent
    #[command(name = offspring::BOUND_COMMAND, hide = true)]
    Bound {
        parent: u32,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<OsString>,
    },
    #[command(flatten)]
    Documents(Documents),
}

/// A word that stands where a command may, and is none: `run`, anywhere among the options of a run.
fn no_command(word: &str) -> Result<(), String> {
    match word {
        "run" => Ok(()),
        _ if Args::command().find_subcommand(word).is_some() => {
            Err(format!("the options of {word} come after it: stress-run {word} ..."))
        }
        _ => Err("there is no such command; stress-run --help lists them".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        let parsed = Args::try_parse_from(line.split(' '));
        parsed.map_err(|err| err.to_string())
    }

    #[test]
    fn the_options_of_a_run_stand_before_run_behind_it_or_alone() {
        for line in
            ["stress-run --quick", "stress-run run --quick", "stress-run --quick run --repeat 4"]
        {
            let args = parse(line).unwrap();
            assert!(args.options.plan.quick && args.command.is_none(), "{line}");
        }
    }

    #[test]
    fn what_the_courses_stress_test_is_told_is_understood() {
        let line = "stress-run --server-host 172.16.16.101 --server-port 46666 --server-workers 5 \
                    --output 5workers_threading";
        let RunArgs { plan, out, .. } = parse(line).unwrap().options;
        assert_eq!(plan.server.address().unwrap().to_string(), "172.16.16.101:46666");
        assert_eq!((plan.servers(), out), (&[5][..], PathBuf::from("5workers_threading")));
        let help = Args::command().render_long_help().to_string();
        for word in ["--server-host", "--server-port", "--server-workers", "--output", "--pool"] {
            assert!(!help.contains(word), "{word}");
        }
    }

    #[test]
    fn an_option_that_a_command_does_not_use_is_refused_in_words() {
        for (line, why) in [
            ("stress-run report RUN --modes async", "unexpected argument '--modes'"),
            ("stress-run report RUN --out elsewhere", "unexpected argument '--out'"),
            ("stress-run resume RUN --clients 7", "unexpected argument '--clients'"),
            ("stress-run plan --port 7", "unexpected argument '--port'"),
            ("stress-run compare A B --quick", "unexpected argument '--quick'"),
            ("stress-run --out elsewhere report RUN", "the options of report come after it"),
            ("stress-run run plan", "the options of plan come after it"),
            ("stress-run --quick measure", "there is no such command"),
        ] {
            let refusal = parse(line).unwrap_err();
            assert!(refusal.contains(why), "{line}: {refusal}");
        }
    }

    #[test]
    fn no_line_of_help_is_wider_than_a_terminal_of_80_columns() {
        let mut program = cli::command::<Args>();
        program.build();
        let described = std::iter::once(&program).chain(program.get_subcommands());
        for command in described {
            let help = command.clone().render_long_help().to_string();
            let widest = help.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() <= 80, "{}: {widest}", command.get_name());
        }
    }

    #[test]
    fn the_examples_are_command_lines() {
        let notes = [EXAMPLES, compare::NOTES, load::NOTES, balance::NOTES];
        let lines = notes.iter().flat_map(|notes| notes.lines());
        let examples = lines.filter(|line| line.starts_with("  stress-run"));
        let mut count = 0;
        for example in examples {
            let command = example.trim_start().split("  ").next().unwrap_or_default();
            // As a shell would pass them on: no argument has a space in it.
            let parsed = parse(&command.replace('\'', ""));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
            count += 1;
        }
        assert_eq!(count, 28);
    }

    #[test]
    fn the_short_help_fits_a_terminal_of_24_lines() {
        for page in cli::short_help::<Args>() {
            assert!(page.lines().count() < 24, "{page}");
            assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        }
    }
}
