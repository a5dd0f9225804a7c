//! Goodput against the number of clients: a panel for each operation, mode and volume, a line for each
//! size of pool.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Point, SERIES, Scale, largest, legend, line, mark, path, text},
    list,
};
use maud::{Markup, html};

use super::pools;
use crate::{
    plan::{Mode, Operation, Volume, in_mib, mode_name},
    report::facts::{Facts, RowFacts},
};

/// How far the lines of two pools are kept apart, so that their whiskers do not hide one another.
const APART: f64 = 6.0;

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.goodput_title();
    let operations = facts.operations();
    let ranges: Vec<Markup> =
        operations.iter().filter_map(|operation| range(facts, *operation)).collect();
    if ranges.is_empty() {
        return Figure::missing(title, &language.nothing_measured());
    }
    let mut swatches = pools::swatches(facts, true);
    if !facts.run.ceilings.is_empty() {
        let swatch = line((0.0, 6.0), (24.0, 6.0), "ceiling");
        swatches.push((swatch, language.goodput_ceiling()));
    }
    let drawing = html! {
        (legend(&swatches))
        @for operation in operations { (panels(facts, operation)) }
    };
    let limited = facts.limited_by_clients().unwrap_or_else(|| language.no_ceiling());
    Figure {
        title,
        caption: language.goodput_caption(list(ranges), limited),
        drawing: Some(drawing),
        data: data(facts),
    }
}

/// From the row of an operation with the least goodput to that with the most, for the caption.
fn range(facts: &Facts<'_>, operation: Operation) -> Option<Markup> {
    let language = facts.language;
    let rows = facts.rows.iter().filter(|row| row.row.cell.operation == operation);
    let mut by_goodput: Vec<(&RowFacts<'_>, f64)> =
        rows.filter_map(|row| Some((row, row.median_goodput()?))).collect();
    by_goodput.sort_by(|a, b| a.1.total_cmp(&b.1));
    let end =
        |(row, goodput): &(&RowFacts<'_>, f64)| row.name().after(language.rate(*goodput), language);
    let (least, most) = (end(by_goodput.first()?), end(by_goodput.last()?));
    Some(language.least_to_most(operation.to_string(), least, most))
}

/// All panels of an operation, on the same scale.
fn panels(facts: &Facts<'_>, operation: Operation) -> Markup {
    let of_operation = || facts.rows.iter().filter(|row| row.row.cell.operation == operation);
    let spreads = of_operation().flat_map(|row| [row.goodput, row.ceiling]).flatten();
    let max = in_mib(largest(spreads.map(|spread| spread.max)));
    html! {
        @for mode in facts.modes() {
            @let rows: Vec<&RowFacts<'_>> = of_operation().filter(|row| row.mode() == mode).collect();
            @if !rows.is_empty() {
                div.panels {
                    @for volume in facts.volumes() {
                        (panel(facts, &rows, (operation, mode, volume), max))
                    }
                }
            }
        }
    }
}

fn panel(
    facts: &Facts<'_>,
    rows: &[&RowFacts<'_>],
    (operation, mode, volume): (Operation, Option<Mode>, Volume),
    max: f64,
) -> Markup {
    let rows: Vec<&RowFacts<'_>> =
        rows.iter().copied().filter(|row| row.row.cell.volume == volume).collect();
    if rows.is_empty() {
        return html! {};
    }
    let language = facts.language;
    let frame = Frame::panel(40.0, 190.0);
    let scale = Scale::from_zero(max, frame.bottom, frame.top);
    let (mode, volume) = (mode_name(mode), language.volume(volume));
    let title = format!("{mode}, {operation}, {volume} (MiB/s)");
    let content = html! {
        (frame.y_axis(&scale, |tick| language.tick(tick)))
        @for clients in facts.clients() {
            @let at = (client_x(facts, &frame, clients), frame.bottom + 15.0);
            (text(at, "middle", &clients.to_string()))
        }
        (frame.x_unit(&language.goodput_axis()))
        (ceiling(facts, &rows, &frame, &scale))
        @for workers in facts.pools() { (pool(facts, &rows, workers, &frame, &scale)) }
    };
    frame.draw(&title, &content)
}

/// The numbers of clients stand at equal distances, as on a logarithmic axis.
fn client_x(facts: &Facts<'_>, frame: &Frame, clients: u32) -> f64 {
    let all = facts.clients();
    let index = all.iter().position(|other| *other == clients).unwrap_or(0);
    frame.left + (index as f64 + 0.5) * (frame.right - frame.left) / all.len() as f64
}

fn ceiling(facts: &Facts<'_>, rows: &[&RowFacts<'_>], frame: &Frame, scale: &Scale) -> Markup {
    let mut points: Vec<Point> = Vec::new();
    for clients in facts.clients() {
        let of_clients = rows.iter().find(|row| row.row.cell.clients == clients);
        if let Some(ceiling) = of_clients.and_then(|row| row.ceiling) {
            points.push((client_x(facts, frame, clients), scale.at(in_mib(ceiling.median))));
        }
    }
    match points[..] {
        [(x, y)] => line((x - 20.0, y), (x + 20.0, y), "ceiling"),
        _ => path(&points, "ceiling"),
    }
}

/// One line with its marks and whiskers.
fn pool(
    facts: &Facts<'_>,
    rows: &[&RowFacts<'_>],
    workers: u32,
    frame: &Frame,
    scale: &Scale,
) -> Markup {
    let index = facts.pool_index(workers);
    let aside = (index as f64 - (facts.pools().len() as f64 - 1.0) / 2.0) * APART;
    let of_pool = rows.iter().filter(|row| row.workers() == workers);
    let spreads: Vec<_> = of_pool.filter_map(|row| Some((row, row.goodput?))).collect();
    let x = |row: &RowFacts<'_>| client_x(facts, frame, row.row.cell.clients) + aside;
    let y = |bytes_per_s: f64| scale.at(in_mib(bytes_per_s));
    let medians: Vec<Point> = spreads.iter().map(|(row, of)| (x(row), y(of.median))).collect();
    let class = format!("s{}", index % SERIES);
    html! {
        (path(&medians, &format!("run {class}")))
        @for (row, spread) in &spreads {
            (line((x(row), y(spread.min)), (x(row), y(spread.max)), &format!("whisker {class}")))
            (mark(index, (x(row), y(spread.median)), &row.name().text(facts.language)))
        }
    }
}

fn data(facts: &Facts<'_>) -> Data {
    let language = facts.language;
    let rate = |bytes_per_s: f64| language.number(in_mib(bytes_per_s));
    let fields = |row: &RowFacts<'_>| {
        let (cell, goodput) = (row.row.cell, row.goodput?);
        Some(vec![
            mode_name(row.mode()),
            cell.operation.to_string(),
            language.volume(cell.volume),
            cell.clients.to_string(),
            row.workers().to_string(),
            rate(goodput.median),
            rate(goodput.min),
            rate(goodput.max),
            row.ceiling.map_or_else(String::new, |ceiling| rate(ceiling.median)),
        ])
    };
    let lines = facts.rows.iter().filter_map(fields).collect();
    Data { heads: language.goodput_columns().into(), words: 2, lines }
}
