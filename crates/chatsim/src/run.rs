//! `chatsim run` and `chatsim sweep`: the cases are simulated, each on one thread, and their records written; from
//! these files alone everything else is made.

pub(crate) mod args;
mod broker;
mod live;
mod reach;
pub(crate) mod runners;
pub(crate) mod stop;

use std::{
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

use anyhow::Context;
use delivery::{Config, simulate};
use runs::{EXIT_GATE, Sheet, check_latest, point_latest_to};
use serde::Serialize;

use self::{
    args::{ReportArgs, ResultArgs, RunArgs, SampleArgs, SweepArgs, TellingArgs},
    stop::Stop,
};
use crate::{
    experiments::{self, Case, Experiment},
    report::{findings, tables},
    results::{
        numbers::Line,
        parallel,
        records::{self, World},
        saved::{self, Plan, SavedRun},
    },
};

/// An error means that a result could not be written, or that a gate is about nothing.
pub(crate) fn experiment(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let experiment = args.experiment();
    let plan = plan(Some(experiment), experiment.cases(), &args.sample);
    check_gates_fit(&plan, &args.worlds(), &args.results.telling)?;
    args.broker.check(&plan)?;
    let measure = |dir: &Path, stop: &Stop| {
        let language = args.results.telling.lang;
        args.live.measure(dir, &plan, language, stop)?;
        args.broker.measure(dir, &plan, language, stop)
    };
    simulate_all(&plan, args.sample.threads(), &args.results, measure)
}

pub(crate) fn sweep(args: &SweepArgs) -> anyhow::Result<ExitCode> {
    let config = Config { loss: args.loss, ..Config::default() };
    let [retries, timeouts] = [&args.retries, &args.timeouts].map(|values| ascending(values));
    let cases = experiments::grid(&config, &retries, &timeouts);
    let plan = plan(None, cases, &args.sample);
    check_gates_fit(&plan, &[World::Simulated], &args.results.telling)?;
    simulate_all(&plan, args.sample.threads(), &args.results, |_, _| Ok(()))
}

/// Writes the tables and the report of a run again.
pub(crate) fn render_again(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let run = SavedRun::open(&args.dir, threads)?;
    let gates = passes_gates(&run, &args.telling)?;
    for path in tables::write(&run, args.telling.lang)? {
        cli::outln!("{}", path.display());
    }
    gates.told.iter().for_each(|line| cli::outln!("{line}"));
    Ok(gates.code())
}

/// Each is simulated once, however often it was named.
fn ascending(values: &[u32]) -> Vec<u32> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    values
}

fn plan(experiment: Option<Experiment>, cases: Vec<Case>, sample: &SampleArgs) -> Plan {
    Plan { experiment, messages: sample.messages, seed: sample.seed, cases }
}

/// What else is to be measured beside it goes into the same directory. What is complete when a signal comes is
/// kept.
fn simulate_all(
    plan: &Plan,
    threads: usize,
    options: &ResultArgs,
    measure: impl FnOnce(&Path, &Stop) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    check_latest(&options.out)?;
    let stop = Stop::on_signal()?;
    let dir = saved::create(&options.out, plan)?;
    let (all, done) = (plan.cases.len(), AtomicUsize::new(0));
    let lang = options.telling.lang;
    let simulate = |case: &Case| {
        if simulate_case(&dir, plan, case, &stop)? {
            let number = done.fetch_add(1, Relaxed) + 1;
            cli::errln!("{}", lang.case_done(number, all, &case.name));
        }
        Ok(())
    };
    parallel::each(threads, &plan.cases, simulate).into_iter().collect::<anyhow::Result<()>>()?;
    if !stop.is_asked() {
        measure(&dir, &stop)?;
    }
    if stop.is_asked() {
        let names = plan.cases.iter().map(|case| case.name.as_str());
        let kept = records::complete(&dir, names);
        cli::errln!("{}", lang.stopped(dir.display(), kept));
        return Ok(Stop::code());
    }
    stop.end_at_once();
    point_latest_to(&options.out, &dir)?;
    conclude(&SavedRun::open(&dir, threads)?, options)
}

/// `false`: it was stopped, and leaves nothing.
fn simulate_case(dir: &Path, plan: &Plan, case: &Case, stop: &Stop) -> anyhow::Result<bool> {
    if stop.is_asked() {
        return Ok(false);
    }
    let mut writer = records::Writer::create(dir, World::Simulated, &case.name)?;
    let mut written = Ok(());
    let scenario = case.scenario(plan.messages, plan.seed);
    let is_stopped = || stop.is_asked();
    let totals = simulate::run_until(&scenario, is_stopped, |records| {
        // One that cannot be written is the last that is tried.
        if written.is_ok() {
            written = writer.push(records);
        }
    })
    .with_context(|| format!("the case {:?}", case.name))?;
    written?;
    if totals.messages < plan.messages {
        writer.discard()?;
        return Ok(false);
    }
    writer.finish()?;
    saved::write_trace(dir, case, plan.seed)?;
    Ok(true)
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
    numbers: Vec<Line>,
    findings: Vec<String>,
}

impl<'a> Summary<'a> {
    fn of(run: &'a SavedRun, options: &ResultArgs) -> Self {
        Self {
            directory: run.dir.display().to_string(),
            plan: &run.environment.plan,
            numbers: run.lines(),
            findings: findings::of(run, options.telling.lang),
        }
    }
}

/// Refuses gates that this run could not break.
fn check_gates_fit(plan: &Plan, worlds: &[World], telling: &TellingArgs) -> anyhow::Result<()> {
    let planned = Sheet::of(saved::unmeasured(plan, worlds))?;
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

/// Columns that together name a line.
const KEY: [&str; 3] = ["case", "measure", "world"];

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
