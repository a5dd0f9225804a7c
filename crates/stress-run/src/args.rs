//! The command line of `stress-run`.

use std::{env, path::PathBuf, process::ExitCode, str::FromStr, time::Duration};

use anyhow::{Context, anyhow};
use clap::{CommandFactory, Parser, Subcommand, ValueEnum, builder::BoolishValueParser};
use cli::Documents;
use serde_json::json;

use crate::{
    client_pool,
    compare::{self, CompareArgs},
    conclusion,
    environment::Environment,
    experiment,
    gate::Gate,
    language::Language,
    null_server,
    plan::{ClientPoolKind, Configuration, Mode, Operation, Plan, Sink, Volume},
};

const EXAMPLES: &str = "\
Examples:
  stress-run --quick                       try it out: both modes, a tenth of the volumes
  stress-run                               the whole experiment: thread and process, 54 rows each
  stress-run --modes async --clients 50    18 rows of one mode
  stress-run --lang id                     the table in the assignment's own words
  stress-run plan --modes thread           what it would take, without measuring
  stress-run resume results/latest         the rest of a run that was stopped
  stress-run report results/latest         its tables and its report once more
  stress-run compare results/reference results/latest
  stress-run --gate 'failed==0' --gate 'mode=thread,clients=50:mean_s<5'

A gate holds for each row of cells.csv that it selects, or the exit status is 4. It names any column
of numbers there, failed for clients_failed, and before the colon columns with their values, volume
in MB. An empty value does not meet it; a gate that selects no row is bad usage.

The variables STRESS_OP, FILE_SIZE_MB, CLIENT_POOL and CLIENT_POOL_TYPE select cells as well.
Exit status: 0 all well, 1 some workers failed, 2 bad usage or it could not start,
3 wrong bytes or books that disagree, 4 a gate was not met, 130 interrupted.
Where several apply it is the first of 130, 3, 4, 1.";

const RESUME_NOTES: &str = "\
The run goes on as it was begun: of the options above only --lang, --gate, --work-dir, --fileserver and
--port may be new ones, and the work directory must be on a file system of the same kind. Refused are
another stress-run or fileserver than those that began it, and another machine.

Exit status: that of the whole run, or 2 where it cannot go on.";

const REPORT_NOTES: &str = "\
Of the options above report heeds --lang and --gate; the others are ignored.

Exit status: 0 written, 2 bad usage or a run that cannot be read, 4 a gate was not met.";

const OPERATIONS: [Operation; 2] = [Operation::Download, Operation::Upload];
const VOLUMES_MB: [&str; 3] = ["10", "50", "100"];
const POOLS: [u32; 3] = [1, 5, 50];
const MODES: [Mode; 2] = [Mode::Thread, Mode::Process];

/// What `--quick` divides the volumes by.
const QUICK_DIVISOR: u64 = 10;

/// Half a second is long beside the few milliseconds that one wake-up or one page fault more may cost.
const MIN_TIME_S: f64 = 0.5;
/// Of 108 cells most are shorter, and all of it is to take half a minute.
const QUICK_MIN_TIME_S: f64 = 0.0;

