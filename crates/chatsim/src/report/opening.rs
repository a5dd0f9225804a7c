//! The first screen: what the experiment shows, and four numbers.

use figures::{Numbers, Opening, Tile, Warning};
use maud::{Markup, html};

use super::{findings, heading};
use crate::{
    language::Language,
    results::{
        numbers::{Distance, Measure, Number},
        records::World,
        saved::SavedRun,
    },
};

pub(super) fn render(run: &SavedRun, language: Language) -> Markup {
    let sections = [
        ("table", language.table()),
        ("figures", language.figures()),
        ("meaning", language.meaning()),
        ("disclosure", language.disclosure()),
    ];
    let reasons = heading::marks(run, language);
    let opening = Opening {
        title: &heading::title(run, language),
        origin: vec![html! {
            (heading::what(run, language)) " " (run.environment.program.named("chatsim")) "."
        }],
        contents: sections.map(|(anchor, words)| (anchor.to_owned(), words)).into(),
        warning: (!reasons.is_empty())
            .then(|| Warning { head: language.not_reportable(), reasons }),
        verdict: html! { (verdict(run, language)) },
        tiles: tiles(run, language),
    };
    opening.render()
}

/// What is so; the findings say what the course expected of it, too.
fn verdict(run: &SavedRun, language: Language) -> String {
    findings::of_experiment(run, language).unwrap_or_else(|| language.nothing_to_draw())
}

fn tiles(run: &SavedRun, language: Language) -> Vec<Tile> {
    let mut numbers: Vec<(&str, World, Number)> = Vec::new();
    for result in &run.results {
        for &world in result.worlds.keys() {
            let of_world = result.numbers(world).into_iter();
            numbers.extend(of_world.map(|number| (result.case.name.as_str(), world, number)));
        }
    }
    let plan = &run.environment.plan;
    let sent = plan.messages * plan.cases.len() as u64;
    let tile =
        |name, value, note: String| Tile { name, value, note: html! { (note) }, is_bad: false };
    let mut tiles = vec![tile(
        language.tile_sent(),
        sent.to_string(),
        language.tile_sent_note(plan.cases.len()),
    )];
    tiles.extend(
        delivered(&numbers, language).map(|shares| {
            tile(language.measure_delivered(), shares, language.tile_delivered_note())
        }),
    );
    let tested: Vec<_> = numbers.iter().filter_map(|(.., number)| number.distance).collect();
    if !tested.is_empty() {
        let agreeing = tested.iter().filter(|distance| distance.agrees()).count();
        let value = language.tile_agreeing_value(agreeing, tested.len());
        tiles.push(tile(language.tile_agreeing(), value, language.tile_agreeing_note()));
    }
    let errors = numbers.iter().filter_map(|(case, world, number)| match number.distance? {
        Distance::Errors(z) => Some((z, case, world, number.measure)),
        Distance::Chance(_) => None,
    });
    tiles.extend(errors.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).map(
        |(z, case, world, measure)| {
            let note = language.tile_farthest_note(
                case,
                language.measure(measure),
                language.world(*world),
            );
            tile(language.tile_farthest(), language.decimal(z, 1), note)
        },
    ));
    tiles
}

/// From the case with the least to the one with the most.
fn delivered(numbers: &[(&str, World, Number)], language: Language) -> Option<String> {
    let shares = numbers.iter().filter(|(.., number)| number.measure == Measure::Delivered);
    let mut shares: Vec<f64> = shares.filter_map(|(.., number)| number.observed).collect();
    shares.sort_by(f64::total_cmp);
    let percent = |share: &f64| language.decimal(share * 100.0, 1);
    Some(format!("{}–{}%", percent(shares.first()?), percent(shares.last()?)))
}
