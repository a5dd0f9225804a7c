//! Which cells there are, and in which order.

mod encoding;
mod needs;

use std::{fmt, str::FromStr};

use clap::ValueEnum;
use client::{Feature, FileName, Verb};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
pub(crate) use telemetry::Mode;

pub(crate) use self::{encoding::Encoding, needs::Needs};

/// Most bursts of a cell: the shortest need thousands to last, and a few dozen say as much.
pub(crate) const BURSTS_MAX: u32 = 50;

/// Bytes in a mebibyte.
pub(crate) const MIB: u64 = 1_048_576;

#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    Download,
    Upload,
    /// Names the stored files.
    List,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientPoolKind {
    Thread,
    Process,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sink {
    /// Downloads are written to files.
    File,
    /// Downloads are decoded and hashed within the measured time.
    Null,
}

/// The size of the file that each client moves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub(crate) struct Volume {
    pub(crate) bytes: u64,
}

/// One server: started once, measured in all its cells, stopped.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Configuration {
    /// `None` for a server that is already running and does not tell.
    pub(crate) mode: Option<Mode>,
    /// 0 for a server that does not tell.
    pub(crate) workers: u32,
}

/// One setting to measure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Cell {
    /// Base64 where no content is moved.
    #[serde(default, skip_serializing_if = "Encoding::is_base64")]
    pub(crate) encoding: Encoding,
    pub(crate) operation: Operation,
    pub(crate) volume: Volume,
    pub(crate) clients: u32,
    pub(crate) server: Configuration,
}

/// One try to measure a cell: a cell that was disturbed is measured again.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Attempt {
    pub(crate) cell: Cell,
    pub(crate) repetition: u32,
    /// From 1.
    pub(crate) number: u32,
}

/// All cells of a run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Plan {
    pub(crate) configurations: Vec<Configuration>,
    pub(crate) operations: Vec<Operation>,
    #[serde(default = "base64_alone", skip_serializing_if = "is_base64_alone")]
    pub(crate) encodings: Vec<Encoding>,
    pub(crate) volumes: Vec<Volume>,
    /// The server's own file that downloads read, in place of one that is stored for the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<FileName>,
    /// How many files a server that is started has for LIST, where that is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) list_files: Option<u32>,
    pub(crate) clients: Vec<u32>,
    /// Whether the clients talk TLS to a server that runs already.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) tls: bool,
    pub(crate) client_pool: ClientPoolKind,
    pub(crate) sink: Sink,
    pub(crate) repetitions: u32,
    pub(crate) seed: u64,
    /// Cells that take less, in seconds, are repeated inside until they have taken it.
    #[serde(default)]
    pub(crate) min_time_s: f64,
    /// How often a cell is measured again, at most, when others disturb it.
    #[serde(default = "Plan::default_reruns")]
    pub(crate) reruns: u32,
    /// What a later version says besides: two runs must agree in it to be compared.
    #[serde(flatten)]
    pub(crate) unknown: Map<String, Value>,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn base64_alone() -> Vec<Encoding> {
    Encoding::ASSIGNED.into()
}

fn is_base64_alone(encodings: &[Encoding]) -> bool {
    encodings == Encoding::ASSIGNED
}

impl Plan {
    /// Runs of before there was a choice had two.
    pub(crate) const fn default_reruns() -> u32 {
        2
    }

