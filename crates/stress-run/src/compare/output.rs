//! The comparison as a table for people, and as CSV and JSON for programs.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    past_run::PastRun,
    verdicts::{Comparison, Pair, SAME_UP_TO, Tally, Verdict},
};
use crate::{
    language::Language,
    plan::{Mode, mode_name},
    significance::{FALSE_DISCOVERY_RATE, REPETITIONS_MIN},
};

/// Columns of numbers: all but the operation and the verdict.
const RIGHT_ALIGNED: std::ops::Range<usize> = 1..9;

/// A line of `--csv`, and a member of `pairs` in `--json`.
#[derive(Serialize)]
struct PairLine {
    mode: String,
    operation: String,
    volume_bytes: u64,
    clients: u32,
    server_workers: u32,
    client_pool: String,
    a_repetitions: usize,
    b_repetitions: usize,
    a_mean_s: Option<f64>,
    b_mean_s: Option<f64>,
    a_goodput_bytes_per_s: Option<f64>,
    b_goodput_bytes_per_s: Option<f64>,
    speed_ratio: Option<f64>,
    p_value: Option<f64>,
    p_corrected: Option<f64>,
    verdict: &'static str,
    reason: Option<String>,
}

pub(crate) fn csv(comparison: &Comparison) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for pair in &comparison.pairs {
        writer.serialize(line(comparison, pair))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

pub(crate) fn json(comparison: &Comparison) -> Value {
    let by_mode: Vec<Value> = comparison
        .by_mode()
        .iter()
        .map(|(mode, tally)| tally_json(&mode_name(*mode), tally))
        .collect();
    let english = |obstacle| Language::En.obstacle(obstacle);
    json!({
        "a": run_json(&comparison.a),
        "b": run_json(&comparison.b),
        "decided_by": "mean_s",
        "same_up_to": SAME_UP_TO,
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "repetitions_min": REPETITIONS_MIN,
        "obstacles": comparison.obstacles.iter().map(english).collect::<Vec<_>>(),
        "all": tally_json("all", &Tally::of(comparison.pairs.iter())),
        "by_mode": by_mode,
        "pairs": comparison.pairs.iter().map(|pair| line(comparison, pair)).collect::<Vec<_>>(),
    })
}

fn run_json(run: &PastRun) -> Value {
    let conditions = &run.conditions;
    json!({
        "dir": run.dir,
        "started": conditions.started,
        "git_commit": conditions.git_commit,
        "preset": conditions.preset,
        "client_pool": run.client_pool(),
        "invalid": run.is_invalid,
        "partial": run.is_partial(),
    })
}

fn tally_json(mode: &str, tally: &Tally) -> Value {
    json!({
        "mode": mode,
        "pairs": tally.pairs,
        "tested": tally.tested,
        "faster": tally.faster,
        "slower": tally.slower,
        "same": tally.same,
        "inconclusive": tally.inconclusive,
        "not_comparable": tally.not_comparable,
        "geomean": tally.speed_ratio,
    })
}

fn line(comparison: &Comparison, pair: &Pair) -> PairLine {
    let Pair { cell, a, b, .. } = pair;
    PairLine {
        mode: mode_name(cell.server.mode),
        operation: cell.operation.to_string(),
        volume_bytes: cell.volume.bytes,
        clients: cell.clients,
        server_workers: cell.server.workers,
        client_pool: client_pool(comparison),
        a_repetitions: a.repetitions,
        b_repetitions: b.repetitions,
        a_mean_s: a.mean_s,
        b_mean_s: b.mean_s,
        a_goodput_bytes_per_s: a.goodput,
        b_goodput_bytes_per_s: b.goodput,
        speed_ratio: pair.speed_ratio,
        p_value: pair.p_value,
        p_corrected: pair.p_corrected,
        verdict: verdict_name(pair.verdict),
        reason: pair.obstacle.as_ref().map(|obstacle| Language::En.obstacle(obstacle)),
    }
}

fn client_pool(comparison: &Comparison) -> String {
    let (a, b) = (comparison.a.client_pool(), comparison.b.client_pool());
    if a == b { a.to_owned() } else { format!("{a}/{b}") }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::Same => "same",
        Verdict::Inconclusive => "inconclusive",
        Verdict::NotComparable => "not_comparable",
    }
}

/// One table for each mode, with what they say together and what the words mean.
pub(crate) fn on_screen(comparison: &Comparison, language: Language) -> String {
    let mut screen = String::new();
    for (letter, run) in [("A", &comparison.a), ("B", &comparison.b)] {
        let _ = writeln!(screen, "{letter}: {}", run_line(run));
    }
    for obstacle in &comparison.obstacles {
        let not = language.verdict(Verdict::NotComparable);
        let _ = writeln!(screen, "{not}: {}", language.obstacle(obstacle));
    }
    let by_mode = comparison.by_mode();
    for mode in by_mode.keys() {
        let title = language.table_of(&mode_name(*mode));
        let _ = writeln!(screen, "\n{title}\n{}", table(comparison, *mode, language));
    }
    let _ = writeln!(screen);
    for (mode, tally) in &by_mode {
        let _ = writeln!(screen, "{}", language.tally(Some(&mode_name(*mode)), tally));
    }
    let all = Tally::of(comparison.pairs.iter());
    let _ = writeln!(screen, "{}\n\n{}", language.tally(None, &all), language.comparison_notes());
    screen
}

fn run_line(run: &PastRun) -> String {
    let conditions = &run.conditions;
    let commit = conditions.git_commit.get(..10).unwrap_or(&conditions.git_commit);
    let quick = if conditions.preset == "quick" { ", QUICK" } else { "" };
    format!("{} ({}, commit {commit}{quick})", run.dir.display(), conditions.started)
}

fn table(comparison: &Comparison, mode: Option<Mode>, language: Language) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(language.comparison_columns());
    for pair in comparison.pairs.iter().filter(|pair| pair.cell.server.mode == mode) {
        table.add_row(row(comparison, pair, language));
    }
    for column in RIGHT_ALIGNED {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(comparison: &Comparison, pair: &Pair, language: Language) -> [String; 10] {
    let Pair { cell, a, b, .. } = pair;
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(String::new, |value| format!("{value:.digits$}"))
    };
    let mut verdict = language.verdict(pair.verdict).to_owned();
    // What holds for all rows stands above the tables, once.
    if let (Some(obstacle), true) = (&pair.obstacle, comparison.obstacles.is_empty()) {
        let _ = write!(verdict, ": {}", language.obstacle(obstacle));
    }
    [
        cell.operation.to_string(),
        cell.volume.to_string(),
        cell.clients.to_string(),
        cell.server.workers_shown(),
        format!("{} / {}", a.repetitions, b.repetitions),
        number(a.mean_s, 6),
        number(b.mean_s, 6),
        number(pair.speed_ratio, 3),
        number(pair.p_corrected, 4),
        verdict,
    ]
}
