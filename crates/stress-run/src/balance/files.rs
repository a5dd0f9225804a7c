//! The directory of a run: raw lines, from which everything else is made.
//!
//! The line of a row in `rows.csv` is written last, so a row that has one is whole.

use std::{
    collections::HashSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use balancing::simulate::Results;
use runs::{
    ENVIRONMENT, Program, append_lines, create_unused, cut_to_whole_lines, now, point_latest_to,
    read_lines, replace,
};
use serde::{Deserialize, Serialize};
use simulation::Latencies;

use super::{
    measured::{Measurement, SLICES},
    overhead::Overhead,
    plan::{BalancePlan, Cell},
    rows::{Row, ms},
};
use crate::{language::Language, machine::description::Machine, results::Binaries};

type Purpose = fn(Language) -> String;

/// Those that the report is made from, and what is in them.
pub(crate) const FILES: [(&str, Purpose); 5] = [
    (ENVIRONMENT, Language::raw_environment),
    (ROWS, Language::balance_raw_rows),
    (QUANTILES, Language::balance_raw_quantiles),
    (SERVERS, Language::balance_raw_servers),
    (SLICES_FILE, Language::balance_raw_slices),
];

const ROWS: &str = "rows.csv";
const SLICES_FILE: &str = "slices.csv";
const SERVERS: &str = "servers.csv";
const QUANTILES: &str = "quantiles.csv";

/// Contents of `environment.json`: all that the numbers need to be understood, or made again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Environment {
    pub(crate) started: String,
    /// When the run was gone on with after a stop.
    #[serde(default)]
    pub(crate) resumed: Vec<String>,
    pub(crate) is_quick: bool,
    #[serde(flatten)]
    pub(crate) program: Program,
    #[serde(flatten)]
    pub(crate) binaries: Binaries,
    pub(crate) filebalancer_digest: String,
    #[serde(flatten)]
    pub(crate) machine: Machine,
    pub(crate) plan: BalancePlan,
    /// What a request takes beside its service time.
    pub(crate) overhead: Overhead,
}

/// What names the row that a line belongs to.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(crate) struct Key {
    pub(crate) scenario: String,
    pub(crate) policy: String,
    pub(crate) repetition: u32,
}

/// Of requests that were due in a part of the time.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct SliceLine {
    pub(crate) scenario: String,
    pub(crate) policy: String,
    pub(crate) repetition: u32,
    pub(crate) from_s: f64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) longest_ms: f64,
}

/// What a server had answered by a moment, as the balancer counts it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct ServerLine {
    pub(crate) scenario: String,
    pub(crate) policy: String,
    pub(crate) repetition: u32,
    pub(crate) at_s: f64,
    pub(crate) server: String,
    pub(crate) answered: u64,
}

/// A quantile of the response times.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct QuantileLine {
    pub(crate) scenario: String,
    pub(crate) policy: String,
    pub(crate) repetition: u32,
    pub(crate) quantile: f64,
    pub(crate) measured_ms: Option<f64>,
    pub(crate) simulated_ms: Option<f64>,
}

const QUANTILES_SHOWN: [f64; 12] =
    [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0];

/// A line that belongs to a row.
trait OfRow {
    fn key(&self) -> Key;
}

macro_rules! of_row {
    ($($line:ty),*) => {
        $(impl OfRow for $line {
            fn key(&self) -> Key {
                let Self { scenario, policy, repetition, .. } = self;
                Key { scenario: scenario.clone(), policy: policy.clone(), repetition: *repetition }
            }
        })*
    };
}

of_row!(Row, SliceLine, ServerLine, QuantileLine);

/// A run, as its files have it.
pub(crate) struct BalanceRun {
    pub(crate) dir: PathBuf,
    pub(crate) environment: Environment,
    pub(crate) rows: Vec<Row>,
    pub(crate) slices: Vec<SliceLine>,
    pub(crate) servers: Vec<ServerLine>,
    pub(crate) quantiles: Vec<QuantileLine>,
}

/// Whether a directory holds a run of this experiment.
pub(crate) fn is_run(dir: &Path) -> bool {
    dir.join(ROWS).is_file()
}

/// Makes the directory of a new run in `out`, and points `out/latest` to it.
pub(crate) fn create(out: &Path, environment: &Environment) -> anyhow::Result<PathBuf> {
    let preset = if environment.is_quick { "quick" } else { "full" };
    let dir = create_unused(out, &format!("{}-{preset}", environment.started))?;
    write_environment(&dir, environment)?;
    fs::write(dir.join(ROWS), "")
        .with_context(|| format!("cannot write the results in {}", dir.display()))?;
    point_latest_to(out, &dir)?;
    Ok(dir)
}

pub(crate) fn write_environment(dir: &Path, environment: &Environment) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(environment)? + "\n";
    replace(&dir.join(ENVIRONMENT), text.as_bytes())
        .with_context(|| format!("cannot write {}", dir.join(ENVIRONMENT).display()))
}

