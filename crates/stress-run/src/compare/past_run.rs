//! A finished run, read back from its directory.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    plan::Cell,
    results::{self, CELLS, CellLine, ENVIRONMENT, Marks},
};

#[derive(Debug)]
pub(crate) struct PastRun {
    pub(crate) dir: PathBuf,
    pub(crate) conditions: Conditions,
    /// By cell, then in the order of the repetitions.
    pub(crate) cells: BTreeMap<Cell, Vec<Repetition>>,
    /// Attempts with wrong bytes or books, also those that were repeated.
    pub(crate) invalid: usize,
}

/// One cell in one repetition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repetition {
    /// Mean time of a client; `None` when no client succeeded.
    pub(crate) mean_s: Option<f64>,
    pub(crate) goodput: Option<f64>,
    pub(crate) clients_failed: u64,
    pub(crate) is_disturbed: bool,
}

/// Of `environment.json` what decides whether two runs may be compared.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Conditions {
    pub(crate) started: String,
    pub(crate) git_commit: String,
    pub(crate) preset: String,
    pub(crate) build: String,
    pub(crate) cpu: Option<String>,
    pub(crate) cores: u64,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) kernel: Option<String>,
    pub(crate) filesystem: Option<String>,
    pub(crate) connected_to: Option<String>,
    pub(crate) injected: Option<String>,
    pub(crate) plan: Map<String, Value>,
    pub(crate) needs: CellsNeeded,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct CellsNeeded {
    pub(crate) cells: usize,
}

impl PastRun {
    /// Reads `environment.json` and `cells.csv`; an error names the file and what is wrong in it.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        ensure!(dir.is_dir(), "{} is not the directory of a run", dir.display());
        let path = dir.join(ENVIRONMENT);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let conditions = serde_json::from_str(&text)
            .with_context(|| format!("cannot understand {}", path.display()))?;
        let lines = results::cells_in(dir)?;
        ensure!(!lines.is_empty(), "{} holds no measured cell", dir.join(CELLS).display());
        let invalid = lines.iter().filter(|line| line.invalid.is_some()).count();
        Ok(Self { dir: dir.to_owned(), conditions, cells: repetitions(&lines), invalid })
    }

    /// Whether cells of its plan are missing.
    pub(crate) fn is_partial(&self) -> bool {
        self.cells.values().map(Vec::len).sum::<usize>() < self.conditions.needs.cells
    }

    /// What limits the use of the run.
    pub(crate) fn marks(&self) -> Marks {
        let is_disturbed = |one: &&Repetition| one.is_disturbed;
        Marks {
            quick: self.conditions.preset == "quick",
            partial: self.is_partial(),
            invalid: self.invalid,
            disturbed: self.cells.values().flatten().filter(is_disturbed).count(),
            injected: self.conditions.injected.clone(),
        }
    }

    /// What was asked for: of a run that was stopped there may be fewer.
    pub(crate) fn repetitions(&self) -> u32 {
        let asked = self.conditions.plan.get("repetitions").and_then(Value::as_u64);
        asked.and_then(|count| u32::try_from(count).ok()).unwrap_or(1)
    }

    pub(crate) fn client_pool(&self) -> &str {
        self.conditions.plan.get("client_pool").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Repetition {
    /// Under several loads: the geometric means, in which each load weighs the same.
    pub(crate) fn together<'a>(loads: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mean = |value: fn(&Self) -> Option<f64>| {
            let logs: Option<Vec<f64>> = loads.clone().map(|one| Some(value(one)?.ln())).collect();
            logs.map(|logs| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
        };
        Self {
            mean_s: mean(|one| one.mean_s),
            goodput: mean(|one| one.goodput),
            clients_failed: loads.clone().map(|one| one.clients_failed).sum(),
            is_disturbed: loads.clone().any(|one| one.is_disturbed),
        }
    }
}

/// Of each cell its repetitions in order, of each of these the last attempt.
pub(crate) fn repetitions(lines: &[CellLine]) -> BTreeMap<Cell, Vec<Repetition>> {
    let mut cells: BTreeMap<Cell, BTreeMap<u32, Repetition>> = BTreeMap::new();
    for line in lines {
        let repetition = Repetition {
            mean_s: line.mean_s,
            goodput: line.goodput_bytes_per_s,
            clients_failed: line.clients_failed,
            is_disturbed: line.disturbed.is_some(),
        };
        cells.entry(line.cell()).or_default().insert(line.repetition, repetition);
    }
    let in_order = |(cell, by_number): (Cell, BTreeMap<u32, Repetition>)| {
        (cell, by_number.into_values().collect())
    };
    cells.into_iter().map(in_order).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Mode;

    #[test]
    fn a_later_attempt_replaces_the_earlier_one() {
        let text = "mode,operation,volume_bytes,clients,server_workers,repetition,attempt,\
            clients_failed,mean_s,goodput_bytes_per_s,invalid\n\
            thread,upload,100,5,1,2,1,0,0.5,7e8,\n\
            thread,upload,100,5,1,1,1,5,,,\n\
            thread,upload,100,5,1,2,2,0,0.4,8e8,\n";
        let cells = repetitions(&results::cells_of(text.as_bytes()).unwrap());
        let (cell, repetitions) = cells.first_key_value().unwrap();
        assert_eq!((cell.clients, cell.server.mode), (5, Some(Mode::Thread)));
        let [first, second] = &repetitions[..] else { panic!("{repetitions:?}") };
        assert_eq!((first.mean_s, first.clients_failed), (None, 5));
        assert_eq!((second.mean_s, second.goodput), (Some(0.4), Some(8e8)));
    }
}
