//! How far measured times are from simulated ones, and from those on paper: a panel for the mean of either, and one
//! for the p99.

use balancing::PolicyName;
use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, bar, legend, line, mark, panels, text},
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

    /// Measured over expected, minus one.
    fn off(&self) -> f64 {
        self.measured_ms / self.expected_ms - 1.0
    }
}

pub(super) fn figure(run: &BalanceRun, language: Language) -> Figure {
    let title = language.balance_distances_title();
    let rows = shown(&run.rows);
    let pairs = |of: fn(&Row) -> (Option<f64>, Option<f64>)| -> Vec<Pair<'_>> {
        let pair = |Shown { row, .. }: &Shown<'_>| {
            let (expected_ms, measured_ms) = of(row);
            Some((expected_ms.filter(|ms| *ms > 0.0)?, measured_ms?))
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

/// Room for the marks of all policies under a scenario, one below the other.
const ROW: f64 = 40.0;

fn panel(title: &str, pairs: &[Pair<'_>], language: Language) -> Markup {
    if pairs.is_empty() {
        return html! {};
    }
    let mut scenarios: Vec<&str> = pairs.iter().map(|pair| pair.row.scenario.as_str()).collect();
    scenarios.dedup();
    let frame = Frame::panel(60.0, 44.0 + ROW * scenarios.len() as f64);
    let frame = Frame { right: frame.right - 8.0, ..frame };
    let least = pairs.iter().map(Pair::off).fold(-BAND, f64::min);
    let most = pairs.iter().map(Pair::off).fold(BAND, f64::max);
    let x = Scale::linear(least, most, frame.left, frame.right);
    let top = |scenario: &str| {
        let row = scenarios.iter().position(|it| *it == scenario).unwrap_or_default();
        frame.top + ROW * row as f64
    };
    let place = |policy: usize| ROW * (policy as f64 + 1.0) / (PolicyName::ALL.len() as f64 + 1.0);
    let percent = |tick: f64| format!("{}%", language.tick((tick * 100.0).round()));
    let content = html! {
        (bar((x.at(-BAND), frame.top), (x.at(BAND), frame.bottom), "band"))
        (frame.x_axis(&x, percent, &language.balance_distance_axis()))
        (line((x.at(0.0), frame.top), (x.at(0.0), frame.bottom), "diagonal"))
        @for scenario in &scenarios {
            (line((frame.left, top(scenario)), (frame.right, top(scenario)), "grid"))
            (text((frame.left - 5.0, top(scenario) + ROW / 2.0 + 3.5), "end", scenario))
        }
        @for pair in pairs {
            @let policy = of_policy(&pair.row.policy);
            @let at = (x.at(pair.off()), top(&pair.row.scenario) + place(policy));
            (mark(policy, at, &pair.hint(language)))
        }
    };
    frame.draw(title, &content)
}
