//! The first screen: what one slow server costs, and four numbers.

use figures::{Numbers, Opening, Tile};
use maud::{Markup, html};
use runs::moment;

use crate::{
    balance::{
        files::{BalanceRun, Environment},
        findings,
        plan::{SLOWER, ScenarioName},
        rows::{BAND, Row},
        tables::{self, Shown, name, shown},
    },
    language::Language,
    report::made_with,
};

pub(super) fn render(run: &BalanceRun, language: Language) -> Markup {
    let Environment { started, machine, program, is_quick, .. } = &run.environment;
    let sections = [
        ("tables", language.tables()),
        ("figures", language.figures()),
        ("meaning", language.meaning()),
        ("disclosure", language.disclosure()),
    ];
    let rows: Vec<&Row> = shown(&run.rows).into_iter().map(|Shown { row, .. }| row).collect();
    let opening = Opening {
        title: &language.balance_title(moment(started)),
        origin: vec![
            html! { (tables::what(run, language)) },
            made_with(machine, program, language),
        ],
        contents: sections.map(|(anchor, words)| (anchor.to_owned(), words)).into(),
        warning: language.warning(*is_quick, tables::marks(run, language)),
        verdict: html! { (verdict(&rows, language)) },
        tiles: tiles(&rows, language),
    };
    opening.render()
}

fn verdict(rows: &[&Row], language: Language) -> String {
    let beside_slow = findings::ranked(rows, ScenarioName::Unequal);
    if beside_slow.len() < 2 {
        return language.balance_not_ranked();
    }
    let verdict = language.balance_opening(SLOWER, findings::in_order(&beside_slow, language));
    match findings::ranked(rows, ScenarioName::Equal)[..] {
        [(best_ms, best), _, ..] => {
            let equal = language.balance_opening_equal(&best.policy, language.number(best_ms));
            format!("{verdict} {equal}")
        }
        _ => verdict,
    }
}

fn tiles(rows: &[&Row], language: Language) -> Vec<Tile> {
    let answered: u64 = rows.iter().map(|row| row.requests_succeeded).sum();
    let failed: u64 = rows.iter().map(|row| row.requests_failed + row.unsent).sum();
    let (within, known) = findings::agreement(rows);
    let tile =
        |name, value, note: String| Tile { name, value, note: html! { (note) }, is_bad: false };
    let mut tiles = vec![
        tile(
            language.balance_answered(),
            answered.to_string(),
            language.balance_answered_note(rows.len()),
        ),
        Tile {
            is_bad: failed > 0,
            ..tile(
                language.tile_failures(),
                failed.to_string(),
                language.balance_failures_note(answered + failed),
            )
        },
        tile(
            language.balance_agreeing(),
            language.balance_agreeing_value(within, known),
            language.balance_agreeing_note(language.percent(BAND)),
        ),
    ];
    tiles.extend(findings::longest(rows).map(|(longest_ms, row)| {
        let longest = format!("{} ms", language.number(longest_ms));
        tile(language.balance_longest(), longest, language.balance_longest_note(name(row)))
    }));
    tiles
}
