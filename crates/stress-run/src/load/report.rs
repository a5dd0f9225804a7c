//! The report of a load as one page.

use std::path::Path;

use figures::{
    Data, Figure, Numbers, Opening, Page, Parts, Tile,
    chart::{Frame, Point, Scale, largest, legend, line, mark, panels, path, text},
};
use maud::{Markup, html};
use runs::{Program, now};

use super::{
    remarks,
    rows::{Row, Summary},
    settings::Settings,
    tables::{self, Titled, name, shown},
};
use crate::{language::Language, machine::description::Machine, results::PROGRAM};

/// The name of the report in the directory of its load.
pub(super) const PAGE: &str = "report.html";

/// `origin` says with what, and where, it was measured.
pub(super) fn page(summary: &Summary, origin: &str, language: Language) -> Page {
    let title = language.load_title(&summary.settings.connect);
    language.page_of(Parts {
        opening: opening(summary, &title, origin, language),
        title,
        style: "",
        figures: vec![figure(summary, language)],
        findings: remarks::of(summary, language).into_iter().map(|it| html! { (it) }).collect(),
        tables: html! {
            section id="tables" {
                h2 { (language.tables()) }
                @for Titled { title, grid } in tables::tables(summary, language, usize::MAX) {
                    h3 { (title) }
                    (runs::data(grid).render())
                }
            }
        },
        meaning: vec![(None, language.load_notes())],
        disclosure: html! {},
    })
}

/// What is seen while the load goes on: nothing is counted for a page meanwhile.
pub(super) fn begun(settings: &Settings, language: Language) -> Page {
    let title = language.load_title(&settings.connect);
    let opening = Opening {
        title: &title,
        origin: vec![html! { (tables::what(settings, language)) }],
        contents: Vec::new(),
        warning: None,
        verdict: html! { (language.load_begun()) },
        tiles: Vec::new(),
    };
    let content = opening.render();
    Page { lang: language.tag(), title, style: "", content }
}

/// With what, and where, it was measured.
pub(super) fn origin(place: &Path, language: Language) -> String {
    let machine = Machine::of_this_run(place).in_words(language);
    format!("{machine}. {}, {}.", Program::this().named(PROGRAM), now())
}

/// Of a table whose first column names its rows.
fn opening(summary: &Summary, title: &str, origin: &str, language: Language) -> Markup {
    let all = &summary.rows[0];
    let verdict = match (all.requests_per_s, all.p50_ms, all.p99_ms) {
        (Some(rate), Some(p50), Some(p99)) => {
            let [rate, p50, p99] = [rate, p50, p99].map(|value| language.number(value));
            language.load_opening(rate, p50, p99)
        }
        _ => language.load_unanswered(),
    };
    let sections = [("tables", language.tables()), ("meaning", language.meaning())];
    let opening = Opening {
        title,
        origin: vec![html! { (tables::what(&summary.settings, language)) }, html! { (origin) }],
        contents: sections.map(|(anchor, words)| (anchor.to_owned(), words)).into(),
        warning: language.warning(false, remarks::marks(summary, language)),
        verdict: html! { (verdict) },
        tiles: tiles(summary, language),
    };
    opening.render()
}

fn tiles(summary: &Summary, language: Language) -> Vec<Tile> {
    let all = &summary.rows[0];
    let failed = all.requests_failed + summary.unsent;
    let tile =
        |name, value, note: String| Tile { name, value, note: html! { (note) }, is_bad: false };
    let gap = summary.longest_gap;
    let [from, length] = [gap.from, gap.length].map(|time| language.duration(time.as_secs_f64()));
    vec![
        tile(
            language.balance_answered(),
            all.requests_succeeded.to_string(),
            language.load_answered_note(language.duration(summary.elapsed_s)),
        ),
        Tile {
            is_bad: failed > 0,
            ..tile(
                language.tile_failures(),
                failed.to_string(),
                language.balance_failures_note(all.requests_succeeded + failed),
            )
        },
        tile(
            language.load_mean(),
            shown(all.mean_ms, language),
            language.load_mean_note(shown(all.max_ms, language)),
        ),
        tile(language.balance_gap(), length, language.load_gap_note(from)),
    ]
}

/// Behind the mean in what a row says of its times.
const QUANTILES: [&str; 4] = ["p50", "p90", "p99", "p99.9"];

/// How long requests take: a line for each kind of them, over the quantiles.
fn figure(summary: &Summary, language: Language) -> Figure {
    let title = language.load_figure();
    let rows: Vec<(&Row, [f64; 4])> = summary.rows.iter().filter_map(times).collect();
    if rows.is_empty() {
        return Figure::missing(title, &language.load_unanswered());
    }
    let swatch = |(series, (row, _)): (usize, &(&Row, _))| {
        let swatch = html! {
            (line((0.0, 6.0), (24.0, 6.0), &format!("run s{series}"))) (mark(series, (12.0, 6.0), ""))
        };
        (swatch, name(row, language))
    };
    let drawing = html! {
        (legend(&rows.iter().enumerate().map(swatch).collect::<Vec<_>>()))
        (panels(1, [panel(&rows, language)]))
    };
    let fields = |(row, times): &(&Row, [f64; 4])| {
        let mut fields = vec![name(row, language)];
        fields.extend(times.map(|ms| language.number(ms)));
        fields
    };
    let heads = std::iter::once(language.response_columns()[0]).chain(QUANTILES).collect();
    Figure {
        title,
        caption: html! { (language.load_caption()) },
        drawing: Some(drawing),
        data: Data { heads, words: 1, lines: rows.iter().map(fields).collect() },
    }
}

/// Nothing of a row in which nothing succeeded.
fn times(row: &Row) -> Option<(&Row, [f64; 4])> {
    let [_, p50, p90, p99, p999, _] = row.response_ms();
    Some((row, [p50?, p90?, p99?, p999?])).filter(|(_, times)| times[0] > 0.0)
}

fn panel(rows: &[(&Row, [f64; 4])], language: Language) -> Markup {
    let frame = Frame::abreast(1, 44.0, 260.0);
    let all = || rows.iter().flat_map(|(_, times)| *times);
    let shortest = all().fold(f64::INFINITY, f64::min);
    let y = Scale::logarithmic(shortest, largest(all()), frame.bottom, frame.top);
    let pitch = (frame.right - frame.left) / QUANTILES.len() as f64;
    let x = |index: usize| frame.left + (index as f64 + 0.5) * pitch;
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        @for (index, quantile) in QUANTILES.iter().enumerate() {
            (text((x(index), frame.bottom + 15.0), "middle", quantile))
        }
        @for (series, (row, times)) in rows.iter().enumerate() {
            @let at = |(index, ms): (usize, &f64)| (x(index), y.at(*ms));
            @let points: Vec<Point> = times.iter().enumerate().map(at).collect();
            (path(&points, &format!("run s{series}")))
            @for (index, (point, ms)) in points.iter().zip(times).enumerate() {
                @let value = format!("{}, {}: {} ms", name(row, language), QUANTILES[index], language.number(*ms));
                (mark(series, *point, &value))
            }
        }
    };
    frame.draw(&language.load_panel(), &content)
}
