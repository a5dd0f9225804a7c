//! A run from its options to its exit status: checked first, then measured, then concluded from its files.

mod cell;
pub(crate) mod client_pool;
mod job;
pub(crate) mod preview;
mod progress;
mod sweep;
mod timeline;

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use runs::{Gate, Sheet, Watch, check_latest};

use self::{
    cell::Instruments,
    progress::Progress,
    sweep::{Done, Sweep},
};
use crate::{
    args::{AccessArgs, PlaceArgs, PlanArgs, ResultArgs, RunArgs},
    language::Language,
    machine::{
        description::Machine,
        preflight, resources,
        work_dir::{self, WorkDir},
    },
    plan::{Operation, Plan},
    processes::interrupt::{EXIT_INTERRUPTED, Interrupt},
    report::{self, conclusion},
    results::{Binaries, CellLine, Environment, Run, RunFiles},
    servers::{
        Origin, Servers,
        connected::Connected,
        content::{LISTED, SourceFile},
        process,
    },
};

/// Runs the whole plan and writes its results. An error means that it could not start, or that a
/// result could not be written.
pub(crate) fn run(options: &RunArgs) -> anyhow::Result<ExitCode> {
    let mut server = server(options)?;
    let plan = plan_of(&options.plan, server.connected())?;
    check_gates_fit(&options.results.gates, &plan)?;
    check_latest(&options.out)?;
    let work_dir = work_dir(options);
    make_room(&work_dir, options.results.lang);
    preflight::check(&plan.needs(), &work_dir, &options.out, options.places.port)?;
    server.check(&plan)?;
    let mut environment = Environment::of_this_run(options.plan.quick, &work_dir, &plan);
    environment.binaries = Binaries::of_this_run(server.program())?;
    environment.connected_to = server.connected().map(|connected| connected.address().to_owned());
    environment.timeout_s = options.plan.timeout().map(|timeout| timeout.as_secs_f64());
    measure(options, server, environment, None)
}

/// Goes on with a run that was stopped or disturbed, with what it was begun with.
pub(crate) fn resume(
    dir: &Path,
    access: AccessArgs,
    places: PlaceArgs,
    results: ResultArgs,
) -> anyhow::Result<ExitCode> {
    let run = Run::open(dir)?;
    let mut environment = run.environment.clone();
    check_gates_fit(&results.gates, &environment.plan)?;
    if Done::of(&run).is_complete(&environment.plan) {
        bail!("{} is complete: no row is left to measure", dir.display());
    }
    let options = RunArgs::as_begun(&environment, dir.to_owned(), access, places, results);
    let mut server = server(&options)?;
    if let Some(connected) = server.connected() {
        let address = connected.address();
        if environment.plan.configurations != [connected.configuration(&options.plan)?] {
            bail!("the server at {address} has another mode or pool than when the run began");
        }
        if connected.speaks_tls() != environment.plan.tls {
            let begun = if environment.plan.tls { "with" } else { "without" };
            bail!("the run began {begun} --tls; resume it in the same way");
        }
    }
    let work_dir = work_dir(&options);
    environment.binaries.check_same(&Binaries::of_this_run(server.program())?)?;
    environment.machine.check_same(&Machine::of_this_run(&work_dir))?;
    make_room(&work_dir, options.results.lang);
    preflight::check(&environment.plan.needs(), &work_dir, dir, options.places.port)?;
    server.check(&environment.plan)?;
    environment.resume();
    measure(&options, server, environment, Some(run))
}

/// Measures what is not measured yet, and renders all there is then.
fn measure(
    options: &RunArgs,
    server: Subject,
    environment: Environment,
    begun: Option<Run>,
) -> anyhow::Result<ExitCode> {
    let language = options.results.lang;
    let watch = Watch::open(options.watch.watch, language.tag(), language.catalogue())?;
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
    let sources = create_sources(&plan, server.connected(), &dir("sources")?)?;
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
    let origin = match server {
        Subject::Program(program) => {
            let (dir, log_dir) = (dir("served")?, dir("log")?);
            create_files_to_list(plan.list_files.unwrap_or(0), &dir)?;
            Origin::Started { program, port: options.places.port, dir, log_dir }
        }
        Subject::Connected(connected) => Origin::Connected(connected),
    };
    let has_downloads = plan.operations.contains(&Operation::Download) && plan.file.is_none();
    let downloads = if has_downloads { sources.clone() } else { Vec::new() };
    let servers = Servers::new(origin, downloads, options.plan.timeout(), &interrupt);
    servers.check_know(&plan.features(), plan.configurations[0])?;
    let files = match &begun {
        Some(run) => RunFiles::reopen(run, &environment)?,
        None => RunFiles::create(&options.out, &environment)?,
    };
    let run_dir = files.dir().to_owned();
    let mut progress = Progress::new(&plan, begun.as_ref(), options.results.lang, watch);
    progress.show(&run_dir);
    let done = begun.as_ref().map_or_else(|| Done::new(plan.reruns), Done::of);
    let mut sweep = Sweep { servers, sources, instruments, files, progress, environment, done };
    let measured = sweep.measure(&plan);
    let watch = sweep.progress.finish();
    if plan.stores_files() {
        tell_what_is_left(&sweep.servers, options.results.lang);
    }
    // Where a result could not be written, what was written before still gets its tables.
    let concluded = conclusion::conclude(&run_dir, &options.results, interrupt.is_told());
    watch.end(|| report::page_of(&run_dir, options.results.lang));
    measured.and(concluded)
}

