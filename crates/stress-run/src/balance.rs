//! `stress-run balance`: the experiment with a balancer. Each policy under each scenario, measured with real
//! servers behind a real balancer, simulated with the same parameters, and calculated where a formula is known.
//!
//! [`plan`] says what there is to measure; for each row [`stage`] starts the programs, [`measured`] loads them
//! and does to a server what the scenario says, [`simulated`] has the same happen in virtual time, with the
//! [`overhead`] that was measured before, and [`on_paper`] says what is known without. [`files`] keeps what came
//! of it, and from that alone [`tables`], [`findings`] and [`report`] are made.

mod args;
mod compare;
mod files;
mod findings;
mod measured;
mod on_paper;
mod overhead;
mod plan;
mod report;
mod rows;
mod simulated;
mod stage;
mod tables;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use figures::{Numbers, Page};
use runs::{EXIT_GATE, Pace, Program, Sheet, Watch, check_latest};

use self::{
    args::ProgramArgs,
    files::{BalanceRun, Environment},
    on_paper::OnPaper,
    overhead::Overhead,
    plan::{BalancePlan, Cell, ScenarioName},
    rows::{KEY, Row},
    stage::{Programs, Stage},
};
pub(crate) use self::{
    args::{BalanceArgs, NOTES},
    compare::{Format, compare},
    files::is_run,
};
use crate::{
    args::ResultArgs,
    language::Language,
    machine::{
        description::Machine,
        resources,
        work_dir::{self, WorkDir},
    },
    processes::interrupt::{EXIT_INTERRUPTED, Interrupt},
    results::{Binaries, Ending, PROGRAM},
    servers::{content::ContentHasher, process::beside_this_program},
};

/// Measures what the options ask for, and writes the results. An error means that it could not start, or that
/// a result could not be written.
pub(crate) fn run(options: &BalanceArgs) -> anyhow::Result<ExitCode> {
    let (plan, language) = (options.plan(), options.results.lang);
    check_gates_fit(&options.results, &plan)?;
    check_latest(&options.places.out)?;
    let watch = Watch::open(options.watch.watch, language.tag(), language.catalogue())?;
    let mut bench = Bench::new(Programs::of(&options.places)?, watch)?;
    let environment = environment(&plan, options.quick, &bench.programs)?;
    cli::errln!("{}", language.balance_calibrating());
    bench.watch.tell(0.0, || language.balance_calibrating());
    let calibrated = bench.calibrate(&plan);
    if bench.interrupt.is_told() {
        return Ok(EXIT_INTERRUPTED.into());
    }
    let overhead = calibrated?;
    let [worker, transit] = [overhead.worker_ms, overhead.transit_ms].map(|ms| language.number(ms));
    cli::errln!("{}", language.balance_calibrated(worker, transit));
    let environment = Environment { overhead, ..environment };
    let dir = files::create(&options.places.out, &environment)?;
    bench.measure(&dir, &environment, &plan.cells(), language)?;
    let concluded = conclude(&dir, &options.results, bench.interrupt.is_told());
    bench.watch.end(|| page_of(&dir, language));
    concluded
}

/// Goes on with a run that was stopped.
pub(crate) fn resume(
    dir: &Path,
    (fileserver, filebalancer): (Option<PathBuf>, Option<PathBuf>),
    options: &ResultArgs,
) -> anyhow::Result<ExitCode> {
    let mut run = BalanceRun::open(dir)?;
    let missing = run.missing();
    if missing.is_empty() {
        bail!("{} is complete: no row is left to measure", dir.display());
    }
    check_gates_fit(options, &run.environment.plan)?;
    let places = ProgramArgs { fileserver, filebalancer, out: dir.to_owned() };
    let mut bench = Bench::new(Programs::of(&places)?, Watch::default())?;
    let now_here = environment(&run.environment.plan, run.environment.is_quick, &bench.programs)?;
    run.reopen(&now_here)?;
    bench.measure(dir, &run.environment, &missing, options.lang)?;
    conclude(dir, options, bench.interrupt.is_told())
}

