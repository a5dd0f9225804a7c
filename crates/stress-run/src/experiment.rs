//! A run from its options to its exit status: checked first, then measured, then concluded from its files.

mod sweep;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail};

use self::sweep::{Done, Sweep};
use crate::{
    args::{PlaceOptions, PlanOptions, ResultOptions, RunOptions},
    cell::Instruments,
    conclusion,
    content::Source,
    environment::{Binaries, Environment, Machine},
    gate::Gate,
    interrupt::{EXIT_INTERRUPTED, Interrupt},
    language::Language,
    plan::{Operation, Plan},
    preflight,
    progress::Progress,
    resources,
    results::{self, Run, RunFiles},
    server,
    servers::{Origin, Servers, connected_configuration},
    work_dir::{self, WorkDir},
};

/// Runs the whole plan and writes its results. An error means that it could not start, or that a
/// result could not be written.
pub(crate) fn run(options: &RunOptions) -> anyhow::Result<ExitCode> {
    let plan = plan_of(&options.plan)?;
    check_gates_fit(&options.results.gates, &plan)?;
    results::check_latest(&options.out)?;
    let work_dir = work_dir(options);
    let program = program(options)?;
    make_room(&work_dir, options.results.lang);
    preflight::check(&plan.needs(), &work_dir, &options.out, options.places.port)?;
    let mut environment = Environment::of_this_run(options.plan.quick, &work_dir, &plan);
    environment.binaries = Binaries::of_this_run(program.as_ref())?;
    environment.connected_to = options.plan.connect.clone();
    environment.timeout_s = options.plan.timeout().map(|timeout| timeout.as_secs_f64());
    measure(options, program, environment, None)
}

/// Goes on with a run that was stopped, with what it was begun with.
pub(crate) fn resume(
    dir: &Path,
    places: PlaceOptions,
    results: ResultOptions,
) -> anyhow::Result<ExitCode> {
    let run = Run::open(dir)?;
    let mut environment = run.environment.clone();
    check_gates_fit(&results.gates, &environment.plan)?;
    if Done::of(&run).is_complete(&environment.plan) {
        bail!("{} is complete: there is nothing to go on with", dir.display());
    }
    let options = RunOptions::as_begun(&environment, dir.to_owned(), places, results);
    if let Some(address) = &options.plan.connect {
        let now = connected_configuration(&options.plan, address)?;
        if environment.plan.configurations != [now] {
            bail!("the server at {address} has another mode or pool than when the run began");
        }
    }
    let work_dir = work_dir(&options);
    let program = program(&options)?;
    environment.binaries.check_same(&Binaries::of_this_run(program.as_ref())?)?;
    environment.machine.check_same(&Machine::of_this_run(&work_dir))?;
    make_room(&work_dir, options.results.lang);
    preflight::check(&environment.plan.needs(), &work_dir, dir, options.places.port)?;
    environment.resume();
    measure(&options, program, environment, Some(run))
}

/// Measures what is not measured yet, and renders all there is then.
fn measure(
    options: &RunOptions,
    program: Option<PathBuf>,
    environment: Environment,
    begun: Option<Run>,
) -> anyhow::Result<ExitCode> {
    resources::allow_many_descriptors();
    let (plan, work_dir) = (environment.plan.clone(), work_dir(options));
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    let temporary = WorkDir::create(&work_dir)
        .with_context(|| format!("cannot write to {}", work_dir.display()))?;
    let dir = |name: &str| -> anyhow::Result<PathBuf> {
        let dir = temporary.path().join(name);
        std::fs::create_dir(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(dir)
    };
    let sources = create_sources(&plan, &dir("sources")?)?;
    if interrupt.is_told() {
        return Ok(EXIT_INTERRUPTED.into());
    }
    let instruments = Instruments {
        client_pool: plan.client_pool,
        sink: plan.sink,
        timeout: options.plan.timeout(),
        min_time: Duration::from_secs_f64(plan.min_time_s),
        sink_dir: dir("downloads")?,
        interrupt: interrupt.clone(),
    };
    let origin = match program {
        Some(program) => {
            let (dir, log_dir) = (dir("served")?, dir("log")?);
            Origin::Started { program, port: options.places.port, dir, log_dir }
        }
        None => Origin::Connected(options.plan.connect.clone().unwrap_or_default()),
    };
    let has_downloads = plan.operations.contains(&Operation::Download);
    let downloads = if has_downloads { sources.clone() } else { Vec::new() };
    let servers = Servers::new(origin, downloads, options.plan.timeout(), &interrupt);
    let files = match &begun {
        Some(run) => RunFiles::reopen(run, &environment)?,
        None => RunFiles::create(&options.out, &environment)?,
    };
    let run_dir = files.dir().to_owned();
    let progress = Progress::new(&plan, begun.as_ref(), options.results.lang);
    let done = begun.as_ref().map_or_else(|| Done::new(plan.reruns), Done::of);
    let mut sweep = Sweep { servers, sources, instruments, files, progress, environment, done };
    let measured = sweep.measure(&plan);
    sweep.progress.finish();
    // Where a result could not be written, what was written before still gets its tables.
    let concluded = conclusion::conclude(&run_dir, &options.results, interrupt.is_told());
    measured.and(concluded)
}

fn work_dir(options: &RunOptions) -> PathBuf {
    options.places.work_dir.clone().unwrap_or_else(std::env::temp_dir)
}

/// Removes what killed runs left in the usual places: this one may need the room.
fn make_room(work_dir: &Path, language: Language) {
    let places = [work_dir.to_owned(), std::env::temp_dir(), "/dev/shm".into()];
    for dir in work_dir::remove_abandoned(&places) {
        cli::errln!("{}", language.removed_abandoned(&dir.display().to_string()));
    }
}

/// The server program to start; `None` where one is running already.
fn program(options: &RunOptions) -> anyhow::Result<Option<PathBuf>> {
    let PlaceOptions { fileserver, port, .. } = &options.places;
    match (&options.plan.connect, fileserver) {
        (Some(_), None) if *port == 0 => Ok(None),
        (Some(address), _) => bail!(
            "the server at {address} is running already; --fileserver and --port are for servers \
             that stress-run starts"
        ),
        (None, Some(program)) => Ok(Some(program.clone())),
        (None, None) => server::beside_this_program().map(Some),
    }
}

/// Refuses gates that this plan could not break.
pub(crate) fn check_gates_fit(gates: &[Gate], plan: &Plan) -> anyhow::Result<()> {
    if gates.is_empty() {
        return Ok(());
    }
    let planned = results::planned(plan)?;
    gates.iter().try_for_each(|gate| gate.check_fits(&planned))
}

/// The plan that the options ask for; a server that is running already is asked what it is.
pub(crate) fn plan_of(options: &PlanOptions) -> anyhow::Result<Plan> {
    let configurations = match &options.connect {
        None => options.configurations(),
        Some(address) => vec![connected_configuration(options, address)?],
    };
    Ok(options.plan(configurations))
}

fn create_sources(plan: &Plan, dir: &Path) -> anyhow::Result<Vec<Source>> {
    let create = |&volume| {
        Source::create(dir, volume, plan.seed)
            .with_context(|| format!("cannot write the files to transfer to {}", dir.display()))
    };
    plan.volumes.iter().map(create).collect()
}
