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
use runs::{check_latest, point_latest_to};
use simulation::Distribution;

use self::{
    args::{ReportArgs, SimulateArgs},
    plan::{Case, Plan},
    progress::Progress,
    records::Record,
    report::rendered,
    saved::SavedRun,
    stopping::Stopping,
};
use crate::commands::ending::EXIT_STOPPED;

/// An error means that a result could not be written, or that a gate is about nothing.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    let (plan, results) = (args.plan()?, &args.results);
    results.telling.check_gates_fit(saved::unmeasured(&plan))?;
    check_latest(&results.out)?;
    let stopping = Stopping::on_signals(results.telling.lang.stopping());
    let stopping = stopping.context("cannot wait for signals")?;
    let pool = ThreadPoolBuilder::new().num_threads(args.threads()).build();
    let pool = pool.context("cannot start threads")?;
    let dir = saved::create(&results.out, &plan)?;
    let work = Work { plan: &plan, latency: &args.latency, dir: &dir, stopping: &stopping };
    pool.install(|| work.simulate_all(&Progress::begin(&plan, results.telling.lang)))?;
    point_latest_to(&results.out, &dir)?;
    let run = SavedRun::open(&dir)?;
    let code = rendered::of(&run, results.telling.lang).conclude(results)?;
    Ok(if stopping.is_asked() { EXIT_STOPPED.into() } else { code })
}

/// Writes the tables and the report of a run again.
pub(crate) fn render_again(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let run = SavedRun::open(&args.dir)?;
    rendered::of(&run, args.telling.lang).conclude_again(&args.telling)
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
