//! What a plan will take: disk, memory and time.

use serde::{Deserialize, Serialize};

use super::{BURSTS_MAX, Cell, ClientPoolKind, MIB, Operation, Plan, Sink};

/// What resident memory one stress client may add, generously.
const CLIENT_MEMORY: u64 = 2 * MIB;
/// The same for a process client, which brings a process of its own.
const CLIENT_PROCESS_MEMORY: u64 = 8 * MIB;
/// What one worker of a server may take.
const WORKER_MEMORY: u64 = 3 * MIB;

/// What one transfer may take in the results, compressed: most where a cell has a single one.
const WORKER_LINE: u64 = 384;
/// The fastest that all clients together may move, in bytes per second: how often cells are repeated.
const FASTEST: f64 = 4e9;
/// Bytes in a second that all clients of a cell move, as in results/reference: two cores, files in memory.
const BYTES_PER_SECOND: f64 = 8e8;
/// How many times as long a cell takes when its bytes are checked too.
const CHECKED_TIMES: f64 = 1.6;
/// What a cell takes besides, in seconds.
const CELL_S: f64 = 0.05;
/// What the report and the tables take, however few cells there are.
const RESULTS_BASE: u64 = 2 * MIB;

/// What a plan will take.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Needs {
    /// Cells without their repetitions: rows of the tables.
    pub(crate) rows: u64,
    pub(crate) cells: u64,
    /// File content that clients will move, in bytes.
    pub(crate) payload_bytes: u64,
    /// Most that lies on the disk at once.
    pub(crate) disk_bytes: u64,
    /// What the files of the run may take.
    #[serde(default)]
    pub(crate) results_bytes: u64,
    /// Most that clients and server will hold at once.
    pub(crate) memory_bytes: u64,
}

impl Plan {
    pub(crate) fn needs(&self) -> Needs {
        let cells: Vec<Cell> =
            self.configurations.iter().flat_map(|&server| self.cells_of(server)).collect();
        let repetitions = u64::from(self.repetitions);
        let files_of = |cell: &Cell| match (cell.operation, self.sink) {
            (Operation::Download, Sink::Null) => 0,
            _ => cell.payload_bytes(),
        };
        // The source of each volume lies on the clients' side and, to be downloaded, on the server's.
        let sources = sum(self.volumes.iter().map(|volume| 2 * volume.bytes));
        let workers = self.configurations.iter().map(|server| server.workers).max().unwrap_or(0);
        let clients = self.clients.iter().copied().max().unwrap_or(0);
        let bursts = |cell: &Cell| {
            let at_most = self.min_time_s * FASTEST / cell.payload_bytes() as f64;
            (at_most.ceil() as u64).clamp(1, u64::from(BURSTS_MAX))
        };
        let transfers = sum(cells.iter().map(|cell| u64::from(cell.clients) * bursts(cell)));
        let client_memory = match self.client_pool {
            ClientPoolKind::Thread => CLIENT_MEMORY,
            ClientPoolKind::Process => CLIENT_PROCESS_MEMORY,
        };
        Needs {
            rows: cells.len() as u64,
            cells: cells.len() as u64 * repetitions,
            payload_bytes: sum(cells.iter().map(Cell::payload_bytes)).saturating_mul(repetitions),
            results_bytes: RESULTS_BASE
                + transfers.saturating_mul(repetitions).saturating_mul(WORKER_LINE),
            disk_bytes: sources.saturating_add(cells.iter().map(files_of).max().unwrap_or(0)),
            memory_bytes: u64::from(clients) * client_memory + u64::from(workers) * WORKER_MEMORY,
        }
    }

    /// About how many seconds all of it takes.
    pub(crate) fn expected_s(&self) -> u64 {
        // The ceilings are the cells of one more server.
        let ceilings = self.configurations.first();
        let servers = self.configurations.iter().chain(ceilings);
        let cells = servers.flat_map(|&server| self.cells_of(server));
        let once_s: f64 = cells.map(|cell| cell.expected_s(self.min_time_s)).sum();
        (once_s * f64::from(self.repetitions)) as u64
    }
}

impl Cell {
    /// About how long it takes, the checking of its bytes included.
    pub(crate) fn expected_s(&self, min_time_s: f64) -> f64 {
        let transfers_s = (self.payload_bytes() as f64 / BYTES_PER_SECOND).max(min_time_s);
        CELL_S + CHECKED_TIMES * transfers_s
    }
}

/// A plan too large to count is too large to run, so the largest number says enough.
fn sum(bytes: impl Iterator<Item = u64>) -> u64 {
    bytes.fold(0, u64::saturating_add)
}