/// Writes a row that is over.
pub(crate) fn append(
    dir: &Path,
    plan: &BalancePlan,
    (cell, row): (Cell, &Row),
    measured: &Measurement,
    simulated: &Results,
) -> anyhow::Result<()> {
    append_lines(dir, SLICES_FILE, &slices(plan, cell, measured))?;
    append_lines(dir, SERVERS, &servers(plan, cell, measured))?;
    let quantiles = quantiles(cell, measured.response(), &simulated.response);
    append_lines(dir, QUANTILES, &quantiles)?;
    append_lines(dir, ROWS, std::slice::from_ref(row))
}

fn slices(plan: &BalancePlan, cell: Cell, measured: &Measurement) -> Vec<SliceLine> {
    let length = plan.duration(cell.scenario).as_secs_f64() / f64::from(SLICES);
    let slices = (0..).map(f64::from).zip(&measured.timeline.slices);
    let line = |(index, slice): (f64, &super::measured::Slice)| SliceLine {
        scenario: cell.scenario.to_string(),
        policy: cell.policy.to_string(),
        repetition: cell.repetition,
        from_s: round(index * length),
        succeeded: slice.succeeded,
        failed: slice.failed,
        longest_ms: ms(slice.longest),
    };
    slices.map(line).collect()
}

fn servers(plan: &BalancePlan, cell: Cell, measured: &Measurement) -> Vec<ServerLine> {
    let names = plan.server_names();
    let mut lines = Vec::new();
    for (at, answered) in &measured.timeline.samples {
        for (server, &answered) in names.iter().zip(answered) {
            lines.push(ServerLine {
                scenario: cell.scenario.to_string(),
                policy: cell.policy.to_string(),
                repetition: cell.repetition,
                at_s: round(at.as_secs_f64()),
                server: server.clone(),
                answered,
            });
        }
    }
    lines
}

fn quantiles(cell: Cell, measured: &Latencies, simulated: &Latencies) -> Vec<QuantileLine> {
    let line = |quantile: f64| QuantileLine {
        scenario: cell.scenario.to_string(),
        policy: cell.policy.to_string(),
        repetition: cell.repetition,
        quantile,
        measured_ms: measured.quantile(quantile).map(ms),
        simulated_ms: simulated.quantile(quantile).map(ms),
    };
    QUANTILES_SHOWN.map(line).into()
}

/// To the millisecond.
fn round(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

impl BalanceRun {
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(ENVIRONMENT);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let environment = serde_json::from_slice(&text).map_err(|err| match err.is_data() {
            true => anyhow!(
                "{} was made by another version of stress-run ({err}); measure again",
                dir.display()
            ),
            false => anyhow!("cannot understand {}: {err}", path.display()),
        })?;
        let rows: Vec<Row> = read_lines(dir, ROWS)?;
        let mut run = Self {
            dir: dir.to_owned(),
            environment,
            rows,
            slices: read_lines(dir, SLICES_FILE)?,
            servers: read_lines(dir, SERVERS)?,
            quantiles: read_lines(dir, QUANTILES)?,
        };
        run.keep_whole_rows();
        Ok(run)
    }

    /// A run that was killed may have lines of a row that is not there.
    fn keep_whole_rows(&mut self) {
        let whole: HashSet<Key> = self.rows.iter().map(OfRow::key).collect();
        self.slices.retain(|line| whole.contains(&line.key()));
        self.servers.retain(|line| whole.contains(&line.key()));
        self.quantiles.retain(|line| whole.contains(&line.key()));
    }

    /// What is missing.
    pub(crate) fn missing(&self) -> Vec<Cell> {
        let there: Vec<Cell> = self.rows.iter().filter_map(Row::cell).collect();
        let mut cells = self.environment.plan.cells();
        cells.retain(|cell| !there.contains(cell));
        cells
    }

    /// Makes the files ready for more rows, on the machine and with the programs that began the run.
    pub(crate) fn reopen(&mut self, now_here: &Environment) -> anyhow::Result<()> {
        self.environment.binaries.check_same(&now_here.binaries)?;
        self.environment.machine.check_same(&now_here.machine)?;
        ensure!(
            self.environment.filebalancer_digest == now_here.filebalancer_digest,
            "this is not the filebalancer that began the run; its rows could not be set beside those that \
             are there"
        );
        self.environment.resumed.push(now());
        write_environment(&self.dir, &self.environment)?;
        cut_to_whole_lines(&self.dir.join(ROWS))?;
        rewrite(&self.dir, SLICES_FILE, &self.slices)?;
        rewrite(&self.dir, SERVERS, &self.servers)?;
        rewrite(&self.dir, QUANTILES, &self.quantiles)
    }
}

/// The lines of a row.
impl BalanceRun {
    pub(crate) fn slices_of(&self, row: &Row) -> impl Iterator<Item = &SliceLine> {
        of(&self.slices, row)
    }

