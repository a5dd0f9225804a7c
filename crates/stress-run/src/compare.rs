//! `stress-run compare A B`: is run B faster or slower than run A, row by row?
//!
//! [`past_run`] reads the two directories, [`obstacles`] says what may not be compared,
//! [`verdicts`] decides about the rest and [`output`] shows it. Only reads, and starts nothing.

mod gates;
mod obstacles;
mod output;
mod past_run;
mod verdicts;

use std::{path::PathBuf, process::ExitCode};

pub(crate) use self::{
    obstacles::{Difference, Obstacle, Side},
    verdicts::{Tally, Verdict},
};
use self::{past_run::PastRun, verdicts::Comparison};
use crate::{args::ResultOptions, gate::EXIT_GATE};

/// Below the options of `stress-run compare --help`.
pub(crate) const NOTES: &str = "\
The mean time per client decides. Of several repetitions the medians are compared:
  same            the medians differ by at most 5%
  faster, slower  they differ by more, and p is at most 0.05: the exact two-sided Mann-Whitney
                  test, corrected for the number of rows tested (Benjamini-Hochberg)
  inconclusive    they differ by more, and chance could be all of it
  not comparable  another machine or other settings, INVALID, PARTIAL, failures, a missing row

Only rows with 4 repetitions or more on each side are tested: 4 against 4 can reach p = 0.029, while
3 against 3 never goes below 0.1. The others are the same or inconclusive. The speed is the time of
A divided by that of B. Goodput decides nothing; --csv and --json have it too.

A gate names a column of --csv, which every selected row must meet (speed_ratio>=0.9), or one of
pairs, faster, slower, same, inconclusive, not_comparable and geomean (of the speeds), counted over
the selected rows. One that has nothing to go by is not met: geomean, same and inconclusive where
no row can be compared, faster and slower where no row is tested.

Examples:
  stress-run compare results/reference results/latest
  stress-run compare results/reference results/latest --gate 'slower==0' --gate 'geomean>=0.95'

Exit status: 0 compared, whatever the verdicts, 2 bad usage or a run that cannot be read,
4 a gate was not met.";

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// The directory of the run to compare with
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The directory of the run that the verdicts are on
    #[arg(value_name = "B")]
    b: PathBuf,

    /// Print CSV, in English whatever the language
    #[arg(long, conflicts_with = "json")]
    csv: bool,

    /// Print JSON, in English whatever the language
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    results: ResultOptions,
}

/// Prints the comparison and what became of the gates.
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    let comparison = Comparison::of(PastRun::open(&args.a)?, PastRun::open(&args.b)?);
    let results = gates::check(&comparison, &args.results.gates)?;
    let is_for_programs = args.csv || args.json;
    if args.csv {
        cli::output::print(output::csv(&comparison)?.as_bytes());
    } else if args.json {
        cli::outln!("{}", serde_json::to_string_pretty(&output::json(&comparison))?);
    } else {
        cli::output::print(output::on_screen(&comparison, args.results.lang).as_bytes());
    }
    for line in results.iter().flat_map(|result| args.results.lang.gate(result)) {
        // Programs read the standard output as a whole.
        if is_for_programs { cli::errln!("{line}") } else { cli::outln!("{line}") }
    }
    let is_met = results.iter().all(|result| result.broken.is_empty());
    Ok(if is_met { ExitCode::SUCCESS } else { EXIT_GATE.into() })
}

#[cfg(test)]
mod tests;
