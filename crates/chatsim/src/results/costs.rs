//! What it cost to have cases happen in real time: a line of `live.csv` each. It is measured, so it is raw.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::live::Cost;

pub(crate) const FILE: &str = "live.csv";

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct CostLine {
    pub(crate) case: String,
    pub(crate) runner: String,
    /// How many times as fast as real time.
    pub(crate) speed: f64,
    pub(crate) messages: u64,
    /// The most that there were at once.
    pub(crate) threads: usize,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) timers: usize,
    pub(crate) timers_handled: u64,
    /// By the wall clock.
    pub(crate) lateness_p50_ms: Option<f64>,
    pub(crate) lateness_p99_ms: Option<f64>,
    pub(crate) lateness_max_ms: Option<f64>,
}

impl CostLine {
    pub(crate) fn new(case: &str, speed: f64, messages: u64, cost: &Cost) -> Self {
        Self {
            case: case.to_owned(),
            runner: cost.runner.name().to_owned(),
            speed,
            messages,
            threads: cost.threads,
            memory_bytes: cost.memory_bytes,
            timers: cost.timers,
            timers_handled: cost.timers_handled,
            lateness_p50_ms: cost.lateness_p50_ms,
            lateness_p99_ms: cost.lateness_p99_ms,
            lateness_max_ms: cost.lateness_max_ms,
        }
    }
}

pub(crate) fn append(dir: &Path, line: CostLine) -> anyhow::Result<()> {
    runs::append_lines(dir, FILE, &[line])
}

/// None of a run in virtual time alone.
pub(crate) fn read(dir: &Path) -> anyhow::Result<Vec<CostLine>> {
    runs::read_lines(dir, FILE)
}