fn work_dir(options: &RunArgs) -> PathBuf {
    options.places.work_dir.clone().unwrap_or_else(std::env::temp_dir)
}

/// Removes what killed runs left in the usual places: this one may need the room.
fn make_room(work_dir: &Path, language: Language) {
    let places = [work_dir.to_owned(), std::env::temp_dir(), "/dev/shm".into()];
    for dir in work_dir::remove_abandoned(&places) {
        cli::errln!("{}", language.removed_abandoned(dir.display()));
    }
}

/// What is measured: servers that are started, or one that runs already.
enum Subject {
    Program(PathBuf),
    Connected(Box<Connected>),
}

fn server(options: &RunArgs) -> anyhow::Result<Subject> {
    let PlaceArgs { fileserver, port, .. } = &options.places;
    match (Connected::open(&options.plan)?, fileserver) {
        (Some(connected), None) if *port == 0 => Ok(Subject::Connected(Box::new(connected))),
        (Some(connected), _) => bail!(
            "the server at {} is running already; --fileserver and --port are for servers that \
             stress-run starts",
            connected.address()
        ),
        // Without --connect only a run that goes on can have it.
        (None, _) if options.plan.server.access()?.is_special() => bail!(
            "this run starts its servers itself; --tls, --token and --framing are for one that is \
             running already"
        ),
        (None, Some(program)) => Ok(Subject::Program(program.clone())),
        (None, None) => process::beside_this_program("fileserver").map(Subject::Program),
    }
}

impl Subject {
    fn program(&self) -> Option<&PathBuf> {
        match self {
            Self::Program(program) => Some(program),
            Self::Connected(_) => None,
        }
    }

    fn connected(&self) -> Option<&Connected> {
        match self {
            Self::Program(_) => None,
            Self::Connected(connected) => Some(connected),
        }
    }

    /// Refuses a plan that it does not let be measured.
    fn check(&mut self, plan: &Plan) -> anyhow::Result<()> {
        match self {
            Self::Program(_) => Ok(()),
            Self::Connected(connected) => connected.check(plan),
        }
    }
}

/// Some servers cannot delete what a run has stored there.
fn tell_what_is_left(servers: &Servers, language: Language) {
    match servers.left_behind() {
        None => {}
        Some(Ok(names)) if names.is_empty() => {}
        Some(Ok(names)) => cli::errln!("{}", language.left_behind(language.names(&names))),
        Some(Err(err)) => cli::errln!("{}", language.perhaps_left_behind(err)),
    }
}

/// Refuses gates that this plan could not break.
pub(crate) fn check_gates_fit(gates: &[Gate], plan: &Plan) -> anyhow::Result<()> {
    if gates.is_empty() {
        return Ok(());
    }
    let attempts = plan.blocks().into_iter().flatten();
    let planned = Sheet::of(attempts.map(CellLine::unmeasured))?;
    gates.iter().try_for_each(|gate| gate.check_fits(&planned))
}

/// The plan that the options ask for, for a server that runs already if there is one.
pub(crate) fn plan_of(options: &PlanArgs, connected: Option<&Connected>) -> anyhow::Result<Plan> {
    let Some(connected) = connected else { return Ok(options.plan(options.configurations())) };
    let mut plan = options.plan(vec![connected.configuration(options)?]);
    plan.list_files = None;
    plan.tls = connected.speaks_tls();
    if let Some(name) = &plan.file {
        plan.volumes = vec![connected.volume_of(name)?];
    }
    Ok(plan)
}

/// Empty ones, beside whatever else is stored.
fn create_files_to_list(count: u32, dir: &Path) -> anyhow::Result<()> {
    for number in 1..=count {
        let path = dir.join(format!("{LISTED}{number:06}.txt"));
        File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    Ok(())
}

fn create_sources(
    plan: &Plan,
    connected: Option<&Connected>,
    dir: &Path,
) -> anyhow::Result<Vec<SourceFile>> {
    if let (Some(name), Some(connected)) = (&plan.file, connected) {
        let source = connected.fetch(dir, name)?;
        ensure!(plan.volumes == [source.volume], "{name} has another size than before");
        return Ok(vec![source]);
    }
    let create = |&volume| {
        SourceFile::create(dir, volume, plan.seed)
            .with_context(|| format!("cannot write the files to transfer to {}", dir.display()))
    };
    plan.volumes.iter().map(create).collect()
}
