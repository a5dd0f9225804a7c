//! What one line of `cells.csv` holds, of `ceilings.csv`, which has fewer columns, and of `workers.jsonl.gz`.
//!
//! Columns are read by their names: those that a file lacks are empty.

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{outcome::JobOutcome, record::Record, statistics::Transfers};
use crate::plan::{Attempt, Cell, Configuration, Encoding, Mode, Operation, Volume};

/// What `ceilings.csv` has of them: the null server has no mode, and counts nothing.
pub(super) const CEILING_COLUMNS: [&str; 13] = [
    "operation",
    "volume_bytes",
    "clients",
    "repetition",
    "bursts",
    "clients_failed",
    "failure_causes",
    "mean_s",
    "makespan_s",
    "goodput_bytes_per_s",
    "generator_cpu_s",
    "disturbed",
    "encoding",
];

/// Columns without which `cells.csv` says too little to go by.
pub(super) const COLUMNS_NEEDED: [&str; 10] = [
    "mode",
    "operation",
    "volume_bytes",
    "clients",
    "server_workers",
    "repetition",
    "clients_failed",
    "mean_s",
    "goodput_bytes_per_s",
    "invalid",
];

/// One attempt to measure one cell, in numbers.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CellLine {
    #[serde(default, with = "mode_column")]
    pub(crate) mode: Option<Mode>,
    pub(crate) operation: Operation,
    #[serde(with = "zero_is_empty")]
    pub(crate) volume_bytes: u64,
    pub(crate) clients: u32,
    #[serde(default, with = "zero_is_empty")]
    pub(crate) server_workers: u32,
    pub(crate) repetition: u32,
    #[serde(default = "first")]
    pub(crate) attempt: u32,
    #[serde(default = "first")]
    pub(crate) bursts: u32,
    /// Of the stored files, where they are listed.
    pub(crate) names: Option<u64>,
    #[serde(default)]
    pub(crate) clients_succeeded: u64,
    pub(crate) clients_failed: u64,
    #[serde(default)]
    pub(crate) failure_causes: String,
    #[serde(deserialize_with = "above_zero")]
    pub(crate) mean_s: Option<f64>,
    pub(crate) min_s: Option<f64>,
    pub(crate) median_s: Option<f64>,
    pub(crate) p95_s: Option<f64>,
    pub(crate) max_s: Option<f64>,
    pub(crate) first_byte_mean_s: Option<f64>,
    pub(crate) queue_mean_s: Option<f64>,
    pub(crate) queue_max_s: Option<f64>,
    pub(crate) service_mean_s: Option<f64>,
    pub(crate) client_cpu_mean_s: Option<f64>,
    pub(crate) client_run_queue_mean_s: Option<f64>,
    pub(crate) client_blocked_mean_s: Option<f64>,
    pub(crate) throughput_bytes_per_s: Option<f64>,
    #[serde(default, deserialize_with = "above_zero")]
    pub(crate) makespan_s: Option<f64>,
    #[serde(deserialize_with = "above_zero")]
    pub(crate) goodput_bytes_per_s: Option<f64>,
    pub(crate) jain_fairness: Option<f64>,
    pub(crate) server_workers_succeeded: Option<u64>,
    pub(crate) server_workers_failed: Option<u64>,
    pub(crate) server_requests_ok: Option<u64>,
    pub(crate) server_requests_failed: Option<u64>,
    pub(crate) server_bytes: Option<u64>,
    pub(crate) server_cpu_s: Option<f64>,
    pub(crate) server_peak_pss_bytes: Option<u64>,
    pub(crate) generator_cpu_s: Option<f64>,
    pub(crate) steal_s: Option<f64>,
    pub(crate) foreign_cpu_s: Option<f64>,
    pub(crate) swapped_pages: Option<u64>,
    pub(crate) throttled_times: Option<u64>,
    pub(crate) stood_still_s: Option<f64>,
    pub(crate) disturbed: Option<String>,
    pub(crate) server_failure: Option<String>,
    pub(crate) invalid: Option<String>,
    /// Of the content that was moved, where some was. Earlier versions have no such column, and had base64.
    pub(crate) encoding: Option<Encoding>,
}

/// What names the attempt that a client took part in, on each line of `workers.jsonl.gz`.
#[derive(Deserialize, Serialize)]
pub(super) struct Key {
    #[serde(with = "mode_column")]
    mode: Option<Mode>,
    operation: Operation,
    #[serde(default, skip_serializing_if = "Encoding::is_base64")]
    encoding: Encoding,
    volume_bytes: u64,
    clients: u32,
    #[serde(with = "zero_is_empty")]
    server_workers: u32,
    repetition: u32,
    #[serde(default = "first")]
    attempt: u32,
}

fn first() -> u32 {
    1
}

/// A time or a rate, or nothing.
fn above_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(deserializer)? {
        Some(value) if !value.is_finite() || value <= 0.0 => {
            Err(D::Error::custom(format!("a time or rate is {value}, not a number above 0")))
        }
        value => Ok(value),
    }
}

