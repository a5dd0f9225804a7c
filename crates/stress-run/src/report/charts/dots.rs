//! Every client's time as a dot, with the mean and the last of them: a column for each server.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, dot, hinted, largest, legend, line, panels, ring, text},
    list,
};
use maud::{Markup, html};

use super::series::{NEUTRAL, hue};
use crate::{
    language::Language,
    plan::{Mode, Operation, mode_name},
    report::facts::{Facts, RowFacts, RowName},
};

/// How many places beside one another the dots of a column take.
const ABREAST: usize = 5;

/// The clients of one row that succeeded.
struct Column<'a> {
    row: &'a RowFacts<'a>,
    /// Ascending, never empty.
    seconds: Vec<f64>,
}

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.dots_title();
    let columns = |operation: Operation| -> Vec<Column<'_>> {
        let rows = facts.heaviest_rows(operation);
        rows.into_iter().filter_map(|row| Column::of(facts, row)).collect()
    };
    let shown: Vec<(Operation, Vec<Column<'_>>)> =
        facts.operations().into_iter().map(|operation| (operation, columns(operation))).collect();
    let ratios: Vec<Markup> = shown
        .iter()
        .filter_map(|(operation, columns)| last_to_mean(*operation, columns, language))
        .collect();
    let Some(load) = facts.heaviest.filter(|_| !ratios.is_empty()) else {
        return Figure::missing(title, &language.no_clients());
    };
    let swatches = [
        (dot(NEUTRAL, (12.0, 6.0), 2.6), language.dots_client()),
        (line((4.0, 6.0), (20.0, 6.0), "mean"), language.dots_mean()),
        (ring((12.0, 6.0)), language.dots_last()),
    ];
    let drawing = html! {
        (legend(&swatches))
        (panels(shown.len(), shown.iter().map(|(operation, columns)| panel(facts, *operation, columns))))
    };
    Figure {
        title,
        caption: language.dots_caption(load.text(language), list(ratios)),
        drawing: Some(drawing),
        data: data(facts, &shown),
    }
}

impl<'a> Column<'a> {
    fn of(facts: &Facts<'_>, row: &'a RowFacts<'a>) -> Option<Self> {
        row.mean_s?;
        // Each client once, though a short cell is repeated inside.
        let outcomes = facts.outcomes(row).into_iter().filter(|outcome| outcome.burst == 1);
        let mut seconds: Vec<f64> =
            outcomes.filter_map(crate::results::JobOutcome::seconds).collect();
        seconds.sort_by(f64::total_cmp);
        (!seconds.is_empty()).then_some(Self { row, seconds })
    }

    fn mean_s(&self) -> f64 {
        self.seconds.iter().sum::<f64>() / self.seconds.len() as f64
    }

    fn max_s(&self) -> f64 {
        largest(self.seconds.iter().copied())
    }
}

/// How much longer than the mean the last client takes, for the caption.
fn last_to_mean(
    operation: Operation,
    columns: &[Column<'_>],
    language: Language,
) -> Option<Markup> {
    let ratio = |column: &Column<'_>| (column.row.name(), column.max_s() / column.mean_s());
    let mut ratios: Vec<(RowName, f64)> = columns.iter().map(ratio).collect();
    ratios.sort_by(|a, b| a.1.total_cmp(&b.1));
    let end = |(row, ratio): &(RowName, f64)| row.after(language.number(*ratio), language);
    let (least, most) = (end(ratios.first()?), end(ratios.last()?));
    Some(language.least_to_most(operation.to_string(), least, most))
}

fn panel(facts: &Facts<'_>, operation: Operation, columns: &[Column<'_>]) -> Markup {
    if columns.is_empty() {
        return html! {};
    }
    let language = facts.language;
    let frame = Frame::abreast(facts.operations().len(), 30.0, 260.0);
    let scale =
        Scale::from_zero(largest(columns.iter().map(Column::max_s)), frame.bottom, frame.top);
    let pitch = (frame.right - frame.left) / columns.len() as f64;
    let x = |index: usize| frame.left + (index as f64 + 0.5) * pitch;
    let content = html! {
        (frame.y_axis(&scale, |tick| language.tick(tick)))
        @for (index, column) in columns.iter().enumerate() {
            (draw(facts, column, x(index), pitch, &scale))
            (text((x(index), frame.bottom + 15.0), "middle", &column.row.workers().to_string()))
        }
        @for (mode, middle) in groups(columns) {
            (text((frame.left + middle * pitch, frame.bottom + 30.0), "middle", &mode_name(mode)))
        }
    };
    frame.draw(&language.dots_panel(operation), &content)
}

/// Each mode and the middle of its columns, counted in columns.
fn groups(columns: &[Column<'_>]) -> Vec<(Option<Mode>, f64)> {
    let mut start = 0;
    let of_mode = columns.chunk_by(|a, b| a.row.mode() == b.row.mode());
    let group = of_mode.map(|columns| {
        let middle = start as f64 + columns.len() as f64 / 2.0;
        start += columns.len();
        (columns[0].row.mode(), middle)
    });
    group.collect()
}

fn draw(facts: &Facts<'_>, column: &Column<'_>, x: f64, pitch: f64, scale: &Scale) -> Markup {
    let (language, hue) = (facts.language, hue(column.row.mode()));
    let step = (pitch * 0.6 / ABREAST as f64).min(6.0);
    let aside = |index: usize| ((index % ABREAST) as f64 - (ABREAST - 1) as f64 / 2.0) * step;
    let (mean, half) = (scale.at(column.mean_s()), (pitch * 0.42).min(24.0));
    html! {
        @for (index, seconds) in column.seconds.iter().enumerate() {
            @let hint = format!("{}: {}", column.row.server(), language.duration(*seconds));
            (hinted(&hint, &dot(hue, (x + aside(index), scale.at(*seconds)), 2.0)))
        }
        (line((x - half, mean), (x + half, mean), "mean"))
        (ring((x + aside(column.seconds.len() - 1), scale.at(column.max_s()))))
    }
}

fn data(facts: &Facts<'_>, panels: &[(Operation, Vec<Column<'_>>)]) -> Data {
    let language = facts.language;
    let fields = |column: &Column<'_>| {
        let seconds = column.seconds.iter().map(|seconds| language.number(*seconds));
        vec![
            mode_name(column.row.mode()),
            column.row.row.cell.operation.to_string(),
            column.row.workers().to_string(),
            language.number(column.mean_s()),
            language.number(column.max_s()),
            seconds.collect::<Vec<_>>().join(" "),
        ]
    };
    let lines = panels.iter().flat_map(|(_, columns)| columns).map(fields).collect();
    Data { heads: language.dots_columns().into(), words: 2, lines }
}
