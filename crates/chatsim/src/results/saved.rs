//! The directory of a run: where and how it was made, then the records of each case and the traces of their first
//! messages. Everything else is made from these.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use runs::{ENVIRONMENT, Program, create_unused, now, replace};
use serde::{Deserialize, Serialize};
use theory::Expectation;

use super::{
    costs::{self, CostLine},
    numbers::{self, Line, Number},
    parallel,
    records::{self, World},
    tally::Tally,
};
use crate::{
    experiments::{Case, Experiment},
    trace,
};

/// Contents of `environment.json`: all that the numbers need to be understood, or made again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Environment {
    pub(crate) started: String,
    #[serde(flatten)]
    pub(crate) program: Program,
    #[serde(flatten)]
    pub(crate) plan: Plan,
}

/// What was to be done.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Plan {
    /// None of a sweep.
    pub(crate) experiment: Option<Experiment>,
    /// In each case.
    pub(crate) messages: u64,
    pub(crate) seed: u64,
    pub(crate) cases: Vec<Case>,
}

impl Plan {
    /// For the directory of the run: `experiment-1` or `sweep`.
    fn name(&self) -> String {
        self.experiment.map_or_else(
            || "sweep".to_owned(),
            |experiment| format!("experiment-{}", experiment.number()),
        )
    }

    /// Refuses what no run can have: the file may have been changed by hand.
    fn check(&self) -> anyhow::Result<()> {
        for Case { name, config, .. } in &self.cases {
            config.check().with_context(|| format!("its case {name:?}"))?;
            // It becomes the name of a file.
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            ensure!(!name.is_empty() && name.chars().all(is_plain), "no case is called {name:?}");
        }
        Ok(())
    }
}

pub(crate) const TRACES: &str = "traces";

/// Messages whose lives are written down.
const TRACED: u32 = 20;