    /// The cells of one configuration, in the order of the table. Those that differ in their encoding alone
    /// come one after the other: what the machine does meanwhile changes least between them.
    pub(crate) fn cells_of(&self, server: Configuration) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &operation in &self.operations {
            for &volume in self.volumes_of(operation) {
                for &clients in &self.clients {
                    let cell = |&encoding| Cell { encoding, operation, volume, clients, server };
                    cells.extend(self.encodings_of(operation).iter().map(cell));
                }
            }
        }
        cells
    }

    /// Those in which content is moved for an operation.
    pub(crate) fn encodings_of(&self, operation: Operation) -> &[Encoding] {
        if operation.moves_files() { &self.encodings } else { &Encoding::ASSIGNED }
    }

    /// What a server must know besides the verbs that every server knows.
    pub(crate) fn features(&self) -> Vec<Feature> {
        let is_raw =
            |operation: &&Operation| self.encodings_of(**operation).contains(&Encoding::Raw);
        let feature = |operation: &Operation| match operation {
            Operation::Download => Some(Feature::Fetch),
            Operation::Upload => Some(Feature::Store),
            Operation::List => None,
        };
        self.operations.iter().filter(is_raw).filter_map(feature).collect()
    }

    fn volumes_of(&self, operation: Operation) -> &[Volume] {
        match operation {
            Operation::Download | Operation::Upload => &self.volumes,
            Operation::List => &[Volume::NONE],
        }
    }

    /// Whether files are moved at all.
    pub(crate) fn moves_files(&self) -> bool {
        self.operations.iter().any(|operation| operation.moves_files())
    }

    /// Whether the server must take files for it.
    pub(crate) fn stores_files(&self) -> bool {
        self.moves_files() && self.file.is_none()
    }

    /// All rows of the tables of one mode: by encoding, operation, volume, clients, server workers.
    pub(crate) fn rows_of(&self, mode: Option<Mode>) -> Vec<Cell> {
        let of_mode = self.configurations.iter().filter(|server| server.mode == mode);
        let mut rows: Vec<Cell> = of_mode.flat_map(|&server| self.cells_of(server)).collect();
        rows.sort();
        rows
    }

    /// The modes in the order they were asked for.
    pub(crate) fn modes(&self) -> Vec<Option<Mode>> {
        let mut modes: Vec<Option<Mode>> = Vec::new();
        for server in &self.configurations {
            if !modes.contains(&server.mode) {
                modes.push(server.mode);
            }
        }
        modes
    }

    /// The first attempt at each cell in the order of their measurement, in blocks of one server each
    /// that are never empty. With repetitions the order is shuffled, by the seed, so
    /// that a machine that warms up or tires does not favour one configuration.
    pub(crate) fn blocks(&self) -> Vec<Vec<Attempt>> {
        let mut random = StdRng::seed_from_u64(self.seed);
        let mut blocks = Vec::new();
        for repetition in 1..=self.repetitions {
            let mut servers = self.configurations.clone();
            if self.repetitions > 1 {
                servers.shuffle(&mut random);
            }
            for server in servers {
                let mut cells = self.cells_of(server);
                if self.repetitions > 1 {
                    cells.shuffle(&mut random);
                }
                let attempt = |cell| Attempt { cell, repetition, number: 1 };
                blocks.push(cells.into_iter().map(attempt).collect());
            }
        }
        blocks
    }
}

impl Configuration {
    /// A server that does not tell what it is.
    pub(crate) const UNKNOWN: Self = Self { mode: None, workers: 0 };

    /// The number of workers; empty for a server that does not tell it.
    pub(crate) fn workers_shown(self) -> String {
        if self.workers == 0 { String::new() } else { self.workers.to_string() }
    }
}

impl Cell {
    /// The same for whichever server: what its clients do.
    pub(crate) fn load(self) -> Self {
        Self { server: Configuration::UNKNOWN, ..self }
    }

    /// What all clients together move.
    pub(crate) fn payload_bytes(&self) -> u64 {
        self.volume.bytes.saturating_mul(u64::from(self.clients))
    }

    /// That of the content, where some is moved.
    pub(crate) fn content_encoding(&self) -> Option<Encoding> {
        self.operation.moves_files().then_some(self.encoding)
    }

    /// What its clients ask for.
    pub(crate) fn verb(&self) -> Verb {
        match (self.operation, self.encoding) {
            (Operation::Download, Encoding::Base64) => Verb::Get,
            (Operation::Download, Encoding::Raw) => Verb::Fetch,
            (Operation::Upload, Encoding::Base64) => Verb::Upload,
            (Operation::Upload, Encoding::Raw) => Verb::Store,
            (Operation::List, _) => Verb::List,
        }
    }
}

impl Operation {
    pub(crate) fn moves_files(self) -> bool {
        match self {
            Self::Download | Self::Upload => true,
            Self::List => false,
        }
    }
}

