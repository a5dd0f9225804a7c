//! The first screen: what a search costs, and four numbers.

use figures::{Numbers, Opening, Tile, Warning};
use maud::{Markup, html};

use super::{findings, heading};
use crate::{
    language::Language,
    simulate::{numbers::Line, plan::Method, saved::SavedRun},
};

pub(super) fn render(run: &SavedRun, language: Language) -> Markup {
    let sections = [
        ("table", language.table()),
        ("figures", language.figures()),
        ("meaning", language.meaning()),
        ("disclosure", language.disclosure()),
    ];
    let reasons = heading::marks(run, language);
    let verdict = findings::of(run, language).into_iter().next();
    let opening = Opening {
        title: &heading::title(run, language),
        origin: vec![html! {
            (heading::what(run, language)) " " (run.environment.program.named("filepeer")) "."
        }],
        contents: sections.map(|(anchor, words)| (anchor.to_owned(), words)).into(),
        warning: (!reasons.is_empty())
            .then(|| Warning { head: language.not_reportable(), reasons }),
        verdict: html! { (verdict.unwrap_or_else(|| language.nothing_to_draw())) },
        tiles: tiles(run, language),
    };
    opening.render()
}

fn tiles(run: &SavedRun, language: Language) -> Vec<Tile> {
    let tile =
        |name, value, note: String| Tile { name, value, note: html! { (note) }, is_bad: false };
    let lines = run.lines();
    let searches: usize = lines.iter().map(|line| line.searches).sum();
    let searches = tile(
        language.tile_searches(),
        searches.to_string(),
        language.tile_searches_note(lines.len()),
    );
    let mut tiles = vec![searches];
    for method in [Method::Flood, Method::Bloom] {
        let largest = run.steady(method).last().map(|result| &result.line);
        tiles.extend(largest.and_then(|line| {
            let median = language.number(line.messages_p50?);
            let note =
                language.tile_messages_note(line.nodes, median, share_found(line, language)?);
            Some(tile(language.method(method), language.number(line.messages_mean?), note))
        }));
    }
    let off = lines.iter().filter_map(|line| line.off).map(f64::abs).reduce(f64::max);
    tiles.extend(off.map(|off| {
        let off = match off < findings::EXACT {
            true => language.exactly(),
            false => language.percent_of_many(off),
        };
        tile(language.tile_off(), off, language.tile_off_note())
    }));
    tiles
}

fn share_found(line: &Line, language: Language) -> Option<String> {
    Some(language.percent_of_many(line.found?))
}
