//! `chatsim run` and `chatsim sweep`: the cases are simulated, each on one thread, and their records written; from
//! these files alone everything else is made.

pub(crate) mod args;
mod broker;
mod live;
mod progress;
mod reach;
pub(crate) mod runners;
pub(crate) mod stop;

use std::{
    net::SocketAddr,
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

use anyhow::Context;
use delivery::{Config, simulate};
use runs::{ResultArgs, Watch, check_latest, point_latest_to};

use self::{
    args::{ChatResults, ReportArgs, RunArgs, SampleArgs, SweepArgs},
    progress::Progress,
    stop::Stop,
};
use crate::{
    experiments::{self, Case, Experiment},
    report::rendered,
    results::{
        parallel,
        records::{self, World},
        saved::{self, Plan, SavedRun},
    },
};

/// An error means that a result could not be written, or that a gate is about nothing.
pub(crate) fn experiment(args: &RunArgs) -> anyhow::Result<ExitCode> {
    let experiment = args.experiment();
    let plan = plan(Some(experiment), experiment.cases(), &args.sample);
    args.results.telling.check_gates_fit(saved::unmeasured(&plan, &args.worlds()))?;
    args.broker.check(&plan)?;
    let measure = |progress: &Progress, stop: &Stop| {
        progress.simulated();
        args.live.measure(progress, &plan, stop)?;
        args.broker.measure(progress, &plan, stop)
    };
    simulate_all(&plan, args.sample.threads(), &args.results, args.watch.watch, measure)
}

pub(crate) fn sweep(args: &SweepArgs) -> anyhow::Result<ExitCode> {
    let config = Config { loss: args.loss, ..Config::default() };
    let [retries, timeouts] = [&args.retries, &args.timeouts].map(|values| ascending(values));
    let cases = experiments::grid(&config, &retries, &timeouts);
    let plan = plan(None, cases, &args.sample);
    args.results.telling.check_gates_fit(saved::unmeasured(&plan, &[World::Simulated]))?;
    simulate_all(&plan, args.sample.threads(), &args.results, None, |_, _| Ok(()))
}

/// Writes the tables and the report of a run again.
pub(crate) fn render_again(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let run = SavedRun::open(&args.dir, threads)?;
    rendered::of(&run, args.telling.lang).conclude_again(&args.telling)
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
    options: &ResultArgs<ChatResults>,
    watch: Option<SocketAddr>,
    measure: impl FnOnce(&Progress, &Stop) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    check_latest(&options.out)?;
    let lang = options.telling.lang;
    let watch = Watch::open(watch, lang.tag(), lang.catalogue())?;
    let stop = Stop::on_signal()?;
    let dir = saved::create(&options.out, plan)?;
    let progress = Progress::new(&dir, lang, watch);
    let (all, done) = (plan.cases.len(), AtomicUsize::new(0));
    let simulate = |case: &Case| {
        progress.case_begun(&case.name, [done.load(Relaxed), all], None);
        if simulate_case(&dir, plan, case, &stop)? {
            let number = done.fetch_add(1, Relaxed) + 1;
            progress.case_done(&case.name, [number, all]);
        }
        Ok(())
    };
    parallel::each(threads, &plan.cases, simulate).into_iter().collect::<anyhow::Result<()>>()?;
    if !stop.is_asked() {
        measure(&progress, &stop)?;
    }
    if stop.is_asked() {
        let names = plan.cases.iter().map(|case| case.name.as_str());
        let kept = records::complete(&dir, names);
        cli::errln!("{}", lang.stopped(dir.display(), kept));
        return Ok(Stop::code());
    }
    stop.end_at_once();
    point_latest_to(&options.out, &dir)?;
    let run = SavedRun::open(&dir, threads)?;
    let concluded = rendered::of(&run, lang).conclude(options);
    progress.end();
    concluded
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