impl Volume {
    /// Of an operation that moves no file.
    pub(crate) const NONE: Self = Self { bytes: 0 };

    /// More than any disk holds.
    pub(crate) const BYTES_MAX: u64 = 1_000_000_000_000_000;

    /// As the assignment's table names it: `10 MB`, whose megabytes are MiB.
    pub(crate) fn as_assigned(self) -> String {
        format!("{} MB", self.mib())
    }

    fn mib(self) -> String {
        let exact = in_mib(self.bytes as f64);
        // The shortest that is read as this volume.
        let mut texts = (0..7).map(|decimals| format!("{exact:.decimals$}"));
        texts.find(|text| text.parse() == Ok(self)).unwrap_or_else(|| format!("{exact:.7}"))
    }
}

/// Bytes, or bytes in a second.
pub(crate) fn in_mib(bytes: f64) -> f64 {
    bytes / MIB as f64
}

impl FromStr for Volume {
    type Err = String;

    /// A number of MiB, which the assignment calls MB.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim().trim_end_matches("MB").trim_end_matches("MiB").trim_end();
        let mib: f64 = number.parse().map_err(|_| format!("{text:?} is not a number of MiB"))?;
        let bytes = mib * MIB as f64;
        if !(1.0..=Self::BYTES_MAX as f64).contains(&bytes) {
            return Err(format!("{text} MiB is not a volume that can be measured"));
        }
        Ok(Self { bytes: bytes.round() as u64 })
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return Ok(());
        }
        write!(f, "{} MiB", self.mib())
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Download => "download",
            Self::Upload => "upload",
            Self::List => "list",
        })
    }
}

impl fmt::Display for ClientPoolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread => "thread",
            Self::Process => "process",
        })
    }
}

/// The mode's name, `server` for one that does not tell.
pub(crate) fn mode_name(mode: Option<Mode>) -> String {
    mode.map_or_else(|| "server".to_owned(), |mode| mode.to_string())
}

