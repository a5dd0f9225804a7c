//! The first screen: what the run says in one sentence, and four numbers.

use figures::{Numbers, Opening, Tile};
use maud::{Markup, html};
use runs::moment;

use super::{
    disclosure::made_with,
    facts::{Facts, RowFacts},
    findings,
    table::Part,
};
use crate::{compare::Answer, plan::mode_name, results::CellLine};

pub(super) fn render(facts: &Facts<'_>) -> Markup {
    let (language, run) = (facts.language, facts.run);
    let marks = run.marks();
    let opening = Opening {
        title: &language.report_title(moment(&run.environment.started)),
        origin: origin(facts),
        contents: contents(facts),
        warning: language.warning(marks.quick, marks.lines(language)),
        verdict: verdict(facts),
        tiles: tiles(facts),
    };
    opening.render()
}

/// What was measured, and on what.
fn origin(facts: &Facts<'_>) -> Vec<Markup> {
    let (language, environment) = (facts.language, &facts.run.environment);
    let modes: Vec<String> = environment.plan.modes().into_iter().map(mode_name).collect();
    let rows: usize = Part::all(facts.run).into_iter().map(|part| part.rows(facts.run).len()).sum();
    let planned = environment.needs.rows;
    let repetitions = language.repetitions(environment.plan.repetitions);
    let measured = language.measured(modes.join(", "), rows, planned, repetitions);
    let made_with = made_with(&environment.machine, &environment.program, language);
    vec![html! { (measured) " " (made_with) }]
}

fn contents(facts: &Facts<'_>) -> Vec<(String, String)> {
    let language = facts.language;
    let tables = Part::all(facts.run).into_iter();
    let mut contents: Vec<(String, String)> =
        tables.map(|part| (format!("mode-{}", part.name()), part.title(language))).collect();
    if !facts.modes_compared.loads().is_empty() {
        contents.push(("modes".to_owned(), language.which_mode()));
    }
    let sections = [
        ("figures", language.figures()),
        ("meaning", language.meaning()),
        ("disclosure", language.disclosure()),
    ];
    contents.extend(sections.map(|(anchor, words)| (anchor.to_owned(), words)));
    contents
}

/// Of all attempts: the clients that failed, all clients, and what the others moved.
struct Transfers {
    failed: u64,
    clients: u64,
    made: u64,
    bytes: u64,
}

impl Transfers {
    fn of(lines: &[CellLine]) -> Self {
        // A client that succeeded did so in each burst.
        let made = |line: &CellLine| line.clients_succeeded * u64::from(line.bursts);
        let failed = lines.iter().map(|line| line.clients_failed).sum();
        Self {
            failed,
            clients: lines.iter().map(|line| line.clients_succeeded).sum::<u64>() + failed,
            made: lines.iter().map(made).sum(),
            bytes: lines.iter().map(|line| made(line) * line.volume_bytes).sum(),
        }
    }
}

/// How far the modes are apart: the largest share that one has less goodput than the fastest, and where.
fn apart(facts: &Facts<'_>) -> Option<(f64, String)> {
    let operations = facts.modes_compared.of_operations();
    let of_load = operations.iter().flat_map(|load| &load.others);
    let behind = of_load.filter_map(|pair| Some((1.0 - pair.speed_ratio?, &pair.cell)));
    let (behind, cell) = behind.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((behind, facts.language.operation_named(cell)))
}

/// How far the repetitions of a row are apart, as a share of its goodput: half of the rows have less. `None`
/// without a repetition.
fn scatter(facts: &Facts<'_>) -> Option<f64> {
    let goodputs = facts.rows.iter().filter_map(|row| row.goodput.filter(|it| it.count > 1));
    let mut shares: Vec<f64> = goodputs.map(|it| (it.max - it.min) / it.median).collect();
    shares.sort_by(f64::total_cmp);
    shares.get(shares.len() / 2).copied()
}

