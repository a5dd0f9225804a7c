//! The options in groups: each command has those that it uses, and no others.

use std::{env, path::PathBuf, str::FromStr, time::Duration};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum, builder::TypedValueParser};
use cli::WatchArgs;
use runs::Gate;

use super::connect::{AccessArgs, ConnectArgs};
use crate::{
    language::Language,
    plan::{ClientPoolKind, Configuration, Encoding, Mode, Operation, Plan, Sink, Volume},
    results::{self, Environment},
};

const OPERATIONS: [Operation; 2] = [Operation::Download, Operation::Upload];
const VOLUMES_MB: [&str; 3] = ["10", "50", "100"];
const POOLS: [u32; 3] = [1, 5, 50];
const LIST_FILES: u32 = 100;
const MODES: [Mode; 2] = [Mode::Thread, Mode::Process];

fn mode() -> impl TypedValueParser<Value = Mode> {
    let mut modes = Mode::ALL;
    modes.sort_unstable();
    cli::choice(modes.map(|mode| (mode, mode.name(), "")))
}

/// What `--quick` divides the volumes by.
const QUICK_DIVISOR: u64 = 10;

/// Half a second is long beside the few milliseconds that one wake-up or one page fault more may cost.
const MIN_TIME_S: f64 = 0.5;
/// Of 108 cells most are shorter, and all of it is to take half a minute.
const QUICK_MIN_TIME_S: f64 = 0.0;

/// Everything that a run can be told.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) plan: PlanArgs,

    #[command(flatten)]
    pub(crate) places: PlaceArgs,

    #[command(flatten)]
    pub(crate) results: ResultArgs,

    #[command(flatten)]
    pub(crate) watch: WatchArgs,

    /// Directory for results
    ///
    /// Each run gets a directory in it, and `latest` points to the newest.
    #[arg(
        long,
        hide_short_help = true,
        alias = "output",
        value_name = "DIR",
        default_value = "results"
    )]
    pub(crate) out: PathBuf,
}

/// What is measured, and how.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What is measured")]
pub(crate) struct PlanArgs {
    /// Try it out, with a tenth of the volumes
    ///
    /// The results are marked QUICK.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Server modes [default: thread,process]
    #[arg(long, value_parser = mode(), value_delimiter = ',')]
    modes: Option<Vec<Mode>>,

    /// Operations; list asks for the names of the stored files, and has tables of
    /// its own [default: download,upload]
    #[arg(long, hide_short_help = true, value_enum, value_delimiter = ',', env = "STRESS_OP")]
    ops: Option<Vec<Operation>>,

    /// How file content moves: as base64 (GET, UPLOAD), or as it is (FETCH, STORE). raw has
    /// tables of its own, and with both a figure shows what base64 costs
    /// [default: base64]
    #[arg(long, hide_short_help = true, value_enum, value_delimiter = ',')]
    encoding: Option<Vec<Encoding>>,

    /// Sizes of each client's file [default: 10,50,100]
    #[arg(long, hide_short_help = true, value_name = "MIB", value_delimiter = ',')]
    volumes: Option<Vec<Volume>>,

    /// Numbers of clients at once [default: 1,5,50]
    ///
    /// They start together.
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    clients: Option<Vec<u32>>,

    /// Numbers of workers of the server [default: 1,5,50]
    #[arg(
        long,
        aliases = ["server-workers", "pool"],
        value_name = "N",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=1000)
    )]
    servers: Option<Vec<u32>>,

    /// How often everything is measured [default: 1]
    ///
    /// From 2 up in shuffled order; from 4 up runs can be compared, from 5 up modes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: Option<u32>,

    /// How many files a server has that is started for the operation list
    /// [default: 100]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=1_000_000)
    )]
    list_files: Option<u32>,

    #[command(flatten)]
    method: MethodArgs,

    #[command(flatten)]
    pub(crate) server: ConnectArgs,
}

const METHOD: &str = "How it is measured";

/// How it is measured.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = METHOD, mut_args(cli::rare(METHOD)))]
struct MethodArgs {
    /// What the clients are: threads of one process, or processes [default: thread]
    #[arg(long, value_enum)]
    client_pool: Option<ClientPoolKind>,

    /// Write downloads to files, or only decode and hash them [default: file]
    #[arg(long, value_enum)]
    sink: Option<Sink>,

    /// Seed of the file contents and of the order [default: 1]
    #[arg(long)]
    seed: Option<u64>,

    /// Measure a short row in several bursts, until they have taken so long; at most
    /// 50 bursts [default: 0.5, with --quick 0]
    #[arg(long, value_name = "SECONDS", value_parser = min_time, allow_negative_numbers = true)]
    min_time: Option<f64>,

    /// How often a row is measured again, at most, when other programs disturb it
    /// [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=10))]
    reruns: Option<u32>,

    /// Longest time for one transfer, in seconds [default: 60, more for large rows]
    #[arg(long, value_name = "SECONDS", value_parser = cli::units::seconds_not_zero)]
    timeout: Option<Duration>,
}

const PLACES: &str = "Programs and places";

