//! The comparison for programs, as CSV and JSON.

use figures::significance::{FALSE_DISCOVERY_RATE, REPETITIONS_MIN};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Compared,
    contender::Measure,
    modes::size,
    obstacles::Obstacle,
    verdicts::{Comparison, Pair, SAME_UP_TO, Tally},
};
use crate::{
    language::Language,
    plan::{Encoding, mode_name},
    results::Run,
};

/// A line of `--csv`, and a member of `pairs` in `--json`. Mode, encoding and workers are those of B; of all loads
/// together there is no volume and no number of clients.
#[derive(Serialize)]
pub(crate) struct PairLine {
    mode: String,
    operation: String,
    volume_bytes: Option<u64>,
    clients: Option<u32>,
    server_workers: u32,
    client_pool: String,
    a_mode: String,
    a_server_workers: u32,
    a_repetitions: usize,
    b_repetitions: usize,
    a_mean_s: Option<f64>,
    b_mean_s: Option<f64>,
    a_goodput_bytes_per_s: Option<f64>,
    b_goodput_bytes_per_s: Option<f64>,
    speed_ratio: Option<f64>,
    speed_low: Option<f64>,
    speed_high: Option<f64>,
    p_value: Option<f64>,
    p_corrected: Option<f64>,
    verdict: &'static str,
    reason: Option<String>,
    encoding: Option<Encoding>,
}

/// Of one run whose modes were compared, or of two.
pub(crate) fn csv(runs: &[Run], comparison: &Comparison) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines(runs, &comparison.pairs) {
        writer.serialize(line)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

pub(crate) fn lines(runs: &[Run], pairs: &[Pair]) -> Vec<PairLine> {
    pairs.iter().map(|pair| line(runs, pair)).collect()
}

pub(crate) fn json(runs: &[Run], compared: &Compared) -> Value {
    let comparison = compared.rows();
    let all_loads = match compared {
        Compared::Runs(_) | Compared::Encodings(_) => None,
        Compared::Modes(modes) => Some(lines(runs, &modes.over_all.pairs)),
    };
    let by_mode: Vec<Value> = comparison
        .by_table()
        .iter()
        .map(|((mode, encoding), tally)| tally_json([&mode_name(*mode), encoding.name()], tally))
        .collect();
    let english = |obstacles: &[Obstacle]| -> Vec<String> {
        obstacles.iter().map(|obstacle| obstacle.sentence(Language::En)).collect()
    };
    let decided_by = match comparison.measure {
        Measure::MeanTime => "mean_s",
        Measure::Goodput => "goodput_bytes_per_s",
    };
    json!({
        "a": runs.first().map(run_json),
        "b": runs.get(1).map(run_json),
        "decided_by": decided_by,
        "same_up_to": SAME_UP_TO,
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "repetitions_min": REPETITIONS_MIN,
        "obstacles": english(&comparison.obstacles),
        "allowed": english(&comparison.allowed),
        "all": tally_json(["all"; 2], &Tally::of(comparison.pairs.iter())),
        "by_mode": by_mode,
        "pairs": lines(runs, &comparison.pairs),
        "all_loads": all_loads,
    })
}

fn run_json(run: &Run) -> Value {
    let (environment, marks) = (&run.environment, run.marks());
    json!({
        "dir": run.dir,
        "started": environment.started,
        "git_commit": environment.program.git_commit,
        "preset": environment.preset,
        "client_pool": environment.plan.client_pool,
        "marks": marks.lines(Language::En),
        "invalid": marks.invalid > 0,
        "partial": marks.partial,
    })
}

fn tally_json([mode, encoding]: [&str; 2], tally: &Tally) -> Value {
    json!({
        "mode": mode,
        "encoding": encoding,
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

fn line(runs: &[Run], pair: &Pair) -> PairLine {
    let Pair { cell, a, b, .. } = pair;
    let size = size(cell);
    PairLine {
        mode: mode_name(cell.server.mode),
        operation: cell.operation.to_string(),
        volume_bytes: size.map(|(volume, _)| volume.bytes),
        clients: size.map(|(_, clients)| clients),
        server_workers: cell.server.workers,
        client_pool: client_pool(runs),
        a_mode: mode_name(a.server.mode),
        a_server_workers: a.server.workers,
        a_repetitions: a.repetitions,
        b_repetitions: b.repetitions,
        a_mean_s: a.mean_s,
        b_mean_s: b.mean_s,
        a_goodput_bytes_per_s: a.goodput,
        b_goodput_bytes_per_s: b.goodput,
        speed_ratio: pair.speed_ratio,
        speed_low: pair.speed_range.map(|(low, _)| low),
        speed_high: pair.speed_range.map(|(_, high)| high),
        p_value: pair.p_value,
        p_corrected: pair.p_corrected,
        verdict: pair.verdict.name(),
        reason: pair.obstacle.as_ref().map(|obstacle| obstacle.sentence(Language::En)),
        encoding: cell.content_encoding(),
    }
}

fn client_pool(runs: &[Run]) -> String {
    let pool = |run: &Run| run.environment.plan.client_pool.to_string();
    let mut pools: Vec<String> = runs.iter().map(pool).collect();
    pools.dedup();
    pools.join("/")
}
