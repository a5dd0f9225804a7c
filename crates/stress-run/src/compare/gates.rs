//! Gates on a comparison: on its rows, or on what it counts over them.

use anyhow::{anyhow, bail};
use runs::{Breach, Gate, GateResult, Sheet};

use super::{
    contender::Measure,
    output,
    verdicts::{Comparison, Pair, Tally},
};
use crate::results::Run;

/// The columns that name a row. Of two runs A has the same mode as B.
const KEY: [&str; 7] =
    ["mode", "operation", "encoding", "volume_bytes", "clients", "server_workers", "a_mode"];

pub(crate) fn check(
    runs: &[Run],
    comparison: &Comparison,
    gates: &[Gate],
) -> anyhow::Result<Vec<GateResult>> {
    if gates.is_empty() {
        return Ok(Vec::new());
    }
    let sheet = Sheet::of(output::lines(runs, &comparison.pairs))?;
    gates.iter().map(|gate| check_one(comparison, &sheet, gate)).collect()
}

fn key(measure: Measure) -> &'static [&'static str] {
    match measure {
        Measure::MeanTime => &KEY[..KEY.len() - 1],
        Measure::Goodput => &KEY,
    }
}

fn check_one(comparison: &Comparison, sheet: &Sheet, gate: &Gate) -> anyhow::Result<GateResult> {
    let Some(count) = count_named(&gate.column) else {
        return gate.check(sheet, key(comparison.measure));
    };
    // Each pair of modes is there both ways, so all of them together are as fast as they are slow.
    let is_two_sided = comparison.measure == Measure::Goodput
        && matches!(gate.column.as_str(), "faster" | "slower" | "geomean");
    if is_two_sided && !gate.selector.names("mode") && !gate.selector.names("a_mode") {
        bail!("--gate {gate}: say which mode is meant, for example with 'mode=thread:{gate}'");
    }
    let tally = Tally::of(selected(comparison, sheet, gate)?.into_iter());
    let value = count(&tally);
    let breach = Breach { row: String::new(), value: value.map(|value| value.to_string()) };
    let broken = if gate.is_met_by(value) { Vec::new() } else { vec![breach] };
    Ok(GateResult { gate: gate.clone(), checked: tally.pairs, broken })
}

/// The pairs that a gate selects: the rows of the sheet are in the same order.
fn selected<'a>(
    comparison: &'a Comparison,
    sheet: &Sheet,
    gate: &Gate,
) -> anyhow::Result<Vec<&'a Pair>> {
    let selector = &gate.selector;
    let is_selected = selector.marks(sheet).map_err(|column| {
        anyhow!("--gate {gate}: there is no column {column:?} to select rows of a comparison by")
    })?;
    let pairs = comparison.pairs.iter().zip(is_selected);
    let selected: Vec<&Pair> = pairs.filter_map(|(pair, is)| is.then_some(pair)).collect();
    if selected.is_empty() {
        bail!("--gate {gate}: no row is selected by {selector}");
    }
    Ok(selected)
}

type Count = fn(&Tally) -> Option<f64>;

/// What can be counted over rows. Where there is nothing to count by, there is no value: a gate
/// must not be met because nothing was compared.
fn count_named(name: &str) -> Option<Count> {
    Some(match name {
        "pairs" => |tally| Some(tally.pairs as f64),
        "not_comparable" => |tally| Some(tally.not_comparable as f64),
        "same" => |tally| (tally.compared() > 0).then_some(tally.same as f64),
        "inconclusive" => |tally| (tally.compared() > 0).then_some(tally.inconclusive as f64),
        "faster" => |tally| (tally.tested > 0).then_some(tally.faster as f64),
        "slower" => |tally| (tally.tested > 0).then_some(tally.slower as f64),
        "geomean" => |tally| tally.speed_ratio,
        _ => return None,
    })
}