/// Measure a file server in every configuration and write the table
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    options: Options,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Divide the volumes by 10 and mark the results QUICK
    #[arg(
        long,
        env = "STRESS_QUICK",
        value_parser = BoolishValueParser::new(),
        global = true
    )]
    pub(crate) quick: bool,

    /// Server modes to measure [default: thread,process]
    #[arg(long, value_enum, value_delimiter = ',', env = "STRESS_MODES", global = true)]
    modes: Option<Vec<Mode>>,

    /// Operations to measure [default: download,upload]
    #[arg(long, value_enum, value_delimiter = ',', env = "STRESS_OP", global = true)]
    ops: Option<Vec<Operation>>,

    /// Sizes of the file that each client moves, in MB of 1,048,576 bytes [default: 10,50,100]
    #[arg(long, value_name = "MB", value_delimiter = ',', env = "STRESS_VOLUMES", global = true)]
    volumes: Option<Vec<Volume>>,

    /// Numbers of clients that start together [default: 1,5,50]
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        env = "STRESS_CLIENTS",
        value_parser = clap::value_parser!(u32).range(1..=1000),
        global = true
    )]
    clients: Option<Vec<u32>>,

    /// Sizes of the server's pool [default: 1,5,50]
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        env = "STRESS_SERVERS",
        value_parser = clap::value_parser!(u32).range(1..=1000),
        global = true
    )]
    servers: Option<Vec<u32>>,

    /// What the clients are: threads of one process, or processes [default: thread]
    #[arg(long, value_enum, env = "STRESS_CLIENT_POOL", global = true)]
    client_pool: Option<ClientPoolKind>,

    /// Where downloads go: to files, or only through decoding and hashing [default: file]
    #[arg(long, value_enum, env = "STRESS_SINK", global = true)]
    sink: Option<Sink>,

    /// How often everything is measured; with 2 or more, servers and cells are shuffled [default: 1]
    #[arg(
        long,
        value_name = "N",
        env = "STRESS_REPEAT",
        value_parser = clap::value_parser!(u32).range(1..=1000),
        global = true
    )]
    repeat: Option<u32>,

    /// Seed of the file contents and of the order [default: 1]
    #[arg(long, env = "STRESS_SEED", global = true)]
    seed: Option<u64>,

    /// Cells that take less are repeated inside until they have taken it, 50 times at most [default:
    /// 0.5, with --quick 0]
    #[arg(
        long,
        value_name = "SECONDS",
        env = "STRESS_MIN_TIME",
        value_parser = min_time,
        allow_negative_numbers = true,
        global = true
    )]
    min_time: Option<f64>,

    /// How often a cell is measured again, at most, when other programs disturb it [default: 2]
    #[arg(
        long,
        value_name = "N",
        env = "STRESS_RERUNS",
        value_parser = clap::value_parser!(u32).range(0..=10),
        global = true
    )]
    reruns: Option<u32>,

    /// Directory for results; each run makes its own in it, and `latest` points to the newest
    #[arg(long, value_name = "DIR", env = "STRESS_OUT", default_value = "results", global = true)]
    pub(crate) out: PathBuf,

    /// Language of tables and messages
    #[arg(long, value_enum, env = "STRESS_LANG", default_value = "en", global = true)]
    pub(crate) lang: Language,

    /// Condition that the results must meet, such as failed==0 or clients=50:mean_s<3; several are
    /// repeated or divided by semicolons
    #[arg(
        long = "gate",
        value_name = "CONDITION",
        value_delimiter = ';',
        env = "STRESS_GATE",
        global = true
    )]
    pub(crate) gates: Vec<Gate>,

    /// Measure a server that is already running, instead of starting one for each configuration
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "STRESS_CONNECT",
        conflicts_with_all = ["modes", "fileserver"],
        global = true
    )]
    pub(crate) connect: Option<String>,

    /// Longest time for one transfer, in seconds [default: 60, more for large cells]
    #[arg(
        long,
        value_name = "SECONDS",
        env = "STRESS_TIMEOUT",
        value_parser = cli::seconds_not_zero,
        global = true
    )]
    pub(crate) timeout: Option<Duration>,

    /// Directory for the served files and the downloads, removed afterwards [default: the system's
    /// temporary directory]
    #[arg(long, value_name = "DIR", env = "STRESS_WORK_DIR", global = true)]
    pub(crate) work_dir: Option<PathBuf>,

    /// Port of 127.0.0.1 that the servers listen on; 0 takes a free one for each
    #[arg(
        long,
        env = "STRESS_PORT",
        default_value_t = 0,
        conflicts_with = "connect",
        global = true
    )]
    pub(crate) port: u16,

    /// The server program to start [default: the fileserver beside stress-run]
    #[arg(long, value_name = "PATH", env = "STRESS_FILESERVER", global = true)]
    pub(crate) fileserver: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure everything, as without a command
    Run,
    /// Go on with a run that was stopped, from the first cell that is missing
    #[command(after_help = RESUME_NOTES)]
    Resume {
        /// The directory of the run
        #[arg(value_name = "RUN")]
        dir: PathBuf,
    },
    /// Write the tables and the report of a run again, from its raw files alone
    #[command(after_help = REPORT_NOTES)]
    Report {
        /// The directory of the run
        #[arg(value_name = "RUN")]
        dir: PathBuf,
    },
    /// Print the cells, and the bytes, disk and memory they need, without measuring
    Plan {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say row by row whether run B is faster or slower than run A
    #[command(after_help = compare::NOTES)]
    Compare(CompareArgs),
    /// Make one transfer for a pool of client processes
    #[command(name = client_pool::WORKER_COMMAND, hide = true)]
    ClientWorker { job: String },
    /// Serve zeros and discard uploads, for the ceilings
    #[command(name = null_server::NULL_SERVER_COMMAND, hide = true)]
    NullServer,
    #[command(flatten)]
    Documents(Documents),
}

