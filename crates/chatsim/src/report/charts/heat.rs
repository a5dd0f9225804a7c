//! What retries and timeouts buy, and what they cost, as heat maps: a row for each number of retries, a column for
//! each timeout.

use figures::{
    Data, Figure,
    chart::{Frame, Point, bar, panels, text},
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

/// So that a cell has room for its number.
const ABREAST: usize = 2;

/// How many shades the style has.
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
        (panels(ABREAST, MEASURES.map(|measure| panel(measure, &simulated, language))))
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
    let map = Map::of(measure, results, language);
    let content = html! {
        @for result in results { (map.cell(result)) }
        @for (row, retries) in map.retries.iter().enumerate() {
            @let (left, middle) = (map.frame.left, map.middle(0, row).1);
            (text((left - 6.0, middle + HALF_A_LETTER), "end", &retries.to_string()))
        }
        @for (column, timeout) in map.timeouts_ms.iter().enumerate() {
            @let (middle, bottom) = (map.middle(column, 0).0, map.frame.bottom);
            (text((middle, bottom + 15.0), "middle", &timeout.to_string()))
        }
        (map.frame.x_unit(&language.heat_axis()))
    };
    map.frame.draw(&language.measure(measure), &content)
}

/// What text is lowered by to stand in the middle.
const HALF_A_LETTER: f64 = 4.0;
const ROW: f64 = 30.0;

/// A measure of every cell.
struct Map {
    measure: Measure,
    language: Language,
    frame: Frame,
    /// Of the rows and of the columns, in ascending order.
    retries: Vec<u32>,
    timeouts_ms: Vec<u32>,
    least: f64,
    most: f64,
}

impl Map {
    fn of(measure: Measure, results: &[&CaseResult], language: Language) -> Self {
        let retries = distinct(results, |result| result.case.config.max_retries);
        let timeouts_ms = distinct(results, |result| result.case.config.ack_timeout_ms);
        let height = 44.0 + ROW * retries.len() as f64;
        let frame = Frame::abreast(ABREAST, 34.0, height);
        let values = || results.iter().filter_map(|result| value(result, measure));
        let least = values().fold(f64::INFINITY, f64::min);
        let most = values().fold(f64::NEG_INFINITY, f64::max);
        Self { measure, language, frame, retries, timeouts_ms, least, most }
    }

    /// Of a cell, half its width and half its height.
    fn half(&self) -> Point {
        let Frame { left, right, top, bottom, .. } = self.frame;
        let width = (right - left) / self.timeouts_ms.len() as f64;
        let height = (bottom - top) / self.retries.len() as f64;
        (width / 2.0, height / 2.0)
    }

    fn middle(&self, column: usize, row: usize) -> Point {
        let half = self.half();
        let middle = |from: f64, half: f64, place: usize| from + half * (2 * place + 1) as f64;
        (middle(self.frame.left, half.0, column), middle(self.frame.top, half.1, row))
    }

    /// Nothing where nothing was observed.
    fn cell(&self, result: &CaseResult) -> Markup {
        let Some(value) = value(result, self.measure) else { return html! {} };
        let config = &result.case.config;
        let place = |of: &[u32], value| of.binary_search(&value).unwrap_or_default();
        let column = place(&self.timeouts_ms, config.ack_timeout_ms);
        let (x, y) = self.middle(column, place(&self.retries, config.max_retries));
        let half = self.half();
        let class = format!("heat level{}", self.level(value));
        html! {
            (bar((x - half.0, y - half.1), (x + half.0, y + half.1), &class))
            g.value {
                (text((x, y + HALF_A_LETTER), "middle", &shown(self.measure, value, self.language)))
            }
        }
    }

    /// Of the shades that the style has.
    fn level(&self, value: f64) -> f64 {
        if self.most <= self.least {
            return 0.0;
        }
        let share = (value - self.least) / (self.most - self.least);
        (share * LEVELS).floor().min(LEVELS - 1.0)
    }
}

/// In ascending order.
fn distinct(results: &[&CaseResult], of: impl Fn(&CaseResult) -> u32) -> Vec<u32> {
    let mut values: Vec<u32> = results.iter().map(|result| of(result)).collect();
    values.sort_unstable();
    values.dedup();
    values
}
