//! `filepeer simulate`: searches over thousands of nodes in virtual time, by the code that real nodes run.
//!
//! Each case is simulated with every seed, on all processors, and its records are written at once; from these files
//! alone everything else is made. The outcome depends on the arguments, not on how many threads there are.

pub(crate) mod args;
mod case;
mod numbers;
mod plan;
mod progress;
mod records;
mod report;
mod saved;
mod stopping;

use std::{path::Path, process::ExitCode};

use anyhow::Context;
use rayon::{
    ThreadPoolBuilder,
    iter::{IntoParallelRefIterator, ParallelIterator},
};
use runs::{EXIT_GATE, Sheet, check_latest, point_latest_to};
use serde::Serialize;
use simulation::Distribution;

use self::{
    args::{ReportArgs, ResultArgs, SimulateArgs, TellingArgs},
    numbers::Line,
    plan::{Case, Plan},
    progress::Progress,
    records::Record,
    report::{findings, tables},
    saved::SavedRun,
    stopping::Stopping,
};
use crate::commands::ending::EXIT_STOPPED;

/// An error means that a result could not be written, or that a gate is about nothing.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let (plan, results) = (args.plan()?, &args.results);
    check_gates_fit(&plan, &results.telling)?;
    check_latest(&results.out)?;
    let stopping = Stopping::on_signals(results.telling.lang.stopping());
    let stopping = stopping.context("cannot wait for signals")?;
    let pool = ThreadPoolBuilder::new().num_threads(args.threads()).build();
    let pool = pool.context("cannot start threads")?;
    let dir = saved::create(&results.out, &plan)?;
    let work = Work { plan: &plan, latency: &args.latency, dir: &dir, stopping: &stopping };
    pool.install(|| work.simulate_all(&Progress::begin(&plan, results.telling.lang)))?;
    point_latest_to(&results.out, &dir)?;
    let code = conclude(&SavedRun::open(&dir)?, results)?;
    Ok(if stopping.is_asked() { EXIT_STOPPED.into() } else { code })
}

/// Writes the tables and the report of a run again.
pub(crate) fn render_again(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let run = SavedRun::open(&args.dir)?;
    let gates = passes_gates(&run, &args.telling)?;
    for path in tables::write(&run, args.telling.lang)? {
        cli::outln!("{}", path.display());
    }
    gates.told.iter().for_each(|line| cli::outln!("{line}"));
    Ok(gates.code())
}

struct Work<'a> {
    plan: &'a Plan,
    latency: &'a Distribution,
    dir: &'a Path,
    stopping: &'a Stopping,
}

impl Work<'_> {
    fn simulate_all(&self, progress: &Progress) -> anyhow::Result<()> {
        let done = self.plan.cases.par_iter().try_for_each(|case| {
            let records = self.records(case, progress)?;
            if !records.is_empty() {
                records::write(self.dir, &case.name, &records)?;
                progress.case_done(&case.name);
            }
            Ok(())
        });
        progress.end();
        done
    }

    /// In the order of the seeds. Those that the run was stopped before are missing.
    fn records(&self, case: &Case, progress: &Progress) -> anyhow::Result<Vec<Record>> {
        let seeds: Vec<u64> = self.plan.seeds.all().collect();
        let of_seed = |seed: &u64| {
            if self.stopping.is_asked() {
                return Ok(Vec::new());
            }
            let records = case::simulate(self.plan, case, self.latency, *seed);
            progress.seed_done(&case.name);
            records
        };
        let records: Vec<Vec<Record>> =
            seeds.par_iter().map(of_seed).collect::<anyhow::Result<_>>()?;
        Ok(records.into_iter().flatten().collect())
    }
}

/// Renders the run, prints its table and says where everything is.
fn conclude(run: &SavedRun, options: &ResultArgs) -> anyhow::Result<ExitCode> {
    let language = options.telling.lang;
    tables::write(run, language)?;
    let gates = passes_gates(run, &options.telling)?;
    if options.json {
        cli::outln!("{}", serde_json::to_string_pretty(&Summary::of(run, options))?);
        // Programs read the standard output as a whole.
        gates.told.iter().for_each(|line| cli::errln!("{line}"));
        return Ok(gates.code());
    }
    cli::output::print(tables::on_screen(run, language).as_bytes());
    gates.told.iter().for_each(|line| cli::outln!("{line}"));
    for finding in findings::of(run, language) {
        cli::outln!("{}", cli::text::item(&finding));
    }
    cli::outln!("\n{}: {}", language.report(), run.dir.join(tables::PAGE).display());
    Ok(gates.code())
}

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    directory: String,
    #[serde(flatten)]
    plan: &'a Plan,
    numbers: Vec<&'a Line>,
    findings: Vec<String>,
}

impl<'a> Summary<'a> {
    fn of(run: &'a SavedRun, options: &ResultArgs) -> Self {
        Self {
            directory: run.dir.display().to_string(),
            plan: run.plan(),
            numbers: run.lines(),
            findings: findings::of(run, options.telling.lang),
        }
    }
}

/// Refuses gates that this run could not break.
fn check_gates_fit(plan: &Plan, telling: &TellingArgs) -> anyhow::Result<()> {
    let planned = Sheet::of(saved::unmeasured(plan))?;
    telling.gates.iter().try_for_each(|gate| gate.check_fits(&planned))
}

/// What became of the gates.
struct Gates {
    are_met: bool,
    told: Vec<String>,
}

impl Gates {
    fn code(&self) -> ExitCode {
        if self.are_met { ExitCode::SUCCESS } else { EXIT_GATE.into() }
    }
}

/// The column that names a line.
const KEY: [&str; 1] = ["case"];

fn passes_gates(run: &SavedRun, telling: &TellingArgs) -> anyhow::Result<Gates> {
    let sheet = Sheet::of(run.lines())?;
    let mut gates = Gates { are_met: true, told: Vec::new() };
    for gate in &telling.gates {
        let result = gate.check(&sheet, &KEY)?;
        gates.are_met &= result.broken.is_empty();
        gates.told.extend(result.lines(telling.lang.catalogue()));
    }
    Ok(gates)
}
