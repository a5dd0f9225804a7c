//! The six figures: what each draws, what its caption finds, and the numbers behind it.

mod dots;
mod gantt;
mod goodput;
mod memory;
mod prediction;
mod time_parts;

use figures::chart::{legend, line, mark};
use maud::{Markup, html};

pub(super) use self::prediction::{BAND, fit};
use super::facts::Facts;
use crate::language::Language;

pub(super) struct Figure {
    pub(super) title: String,
    /// What it shows, in numbers.
    pub(super) caption: Markup,
    /// Nothing, where there is nothing to draw.
    pub(super) drawing: Option<Markup>,
    pub(super) data: Data,
}

/// The numbers behind a figure, as a table.
pub(super) struct Data {
    pub(super) heads: Vec<&'static str>,
    /// The columns at the left that hold words; the others hold numbers.
    pub(super) words: usize,
    pub(super) lines: Vec<Vec<String>>,
}

pub(super) fn all(facts: &Facts<'_>) -> [Figure; 6] {
    [
        gantt::figure(facts),
        goodput::figure(facts),
        time_parts::figure(facts),
        dots::figure(facts),
        memory::figure(facts),
        prediction::figure(facts),
    ]
}

impl Figure {
    /// One that has nothing to draw.
    fn missing(title: String, why: String) -> Self {
        let data = Data { heads: Vec::new(), words: 0, lines: Vec::new() };
        Self { title, caption: html! { (why) }, drawing: None, data }
    }

    pub(super) fn render(&self, number: usize, language: Language) -> Markup {
        html! {
            figure id=(format!("figure-{number}")) {
                h3 { (language.figure(number)) ": " (self.title) }
                @match &self.drawing {
                    Some(drawing) => (drawing),
                    None => p.missing { (language.nothing_to_draw()) },
                }
                figcaption { (self.caption) }
                @if !self.data.lines.is_empty() {
                    details { summary { (language.data_behind()) } (self.data.render()) }
                }
            }
        }
    }
}

impl Data {
    fn render(&self) -> Markup {
        let class = |column: usize| (column < self.words).then_some("words");
        html! {
            div.scroll tabindex="0" {
                table {
                    thead { tr {
                        @for (column, head) in self.heads.iter().enumerate() {
                            th scope="col" class=[class(column)] { (head) }
                        }
                    } }
                    tbody {
                        @for fields in &self.lines {
                            tr { @for (column, field) in fields.iter().enumerate() {
                                td class=[class(column)] { (field) }
                            } }
                        }
                    }
                }
            }
        }
    }
}

/// Which mark and colour stands for which size of pool.
fn pool_legend(facts: &Facts<'_>, with_lines: bool) -> Vec<(Markup, String)> {
    let entry = |(series, workers): (usize, u32)| {
        let swatch = html! {
            @if with_lines { (line((0.0, 6.0), (24.0, 6.0), &format!("run s{series}"))) }
            (mark(series, (12.0, 6.0), ""))
        };
        (swatch, facts.language.pool(workers))
    };
    facts.pools().into_iter().enumerate().map(entry).collect()
}

fn legend_of_pools(facts: &Facts<'_>) -> Markup {
    legend(&pool_legend(facts, false))
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, f64::max)
}
