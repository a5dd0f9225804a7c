//! The command `compare`: its options, and what it prints.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{bail, ensure};
use clap::ValueEnum;
use runs::EXIT_GATE;

use super::{
    Compared, gates,
    modes::Modes,
    output, screen,
    verdicts::{Comparison, Machines},
};
use crate::{
    args::ResultArgs,
    balance::{self, Format},
    results::{CELLS, Run},
};

/// Below the options of `stress-run compare --help`.
pub(crate) const NOTES: &str = "\
Verdicts on B, or on a mode:
  within 5%       the medians differ by no more; --csv, --json, --gate: same
  faster, slower  they differ by more, and the corrected p is at most 0.05
  inconclusive    they differ by more, and chance could be all of it
  not comparable  another machine or other settings, INVALID, PARTIAL, failures

Runs and encodings are compared row by row, by the mean time of a client, modes by the goodput: servers \
that serve their clients in turn have a lower mean at the same speed. Modes are compared under each load, \
and under all loads of an operation together, by the geometric mean: this shows smaller differences.

p is that of the exact two-sided Mann-Whitney test, corrected for the number of tests \
(Benjamini-Hochberg). Between modes the repetitions that are tested also choose the best pool. So a mode \
is faster only where its best pool is faster than each pool of the other mode, and p is multiplied by the \
number of its pools.

Runs of balance are compared by the mean time of each policy under each scenario, and refused where no \
row could be compared.

A verdict of faster or slower takes 4 repetitions of both runs, and between modes 5 where each has three \
pools. A difference in one row among many, or between two of four modes, takes 6 or 7.

A gate names a column of --csv, which every selected row must meet (speed_ratio>=0.9), or one of pairs, \
faster, slower, same, inconclusive, not_comparable and geomean (of the speeds), counted over the selected \
rows. One that has nothing to go by is not met: geomean, same and inconclusive where no row can be \
compared, faster and slower where no row is tested.

Did a change make it slower? Measure before and after it, on the same machine:
  stress-run --modes thread --volumes 10 --repeat 6 --out results/before
  stress-run --modes thread --volumes 10 --repeat 6 --out results/after
  stress-run compare results/before/latest results/after/latest

Which mode is faster?
  stress-run --volumes 10 --repeat 6
  stress-run compare results/latest --between modes

How much faster is it without base64?
  stress-run --encoding base64,raw --volumes 10 --repeat 6
  stress-run compare results/latest --between encodings

Exit status: 0 compared, whatever the verdicts, 2 bad usage or a run that cannot be read, 4 a gate was \
not met.";

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// The directory of the run to compare with, or with --between the only one
    #[arg(value_name = "A")]
    a: PathBuf,

    /// The directory of the run that the verdicts are on
    #[arg(value_name = "B")]
    b: Option<PathBuf>,

    /// Compare within one run: its server modes, each with its best pool, or its rows
    /// without base64 (B) with those with it (A)
    #[arg(long, value_name = "WHAT", value_enum, conflicts_with_all = ["b", "across_machines"])]
    between: Option<Between>,

    /// Compare runs of two machines all the same
    ///
    /// A difference may come from the machine.
    #[arg(long)]
    across_machines: bool,

    /// Print CSV, in English whatever the language
    #[arg(long, conflicts_with = "json")]
    csv: bool,

    /// Print JSON, in English whatever the language
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    results: ResultArgs,
}

/// What is compared within one run.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Between {
    Modes,
    Encodings,
}

/// Prints the comparison and what became of the gates.
pub(crate) fn run(args: &CompareArgs) -> anyhow::Result<ExitCode> {
    ensure!(
        args.b.is_some() || args.between.is_some(),
        "name run B as well, or compare within run A with --between modes or --between encodings"
    );
    let dirs = || std::iter::once(&args.a).chain(&args.b);
    if dirs().any(|dir| balance::is_run(dir)) {
        return args.compare_balancers();
    }
    let runs: Vec<Run> = dirs().map(|dir| Run::open(dir)).collect::<anyhow::Result<_>>()?;
    for run in &runs {
        ensure!(
            !run.attempts.is_empty(),
            "{} holds no measured cell",
            run.dir.join(CELLS).display()
        );
    }
    let compared = match (&runs[..], args.between) {
        ([a, b], _) => Compared::Runs(Comparison::of_runs(a, b, args.machines())),
        (runs, Some(Between::Encodings)) => Compared::Encodings(between_encodings(&runs[0])?),
        (runs, _) => Compared::Modes(between_modes(&runs[0])?),
    };
    let results = gates::check(&runs, compared.rows(), &args.results.gates)?;
    let is_for_programs = args.csv || args.json;
    if args.csv {
        cli::output::print(output::csv(&runs, compared.rows())?.as_bytes());
    } else if args.json {
        cli::outln!("{}", serde_json::to_string_pretty(&output::json(&runs, &compared))?);
    } else {
        cli::output::print(screen::on_screen(&runs, &compared, args.results.lang).as_bytes());
    }
    for line in results.iter().flat_map(|result| result.lines(args.results.lang.catalogue())) {
        // Programs read the standard output as a whole.
        if is_for_programs { cli::errln!("{line}") } else { cli::outln!("{line}") }
    }
    let is_met = results.iter().all(|result| result.broken.is_empty());
    Ok(if is_met { ExitCode::SUCCESS } else { EXIT_GATE.into() })
}

fn between_modes(run: &Run) -> anyhow::Result<Modes> {
    let modes = Modes::of(&run.cells(), &run.marks());
    ensure!(
        !modes.by_load.pairs.is_empty(),
        "{} has downloads or uploads of one server mode at most; measure two, for example with --modes \
         thread,process",
        run.dir.display()
    );
    Ok(modes)
}

fn between_encodings(run: &Run) -> anyhow::Result<Comparison> {
    ensure!(
        run.encodings().len() > 1,
        "{} has rows with one encoding at most; measure both with --encoding base64,raw",
        run.dir.display()
    );
    Ok(Comparison::of_encodings(run))
}

impl CompareArgs {
    /// Runs of the other experiment.
    fn compare_balancers(&self) -> anyhow::Result<ExitCode> {
        let Some(b) = &self.b else {
            bail!("{} is of a balancer, and has no modes or encodings to compare", self.a.display())
        };
        for dir in [&self.a, b] {
            ensure!(
                balance::is_run(dir),
                "{} is not of a balancer, as the other is",
                dir.display()
            );
        }
        let format = match self {
            Self { csv: true, .. } => Format::Csv,
            Self { json: true, .. } => Format::Json,
            _ => Format::Screen,
        };
        balance::compare([&self.a, b], self.machines(), format, &self.results)
    }

    fn machines(&self) -> Machines {
        if self.across_machines { Machines::MayDiffer } else { Machines::MustAgree }
    }
}
