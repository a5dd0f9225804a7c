//! Goodput against the number of clients: a panel for each operation and size of pool, a line for each mode. The
//! largest volume is shown, the others are folded.

use figures::{
    Data, Figure, Numbers,
    chart::{
        ABREAST_MAX, Frame, Point, Scale, hinted, largest, legend, line, panels, path, shaped, text,
    },
    list,
};
use maud::{Markup, html};

use super::series::{hue, mode_lines};
use crate::{
    plan::{Mode, Operation, Volume, in_mib, mode_name},
    report::facts::{Facts, RowFacts},
};

/// How far the lines of two modes are kept apart, so that their whiskers do not hide one another.
const APART: f64 = 5.0;

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.goodput_title();
    let operations = facts.operations();
    let ranges: Vec<Markup> =
        operations.iter().filter_map(|operation| range(facts, *operation)).collect();
    if ranges.is_empty() {
        return Figure::missing(title, &language.nothing_measured());
    }
    let mut swatches = mode_lines(facts);
    if !facts.run.ceilings.is_empty() {
        let swatch = line((0.0, 6.0), (24.0, 6.0), "ceiling");
        swatches.push((swatch, language.goodput_ceiling()));
    }
    let mut volumes = facts.volumes();
    let shown = volumes.pop();
    let names: Vec<String> = volumes.iter().map(|volume| language.volume(*volume)).collect();
    let drawing = html! {
        (legend(&swatches))
        @if let Some(volume) = shown { (of_volume(facts, volume)) }
        @if !volumes.is_empty() {
            details {
                summary { (language.goodput_others(names.join(", "))) }
                @for volume in volumes { (of_volume(facts, volume)) }
            }
        }
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

/// A row for each operation, with its pools on the same scale.
fn of_volume(facts: &Facts<'_>, volume: Volume) -> Markup {
    let (operations, pools) = (facts.operations(), facts.pools());
    let abreast = if pools.len() > 1 { pools.len().min(ABREAST_MAX) } else { operations.len() };
    let drawn = operations.into_iter().flat_map(|operation| {
        let panel = move |workers: &u32| panel(facts, (operation, volume, *workers), abreast);
        pools.iter().map(panel).collect::<Vec<Markup>>()
    });
    panels(abreast, drawn)
}

fn panel(
    facts: &Facts<'_>,
    (operation, volume, workers): (Operation, Volume, u32),
    abreast: usize,
) -> Markup {
    let of_operation = || facts.rows.iter().filter(|row| row.row.cell.operation == operation);
    let spreads = of_operation().flat_map(|row| [row.goodput, row.ceiling]).flatten();
    let max = in_mib(largest(spreads.map(|spread| spread.max)));
    let rows: Vec<&RowFacts<'_>> = of_operation()
        .filter(|row| row.row.cell.volume == volume && row.workers() == workers)
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let language = facts.language;
    let frame = Frame::abreast(abreast, 40.0, 200.0);
    let scale = Scale::from_zero(max, frame.bottom, frame.top);
    let content = html! {
        (frame.y_axis(&scale, |tick| language.tick(tick)))
        @for clients in facts.clients() {
            @let at = (client_x(facts, &frame, clients), frame.bottom + 15.0);
            (text(at, "middle", &clients.to_string()))
        }
        (frame.x_unit(&language.goodput_axis()))
        (ceiling(facts, &rows, &frame, &scale))
        @for mode in facts.modes() { (of_mode(facts, &rows, mode, &frame, &scale)) }
    };
    let volume = language.volume(volume);
    frame.draw(&language.goodput_panel(operation, volume, language.pool(workers)), &content)
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
fn of_mode(
    facts: &Facts<'_>,
    rows: &[&RowFacts<'_>],
    mode: Option<Mode>,
    frame: &Frame,
    scale: &Scale,
) -> Markup {
    let (language, modes, hue) = (facts.language, facts.modes(), hue(mode));
    let index = modes.iter().position(|other| *other == mode).unwrap_or(0);
    let aside = (index as f64 - (modes.len() as f64 - 1.0) / 2.0) * APART;
    let of_mode = rows.iter().filter(|row| row.mode() == mode);
    let spreads: Vec<_> = of_mode.filter_map(|row| Some((row, row.goodput?))).collect();
    let x = |row: &RowFacts<'_>| client_x(facts, frame, row.row.cell.clients) + aside;
    let y = |bytes_per_s: f64| scale.at(in_mib(bytes_per_s));
    let medians: Vec<Point> = spreads.iter().map(|(row, of)| (x(row), y(of.median))).collect();
    html! {
        (path(&medians, &format!("run s{hue}")))
        @for (row, spread) in &spreads {
            @let [low, high] = [spread.min, spread.max].map(|it| language.number(in_mib(it)));
            @let rate = format!("{} ({})", language.rate(spread.median), language.range(low, high));
            (hinted(&row.said(&rate, language), &html! {
                (line((x(row), y(spread.min)), (x(row), y(spread.max)), &format!("whisker s{hue}")))
                (shaped(hue, hue, (x(row), y(spread.median)), ""))
            }))
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