    pub(crate) fn servers_of(&self, row: &Row) -> impl Iterator<Item = &ServerLine> {
        of(&self.servers, row)
    }

    pub(crate) fn quantiles_of(&self, row: &Row) -> impl Iterator<Item = &QuantileLine> {
        of(&self.quantiles, row)
    }
}

fn of<'a, L: OfRow>(lines: &'a [L], row: &Row) -> impl Iterator<Item = &'a L> + use<'a, L> {
    let key = row.key();
    lines.iter().filter(move |line| line.key() == key)
}

fn rewrite(dir: &Path, name: &str, lines: &[impl Serialize]) -> anyhow::Result<()> {
    File::create(dir.join(name))
        .with_context(|| format!("cannot write {}", dir.join(name).display()))?;
    append_lines(dir, name, lines)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::balance::{plan::tests::plan, rows::tests::row};

    /// A run that nobody made, with these scenarios under round-robin.
    pub(in crate::balance) fn made_up(scenarios: &[&str]) -> BalanceRun {
        let environment = Environment {
            started: "2026-11-28T10-00-00".to_owned(),
            resumed: Vec::new(),
            is_quick: false,
            program: Program::this(),
            binaries: Binaries::default(),
            filebalancer_digest: "0".repeat(64),
            machine: Machine { cores: 2, ..Machine::default() },
            plan: plan(),
            overhead: Overhead { worker_ms: 0.1, transit_ms: 0.3 },
        };
        let rows: Vec<Row> =
            scenarios.iter().map(|scenario| row(scenario, "round-robin")).collect();
        let mut run = BalanceRun {
            dir: PathBuf::new(),
            environment,
            rows,
            slices: Vec::new(),
            servers: Vec::new(),
            quantiles: Vec::new(),
        };
        for Key { scenario, policy, repetition } in
            run.rows.iter().map(OfRow::key).collect::<Vec<_>>()
        {
            for (number, answered) in [(1, [2, 4, 4]), (2, [4, 8, 8])] {
                let [scenario, policy] = [scenario.clone(), policy.clone()];
                run.slices.push(SliceLine {
                    scenario: scenario.clone(),
                    policy: policy.clone(),
                    repetition,
                    from_s: f64::from(number),
                    succeeded: 10,
                    failed: 0,
                    longest_ms: 30.0,
                });
                for (server, answered) in ["a", "b", "c"].into_iter().zip(answered) {
                    run.servers.push(ServerLine {
                        scenario: scenario.clone(),
                        policy: policy.clone(),
                        repetition,
                        at_s: f64::from(number),
                        server: server.to_owned(),
                        answered,
                    });
                }
                run.quantiles.push(QuantileLine {
                    scenario,
                    policy,
                    repetition,
                    quantile: 0.4 * f64::from(number),
                    measured_ms: Some(10.0 * f64::from(number)),
                    simulated_ms: Some(9.0 * f64::from(number)),
                });
            }
        }
        run
    }

    #[test]
    fn a_run_that_was_killed_keeps_whole_rows_and_misses_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let made = made_up(&["equal", "killed"]);
        write_environment(dir.path(), &made.environment).unwrap();
        append_lines(dir.path(), ROWS, &made.rows).unwrap();
        append_lines(dir.path(), SLICES_FILE, &made.slices).unwrap();
        append_lines(dir.path(), QUANTILES, &made.quantiles).unwrap();
        // The last row has no line yet, or half of one.
        let rows = fs::read_to_string(dir.path().join(ROWS)).unwrap();
        fs::write(dir.path().join(ROWS), &rows[..rows.len() - 5]).unwrap();

        let run = BalanceRun::open(dir.path()).unwrap();
        assert_eq!(run.rows, made.rows[..1]);
        assert_eq!(run.slices, made.slices[..2]);
        assert_eq!(run.quantiles, made.quantiles[..2]);
        assert!(run.servers.is_empty());
        assert_eq!(run.missing().len(), 23);
        assert!(is_run(dir.path()) && !is_run(Path::new("/")));
    }

    #[test]
    fn a_run_without_what_this_version_writes_is_of_another_version() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(ENVIRONMENT);
        let mut environment = serde_json::to_value(made_up(&[]).environment).unwrap();
        environment.as_object_mut().unwrap().remove("overhead").unwrap();
        for (text, why) in [(environment.to_string(), "another version"), ("{".to_owned(), "EOF")] {
            fs::write(&path, text).unwrap();
            let refusal = BalanceRun::open(dir.path()).err().unwrap().to_string();
            assert!(refusal.contains(why), "{refusal}");
        }
    }

    #[test]
    fn a_run_is_not_gone_on_with_by_another_balancer() {
        let mut run = made_up(&["equal"]);
        let other = Environment { filebalancer_digest: "1".repeat(64), ..run.environment.clone() };
        let refusal = run.reopen(&other).unwrap_err().to_string();
        assert!(refusal.contains("not the filebalancer"), "{refusal}");
    }
}
