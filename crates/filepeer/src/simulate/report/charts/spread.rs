//! How many messages the searches of the largest graph take: the part of them that take at most so many.

use figures::{
    Data, Figure, Numbers, Sample,
    chart::{Frame, Point, Scale, mark, panels, path},
};
use maud::{Markup, html};

use super::methods::{legend_of, methods, series};
use crate::{
    language::Language,
    simulate::{
        plan::Method,
        saved::{CaseResult, SavedRun},
    },
};

/// Steps of a line.
const STEPS: u32 = 100;

/// Where a line has a mark.
const MARKED: [f64; 3] = [0.05, 0.5, 0.95];

/// Parts of the searches in the table behind the figure.
const QUANTILES: [f64; 7] = [0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0];

pub(super) fn figure(run: &SavedRun, language: Language) -> Figure {
    let title = language.spread_title();
    let methods = methods(run);
    let samples: Vec<(Method, Sample)> = methods
        .iter()
        .filter_map(|method| Some((*method, messages(run.steady(*method).last()?))))
        .collect();
    if samples.is_empty() {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    Figure {
        title,
        caption: html! { (language.spread_caption(run.nodes_max())) },
        drawing: Some(html! {
            (legend_of(&methods, language))
            (panels(1, [panel(&samples, language)]))
        }),
        data: data(&samples, run.nodes_max(), language),
    }
}

fn messages(result: &CaseResult) -> Sample {
    Sample::of(result.records.iter().map(|record| record.messages as f64))
}

fn panel(samples: &[(Method, Sample)], language: Language) -> Markup {
    let frame = Frame::abreast(1, 40.0, 230.0);
    let ends = |share| samples.iter().filter_map(move |(_, sample)| sample.quantile(share));
    // A search that its asker's neighbours answer may take one message.
    let (least, most) = (ends(0.0).fold(f64::MAX, f64::min), ends(1.0).fold(1.0, f64::max));
    let x = Scale::logarithmic(least.max(1.0), most, frame.left, frame.right);
    let y = Scale::from_zero(1.0, frame.bottom, frame.top);
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.spread_messages()))
        @for (method, sample) in samples {
            (path(&steps(sample, &x, &y), &format!("run s{}", series(*method))))
        }
        @for (method, sample) in samples {
            @for share in MARKED {
                @if let Some(messages) = sample.quantile(share) {
                    @let at = (x.at(messages.max(1.0)), y.at(share));
                    (mark(series(*method), at, &hint(*method, share, messages, language)))
                }
            }
        }
    };
    frame.draw(&language.spread_part(), &content)
}

fn hint(method: Method, share: f64, messages: f64, language: Language) -> String {
    let (method, share) = (language.method(method), language.percent(share));
    format!("{method}, {share}: {}", language.some(Some(messages)))
}

/// Up at each value, and across to the next.
fn steps(sample: &Sample, x: &Scale, y: &Scale) -> Vec<Point> {
    let mut points = Vec::new();
    for step in 1..=STEPS {
        let [before, share] = [step - 1, step].map(|step| f64::from(step) / f64::from(STEPS));
        let Some(messages) = sample.quantile(share) else { continue };
        let at = x.at(messages.max(1.0));
        points.extend([(at, y.at(before)), (at, y.at(share))]);
    }
    points
}

fn data(samples: &[(Method, Sample)], nodes: usize, language: Language) -> Data {
    let lines = samples.iter().flat_map(|(method, sample)| {
        QUANTILES.map(|share| {
            vec![
                language.method(*method),
                language.percent(share),
                nodes.to_string(),
                language.some(sample.quantile(share)),
            ]
        })
    });
    Data { heads: language.spread_columns().into(), words: 1, lines: lines.collect() }
}