/// With what, and where, a run goes on.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = PLACES, mut_args(cli::rare(PLACES)))]
pub(crate) struct PlaceArgs {
    /// Directory for the served files and the downloads, removed afterwards
    /// [default: the system's temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    /// The server program to start [default: the fileserver beside stress-run]
    #[arg(long, value_name = "PATH")]
    pub(crate) fileserver: Option<PathBuf>,

    /// Port of 127.0.0.1 that the servers listen on; 0 takes a free one for each
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

/// What is said of the results.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Results")]
pub(crate) struct ResultArgs {
    /// Language
    ///
    /// Of tables, reports and messages.
    #[arg(long, value_enum, default_value = "en")]
    pub(crate) lang: Language,

    /// Condition that the results must meet, such as clients=50:mean_s<3, with
    /// compare speed_ratio>=0.9, with load p99_ms<5. For several, repeat the option
    /// or put semicolons between them
    #[arg(
        long = "gate",
        hide_short_help = true,
        value_name = "CONDITION",
        value_delimiter = ';',
        value_parser = results::gate
    )]
    pub(crate) gates: Vec<Gate>,
}

impl RunArgs {
    /// Those of a run that goes on: what it measures, and how, is as it was begun.
    pub(crate) fn as_begun(
        begun: &Environment,
        dir: PathBuf,
        access: AccessArgs,
        places: PlaceArgs,
        results: ResultArgs,
    ) -> Self {
        let (address, file) = (begun.connected_to.as_deref(), begun.plan.file.clone());
        let workers = begun.plan.configurations.iter().map(|server| server.workers).collect();
        let timeout = begun.timeout_s.map(Duration::from_secs_f64);
        let plan = PlanArgs {
            server: ConnectArgs::as_begun(address, file, access),
            servers: Some(workers),
            method: MethodArgs { timeout, ..MethodArgs::default() },
            ..PlanArgs::default()
        };
        Self { plan, places, results, watch: WatchArgs::default(), out: dir }
    }
}

impl PlanArgs {
    /// Takes what the assignment's environment variables say, where nothing else was said.
    pub(crate) fn with_assignment_variables(mut self) -> anyhow::Result<Self> {
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
        if self.method.client_pool.is_none() {
            let kind = |text: &str| ClientPoolKind::from_str(text, true);
            self.method.client_pool = variable("CLIENT_POOL_TYPE", kind)?;
        }
        Ok(self)
    }

    /// The longest time for one transfer, where it was given.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.method.timeout
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
        let volume =
            |volume: &Volume| Volume { bytes: ((volume.bytes + divisor / 2) / divisor).max(1) };
        let default_volumes = VOLUMES_MB.map(|mb| mb.parse().expect("these are volumes"));
        let volumes = self.volumes.as_deref().unwrap_or(&default_volumes);
        let min_time_s = if self.quick { QUICK_MIN_TIME_S } else { MIN_TIME_S };
        let file = self.server.file.clone();
        let default_operations = if file.is_some() { &OPERATIONS[..1] } else { &OPERATIONS };
        let operations = unique(self.ops.as_deref().unwrap_or(default_operations));
        let moves_files = operations.iter().any(|operation| operation.moves_files());
        let encodings = self.encoding.as_deref().filter(|_| moves_files);
        let MethodArgs { client_pool, sink, seed, min_time, reruns, .. } = self.method;
        Plan {
            configurations,
            list_files: operations
                .contains(&Operation::List)
                .then(|| self.list_files.unwrap_or(LIST_FILES)),
            encodings: unique(encodings.unwrap_or(&[Encoding::Base64])),
            volumes: match moves_files {
                true => unique(&volumes.iter().map(volume).collect::<Vec<_>>()),
                false => Vec::new(),
            },
            operations,
            file,
            tls: false,
            clients: unique(self.clients.as_deref().unwrap_or(&POOLS)),
            client_pool: client_pool.unwrap_or(ClientPoolKind::Thread),
            sink: sink.unwrap_or(Sink::File),
            repetitions: self.repeat.unwrap_or(1),
            seed: seed.unwrap_or(1),
            min_time_s: min_time.unwrap_or(min_time_s),
            reruns: reruns.unwrap_or(Plan::default_reruns()),
            unknown: serde_json::Map::new(),
        }
    }

    /// The sizes that `--servers` names.
    pub(crate) fn servers(&self) -> &[u32] {
        self.servers.as_deref().unwrap_or_default()
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

/// One that is empty counts as not set, as for options.
fn variable<T>(
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else { return Ok(None) };
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
    fn encodings_are_of_content_and_no_list_has_any() {
        let encodings = |ops: &[Operation]| {
            let encoding = Some(vec![Encoding::Raw, Encoding::Base64, Encoding::Raw]);
            let options = PlanArgs { encoding, ops: Some(ops.to_vec()), ..PlanArgs::default() };
            options.plan(options.configurations()).encodings
        };
        let asked = [Encoding::Raw, Encoding::Base64];
        assert_eq!(encodings(&[Operation::Upload, Operation::List]), asked);
        assert_eq!(encodings(&[Operation::List]), [Encoding::Base64]);
    }

    #[test]
    fn no_options_mean_both_modes_with_54_rows_each() {
        let options = PlanArgs::default();
        let plan = options.plan(options.configurations());
        assert_eq!((plan.configurations.len(), plan.needs().rows), (6, 108));
    }
}
