//! How long it takes until a message is delivered, as theory has it and as it came: a panel for each case.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Point, Scale, abreast, legend, mark, panels, path},
};
use maud::{Markup, html};
use theory::Latency;

use crate::{
    language::Language,
    results::{
        numbers::ms,
        records::World,
        saved::{CaseResult, SavedRun},
        tally::Tally,
    },
};

/// Parts of the messages that are delivered by the moments which are marked.
const QUANTILES: [f64; 9] = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999];

/// Pieces of the line of theory.
const PIECES: u32 = 120;

pub(super) fn figure(run: &SavedRun, language: Language) -> Figure {
    let title = language.distributions_title();
    let cases: Vec<&CaseResult> =
        run.results.iter().filter(|result| result.expectation.latency.is_some()).collect();
    if cases.iter().all(|result| result.worlds.is_empty()) {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let mut entries = vec![(path(&[(0.0, 6.0), (24.0, 6.0)], "run s5"), language.predicted())];
    for world in World::ALL {
        if cases.iter().any(|result| result.worlds.contains_key(&world)) {
            entries.push((mark(series(world), (12.0, 6.0), ""), language.world(world)));
        }
    }
    let columns = abreast(cases.len());
    let drawing = html! {
        (legend(&entries))
        (panels(columns, cases.iter().map(|result| panel(result, columns, language))))
    };
    Figure {
        title,
        caption: html! { (language.distributions_caption()) },
        drawing: Some(drawing),
        data: data(&cases, language),
    }
}

/// Of the marks.
fn series(world: World) -> usize {
    match world {
        World::Simulated => 0,
        World::Live => 1,
        World::Broker => 2,
    }
}

fn panel(result: &CaseResult, columns: usize, language: Language) -> Markup {
    let Some(latency) = &result.expectation.latency else { return html! {} };
    let frame = Frame::abreast(columns, 40.0, 220.0);
    let frame = Frame { right: frame.right - 8.0, ..frame };
    let last = result.worlds.values().filter_map(|tally| tally.totals.latency.quantile(0.999));
    let longest = last.map(ms).fold(latency.quantile(0.999), f64::max);
    let x = Scale::from_zero(longest, frame.left, frame.right);
    let y = Scale::from_zero(1.0, frame.bottom, frame.top);
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.milliseconds()))
        (path(&predicted(result, latency, &x, &y), "run s5"))
        @for (world, tally) in &result.worlds {
            @for (part, time_ms, at) in observed(tally, &x, &y) {
                @let (part, time_ms) = (language.tick(part * 100.0), language.number(time_ms));
                (mark(series(*world), at, &language.delivered_by(language.world(*world), part, time_ms)))
            }
        }
    };
    frame.draw(&result.case.name, &content)
}

fn predicted(result: &CaseResult, latency: &Latency, x: &Scale, y: &Scale) -> Vec<Point> {
    let delivered = result.expectation.delivered.map_or(1.0, |it| it.mean);
    let (from, to) = x.ends();
    let time = |piece| from + f64::from(piece) / f64::from(PIECES) * (to - from);
    let point = |time_ms: f64| (x.at(time_ms), y.at(delivered * latency.at_most(time_ms)));
    (0..=PIECES).map(time).map(point).collect()
}

/// With the part of the messages and the moment, in milliseconds.
fn observed(tally: &Tally, x: &Scale, y: &Scale) -> Vec<(f64, f64, Point)> {
    let totals = &tally.totals;
    let delivered = totals.delivered as f64 / totals.targets.max(1) as f64;
    let point = |part: f64| {
        let time_ms = ms(totals.latency.quantile(part)?);
        Some((part, time_ms, (x.at(time_ms), y.at(delivered * part))))
    };
    QUANTILES.into_iter().filter_map(point).collect()
}

fn data(cases: &[&CaseResult], language: Language) -> Data {
    let mut lines = Vec::new();
    for result in cases {
        for (world, tally) in &result.worlds {
            for part in QUANTILES {
                let predicted = result.expectation.latency.as_ref().map(|it| it.quantile(part));
                let observed = tally.totals.latency.quantile(part).map(ms);
                let shown = |value: Option<f64>| {
                    value.map_or_else(String::new, |value| language.decimal(value, 1))
                };
                lines.push(vec![
                    result.case.name.clone(),
                    language.world(*world),
                    language.tick(part),
                    shown(predicted),
                    shown(observed),
                ]);
            }
        }
    }
    Data { heads: language.distributions_columns().into(), words: 2, lines }
}