/// Writes the tables of a run again.
pub(crate) fn render_again(dir: &Path, options: &ResultArgs) -> anyhow::Result<ExitCode> {
    let run = BalanceRun::open(dir)?;
    let is_through = passes_gates(&run, options)?;
    for path in write(&run, options.lang)? {
        cli::outln!("{}", path.display());
    }
    Ok(if is_through { ExitCode::SUCCESS } else { EXIT_GATE.into() })
}

impl Programs {
    fn of(places: &ProgramArgs) -> anyhow::Result<Self> {
        let program = |named: &Option<PathBuf>, name| match named {
            Some(path) => Ok(path.clone()),
            None => beside_this_program(name),
        };
        Ok(Self {
            fileserver: program(&places.fileserver, "fileserver")?,
            filebalancer: program(&places.filebalancer, "filebalancer")?,
        })
    }
}

fn environment(
    plan: &BalancePlan,
    is_quick: bool,
    programs: &Programs,
) -> anyhow::Result<Environment> {
    let filebalancer = &programs.filebalancer;
    Ok(Environment {
        started: runs::now(),
        resumed: Vec::new(),
        is_quick,
        program: Program::this(),
        binaries: Binaries::of_this_run(Some(&programs.fileserver))?,
        filebalancer_digest: ContentHasher::of_file(filebalancer)
            .with_context(|| format!("cannot read {}", filebalancer.display()))?,
        machine: Machine::of_this_run(&env::temp_dir()),
        plan: plan.clone(),
        overhead: Overhead::default(),
    })
}

/// Where rows are measured.
struct Bench {
    programs: Programs,
    work_dir: WorkDir,
    interrupt: Interrupt,
    watch: Watch,
}

impl Bench {
    fn new(programs: Programs, watch: Watch) -> anyhow::Result<Self> {
        resources::allow_many_descriptors();
        let interrupt = Interrupt::catch().context("cannot catch signals")?;
        let above = env::temp_dir();
        work_dir::remove_abandoned(std::slice::from_ref(&above));
        let work_dir = WorkDir::create(&above)
            .with_context(|| format!("cannot write to {}", above.display()))?;
        Ok(Self { programs, work_dir, interrupt, watch })
    }

    /// What a request takes beside its service.
    fn calibrate(&self, plan: &BalancePlan) -> anyhow::Result<Overhead> {
        let policy = balancing::PolicyName::RoundRobin;
        let cell = Cell { repetition: 1, scenario: ScenarioName::Equal, policy };
        // One server, since several that are never idle would leave the machine less room than the rows do.
        let plan = BalancePlan { servers: 1, ..plan.clone() };
        let stage = self.stage(&plan, cell, "calibration")?;
        Overhead::measure(&plan, &stage, &self.interrupt)
    }

