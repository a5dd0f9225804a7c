//! The longest response and the failures in each part of the time, around what happens to a server.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Point, Scale, abreast, dot, hinted, largest, legend, panels, path, ring, text},
};
use maud::{Markup, html};

use super::series::{duration_s, incident_lines, incident_moments, of_policy, rows_of, swatches};
use crate::{
    balance::{
        files::{BalanceRun, SliceLine},
        plan::ScenarioName,
        rows::Row,
    },
    language::Language,
};

pub(super) fn figure(run: &BalanceRun, language: Language) -> Figure {
    let title = language.balance_incidents_title();
    let struck = ScenarioName::ALL.into_iter().filter(|scenario| scenario.incident().is_some());
    let shown: Vec<(ScenarioName, Vec<&Row>)> = struck
        .map(|scenario| (scenario, rows_of(run, scenario)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    if shown.is_empty() {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let mut entries = swatches(run, true);
    entries.iter_mut().zip(&run.environment.plan.policies).for_each(|(entry, policy)| {
        let class = format!("run s{}", of_policy(policy.name()));
        entry.0 = figures::chart::line((0.0, 6.0), (24.0, 6.0), &class);
    });
    let mut slices = shown.iter().flat_map(|(_, rows)| rows).flat_map(|row| run.slices_of(row));
    if slices.any(|slice| slice.failed > 0) {
        entries.push((ring((12.0, 6.0)), language.balance_failed()));
    }
    let columns = abreast(shown.len());
    let drawing = html! {
        (legend(&entries))
        (panels(columns, shown.iter().map(|(scenario, rows)| {
            panel(run, (*scenario, rows), columns, language)
        })))
    };
    Figure {
        title,
        caption: caption(&shown, language),
        drawing: Some(drawing),
        data: data(run, &shown, language),
    }
}

/// What each scenario cost at worst.
fn caption(panels: &[(ScenarioName, Vec<&Row>)], language: Language) -> Markup {
    let cost = |(scenario, rows): &(ScenarioName, Vec<&Row>)| {
        let failed: u64 = rows.iter().map(|row| row.requests_failed + row.unsent).sum();
        let retries: u64 = rows.iter().map(|row| row.retries).sum();
        let longest = largest(rows.iter().filter_map(|row| row.max_ms));
        html! { (language.balance_cost(scenario, failed, retries, language.number(longest))) }
    };
    html! {
        (language.balance_incidents_caption()) " " (figures::list(panels.iter().map(cost))) "."
    }
}

fn panel(
    run: &BalanceRun,
    (scenario, rows): (ScenarioName, &[&Row]),
    columns: usize,
    language: Language,
) -> Markup {
    let all: Vec<&SliceLine> = rows.iter().flat_map(|row| run.slices_of(row)).collect();
    let times = || all.iter().map(|slice| slice.longest_ms).filter(|ms| *ms > 0.0);
    let frame = Frame::abreast(columns, 40.0, 250.0);
    // The lines have their words above them.
    let frame = Frame { top: frame.top + 6.0, ..frame };
    let shortest = times().fold(f64::INFINITY, f64::min);
    let y = Scale::logarithmic(shortest, largest(times()), frame.bottom, frame.top);
    let x = Scale::from_zero(duration_s(run, scenario), frame.left, frame.right);
    let at = |slice: &SliceLine| (x.at(slice.from_s), y.at(slice.longest_ms));
    let slices = |row| run.slices_of(row).filter(|slice| slice.longest_ms > 0.0);
    let points = |row| -> Vec<Point> { slices(row).map(at).collect() };
    let hint = |slice: &SliceLine| {
        let [from, longest] = [slice.from_s, slice.longest_ms].map(|it| language.number(it));
        format!("{}, {from} s: {longest} ms", slice.policy)
    };
    let words = [scenario.to_string(), language.balance_back()];
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.balance_seconds()))
        (incident_lines(run, scenario, &frame, &x))
        @for (moment, words) in incident_moments(run, scenario).into_iter().zip(words) {
            (text((x.at(moment), frame.top - 4.0), "middle", &words))
        }
        @for row in rows {
            @let series = of_policy(&row.policy);
            (path(&points(row), &format!("run s{series}")))
            @for slice in slices(row) { (hinted(&hint(slice), &dot(series, at(slice), 1.3))) }
        }
        @for slice in all.iter().filter(|slice| slice.failed > 0) {
            (ring((x.at(slice.from_s), frame.top)))
        }
    };
    frame.draw(&format!("{scenario} (ms)"), &content)
}

fn data(run: &BalanceRun, panels: &[(ScenarioName, Vec<&Row>)], language: Language) -> Data {
    let fields = |slice: &SliceLine| {
        vec![
            slice.scenario.clone(),
            slice.policy.clone(),
            language.number(slice.from_s),
            slice.succeeded.to_string(),
            slice.failed.to_string(),
            language.number(slice.longest_ms),
        ]
    };
    let rows = panels.iter().flat_map(|(_, rows)| rows);
    let lines = rows.flat_map(|row| run.slices_of(row)).map(fields).collect();
    Data { heads: language.balance_incidents_columns().into(), words: 2, lines }
}
