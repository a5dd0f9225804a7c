//! Predicted against measured mean time of all rows with more than one client: a panel for each mode.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, agreement, bar, largest, legend, panels, shaped},
};
use maud::{Markup, html};

use super::series::{hue, pool_forms};
use crate::{
    language::Language,
    plan::{Mode, mode_name},
    report::facts::{Facts, RowFacts, RowName},
};

/// A prediction that is off by no more than this share is counted as right.
pub(crate) const BAND: f64 = 0.2;

struct Pair<'a> {
    row: &'a RowFacts<'a>,
    predicted_s: f64,
    measured_s: f64,
    residual: f64,
}

/// How well the prediction holds, for the caption and for a finding.
pub(crate) struct Fit {
    pub(crate) within: usize,
    pub(crate) rows: usize,
    /// Where it is farthest off, and by what share of the prediction.
    pub(crate) worst: (RowName, f64),
}

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.prediction_title();
    let (pairs, Some(fit)) = (pairs(facts), fit(facts)) else {
        return Figure::missing(title, &language.no_prediction());
    };
    let mut swatches = pool_forms(facts);
    swatches.push((
        bar((0.0, 2.0), (24.0, 10.0), "band"),
        language.prediction_band(language.percent(BAND)),
    ));
    let seconds = || pairs.iter().flat_map(|pair| [pair.predicted_s, pair.measured_s]);
    let ends = (seconds().fold(f64::INFINITY, f64::min), largest(seconds()));
    let drawing = html! {
        (legend(&swatches))
        (panels(facts.modes().len(), facts.modes().into_iter().map(|mode| panel(facts, &pairs, mode, ends))))
    };
    Figure {
        title,
        caption: fit.sentence(language),
        drawing: Some(drawing),
        data: data(facts, &pairs),
    }
}

impl Pair<'_> {
    fn hint(&self, language: Language) -> String {
        let [measured, predicted] =
            [self.measured_s, self.predicted_s].map(|seconds| language.duration(seconds));
        let error = language.signed_percent(self.residual);
        self.row.said(&language.prediction_pair(measured, predicted, error), language)
    }
}

impl Fit {
    pub(in crate::report) fn sentence(&self, language: Language) -> Markup {
        let Self { within, rows, worst: (row, residual) } = self;
        let worst = row.after(language.signed_percent(*residual), language);
        language.prediction_caption(within, rows, language.percent(BAND), worst)
    }
}

/// `None` where nothing was predicted.
pub(in crate::report) fn fit(facts: &Facts<'_>) -> Option<Fit> {
    let pairs = pairs(facts);
    let by_size = |a: &&Pair<'_>, b: &&Pair<'_>| a.residual.abs().total_cmp(&b.residual.abs());
    let worst = pairs.iter().max_by(by_size)?;
    Some(Fit {
        within: pairs.iter().filter(|pair| pair.residual.abs() <= BAND).count(),
        rows: pairs.len(),
        worst: (worst.row.name(), worst.residual),
    })
}

fn pairs<'a>(facts: &'a Facts<'a>) -> Vec<Pair<'a>> {
    let pair = |row: &'a RowFacts<'a>| {
        let (predicted_s, measured_s) = (row.prediction?.mean_s, row.mean_s?.median);
        let is_drawable = predicted_s > 0.0 && measured_s > 0.0 && row.row.cell.clients > 1;
        is_drawable.then_some(Pair { row, predicted_s, measured_s, residual: row.residual()? })
    };
    facts.rows.iter().filter_map(pair).collect()
}

fn panel(
    facts: &Facts<'_>,
    pairs: &[Pair<'_>],
    mode: Option<Mode>,
    (min_s, max_s): (f64, f64),
) -> Markup {
    let of_mode: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.row.mode() == mode).collect();
    if of_mode.is_empty() {
        return html! {};
    }
    let language = facts.language;
    let frame = Frame::abreast(facts.modes().len(), 36.0, 250.0);
    let x = Scale::logarithmic(min_s, max_s, frame.left, frame.right);
    let y = Scale::logarithmic(min_s, max_s, frame.bottom, frame.top);
    let content = html! {
        (agreement(&x, &y, BAND))
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.prediction_axis()))
        @for pair in of_mode {
            @let at = (x.at(pair.predicted_s), y.at(pair.measured_s));
            @let form = facts.pool_index(pair.row.workers());
            (shaped(form, hue(mode), at, &pair.hint(language)))
        }
    };
    frame.draw(&language.prediction_panel(mode_name(mode)), &content)
}

fn data(facts: &Facts<'_>, pairs: &[Pair<'_>]) -> Data {
    let language = facts.language;
    let fields = |pair: &Pair<'_>| {
        let cell = pair.row.row.cell;
        vec![
            mode_name(pair.row.mode()),
            cell.operation.to_string(),
            language.volume(cell.volume),
            cell.clients.to_string(),
            pair.row.workers().to_string(),
            language.number(pair.predicted_s),
            language.number(pair.measured_s),
            language.signed_percent(pair.residual),
        ]
    };
    let lines = pairs.iter().map(fields).collect();
    Data { heads: language.prediction_columns().into(), words: 2, lines }
}