/// What the rows of one table have in common: `thread`, `thread-raw`.
pub(crate) fn table_name(mode: Option<Mode>, encoding: Encoding) -> String {
    match encoding {
        Encoding::Base64 => mode_name(mode),
        Encoding::Raw => format!("{}-{}", mode_name(mode), encoding.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(modes: &[Mode]) -> Plan {
        let configuration =
            |&mode| [1, 5, 50].map(|workers| Configuration { mode: Some(mode), workers });
        Plan {
            configurations: modes.iter().flat_map(configuration).collect(),
            operations: vec![Operation::Download, Operation::Upload],
            encodings: base64_alone(),
            volumes: vec![10, 50, 100].into_iter().map(|mib| Volume { bytes: mib * MIB }).collect(),
            file: None,
            list_files: None,
            clients: vec![1, 5, 50],
            tls: false,
            client_pool: ClientPoolKind::Thread,
            sink: Sink::File,
            repetitions: 1,
            seed: 1,
            min_time_s: 0.5,
            reruns: Plan::default_reruns(),
            unknown: Map::new(),
        }
    }

    #[test]
    fn one_mode_has_54_rows_and_56_gigabytes() {
        let needs = full(&[Mode::Thread]).needs();
        assert_eq!((needs.rows, needs.cells), (54, 54));
        assert_eq!(needs.payload_bytes, 56_371_445_760);
        assert_eq!(needs.disk_bytes, (50 * 100 + 2 * 160) * MIB);
    }

    /// The three modes of results/reference took 1,320 s.
    #[test]
    fn the_expected_time_is_about_what_the_reference_took() {
        let mut plan = full(&[Mode::Thread, Mode::Process, Mode::Async]);
        plan.repetitions = 3;
        let expected_s = plan.expected_s();
        assert!((1200..1450).contains(&expected_s), "{expected_s}");
    }

    #[test]
    fn rows_are_ordered_by_operation_volume_clients_and_workers() {
        let rows = full(&[Mode::Thread, Mode::Process]).rows_of(Some(Mode::Process));
        assert_eq!(rows.len(), 54);
        let of = |row: &Cell| (row.operation, row.volume, row.clients, row.server.workers);
        assert!(rows.is_sorted_by_key(of));
        assert_eq!(of(&rows[1]), (Operation::Download, Volume { bytes: 10 * MIB }, 1, 5));
        assert_eq!(of(&rows[27]).0, Operation::Upload);
    }

    #[test]
    fn lists_have_no_volume_and_come_behind_the_54_rows() {
        let mut plan = full(&[Mode::Thread]);
        plan.operations.push(Operation::List);
        let rows = plan.rows_of(Some(Mode::Thread));
        assert_eq!(rows.len(), 54 + 9);
        assert!(rows[..54].iter().all(|row| row.operation.moves_files()));
        assert!(rows[54..].iter().all(|row| row.volume == Volume::NONE));
        assert_eq!(plan.needs().payload_bytes, full(&[Mode::Thread]).needs().payload_bytes);
        plan.operations = vec![Operation::List];
        assert!(!plan.moves_files());
    }

    #[test]
    fn each_encoding_has_the_54_rows_and_one_that_nobody_asked_for_is_not_written_down() {
        let assigned = full(&[Mode::Thread]);
        let mut plan = assigned.clone();
        plan.operations.push(Operation::List);
        plan.encodings.push(Encoding::Raw);
        let rows = plan.rows_of(Some(Mode::Thread));
        let [base64, raw] = [Encoding::Base64, Encoding::Raw].map(|encoding| {
            let of_encoding = rows.iter().filter(|row| row.encoding == encoding);
            of_encoding.map(|row| Cell { encoding: Encoding::Base64, ..*row }).collect::<Vec<_>>()
        });
        assert_eq!((base64.len(), raw.len()), (54 + 9, 54), "a list has one way to be made");
        assert_eq!((&base64[..54], &raw), (&raw[..], &assigned.rows_of(Some(Mode::Thread))));
        assert_eq!(plan.features(), [Feature::Fetch, Feature::Store]);
        assert!(assigned.features().is_empty());
        let cells = plan.cells_of(plan.configurations[0]);
        assert_eq!(cells[0], Cell { encoding: Encoding::Base64, ..cells[1] });
        assert_eq!((cells[0].verb(), cells[1].verb()), (Verb::Get, Verb::Fetch));
        let written = serde_json::to_string(&(&assigned, &base64)).unwrap();
        assert!(!written.contains("encoding"), "{written}");
        let read: Plan = serde_json::from_str(&serde_json::to_string(&assigned).unwrap()).unwrap();
        assert_eq!(read, assigned);
    }

    #[test]
    fn repetitions_hold_the_same_cells_in_an_order_that_the_seed_gives() {
        let mut plan = full(&[Mode::Thread]);
        plan.repetitions = 3;
        let order = |plan: &Plan| -> Vec<Cell> {
            plan.blocks().into_iter().flatten().map(|attempt| attempt.cell).collect()
        };
        let (first, again) = (order(&plan), order(&plan));
        assert_eq!(first, again);
        plan.seed = 2;
        assert_ne!(first, order(&plan));
        let mut sorted = first;
        sorted.sort();
        assert!(sorted.chunks(3).all(|same| same[0] == same[1] && same[1] == same[2]));
        assert_eq!(sorted.len(), 3 * 54);
    }

    #[test]
    fn volumes_are_read_and_shown_in_mib_which_the_assignment_calls_mb() {
        for (text, bytes, shown) in [
            ("10", 10 * MIB, "10"),
            ("0.5", MIB / 2, "0.5"),
            ("100 MB", 100 * MIB, "100"),
            ("0.1", 104_858, "0.1"),
        ] {
            let volume: Volume = text.parse().unwrap();
            let names = (volume.to_string(), volume.as_assigned());
            assert_eq!(volume.bytes, bytes);
            assert_eq!(names, (format!("{shown} MiB"), format!("{shown} MB")));
        }
        assert_eq!("3 MiB".parse(), Ok(Volume { bytes: 3 * MIB }));
        for text in ["", "x", "0", "-1", "nan", "1e99"] {
            assert!(text.parse::<Volume>().is_err(), "{text}");
        }
    }
}
