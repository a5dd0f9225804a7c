//! What retries and timeouts buy, and what they cost, as heat maps: a row for each number of retries, a column for
//! each timeout.

use figures::{
    Data, Figure,
    chart::{Frame, bar, text},
};
use maud::{Markup, html};

use crate::{
    experiments::Experiment,
    language::Language,
    report::summary::shown,
    results::{
        numbers::Measure,
        records::World,
        saved::{CaseResult, SavedRun},
    },
};

const MEASURES: [Measure; 4] =
    [Measure::Delivered, Measure::FailedThoughDelivered, Measure::Duplicates, Measure::Latency];

/// Shades that the style has.
const LEVELS: f64 = 6.0;

/// Only of runs whose cases are a grid.
pub(super) fn figure(run: &SavedRun, language: Language) -> Option<Figure> {
    if !matches!(run.environment.plan.experiment, None | Some(Experiment::Parameters)) {
        return None;
    }
    let title = language.heat_title();
    let simulated: Vec<&CaseResult> =
        run.results.iter().filter(|result| result.simulated().is_some()).collect();
    if simulated.is_empty() {
        return Some(Figure::missing(title, &language.nothing_to_draw()));
    }
    let drawing = html! {
        div.panels { @for measure in MEASURES { (panel(measure, &simulated, language)) } }
    };
    let line = |result: &&CaseResult| {
        let config = &result.case.config;
        let mut line = vec![config.max_retries.to_string(), config.ack_timeout_ms.to_string()];
        line.extend(MEASURES.map(|measure| {
            value(result, measure).map_or_else(String::new, |it| shown(measure, it, language))
        }));
        line
    };
    Some(Figure {
        title,
        caption: html! { (language.heat_caption()) },
        drawing: Some(drawing),
        data: Data {
            heads: language.heat_columns().into(),
            words: 0,
            lines: simulated.iter().map(line).collect(),
        },
    })
}

fn value(result: &CaseResult, measure: Measure) -> Option<f64> {
    let numbers = result.numbers(World::Simulated);
    numbers.into_iter().find(|number| number.measure == measure)?.observed
}

fn panel(measure: Measure, results: &[&CaseResult], language: Language) -> Markup {
    let rows = distinct(results, |result| result.case.config.max_retries);
    let columns = distinct(results, |result| result.case.config.ack_timeout_ms);
    let frame = Frame { right: 312.0, ..Frame::panel(34.0, 44.0 + 30.0 * rows.len() as f64) };
    let (width, height) = (
        (frame.right - frame.left) / columns.len() as f64,
        (frame.bottom - frame.top) / rows.len() as f64,
    );
    let values: Vec<f64> = results.iter().filter_map(|result| value(result, measure)).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let level = |value: f64| match most > least {
        true => ((value - least) / (most - least) * LEVELS).min(LEVELS - 1.0).floor(),
        false => 0.0,
    };
    let place = |of: &[u32], value| of.iter().position(|other| *other == value).unwrap_or_default();
    let content = html! {
        @for result in results {
            @let config = &result.case.config;
            @let left = frame.left + width * place(&columns, config.ack_timeout_ms) as f64;
            @let top = frame.top + height * place(&rows, config.max_retries) as f64;
            @if let Some(value) = value(result, measure) {
                (bar((left, top), (left + width, top + height), &format!("heat level{}", level(value))))
                g.value {
                    (text((left + width / 2.0, top + height / 2.0 + 4.0), "middle", &shown(measure, value, language)))
                }
            }
        }
        @for (index, retries) in rows.iter().enumerate() {
            (text((frame.left - 6.0, frame.top + height * (index as f64 + 0.5) + 4.0), "end", &retries.to_string()))
        }
        @for (index, timeout) in columns.iter().enumerate() {
            (text((frame.left + width * (index as f64 + 0.5), frame.bottom + 15.0), "middle", &timeout.to_string()))
        }
        (frame.x_unit(&language.heat_axis()))
    };
    frame.draw(&language.measure(measure), &content)
}

/// In ascending order.
fn distinct(results: &[&CaseResult], of: impl Fn(&CaseResult) -> u32) -> Vec<u32> {
    let mut values: Vec<u32> = results.iter().map(|result| of(result)).collect();
    values.sort_unstable();
    values.dedup();
    values
}
