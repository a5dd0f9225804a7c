//! What one line of each raw file holds.
//!
//! `cells.csv` is read by the names of its columns: those that a file lacks are empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{
    outcome::Outcome,
    record::{Attempt, Record},
    statistics::{Summary, Waits},
};
use crate::plan::{Cell, Configuration, Mode, Operation, Volume};

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

/// A line of `cells.csv`: one attempt to measure one cell.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CellLine {
    #[serde(with = "mode_column")]
    pub(crate) mode: Option<Mode>,
    pub(crate) operation: Operation,
    #[serde(with = "zero_is_empty")]
    pub(crate) volume_bytes: u64,
    pub(crate) clients: u32,
    #[serde(with = "zero_is_empty")]
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
}

/// A line of `ceilings.csv`: what the clients reached with a server that does nothing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CeilingLine {
    pub(crate) operation: Operation,
    pub(crate) volume_bytes: u64,
    pub(crate) clients: u32,
    pub(crate) repetition: u32,
    pub(crate) bursts: u32,
    pub(crate) clients_failed: u64,
    pub(crate) failure_causes: String,
    pub(crate) mean_s: Option<f64>,
    pub(crate) makespan_s: Option<f64>,
    pub(crate) goodput_bytes_per_s: Option<f64>,
    pub(crate) generator_cpu_s: Option<f64>,
    pub(crate) disturbed: Option<String>,
}

/// A line of `workers.jsonl`: one transfer of one client.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct WorkerLine<O> {
    #[serde(with = "mode_column")]
    pub(crate) mode: Option<Mode>,
    pub(crate) operation: Operation,
    pub(crate) volume_bytes: u64,
    pub(crate) clients: u32,
    #[serde(with = "zero_is_empty")]
    pub(crate) server_workers: u32,
    pub(crate) repetition: u32,
    #[serde(default = "first")]
    pub(crate) attempt: u32,
    #[serde(flatten)]
    pub(crate) outcome: O,
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
        let Attempt { cell, repetition, attempt } = record.attempt;
        let (summary, books) = (record.summary(), record.books.as_ref());
        let rate = |of: fn(&Summary) -> f64| summary.as_ref().map(of).filter(|rate| *rate > 0.0);
        let waits = Waits::of(&record.outcomes);
        let parts = waits.and_then(|waits| waits.service_parts);
        let resources = record.resources;
        Self {
            mode: cell.server.mode,
            operation: cell.operation,
            volume_bytes: cell.volume.bytes,
            clients: cell.clients,
            server_workers: cell.server.workers,
            repetition,
            attempt,
            bursts: record.bursts(),
            names: record.names,
            clients_succeeded: record.clients_succeeded(),
            clients_failed: record.clients_failed(),
            failure_causes: counted(&record.causes()),
            mean_s: summary.map(|summary| summary.mean_s),
            min_s: summary.map(|summary| summary.min_s),
            median_s: summary.map(|summary| summary.median_s),
            p95_s: summary.map(|summary| summary.p95_s),
            max_s: summary.map(|summary| summary.max_s),
            first_byte_mean_s: summary.map(|summary| summary.first_byte_mean_s),
            queue_mean_s: waits.map(|waits| waits.queue_mean_s),
            queue_max_s: waits.map(|waits| waits.queue_max_s),
            service_mean_s: waits.map(|waits| waits.service_mean_s),
            client_cpu_mean_s: parts.map(|parts| parts.cpu_s),
            client_run_queue_mean_s: parts.map(|parts| parts.run_queue_s),
            client_blocked_mean_s: parts.map(|parts| parts.blocked_s),
            throughput_bytes_per_s: rate(|summary| summary.throughput),
            makespan_s: summary.map(|summary| summary.makespan_s),
            goodput_bytes_per_s: rate(|summary| summary.goodput),
            jain_fairness: summary.map(|summary| summary.fairness),
            server_workers_succeeded: books.map(|books| books.workers_succeeded),
            server_workers_failed: books.map(|books| books.workers_failed),
            server_requests_ok: books.map(|books| books.requests_ok),
            server_requests_failed: books.map(|books| books.requests_failed),
            server_bytes: books.map(|books| books.bytes),
            server_cpu_s: resources.server_cpu_s,
            server_peak_pss_bytes: resources.server_peak_pss_bytes,
            generator_cpu_s: resources.generator_cpu_s,
            steal_s: resources.steal_s,
            foreign_cpu_s: resources.foreign_cpu_s,
            swapped_pages: resources.swapped_pages,
            throttled_times: resources.throttled_times,
            stood_still_s: resources.stood_still_s,
            disturbed: record.disturbance.clone(),
            server_failure: record.server_failure.as_deref().map(on_one_line),
            invalid: record.invalid.clone(),
        }
    }

    pub(crate) fn cell(&self) -> Cell {
        Cell {
            operation: self.operation,
            volume: Volume { bytes: self.volume_bytes },
            clients: self.clients,
            server: Configuration { mode: self.mode, workers: self.server_workers },
        }
    }

    pub(crate) fn attempt(&self) -> Attempt {
        Attempt { cell: self.cell(), repetition: self.repetition, attempt: self.attempt }
    }

    /// CPU seconds of server and clients together, for one transfer.
    pub(crate) fn cpu_s_per_transfer(&self) -> Option<f64> {
        let transfers = f64::from(self.clients) * f64::from(self.bursts);
        Some((self.server_cpu_s? + self.generator_cpu_s?) / transfers)
    }
}

impl CeilingLine {
    pub(crate) fn of(record: &Record) -> Self {
        let Attempt { cell, repetition, .. } = record.attempt;
        let summary = record.summary();
        Self {
            operation: cell.operation,
            volume_bytes: cell.volume.bytes,
            clients: cell.clients,
            repetition,
            bursts: record.bursts(),
            clients_failed: record.clients_failed(),
            failure_causes: counted(&record.causes()),
            mean_s: summary.map(|summary| summary.mean_s),
            makespan_s: summary.map(|summary| summary.makespan_s),
            goodput_bytes_per_s: summary.map(|summary| summary.goodput),
            generator_cpu_s: record.resources.generator_cpu_s,
            disturbed: record.disturbance.clone(),
        }
    }
}

impl<'a> WorkerLine<&'a Outcome> {
    pub(crate) fn of(attempt: Attempt, outcome: &'a Outcome) -> Self {
        let Attempt { cell, repetition, attempt } = attempt;
        Self {
            mode: cell.server.mode,
            operation: cell.operation,
            volume_bytes: cell.volume.bytes,
            clients: cell.clients,
            server_workers: cell.server.workers,
            repetition,
            attempt,
            outcome,
        }
    }
}

impl<O> WorkerLine<O> {
    pub(crate) fn attempt(&self) -> Attempt {
        let cell = Cell {
            operation: self.operation,
            volume: Volume { bytes: self.volume_bytes },
            clients: self.clients,
            server: Configuration { mode: self.mode, workers: self.server_workers },
        };
        Attempt { cell, repetition: self.repetition, attempt: self.attempt }
    }
}

/// `deadline 3; refused 1`.
fn counted(causes: &BTreeMap<&str, u64>) -> String {
    let causes: Vec<String> =
        causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    causes.join("; ")
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