impl Args {
    /// Does what the command line says. An error means bad usage, that nothing could be measured, or
    /// that a result could not be written.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let options = self.options.with_assignment_variables()?;
        match self.command {
            None | Some(Command::Run) => return experiment::run(&options),
            Some(Command::Resume { dir }) => return experiment::resume(&dir, &options),
            Some(Command::Report { dir }) => return conclusion::render_again(&dir, &options),
            Some(Command::Plan { json }) => print_plan(&options, json)?,
            Some(Command::Compare(args)) => return compare::run(&args, &options),
            Some(Command::ClientWorker { job }) => client_pool::work(&job)?,
            Some(Command::NullServer) => null_server::serve()?,
            Some(Command::Documents(documents)) => documents.print(&Self::command())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_plan(options: &Options, json: bool) -> anyhow::Result<()> {
    let plan = experiment::plan_of(options)?;
    experiment::check_gates_fit(&options.gates, &plan)?;
    let needs = plan.needs();
    if json {
        let cells: Vec<_> = plan.modes().into_iter().flat_map(|mode| plan.rows_of(mode)).collect();
        let json = json!({
            "rows": needs.rows,
            "payload_bytes": needs.payload_bytes,
            "disk_bytes": needs.disk_bytes,
            "memory_bytes": needs.memory_bytes,
            "plan": plan,
            "cells": cells,
        });
        cli::outln!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(());
    }
    for mode in plan.modes() {
        for (number, cell) in (1..).zip(plan.rows_of(mode)) {
            let what = options.lang.cell(cell.operation, &cell.volume.to_string(), cell.clients);
            cli::outln!("{number:>3}  {}: {what}", options.lang.server(cell.server));
        }
    }
    cli::outln!("{}", options.lang.plan(&needs, plan.repetitions));
    Ok(())
}

impl Options {
    /// Takes what the assignment's environment variables say, where nothing else was said.
    fn with_assignment_variables(mut self) -> anyhow::Result<Self> {
        if self.volumes.is_none() {
            self.volumes = variable("FILE_SIZE_MB", Volume::from_str)?.map(|volume| vec![volume]);
        }
        if self.clients.is_none() {
            let clients = |text: &str| match text.parse() {
                Ok(clients @ 1..=1000) => Ok(clients),
                _ => Err(format!("{text:?} is not a number of clients from 1 to 1000")),
            };
            self.clients = variable("CLIENT_POOL", clients)?.map(|clients| vec![clients]);
        }
        if self.client_pool.is_none() {
            let kind = |text: &str| ClientPoolKind::from_str(text, true);
            self.client_pool = variable("CLIENT_POOL_TYPE", kind)?;
        }
        Ok(self)
    }

    /// Every mode with every size of its pool.
    pub(crate) fn configurations(&self) -> Vec<Configuration> {
        let modes = unique(self.modes.as_deref().unwrap_or(&MODES));
        let servers = unique(self.servers.as_deref().unwrap_or(&POOLS));
        let of_mode =
            |&mode| servers.iter().map(move |&workers| Configuration { mode: Some(mode), workers });
        modes.iter().flat_map(of_mode).collect()
    }

    pub(crate) fn plan(&self, configurations: Vec<Configuration>) -> Plan {
        let divisor = if self.quick { QUICK_DIVISOR } else { 1 };
        let volume = |volume: &Volume| Volume { bytes: (volume.bytes / divisor).max(1) };
        let default_volumes = VOLUMES_MB.map(|mb| mb.parse().expect("these are volumes"));
        let volumes = self.volumes.as_deref().unwrap_or(&default_volumes);
        let min_time_s = if self.quick { QUICK_MIN_TIME_S } else { MIN_TIME_S };
        Plan {
            configurations,
            operations: unique(self.ops.as_deref().unwrap_or(&OPERATIONS)),
            volumes: unique(&volumes.iter().map(volume).collect::<Vec<_>>()),
            clients: unique(self.clients.as_deref().unwrap_or(&POOLS)),
            client_pool: self.client_pool.unwrap_or(ClientPoolKind::Thread),
            sink: self.sink.unwrap_or(Sink::File),
            repetitions: self.repeat.unwrap_or(1),
            seed: self.seed.unwrap_or(1),
            min_time_s: self.min_time.unwrap_or(min_time_s),
            reruns: self.reruns.unwrap_or(Plan::default_reruns()),
        }
    }

    /// With what an earlier part of a run was begun with.
    pub(crate) fn as_begun(&self, begun: &Environment) -> Self {
        let workers = begun.plan.configurations.iter().map(|server| server.workers).collect();
        Self {
            connect: begun.connected_to.clone(),
            timeout: begun.timeout_s.map(Duration::from_secs_f64),
            servers: Some(workers),
            ..self.clone()
        }
    }

    /// Refuses options that name another experiment than the one that is gone on with. What is not
    /// named is as it was.
    pub(crate) fn check_same(&self, begun: &Environment) -> anyhow::Result<()> {
        let plan = &begun.plan;
        let divisor = if begun.is_quick() { QUICK_DIVISOR } else { 1 };
        let volume = |volume: &Volume| Volume { bytes: (volume.bytes / divisor).max(1) };
        let volumes =
            |volumes: &Vec<Volume>| unique(&volumes.iter().map(volume).collect::<Vec<_>>());
        let servers: Vec<u32> = plan.configurations.iter().map(|server| server.workers).collect();
        let modes: Vec<Mode> = plan.modes().into_iter().flatten().collect();
        let timeout_s = self.timeout.map(|timeout| timeout.as_secs_f64());
        let differs = [
            ("--quick", self.quick && !begun.is_quick()),
            ("--modes", self.modes.as_deref().is_some_and(|it| unique(it) != modes)),
            ("--ops", self.ops.as_deref().is_some_and(|ops| unique(ops) != plan.operations)),
            ("--volumes", self.volumes.as_ref().map(volumes).is_some_and(|it| it != plan.volumes)),
            ("--clients", self.clients.as_deref().is_some_and(|it| unique(it) != plan.clients)),
            ("--servers", self.servers.as_deref().is_some_and(|it| unique(it) != unique(&servers))),
            ("--client-pool", self.client_pool.is_some_and(|kind| kind != plan.client_pool)),
            ("--sink", self.sink.is_some_and(|sink| sink != plan.sink)),
            ("--repeat", self.repeat.is_some_and(|repeat| repeat != plan.repetitions)),
            ("--seed", self.seed.is_some_and(|seed| seed != plan.seed)),
            ("--min-time", self.min_time.is_some_and(|seconds| seconds != plan.min_time_s)),
            ("--reruns", self.reruns.is_some_and(|reruns| reruns != plan.reruns)),
            ("--connect", self.connect.is_some() && self.connect != begun.connected_to),
            ("--timeout", timeout_s.is_some() && timeout_s != begun.timeout_s),
        ];
        match differs.iter().find(|(_, differs)| *differs) {
            None => Ok(()),
            Some((option, _)) => Err(anyhow!(
                "{option} is not what the run was begun with; resume goes on with the run as it was \
                 planned, so leave the option away, or start a new run"
            )),
        }
    }

    /// The one size that `--servers` names for a server that does not tell its own.
    pub(crate) fn single_server(&self) -> Option<u32> {
        match self.servers.as_deref() {
            Some([workers]) => Some(*workers),
            _ => None,
        }
    }
}

/// A cell is measured once, however often it was named.
fn unique<T: Copy + PartialEq>(values: &[T]) -> Vec<T> {
    let mut unique: Vec<T> = Vec::new();
    for value in values {
        if !unique.contains(value) {
            unique.push(*value);
        }
    }
    unique
}

fn variable<T>(
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    let Some(value) = env::var_os(name) else { return Ok(None) };
    let value = value.to_str().with_context(|| format!("{name} is not text"))?;
    parse(value).map(Some).map_err(|why| anyhow!("the environment variable {name}: {why}"))
}

/// Longer says nothing more.
const MIN_TIME_MAX_S: f64 = 600.0;

fn min_time(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=MIN_TIME_MAX_S).contains(&seconds) => Ok(seconds),
        _ => Err(format!("a number of seconds from 0 to {MIN_TIME_MAX_S} is needed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_command_lines() {
        let lines = EXAMPLES.lines().chain(compare::NOTES.lines());
        let examples = lines.filter(|line| line.starts_with("  stress-run"));
        let mut count = 0;
        for example in examples {
            let command = example.trim_start().split("  ").next().unwrap_or_default();
            // As a shell would pass them on: no argument has a space in it.
            let parsed = Args::try_parse_from(command.replace('\'', "").split(' '));
            assert!(parsed.is_ok(), "{command}: {parsed:?}");
            count += 1;
        }
        assert_eq!(count, 11);
    }

    #[test]
    fn no_options_mean_both_modes_with_54_rows_each() {
        let args = Args::try_parse_from(["stress-run"]).unwrap();
        let plan = args.options.plan(args.options.configurations());
        assert_eq!((plan.configurations.len(), plan.needs().rows), (6, 108));
    }
}