    fn stage(&self, plan: &BalancePlan, cell: Cell, name: &str) -> anyhow::Result<Stage<'_>> {
        Stage::start(plan, cell, &self.programs, &self.work_dir.path().join(name), &self.interrupt)
    }

    /// One row after the other, until all are there or it is interrupted.
    fn measure(
        &mut self,
        dir: &Path,
        environment: &Environment,
        cells: &[Cell],
        language: Language,
    ) -> anyhow::Result<()> {
        let ms = |cell: &Cell| environment.plan.duration(cell.scenario).as_millis() as u64;
        let mut pace = Pace::new(cells.iter().map(ms).sum(), 0);
        self.watch.show(|| page_of(dir, language));
        for (index, &cell) in cells.iter().enumerate() {
            let number = index + 1;
            let Cell { scenario, policy, .. } = cell;
            cli::errln!("{}", language.balance_row(number, cells.len(), scenario, policy));
            self.watch.tell(pace.share(), || {
                let row = format!("{scenario}, {policy}");
                language.with_time_left(language.watch_now(index, cells.len(), row), pace.left())
            });
            match self.measure_row(dir, environment, cell, number) {
                // It ends the programs, which looks like an error.
                _ if self.interrupt.is_told() => break,
                measured => measured.with_context(|| format!("{scenario}, {policy}"))?,
            }
            pace.add(ms(&cell));
            self.watch.show(|| page_of(dir, language));
        }
        Ok(())
    }

    fn measure_row(
        &self,
        dir: &Path,
        environment: &Environment,
        cell: Cell,
        number: usize,
    ) -> anyhow::Result<()> {
        let (plan, overhead) = (&environment.plan, environment.overhead);
        let stage = self.stage(plan, cell, &format!("row-{number}"))?;
        let Some(measured) = measured::measure(plan, cell, stage, &self.interrupt)? else {
            return Ok(());
        };
        let simulated = simulated::simulate(plan, cell, overhead)?;
        let on_paper = OnPaper::of(plan, cell, overhead)?;
        let row = Row::of(plan, cell, &measured, &simulated, &on_paper);
        files::append(dir, plan, (cell, &row), &measured, &simulated)
    }
}

/// The report of what the directory of a run holds by now.
fn page_of(dir: &Path, language: Language) -> anyhow::Result<Page> {
    Ok(report::page(&BalanceRun::open(dir)?, language))
}

/// Renders the run, prints its tables and says where everything is.
fn conclude(dir: &Path, options: &ResultArgs, is_interrupted: bool) -> anyhow::Result<ExitCode> {
    let (run, language) = (BalanceRun::open(dir)?, options.lang);
    write(&run, language)?;
    cli::output::print(tables::on_screen(&run, language).as_bytes());
    for mark in tables::marks(&run, language) {
        cli::outln!("{}", cli::text::wrapped(&mark));
    }
    // A run that was stopped lacks the rows that its gates are about.
    let meets_gates = is_interrupted || passes_gates(&run, options)?;
    cli::outln!("\n{}:", language.findings());
    for finding in findings::of(&run, language) {
        cli::outln!("{}", cli::text::item(&finding));
    }
    cli::outln!("\n{}: {}", language.report(), dir.join(report::PAGE).display());
    let ending = Ending {
        is_interrupted,
        is_invalid: run.rows.iter().any(|row| row.invalid.is_some()),
        meets_gates,
        any_failed: run.rows.iter().any(Row::has_failed),
    };
    Ok(ending.code())
}

/// Writes what people read; the paths of it.
fn write(run: &BalanceRun, language: Language) -> anyhow::Result<Vec<PathBuf>> {
    let environment = &run.environment;
    let machine = environment.machine.in_words(language);
    let origin =
        format!("{machine}. {}, {}.", environment.program.named(PROGRAM), environment.started);
    let files = [
        ("table.csv", tables::csv(&run.rows)?),
        ("table.md", tables::markdown(run, &origin, language).into_bytes()),
        ("table.xlsx", tables::workbook(run, language)?),
        (report::PAGE, report::page(run, language).html().into_bytes()),
    ];
    runs::write_all(&run.dir, files)
}

/// Refuses gates that this run could not break.
fn check_gates_fit(options: &ResultArgs, plan: &BalancePlan) -> anyhow::Result<()> {
    let planned = Sheet::of(plan.cells().into_iter().map(Row::unmeasured))?;
    options.gates.iter().try_for_each(|gate| gate.check_fits(&planned))
}

/// Holds the rows against the gates, and says what became of each.
fn passes_gates(run: &BalanceRun, options: &ResultArgs) -> anyhow::Result<bool> {
    let sheet = Sheet::of(&run.rows)?;
    let mut is_through = true;
    for gate in &options.gates {
        let result = gate.check(&sheet, &KEY)?;
        is_through &= result.broken.is_empty();
        result.lines(options.lang.catalogue()).iter().for_each(|line| cli::outln!("{line}"));
    }
    Ok(is_through)
}
