//! Why runs, or rows of them, cannot be compared.

use std::collections::BTreeSet;

use runs::Program;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    machine::description::Machine,
    plan::{Encoding, Mode, Plan},
    results::{Environment, Marks, Run},
};

const CHOICES_OF_ROWS: [&str; 8] = [
    "configurations",
    "operations",
    "encodings",
    "volumes",
    "clients",
    "repetitions",
    "seed",
    "reruns",
];

/// The kernel does not report all of the memory, and not the same part of it after each start.
const MEMORY_TOLERANCE: f64 = 0.01;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    A,
    B,
    /// The only run.
    Run,
    /// A mode of it.
    Mode(Option<Mode>),
    /// One of its encodings.
    Encoding(Encoding),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Obstacle {
    OtherMachine(Difference),
    OtherSettings(Difference),
    /// Bytes were wrong or counts disagreed, if only in one cell of the run.
    Invalid(Side),
    /// The run was stopped before its last cell.
    Partial(Side),
    NotMeasured(Side),
    ClientsFailed(Side, u64),
    TooManyRepetitions(Side),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) in_a: String,
    pub(crate) in_b: String,
}

/// A run of any experiment, as far as it decides whether its rows can be compared with those of another.
pub(crate) struct Comparable<'a, P> {
    pub(crate) machine: &'a Machine,
    pub(crate) program: &'a Program,
    pub(crate) plan: &'a P,
    pub(crate) is_invalid: bool,
    pub(crate) is_partial: bool,
}

/// What keeps the rows of one run from being compared with each other.
pub(super) fn obstacles_within(marks: &Marks) -> Vec<Obstacle> {
    let invalid = (marks.invalid > 0).then_some(Obstacle::Invalid(Side::Run));
    let partial = marks.partial.then_some(Obstacle::Partial(Side::Run));
    invalid.into_iter().chain(partial).collect()
}

/// What keeps all rows of two runs from being compared.
pub(super) fn obstacles(a: &Run, b: &Run) -> Vec<Obstacle> {
    let (of_a, of_b) = (&a.environment, &b.environment);
    let hosts = difference("server host", &host(of_a), &host(of_b));
    let presets = difference("preset", &of_a.preset, &of_b.preset);
    hosts
        .map(Obstacle::OtherMachine)
        .into_iter()
        .chain(presets.map(Obstacle::OtherSettings))
        .chain(obstacles_between(&comparable(a), &comparable(b), &CHOICES_OF_ROWS))
        .collect()
}

fn comparable(run: &Run) -> Comparable<'_, Plan> {
    let Environment { machine, program, plan, .. } = &run.environment;
    let marks = run.marks();
    Comparable { machine, program, plan, is_invalid: marks.invalid > 0, is_partial: marks.partial }
}

/// The same for any experiment. Runs must agree in all members of their plans but in those that say which rows
/// there are, how often and in which order they are measured.
pub(crate) fn obstacles_between<P: Serialize>(
    a: &Comparable<'_, P>,
    b: &Comparable<'_, P>,
    choices_of_rows: &[&str],
) -> Vec<Obstacle> {
    let machine = machine_differences(a.machine, b.machine).into_iter();
    let build = difference("build", &a.program.build, &b.program.build);
    let settings = build.into_iter().chain(plan_differences(a.plan, b.plan, choices_of_rows));
    let sides = [(Side::A, a), (Side::B, b)];
    let invalid = sides.iter().filter(|(_, run)| run.is_invalid);
    let partial = sides.iter().filter(|(_, run)| run.is_partial);
    machine
        .map(Obstacle::OtherMachine)
        .chain(settings.map(Obstacle::OtherSettings))
        .chain(invalid.map(|(side, _)| Obstacle::Invalid(*side)))
        .chain(partial.map(|(side, _)| Obstacle::Partial(*side)))
        .collect()
}

