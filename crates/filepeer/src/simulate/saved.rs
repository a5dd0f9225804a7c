//! The directory of a run: how it was made, then a line for each search. Everything else is made from these.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use runs::{ENVIRONMENT, Program, create_unused, now, replace};
use serde::{Deserialize, Serialize};

use super::{
    numbers::Line,
    plan::{Case, Method, Plan},
    records::{self, Record},
};

/// Contents of `environment.json`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Environment {
    pub(crate) started: String,
    #[serde(flatten)]
    pub(crate) program: Program,
    #[serde(flatten)]
    pub(crate) plan: Plan,
}

/// Makes the directory of a new run in `out`.
pub(super) fn create(out: &Path, plan: &Plan) -> anyhow::Result<PathBuf> {
    let environment = Environment { started: now(), program: Program::this(), plan: plan.clone() };
    let dir = create_unused(out, &environment.started)?;
    let text = serde_json::to_string_pretty(&environment)? + "\n";
    let path = dir.join(ENVIRONMENT);
    replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(dir)
}

/// A run, as its files have it.
pub(crate) struct SavedRun {
    pub(crate) dir: PathBuf,
    pub(crate) environment: Environment,
    /// In the order of the plan.
    pub(crate) results: Vec<CaseResult>,
}

pub(crate) struct CaseResult {
    pub(crate) case: Case,
    pub(crate) records: Vec<Record>,
    pub(crate) line: Line,
}

impl CaseResult {
    pub(super) fn new(plan: &Plan, case: &Case, records: Vec<Record>) -> Self {
        let line = Line::of(plan, case, &records);
        Self { case: case.clone(), records, line }
    }
}

impl SavedRun {
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(ENVIRONMENT);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let environment: Environment = serde_json::from_slice(&text)
            .with_context(|| format!("cannot understand {}", path.display()))?;
        let plan = &environment.plan;
        plan.check().with_context(|| format!("cannot use {}", path.display()))?;
        let read = |case| Ok(CaseResult::new(plan, case, records::read(dir, &case.name)?));
        let results = plan.cases.iter().map(read).collect::<anyhow::Result<_>>()?;
        Ok(Self { dir: dir.to_owned(), environment, results })
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.environment.plan
    }

    pub(crate) fn lines(&self) -> Vec<&Line> {
        self.results.iter().map(|result| &result.line).collect()
    }

    /// Those of which not every seed was simulated: the run was stopped.
    pub(crate) fn missing(&self) -> Vec<&str> {
        let plan = self.plan();
        let all = plan.searches * plan.seeds.count() as usize;
        let missing = self.results.iter().filter(|result| result.records.len() < all);
        missing.map(|result| result.case.name.as_str()).collect()
    }

    /// Of nodes that stay, by method, the smallest graphs first.
    pub(crate) fn steady(&self, method: Method) -> Vec<&CaseResult> {
        let is_meant = |result: &&CaseResult| {
            result.case.method == method
                && result.case.away_percent == 0
                && !result.records.is_empty()
        };
        let mut results: Vec<_> = self.results.iter().filter(is_meant).collect();
        results.sort_by_key(|result| result.case.nodes);
        results
    }

    /// Of the largest graphs, by method, the fewest absences first.
    pub(crate) fn of_largest(&self, method: Method) -> Vec<&CaseResult> {
        let nodes = self.nodes_max();
        let is_meant = |result: &&CaseResult| {
            result.case.method == method && result.case.nodes == nodes && !result.records.is_empty()
        };
        let mut results: Vec<_> = self.results.iter().filter(is_meant).collect();
        results.sort_by_key(|result| result.case.away_percent);
        results
    }

    /// How large the largest graphs are.
    pub(crate) fn nodes_max(&self) -> usize {
        self.results.iter().map(|result| result.case.nodes).max().unwrap_or_default()
    }
}

/// Of a plan, as gates see it that are checked before anything was done: every line, without a number.
pub(super) fn unmeasured(plan: &Plan) -> Vec<Line> {
    plan.cases.iter().map(|case| Line::of(plan, case, &[])).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use simulation::Distribution;

    use super::*;
    use crate::simulate::case;

    /// Two sizes, all methods, nodes that stay and nodes that are away a fifth of the time.
    pub(crate) fn plan() -> Plan {
        let sizes = [20, 60].into_iter().flat_map(|nodes| [0, 20].map(|away| (nodes, away)));
        let of_size = |(nodes, away)| Method::ALL.map(|method| Case::new(method, nodes, away));
        Plan {
            degree: 3,
            searches: 20,
            holders: 1,
            ttl: 12,
            walkers: 1,
            seeds: "1..2".parse().unwrap(),
            latency: "20ms".to_owned(),
            online_s: 60.0,
            cases: sizes.flat_map(of_size).collect(),
        }
    }

    /// A run that left no files.
    pub(crate) fn made_up() -> SavedRun {
        let plan = plan();
        let latency: Distribution = plan.latency.parse().unwrap();
        let records = |case: &Case| -> Vec<Record> {
            let of_seed = |seed| case::simulate(&plan, case, &latency, seed).unwrap();
            plan.seeds.all().flat_map(of_seed).collect()
        };
        let result = |case| CaseResult::new(&plan, case, records(case));
        let results = plan.cases.iter().map(result).collect();
        let started = "2026-11-28T10-00-00".to_owned();
        let environment = Environment { started, program: Program::this(), plan: plan.clone() };
        SavedRun { dir: PathBuf::new(), environment, results }
    }

    #[test]
    fn what_no_run_can_have_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let refusal = |change: fn(&mut Plan)| {
            let mut plan = plan();
            change(&mut plan);
            let (started, program) = ("now".to_owned(), Program::this());
            let environment = Environment { started, program, plan };
            let text = serde_json::to_string(&environment).unwrap();
            fs::write(dir.path().join(ENVIRONMENT), text).unwrap();
            format!("{:#}", SavedRun::open(dir.path()).err().unwrap())
        };
        let said = refusal(|plan| plan.cases[0].name = "../flood".to_owned());
        assert!(said.contains("no case is called") && said.contains(ENVIRONMENT), "{said}");
        let said = refusal(|plan| plan.degree = 99);
        assert!(said.contains("at most 64 neighbours"), "{said}");
    }

    #[test]
    fn floods_and_rings_take_what_the_graph_predicts() {
        for result in &made_up().results {
            if let (Method::Flood | Method::Rings, 0) =
                (result.case.method, result.case.away_percent)
            {
                let off = result.line.off.unwrap();
                assert!(off.abs() < 1e-12, "{}: {off}", result.case.name);
            }
        }
    }

    #[test]
    fn a_run_that_was_stopped_says_what_is_missing() {
        let mut run = made_up();
        assert_eq!(run.missing(), [""; 0]);
        run.results[1].records.truncate(20);
        assert_eq!(run.missing(), ["rings-20"]);
    }
}
