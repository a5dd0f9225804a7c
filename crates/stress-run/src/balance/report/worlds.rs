//! On paper and simulated against measured: a panel for the mean of either, and one for the p99.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, agreement, bar, largest, legend, mark, panels},
};
use maud::{Markup, html};

use super::series::{of_policy, swatches};
use crate::{
    balance::{
        files::BalanceRun,
        rows::{BAND, Row},
        tables::{Shown, name, shown, worlds},
    },
    language::Language,
};

/// A row that is expected to take so long, and how long it took.
struct Pair<'a> {
    row: &'a Row,
    expected_ms: f64,
    measured_ms: f64,
}

impl Pair<'_> {
    fn hint(&self, language: Language) -> String {
        let [measured, expected] =
            [self.measured_ms, self.expected_ms].map(|ms| language.number(ms));
        language.balance_pair(name(self.row), measured, expected)
    }
}

pub(super) fn figure(run: &BalanceRun, language: Language) -> Figure {
    let title = language.balance_worlds();
    let rows = shown(&run.rows);
    let pairs = |of: fn(&Row) -> (Option<f64>, Option<f64>)| -> Vec<Pair<'_>> {
        let pair = |Shown { row, .. }: &Shown<'_>| {
            let (expected_ms, measured_ms) = of(row);
            Some((expected_ms?, measured_ms?))
        };
        let rows = rows.iter().filter_map(|shown| Some((shown.row, pair(shown)?)));
        rows.map(|(row, (expected_ms, measured_ms))| Pair { row, expected_ms, measured_ms })
            .collect()
    };
    let shown = [
        (language.balance_simulated_mean(), pairs(|row| (row.simulated_mean_ms, row.mean_ms))),
        (language.balance_simulated_p99(), pairs(|row| (row.simulated_p99_ms, row.p99_ms))),
        (language.balance_paper_mean(), pairs(|row| (row.predicted_mean_ms(), row.mean_ms))),
    ];
    if shown.iter().all(|(_, pairs)| pairs.is_empty()) {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let mut entries = swatches(run, false);
    let band = bar((0.0, 2.0), (24.0, 10.0), "band");
    entries.push((band, language.balance_band(language.percent(BAND))));
    let drawing = html! {
        (legend(&entries))
        (panels(shown.len(), shown.iter().map(|(title, pairs)| panel(title, pairs, language))))
    };
    let grid = worlds(&rows, language);
    Figure {
        title,
        caption: html! { (language.balance_worlds_caption()) },
        drawing: Some(drawing),
        data: Data { heads: grid.heads, words: 2, lines: grid.rows },
    }
}

fn panel(title: &str, pairs: &[Pair<'_>], language: Language) -> Markup {
    if pairs.is_empty() {
        return html! {};
    }
    let times = || pairs.iter().flat_map(|pair| [pair.expected_ms, pair.measured_ms]);
    let (shortest, longest) = (times().fold(f64::INFINITY, f64::min), largest(times()));
    // The last tick has a label of four digits.
    let frame = Frame::panel(46.0, 300.0);
    let frame = Frame { right: frame.right - 8.0, ..frame };
    let x = Scale::logarithmic(shortest, longest, frame.left, frame.right);
    let y = Scale::logarithmic(shortest, longest, frame.bottom, frame.top);
    let content = html! {
        (agreement(&x, &y, BAND))
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.balance_expected_axis()))
        @for pair in pairs {
            @let at = (x.at(pair.expected_ms), y.at(pair.measured_ms));
            (mark(of_policy(&pair.row.policy), at, &pair.hint(language)))
        }
    };
    frame.draw(title, &content)
}
