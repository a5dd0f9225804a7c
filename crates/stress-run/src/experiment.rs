//! Goes through all cells of a plan, server by server.

use std::{
    cell::Cell as Counter,
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use fileclient::Stats;
use tempfile::TempDir;

use crate::{
    args::Options,
    cell::{self, Instruments, Record, download_name},
    content::Source,
    environment::Environment,
    gate::{EXIT_GATE, Gate},
    interrupt::{EXIT_INTERRUPTED, Interrupt},
    language::{Language, Marks},
    plan::{Block, Cell, Configuration, Mode, Operation, Plan},
    preflight,
    progress::Progress,
    results::{self, RunFiles},
    server::{self, ServerProcess},
    sheet::{CELL_KEY, Sheet},
    table::Tables,
    target::Target,
    timeline::EventLog,
};

/// The exit status when some workers or configurations failed.
const EXIT_SOME_FAILED: u8 = 1;
/// The exit status when bytes were wrong or books disagreed.
const EXIT_INVALID: u8 = 3;

/// The cause of a client that was not even started: its server, or the clients' pool, was not there.
const NOT_MEASURED: &str = "not-measured";

/// Where the server of a configuration comes from.
enum Servers {
    /// A process of its own for each configuration.
    Started { program: PathBuf, dir: PathBuf, log_dir: PathBuf },
    /// One that is running already.
    Connected(String),
}

/// A server under measurement.
struct Running {
    /// `None` for one that is not ours to stop.
    process: Option<ServerProcess>,
    target: Target,
}

struct Experiment {
    servers: Servers,
    sources: Vec<Source>,
    /// Those of the sources that the server must have.
    downloads: Vec<Source>,
    instruments: Instruments,
    files: RunFiles,
    progress: Progress,
    records: Vec<Record>,
    servers_started: Counter<u32>,
    failed: BTreeSet<Configuration>,
}

fn not_measured(cell: Cell, block: &Block, err: &anyhow::Error) -> Record {
    Record::all_failed(cell, block.repetition, NOT_MEASURED, &format!("{err:#}"))
}

/// Runs the whole plan and writes its results. An error means that it could not start, or that a
/// result could not be written.
pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let plan = plan_of(options)?;
    check_gates_fit(&options.gates, &plan)?;
    let work_dir = options.work_dir.clone().unwrap_or_else(std::env::temp_dir);
    preflight::check(&plan.needs(), &work_dir)?;
    let program = match (&options.connect, &options.fileserver) {
        (Some(_), _) => None,
        (None, Some(program)) => Some(program.clone()),
        (None, None) => Some(server::beside_this_program()?),
    };
    let interrupt = Interrupt::catch().context("cannot catch signals")?;
    let temporary = TempDir::with_prefix_in("stress-run-", &work_dir)
        .with_context(|| format!("cannot write to {}", work_dir.display()))?;
    let dir = |name: &str| -> anyhow::Result<PathBuf> {
        let dir = temporary.path().join(name);
        std::fs::create_dir(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
        Ok(dir)
    };
    let (source_dir, sink_dir) = (dir("sources")?, dir("downloads")?);
    let servers = match (program, &options.connect) {
        (Some(program), _) => {
            Servers::Started { program, dir: dir("served")?, log_dir: dir("log")? }
        }
        (None, connect) => Servers::Connected(connect.clone().unwrap_or_default()),
    };
    let sources = create_sources(&plan, &source_dir)?;
    if interrupt.is_told() {
        return Ok(EXIT_INTERRUPTED.into());
    }
    let started = jiff::Zoned::now().strftime("%Y-%m-%dT%H-%M-%S").to_string();
    let environment = Environment::of_this_run(
        started,
        if options.quick { "quick" } else { "full" },
        &work_dir,
        options.connect.clone(),
        &plan,
    );
    let has_downloads = plan.operations.contains(&Operation::Download);
    let mut experiment = Experiment {
        servers,
        downloads: if has_downloads { sources.clone() } else { Vec::new() },
        sources,
        instruments: Instruments {
            client_pool: plan.client_pool,
            sink: plan.sink,
            timeout: options.timeout,
            sink_dir,
            interrupt,
        },
        files: RunFiles::create(&options.out, &environment)?,
        progress: Progress::new(&plan, options.lang),
        records: Vec::new(),
        servers_started: Default::default(),
        failed: BTreeSet::new(),
    };
    let measured =
        plan.blocks().iter().try_for_each(|block| experiment.measure_block(block, options));
    experiment.progress.finish();
    // Where a result could not be written, what was written before still gets its tables.
    let reported = experiment.report(&plan, &environment, options);
    measured.and(reported)
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
pub(crate) fn plan_of(options: &Options) -> anyhow::Result<Plan> {
    let configurations = match &options.connect {
        None => options.configurations(),
        Some(address) => vec![connected_configuration(options, address)?],
    };
    Ok(options.plan(configurations))
}

fn connected_configuration(options: &Options, address: &str) -> anyhow::Result<Configuration> {
    let target = Target::new(address, options.timeout)
        .with_context(|| format!("cannot measure {address}"))?;
    let stats: Option<Stats> = target.stats()?;
    match (stats, options.single_server()) {
        (Some(stats), _) => {
            let mode = <Mode as clap::ValueEnum>::from_str(&stats.mode, true).ok();
            Ok(Configuration { mode, workers: stats.workers })
        }
        (None, Some(workers)) => Ok(Configuration { mode: None, workers }),
        (None, None) => Err(anyhow!(
            "the server at {address} does not tell how many workers it has; say it with --servers N"
        )),
    }
}

fn create_sources(plan: &Plan, dir: &Path) -> anyhow::Result<Vec<Source>> {
    let create = |&volume| {
        Source::create(dir, volume, plan.seed)
            .with_context(|| format!("cannot write the files to transfer to {}", dir.display()))
    };
    plan.volumes.iter().map(create).collect()
}

impl Experiment {
    /// Measures the cells of one server. A server that fails is booked, not an error.
    fn measure_block(&mut self, block: &Block, options: &Options) -> anyhow::Result<()> {
        if self.is_interrupted() {
            return Ok(());
        }
        self.progress.block_started(block);
        let mut server = self.start(block.server);
        for &cell in &block.cells {
            let record = match &mut server {
                Ok(running) => self.measure(cell, block.repetition, running),
                // It did not start, or not again: the rest of its cells need no other try.
                Err(err) => Ok(not_measured(cell, block, err)),
            };
            if self.is_interrupted() {
                break;
            }
            let record = record.unwrap_or_else(|err| {
                let mut record = not_measured(cell, block, &err);
                record.unsettled = Some(format!("{err:#}"));
                record
            });
            let unsettled = record.unsettled.clone();
            self.files.append(&record)?;
            self.progress.cell_done(&record);
            self.records.push(record);
            if let (Some(why), Ok(running)) = (unsettled, &mut server) {
                self.book_if_dead(block, running, &why, options);
                // Whatever the server is still doing must not run into the next cell.
                server = self.start(block.server);
            }
        }
        match server {
            Ok(running) => self.stop(running),
            Err(_) if self.is_interrupted() => {}
            Err(err) => self.book_failed(block, &format!("{err:#}"), options),
        }
        Ok(())
    }

    /// Books the configuration as failed if its server has died.
    fn book_if_dead(&mut self, block: &Block, running: &mut Running, why: &str, options: &Options) {
        let Some(process) = &mut running.process else { return };
        if !process.is_dead() {
            return;
        }
        let why = format!("{why}; the server died: {}", process.how_it_ended());
        self.book_failed(block, &why, options);
    }

    /// Says once for each configuration that it failed, and why.
    fn book_failed(&mut self, block: &Block, why: &str, options: &Options) {
        if self.failed.insert(block.server) {
            self.progress.say(&options.lang.not_measured(block.server, why));
        }
    }

    fn stop(&self, running: Running) {
        match running.process {
            Some(process) => process.stop(),
            None => {
                for source in &self.downloads {
                    // Some servers cannot delete; the file's name says where it came from.
                    let _ = running.target.delete(&download_name(source));
                }
            }
        }
    }

    fn measure(
        &self,
        cell: Cell,
        repetition: u32,
        running: &mut Running,
    ) -> anyhow::Result<Record> {
        let source = self
            .sources
            .iter()
            .find(|source| source.volume == cell.volume)
            .expect("every volume of the plan has a source");
        let (target, instruments) = (&running.target, &self.instruments);
        let mut record = cell::measure(cell, repetition, target, source, instruments)?;
        if let Some(process) = &mut running.process {
            process.events().join(cell.operation, &mut record.outcomes);
        }
        Ok(record)
    }

    /// Starts the server, or finds the one that runs, and stores what downloads read.
    fn start(&self, configuration: Configuration) -> anyhow::Result<Running> {
        let (process, address) = match &self.servers {
            Servers::Connected(address) => (None, address.clone()),
            Servers::Started { program, dir, log_dir } => {
                let interrupt = &self.instruments.interrupt;
                let events = EventLog::at(self.unused_log(log_dir));
                let process = ServerProcess::start(program, configuration, dir, events, interrupt)?;
                let address = process.address().to_owned();
                (Some(process), address)
            }
        };
        let mut target = Target::new(&address, self.instruments.timeout)?;
        target.pid = process.as_ref().map(ServerProcess::pid);
        for source in &self.downloads {
            target
                .provide(&download_name(source), source)
                .context("cannot store the file to download")?;
        }
        Ok(Running { process, target })
    }

    /// A file for the log of one server more.
    fn unused_log(&self, log_dir: &Path) -> PathBuf {
        let number = self.servers_started.get() + 1;
        self.servers_started.set(number);
        log_dir.join(format!("server-{number}.jsonl"))
    }

    fn is_interrupted(&self) -> bool {
        self.instruments.interrupt.is_told()
    }

    /// Writes and prints the tables and says where everything is.
    fn report(
        &self,
        plan: &Plan,
        environment: &Environment,
        options: &Options,
    ) -> anyhow::Result<ExitCode> {
        let marks = Marks {
            quick: options.quick,
            partial: (self.records.len() as u64) < plan.needs().cells,
            invalid: self.records.iter().filter(|record| record.invalid.is_some()).count(),
        };
        let (language, records) = (options.lang, &self.records[..]);
        let tables = Tables { plan, records, environment, marks, language };
        tables.write_to(self.files.dir())?;
        print!("{}", tables.on_screen());
        for line in self.troubles(language) {
            println!("{line}");
        }
        println!("{}", language.files_are_in(&self.files.dir().display().to_string()));
        let (all, completed) = (plan.configurations.len(), self.completed(plan));
        println!("{}", language.configurations(completed, self.failed.len(), all));
        let any_failed =
            !self.failed.is_empty() || records.iter().any(|record| record.clients_failed() > 0);
        // A run that was stopped lacks the rows that its gates are about.
        if self.is_interrupted() {
            return Ok(EXIT_INTERRUPTED.into());
        }
        let is_through = self.passes_gates(options)?;
        Ok(if marks.invalid > 0 {
            EXIT_INVALID.into()
        } else if !is_through {
            EXIT_GATE.into()
        } else if any_failed {
            EXIT_SOME_FAILED.into()
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Holds the finished `cells.csv` against the gates, and says what became of each.
    fn passes_gates(&self, options: &Options) -> anyhow::Result<bool> {
        if options.gates.is_empty() {
            return Ok(true);
        }
        let cells = Sheet::open(&self.files.dir().join("cells.csv"))?.last_of_each(&CELL_KEY);
        let mut is_through = true;
        for gate in &options.gates {
            let result = gate.check(&cells, &CELL_KEY)?;
            is_through &= result.broken.is_empty();
            options.lang.gate(&result).iter().for_each(|line| println!("{line}"));
        }
        Ok(is_through)
    }

    /// Configurations of which every cell was measured.
    fn completed(&self, plan: &Plan) -> usize {
        let is_complete = |server: &&Configuration| {
            let cells = plan.cells_of(**server).len() * plan.repetitions as usize;
            let measured = self.records.iter().filter(|record| record.cell.server == **server);
            !self.failed.contains(server) && measured.count() == cells
        };
        plan.configurations.iter().filter(is_complete).count()
    }

    /// A line for each cell with failures or wrong books: what happened, and how often.
    fn troubles(&self, language: Language) -> Vec<String> {
        let mut lines = Vec::new();
        for record in &self.records {
            let Cell { operation, volume, clients, server } = record.cell;
            let what = language.cell(operation, &volume.to_string(), clients);
            let cell = format!("{}: {what}", language.server(server));
            if let Some(why) = &record.invalid {
                lines.push(format!("INVALID: {cell}: {why}"));
            }
            for (cause, count) in record.causes() {
                let first = record.outcomes.iter().find_map(|outcome| {
                    outcome.failure.as_ref().filter(|failure| failure.cause == cause)
                });
                let sentence = first.map_or("", |failure| failure.sentence.as_str());
                lines.push(format!("{cell}: {count} failed ({cause}): {sentence}"));
            }
        }
        lines
    }
}
