//! Which mode is faster: the modes against each other, what is sure of it, and the same under each load.

use figures::Data;
use maud::{Markup, html};

use super::facts::Facts;
use crate::{
    compare::{LoadJudged, Modes, Pair, Verdict},
    language::Language,
    plan::mode_name,
};

/// Nothing where there is one mode, or none can be compared.
pub(super) fn section(facts: &Facts<'_>) -> Markup {
    let (language, modes) = (facts.language, &facts.modes_compared);
    let (loads, together) = (modes.loads(), modes.together(language));
    let load_by_load = modes.load_by_load(language);
    // The shorter ones first, where there are both.
    let [above, below] = match load_by_load.is_empty() {
        true => [together, load_by_load],
        false => [load_by_load, together],
    };
    html! {
        @if !loads.is_empty() {
            section id="modes" {
                h2 { (language.which_mode()) }
                @for sentence in above { p { (sentence) } }
                div.matrices {
                    @for load in modes.of_operations() { (matrix(modes, &load, language)) }
                }
                p.lead { (language.matrix_notes()) }
                @for sentence in below { p { (sentence) } }
                details {
                    summary { (language.each_load()) }
                    (each_load(&loads, language).render())
                }
                details { summary { (language.how_judged()) } p { (language.mode_notes()) } }
            }
        }
    }
}

/// Each mode in a row against each in a column.
fn matrix(modes: &Modes, load: &LoadJudged<'_>, language: Language) -> Markup {
    let pairs = modes.pairs_under(load);
    let of_column = |pair: &&Pair| pair.a.server.mode;
    let names: std::collections::BTreeSet<_> = pairs.iter().map(of_column).collect();
    let cell = |row, column| {
        pairs.iter().find(|pair| (pair.b.server.mode, pair.a.server.mode) == (row, column))
    };
    html! {
        div.matrix.scroll tabindex="0" {
            h4 { (load.named(language)) }
            table {
                thead { tr {
                    td { (language.matrix_corner()) }
                    @for name in &names { th scope="col" { (mode_name(*name)) } }
                } }
                tbody {
                    @for row in &names {
                        tr {
                            th scope="row" { (mode_name(*row)) }
                            @for column in &names {
                                @match cell(*row, *column) {
                                    Some(pair) => (judged(pair, language)),
                                    None => td {},
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn judged(pair: &Pair, language: Language) -> Markup {
    let (ratio, range) = pair.speed(language);
    let class = match pair.verdict {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::Same => "same",
        Verdict::Inconclusive | Verdict::NotComparable => "unsure",
    };
    html! {
        td.(class) {
            @if !ratio.is_empty() { b { "× " (ratio) } " " }
            (pair.verdict.word(language))
            @if !range.is_empty() { small { (range) } }
        }
    }
}

fn each_load(loads: &[LoadJudged<'_>], language: Language) -> Data {
    let operation = language.screen_columns()[1];
    let mode = language.mode_columns();
    let fields = |load: &LoadJudged<'_>| {
        let operation = language.operation_named(&load.load);
        let lines = load.fields(language).into_iter();
        let line = |fields: [String; 9]| {
            let mut line = vec![operation.clone()];
            line.extend(fields);
            line
        };
        lines.map(line).collect::<Vec<_>>()
    };
    let heads = std::iter::once(operation).chain(mode).collect();
    Data { heads, words: 1, lines: loads.iter().flat_map(fields).collect() }
}
