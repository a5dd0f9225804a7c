//! How response times are distributed under each policy: a panel for each scenario.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Point, Scale, abreast, dot, hinted, largest, legend, panels, path},
};
use maud::{Markup, html};

use super::series::{of_policy, rows_of, swatches};
use crate::{
    balance::{
        files::{BalanceRun, QuantileLine},
        plan::{BURST, SLOWER, ScenarioName},
        rows::Row,
    },
    language::Language,
};

/// The axis has a decade for each of p90, p99 and p99.9, and a last one for the longest response: it is one of as many
/// as the row has.
const LONGEST: f64 = 10_000.0;

pub(super) fn figure(run: &BalanceRun, language: Language) -> Figure {
    let title = language.balance_latencies_title();
    let scenarios = run.environment.plan.scenarios.iter();
    let shown: Vec<(ScenarioName, Vec<&Row>)> = scenarios
        .map(|&scenario| (scenario, rows_of(run, scenario)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    if shown.is_empty() {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let mut entries = swatches(run, true);
    entries.push((dot(5, (12.0, 6.0), 2.6), language.balance_simulated()));
    let columns = abreast(shown.len());
    let drawing = html! {
        (legend(&entries))
        (panels(columns, shown.iter().map(|(scenario, rows)| {
            panel(run, (*scenario, rows), columns, language)
        })))
    };
    Figure {
        title,
        caption: html! {
            (language.balance_latencies_caption()) br;
            (language.balance_scenarios(SLOWER, BURST)) br;
            (language.balance_policies())
        },
        drawing: Some(drawing),
        data: data(run, &shown, language),
    }
}

/// One of so many takes longer.
fn one_of(line: &QuantileLine) -> f64 {
    (1.0 / (1.0 - line.quantile)).min(LONGEST)
}

fn panel(
    run: &BalanceRun,
    (scenario, rows): (ScenarioName, &[&Row]),
    columns: usize,
    language: Language,
) -> Markup {
    let all: Vec<&QuantileLine> = rows.iter().flat_map(|row| run.quantiles_of(row)).collect();
    let times = || all.iter().flat_map(|line| [line.measured_ms, line.simulated_ms]).flatten();
    let shortest = times().fold(f64::INFINITY, f64::min);
    // The label of the last tick is long.
    let frame = Frame::abreast(columns, 40.0, 250.0);
    let frame = Frame { right: frame.right - 10.0, ..frame };
    let y = Scale::logarithmic(shortest, largest(times()), frame.bottom, frame.top);
    let x = Scale::logarithmic(1.0, LONGEST, frame.left, frame.right);
    let at = |line: &QuantileLine, ms: f64| (x.at(one_of(line)), y.at(ms));
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| quantile(tick, language), &language.balance_quantile_axis()))
        @for row in rows {
            @let series = of_policy(&row.policy);
            @let points: Vec<Point> =
                run.quantiles_of(row).filter_map(|line| Some(at(line, line.measured_ms?))).collect();
            (path(&points, &format!("run s{series}")))
            @for (line, ms) in run.quantiles_of(row).filter_map(|it| Some((it, it.simulated_ms?))) {
                (hinted(&hint(line, language), &dot(series, at(line, ms), 2.6)))
            }
        }
    };
    frame.draw(&format!("{scenario} (ms)"), &content)
}

fn hint(line: &QuantileLine, language: Language) -> String {
    let ms = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| language.number(ms));
    let quantile = language.tick(100.0 * line.quantile);
    let (measured, simulated) = (ms(line.measured_ms), ms(line.simulated_ms));
    language.balance_quantile(&line.policy, quantile, measured, simulated)
}

/// Of one in 100 that takes longer: `p99`.
fn quantile(one_of: f64, language: Language) -> String {
    match one_of {
        1.0 => language.balance_shortest(),
        LONGEST => language.balance_axis_longest(),
        _ => format!("p{}", language.tick(100.0 - 100.0 / one_of)),
    }
}

fn data(run: &BalanceRun, panels: &[(ScenarioName, Vec<&Row>)], language: Language) -> Data {
    let number = |number: Option<f64>| number.map_or_else(String::new, |it| language.number(it));
    let fields = |line: &QuantileLine| {
        vec![
            line.scenario.clone(),
            line.policy.clone(),
            format!("p{}", language.tick(100.0 * line.quantile)),
            number(line.simulated_ms),
            number(line.measured_ms),
        ]
    };
    let rows = panels.iter().flat_map(|(_, rows)| rows);
    let lines = rows.flat_map(|row| run.quantiles_of(row)).map(fields).collect();
    Data { heads: language.balance_latencies_columns().into(), words: 2, lines }
}