fn verdict(facts: &Facts<'_>) -> Markup {
    let language = facts.language;
    let transfers = Transfers::of(&facts.run.attempts);
    let failed = (transfers.failed > 0)
        .then(|| language.opening_failed(transfers.failed, transfers.clients));
    let found = of_modes(facts).or_else(|| of_pools(facts));
    html! {
        @for sentence in failed.iter().chain(&found) { (sentence) " " }
        @if failed.is_none() && found.is_none() { (language.nothing_measured()) }
    }
}

/// Which mode is faster; `None` where there is one, or none can be compared.
fn of_modes(facts: &Facts<'_>) -> Option<String> {
    let (language, answer) = (facts.language, Answer::of(&facts.modes_compared));
    let (behind, operation) = apart(facts)?;
    let apart = language.percent(behind);
    if answer.needed.is_some() {
        let repetitions = language.repetitions(facts.run.environment.plan.repetitions);
        return Some(language.opening_untested(apart, operation, repetitions));
    }
    let scatter = language.percent(scatter(facts)?);
    if answer.slower.is_empty() {
        return Some(language.opening_same(apart, operation, scatter));
    }
    let under = |(mode, pairs): (&String, &Vec<_>)| language.slower_in(mode, pairs.len());
    let slower: Vec<String> = answer.slower.iter().map(under).collect();
    Some(language.opening_slower(slower.join("; "), answer.loads))
}

/// Of a single mode: what its best pool reaches beside its worst.
fn of_pools(facts: &Facts<'_>) -> Option<String> {
    let language = facts.language;
    let (best, rate) = findings::fastest(facts)?;
    let rows = facts.heaviest_rows(best.row.cell.operation).into_iter();
    let rates = rows.filter_map(RowFacts::median_goodput);
    let worst = rates.min_by(f64::total_cmp)?;
    let (mode, pool) = (mode_name(best.mode()), language.pool(best.workers()));
    let load = facts.heaviest?.text(language);
    let ratio = language.decimal(rate / worst, 2);
    let [rate, worst] = [rate, worst].map(|rate| language.rate(rate));
    let operation = best.row.cell.operation;
    Some(language.opening_pools(mode, operation, load, pool, rate, worst, ratio))
}

fn tiles(facts: &Facts<'_>) -> Vec<Tile> {
    let language = facts.language;
    let transfers = Transfers::of(&facts.run.attempts);
    let tile = |name, value, note| Tile { name, value, note, is_bad: false };
    let verified = tile(
        language.tile_verified(),
        language.size(transfers.bytes),
        html! { (language.tile_verified_note(transfers.made)) },
    );
    let failures = Tile {
        is_bad: transfers.failed > 0,
        ..tile(
            language.tile_failures(),
            transfers.failed.to_string(),
            html! { (language.tile_failures_note(transfers.clients)) },
        )
    };
    let best = findings::fastest(facts).map(|(row, rate)| {
        let note =
            language.tile_best_note(row.row.cell.operation.to_string(), row.name().link(language));
        tile(language.tile_best(), language.rate(rate), note)
    });
    let tiles = [Some(verified), Some(failures), best, Some(differences(facts, tile))];
    tiles.into_iter().flatten().collect()
}

/// The modes beside chance; of one mode chance alone.
fn differences(facts: &Facts<'_>, tile: impl Fn(String, String, Markup) -> Tile) -> Tile {
    let language = facts.language;
    let chance = match scatter(facts) {
        Some(scatter) => language.tile_scatter(language.percent(scatter)),
        None => language.tile_no_scatter(),
    };
    match apart(facts) {
        Some((behind, operation)) => {
            let note = html! { (language.tile_apart_note(operation)) " " (chance) };
            tile(language.tile_apart(), language.percent(behind), note)
        }
        None => {
            let count = facts.run.environment.plan.repetitions.to_string();
            tile(language.tile_repetitions(), count, html! { (chance) })
        }
    }
}
