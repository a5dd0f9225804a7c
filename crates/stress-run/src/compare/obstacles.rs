//! Why runs, or rows of them, cannot be compared.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    plan::{Mode, Plan},
    results::{Environment, Run},
};

/// Members of a plan that say which rows there are, how often and in which order they are measured.
/// All others say how, and two runs must agree in them.
const CHOICES_OF_ROWS: [&str; 7] =
    ["configurations", "operations", "volumes", "clients", "repetitions", "seed", "reruns"];

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

/// What keeps all rows of two runs from being compared.
pub(crate) fn obstacles(a: &Run, b: &Run) -> Vec<Obstacle> {
    let (of_a, of_b) = (&a.environment, &b.environment);
    let machine = machine_differences(of_a, of_b).into_iter().map(Obstacle::OtherMachine);
    let settings = setting_differences(of_a, of_b).into_iter().map(Obstacle::OtherSettings);
    let sides = [(Side::A, a.marks()), (Side::B, b.marks())];
    let invalid = sides.iter().filter(|(_, marks)| marks.invalid > 0);
    let partial = sides.iter().filter(|(_, marks)| marks.partial);
    machine
        .chain(settings)
        .chain(invalid.map(|(side, _)| Obstacle::Invalid(*side)))
        .chain(partial.map(|(side, _)| Obstacle::Partial(*side)))
        .collect()
}

fn machine_differences(a: &Environment, b: &Environment) -> Vec<Difference> {
    let hosts = difference("server host", &host(a), &host(b));
    let (a, b) = (&a.machine, &b.machine);
    let mut differences: Vec<Difference> = [
        difference("cpu", &a.cpu, &b.cpu),
        difference("cores", &a.cores, &b.cores),
        difference("kernel", &a.kernel, &b.kernel),
        difference("filesystem", &a.filesystem, &b.filesystem),
        hosts,
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

fn setting_differences(a: &Environment, b: &Environment) -> Vec<Difference> {
    let preset = difference("preset", &Some(&a.preset), &Some(&b.preset));
    let build = difference("build", &Some(&a.program.build), &Some(&b.program.build));
    let (a, b) = (members(&a.plan), members(&b.plan));
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let of_plan = names
        .into_iter()
        .filter(|name| !CHOICES_OF_ROWS.contains(&name.as_str()))
        .filter_map(|name| difference(name, &a.get(name), &b.get(name)));
    preset.into_iter().chain(build).chain(of_plan).collect()
}

fn members(plan: &Plan) -> Map<String, Value> {
    match serde_json::to_value(plan) {
        Ok(Value::Object(members)) => members,
        _ => unreachable!("a plan has named members"),
    }
}

fn difference<T: PartialEq + serde::Serialize>(what: &str, a: &T, b: &T) -> Option<Difference> {
    let shown = |value: &T| match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        Ok(Value::Null) | Err(_) => "-".to_owned(),
        Ok(other) => other.to_string(),
    };
    (a != b).then(|| Difference { what: what.to_owned(), in_a: shown(a), in_b: shown(b) })
}

#[cfg(test)]
mod tests {
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
        let (a, b) = (environment(&[]), environment(changes));
        let mut found = machine_differences(&a, &b);
        found.extend(setting_differences(&a, &b));
        found.into_iter().map(|one| format!("{}: {} {}", one.what, one.in_a, one.in_b)).collect()
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