fn machine_differences(a: &Machine, b: &Machine) -> Vec<Difference> {
    let mut differences: Vec<Difference> = [
        difference("cpu", &a.cpu, &b.cpu),
        difference("cores", &a.cores, &b.cores),
        difference("kernel", &a.kernel, &b.kernel),
        difference("filesystem", &a.filesystem, &b.filesystem),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !is_same_memory(a.memory_bytes, b.memory_bytes) {
        differences.extend(difference("memory_bytes", &a.memory_bytes, &b.memory_bytes));
    }
    differences
}

fn is_same_memory(a: Option<u64>, b: Option<u64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) as f64 <= a.max(b) as f64 * MEMORY_TOLERANCE,
        (a, b) => a == b,
    }
}

/// Where a server ran that was running already; the port may change.
fn host(environment: &Environment) -> Option<&str> {
    let address = environment.connected_to.as_deref()?;
    Some(address.rsplit_once(':').map_or(address, |(host, _)| host))
}

/// In members of the plans, but for those.
fn plan_differences(a: &impl Serialize, b: &impl Serialize, but: &[&str]) -> Vec<Difference> {
    let (a, b) = (members(a), members(b));
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let compared = names.into_iter().filter(|name| !but.contains(&name.as_str()));
    compared.filter_map(|name| difference(name, &a.get(name), &b.get(name))).collect()
}

fn members(plan: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(plan) {
        Ok(Value::Object(members)) => members,
        _ => unreachable!("a plan has named members"),
    }
}

fn difference<T: PartialEq + Serialize>(what: &str, a: &T, b: &T) -> Option<Difference> {
    let shown = |value: &T| match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(Value::Null) | Err(_) => "-".to_owned(),
        Ok(other) => other.to_string(),
    };
    (a != b).then(|| Difference { what: what.to_owned(), in_a: shown(a), in_b: shown(b) })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;

    fn environment(changes: &[(&str, Value)]) -> Environment {
        let mut environment = serde_json::to_value(Environment::made_up()).unwrap();
        for (pointer, value) in changes {
            match environment.pointer_mut(pointer) {
                Some(member) => *member = value.clone(),
                None => environment["plan"][pointer.trim_start_matches("/plan/")] = value.clone(),
            }
        }
        serde_json::from_value(environment).unwrap()
    }

    fn differences(changes: &[(&str, Value)]) -> Vec<String> {
        let run = |environment| Run {
            dir: PathBuf::new(),
            environment,
            attempts: Vec::new(),
            ceilings: Vec::new(),
        };
        let found = obstacles(&run(environment(&[])), &run(environment(changes)));
        let named = |obstacle| match obstacle {
            Obstacle::OtherMachine(one) | Obstacle::OtherSettings(one) => {
                Some(format!("{}: {} {}", one.what, one.in_a, one.in_b))
            }
            _ => None,
        };
        found.into_iter().filter_map(named).collect()
    }

    #[test]
    fn another_machine_or_setting_is_named_with_both_values() {
        for (pointer, value, expected) in [
            ("/cpu", json!("Xeon"), "cpu: AMD EPYC Xeon"),
            ("/cpu", json!(null), "cpu: AMD EPYC -"),
            ("/cores", json!(4), "cores: 2 4"),
            ("/kernel", json!("Linux 7"), "kernel: Linux 6.18 Linux 7"),
            ("/memory_bytes", json!(1), "memory_bytes: 25276502016 1"),
            ("/connected_to", json!("far:46666"), "server host: - far"),
            ("/preset", json!("quick"), "preset: full quick"),
            ("/build", json!("debug"), "build: release debug"),
            ("/plan/sink", json!("null"), "sink: file null"),
            ("/plan/client_pool", json!("process"), "client_pool: thread process"),
            ("/plan/warm_up", json!(true), "warm_up: - true"),
        ] {
            assert_eq!(differences(&[(pointer, value)]), [expected]);
        }
    }

    #[test]
    fn other_code_rows_repetitions_and_a_restarted_machine_can_be_compared() {
        for (pointer, value) in [
            ("/git_commit", json!("def")),
            ("/started", json!("2026-11-22T07-36-07")),
            ("/memory_bytes", json!(25_276_400_000_u64)),
            ("/plan/repetitions", json!(6)),
            ("/plan/seed", json!(2)),
            ("/plan/volumes", json!([1])),
        ] {
            assert!(differences(&[(pointer, value)]).is_empty(), "{pointer}");
        }
    }
}