/// Makes the directory of a new run in `out`.
pub(crate) fn create(out: &Path, plan: &Plan) -> anyhow::Result<PathBuf> {
    let environment = Environment { started: now(), program: Program::this(), plan: plan.clone() };
    let dir = create_unused(out, &format!("{}-{}", environment.started, plan.name()))?;
    let text = serde_json::to_string_pretty(&environment)? + "\n";
    let path = dir.join(ENVIRONMENT);
    replace(&path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(dir)
}

/// Writes the lives of the first messages of a case.
pub(crate) fn write_trace(dir: &Path, case: &Case, seed: u64) -> anyhow::Result<()> {
    let (header, lines) = trace::of_case(case, seed, TRACED);
    let path = dir.join(TRACES).join(format!("{}.jsonl", case.name));
    let write = || -> anyhow::Result<()> {
        fs::create_dir_all(dir.join(TRACES))?;
        Ok(replace(&path, trace::text(&header, &lines)?.as_bytes())?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// A run, as its files have it.
pub(crate) struct SavedRun {
    pub(crate) dir: PathBuf,
    pub(crate) environment: Environment,
    /// In the order of the plan.
    pub(crate) results: Vec<CaseResult>,
    /// Of the cases that happened in real time.
    pub(crate) costs: Vec<CostLine>,
}

/// What theory expects of a case, and what came of it in each world.
pub(crate) struct CaseResult {
    pub(crate) case: Case,
    pub(crate) expectation: Expectation,
    pub(crate) worlds: BTreeMap<World, Tally>,
}

impl SavedRun {
    pub(crate) fn open(dir: &Path, threads: usize) -> anyhow::Result<Self> {
        let path = dir.join(ENVIRONMENT);
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let environment: Environment = serde_json::from_slice(&text)
            .with_context(|| format!("cannot understand {}", path.display()))?;
        environment.plan.check().with_context(|| format!("cannot use {}", path.display()))?;
        let results =
            parallel::each(threads, &environment.plan.cases, |case| CaseResult::read(dir, case));
        let results = results.into_iter().collect::<anyhow::Result<_>>()?;
        let costs = costs::read(dir)?;
        Ok(Self { dir: dir.to_owned(), environment, results, costs })
    }

    /// Every number of every case in every world.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let lines = self.results.iter().flat_map(|result| {
            result.worlds.keys().flat_map(move |world| {
                let numbers = result.numbers(*world).into_iter();
                numbers.map(move |number| Line::new(&result.case, *world, &number))
            })
        });
        lines.collect()
    }

    pub(crate) fn result(&self, case: &str) -> Option<&CaseResult> {
        self.results.iter().find(|result| result.case.name == case)
    }

    /// Those of which nothing was simulated: the run was stopped.
    pub(crate) fn missing(&self) -> Vec<&str> {
        let missing = self.results.iter().filter(|result| result.simulated().is_none());
        missing.map(|result| result.case.name.as_str()).collect()
    }
}

impl CaseResult {
    fn read(dir: &Path, case: &Case) -> anyhow::Result<Self> {
        let expectation = case.expectation();
        let mut worlds = BTreeMap::new();
        for world in World::ALL {
            let mut tally = Tally::expecting(&expectation);
            if records::read(dir, world, &case.name, |records| tally.add(records))? {
                worlds.insert(world, tally);
            }
        }
        Ok(Self { case: case.clone(), expectation, worlds })
    }

    pub(crate) fn simulated(&self) -> Option<&Tally> {
        self.worlds.get(&World::Simulated)
    }

    /// None of a world without records.
    pub(crate) fn numbers(&self, world: World) -> Vec<Number> {
        let of = |tally| numbers::of(&self.case, &self.expectation, world, tally);
        self.worlds.get(&world).map(of).unwrap_or_default()
    }
}

/// Of a plan, as gates see it that are checked before anything was done: every line that there will be in
/// these worlds, without a number.
pub(crate) fn unmeasured(plan: &Plan, worlds: &[World]) -> Vec<Line> {
    let mut lines = Vec::new();
    for case in &plan.cases {
        let expectation = case.expectation();
        for &world in worlds {
            let numbers = numbers::of(case, &expectation, world, &Tally::default());
            lines.extend(numbers.iter().map(|number| Line::new(case, world, number)));
        }
    }
    lines
}

#[cfg(test)]
pub(crate) mod tests {
    use delivery::simulate;

    use super::*;

    /// An experiment of 2,000 messages that left no files.
    pub(crate) fn made_up_of(experiment: Experiment) -> SavedRun {
        let plan = Plan {
            experiment: Some(experiment),
            messages: 2_000,
            seed: 1,
            cases: experiment.cases(),
        };
        let results = plan.cases.iter().map(|case| {
            let expectation = case.expectation();
            let mut tally = Tally::expecting(&expectation);
            let scenario = case.scenario(plan.messages, plan.seed);
            simulate::run(&scenario, |records| tally.add(records)).unwrap();
            let worlds = BTreeMap::from([(World::Simulated, tally)]);
            CaseResult { case: case.clone(), expectation, worlds }
        });
        let results = results.collect();
        let started = "2026-11-28T10-00-00".to_owned();
        let environment = Environment { started, program: Program::this(), plan };
        SavedRun { dir: PathBuf::new(), environment, results, costs: Vec::new() }
    }

    pub(crate) fn made_up() -> SavedRun {
        made_up_of(Experiment::Normal)
    }

    #[test]
    fn what_no_run_can_have_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let run = made_up();
        let plan = |change: fn(&mut Case)| {
            let mut environment = run.environment.clone();
            change(&mut environment.plan.cases[0]);
            let text = serde_json::to_string(&environment).unwrap();
            fs::write(dir.path().join(ENVIRONMENT), text).unwrap();
            format!("{:#}", SavedRun::open(dir.path(), 1).err().unwrap())
        };
        let refusal = plan(|case| case.name = "../direct".to_owned());
        assert!(refusal.contains("no case is called"), "{refusal}");
        let refusal = plan(|case| case.config.loss = delivery::Percent(101.0));
        assert!(refusal.contains("loss") && refusal.contains(ENVIRONMENT), "{refusal}");
    }

    #[test]
    fn gates_know_every_line_before_anything_is_simulated() {
        for experiment in Experiment::ALL {
            let run = made_up_of(experiment);
            let names = |lines: Vec<Line>| -> Vec<_> {
                lines.into_iter().map(|line| (line.case, line.measure, line.world)).collect()
            };
            assert_eq!(
                names(unmeasured(&run.environment.plan, &[World::Simulated])),
                names(run.lines())
            );
        }
    }
}