impl CellLine {
    pub(crate) fn of(record: &Record) -> Self {
        let Attempt { cell, repetition, number } = record.attempt;
        let (transfers, resources) = (Transfers(&record.outcomes), record.resources);
        let (seconds, makespans) = (transfers.known(JobOutcome::seconds), transfers.makespans());
        let queue = transfers.known_of_all(JobOutcome::seconds_in_queue);
        let [cpu, run_queue, blocked] = transfers.service_parts();
        let accounting = record.accounting();
        let failed = transfers.clients_failed();
        Self {
            mode: cell.server.mode,
            operation: cell.operation,
            volume_bytes: cell.volume.bytes,
            clients: cell.clients,
            server_workers: cell.server.workers,
            repetition,
            attempt: number,
            bursts: transfers.bursts(),
            names: record.names,
            clients_succeeded: transfers.clients() - failed,
            clients_failed: failed,
            failure_causes: transfers.failure_causes(),
            mean_s: seconds.mean(),
            min_s: seconds.quantile(0.0),
            median_s: seconds.quantile(0.5),
            p95_s: seconds.quantile(0.95),
            max_s: seconds.quantile(1.0),
            first_byte_mean_s: transfers.known(JobOutcome::seconds_to_first_byte).mean(),
            queue_mean_s: queue.mean(),
            queue_max_s: queue.quantile(1.0),
            service_mean_s: transfers.known_of_all(JobOutcome::seconds_in_service).mean(),
            client_cpu_mean_s: cpu.mean(),
            client_run_queue_mean_s: run_queue.mean(),
            client_blocked_mean_s: blocked.mean(),
            throughput_bytes_per_s: transfers.bytes_per_second(&seconds),
            makespan_s: makespans.mean(),
            goodput_bytes_per_s: transfers.bytes_per_second(&makespans),
            jain_fairness: transfers.fairness(),
            server_workers_succeeded: accounting.map(|counts| counts.workers_succeeded),
            server_workers_failed: accounting.map(|counts| counts.workers_failed),
            server_requests_ok: accounting.map(|counts| counts.requests_ok),
            server_requests_failed: accounting.map(|counts| counts.requests_failed),
            server_bytes: accounting.map(|counts| counts.bytes),
            server_cpu_s: resources.server_cpu_s,
            server_peak_pss_bytes: resources.server_peak_pss_bytes,
            generator_cpu_s: resources.generator_cpu_s,
            steal_s: resources.steal_s,
            foreign_cpu_s: resources.foreign_cpu_s,
            swapped_pages: resources.swapped_pages,
            throttled_times: resources.throttled_times,
            stood_still_s: resources.stood_still_s,
            disturbed: resources.disturbance(),
            server_failure: record.server_failure().map(on_one_line),
            invalid: record.invalid(),
            encoding: cell.content_encoding(),
        }
    }

    /// Of an attempt that nobody has made.
    pub(crate) fn unmeasured(attempt: Attempt) -> Self {
        Self::of(&Record::unmeasured(attempt))
    }

    pub(crate) fn cell(&self) -> Cell {
        Cell {
            encoding: self.encoding.unwrap_or_default(),
            operation: self.operation,
            volume: Volume { bytes: self.volume_bytes },
            clients: self.clients,
            server: Configuration { mode: self.mode, workers: self.server_workers },
        }
    }

    pub(crate) fn attempt(&self) -> Attempt {
        Attempt { cell: self.cell(), repetition: self.repetition, number: self.attempt }
    }

    /// Whether others disturbed it. Clients that failed are data, which no later attempt may replace.
    pub(crate) fn calls_for_another(&self) -> bool {
        self.disturbed.is_some() && self.clients_failed == 0
    }

    /// CPU seconds of server and clients together, for one transfer.
    pub(crate) fn cpu_s_per_transfer(&self) -> Option<f64> {
        let transfers = f64::from(self.clients) * f64::from(self.bursts);
        Some((self.server_cpu_s? + self.generator_cpu_s?) / transfers)
    }

    /// The same for 10⁹ bytes of content.
    pub(crate) fn cpu_s_per_gb(&self) -> Option<f64> {
        let volume_bytes = Some(self.volume_bytes).filter(|bytes| *bytes > 0)?;
        Some(self.cpu_s_per_transfer()? * 1e9 / volume_bytes as f64)
    }
}

impl From<Attempt> for Key {
    fn from(Attempt { cell, repetition, number }: Attempt) -> Self {
        Self {
            mode: cell.server.mode,
            operation: cell.operation,
            encoding: cell.encoding,
            volume_bytes: cell.volume.bytes,
            clients: cell.clients,
            server_workers: cell.server.workers,
            repetition,
            attempt: number,
        }
    }
}

impl Key {
    pub(super) fn attempt(&self) -> Attempt {
        let cell = Cell {
            encoding: self.encoding,
            operation: self.operation,
            volume: Volume { bytes: self.volume_bytes },
            clients: self.clients,
            server: Configuration { mode: self.mode, workers: self.server_workers },
        };
        Attempt { cell, repetition: self.repetition, number: self.attempt }
    }
}

/// So that a line of the file is a line of text, and one that was cut off can be told.
fn on_one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" | ")
}

/// A mode by its name; `server` for a server that does not tell.
mod mode_column {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::plan::{Mode, mode_name};

    pub(super) fn serialize<S: Serializer>(
        mode: &Option<Mode>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&mode_name(*mode))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Mode>, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == mode_name(None) {
            return Ok(None);
        }
        let known = name.parse().map(Some);
        known.map_err(|_| D::Error::custom(format!("the mode is {name:?}, not a known one")))
    }
}

/// A number that is 0 where there is none: the workers of a server that does not tell, the volume of a list.
mod zero_is_empty {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Copy + Default + PartialEq + Serialize, S: Serializer>(
        number: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Some(*number).filter(|number| *number != T::default()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or_default())
    }
}
