//! The table of workers on the screen.

use cli::table::Side;
use protocol::stats::WorkerState;
use ratatui::{
    Frame,
    layout::{Alignment, Constraint, Rect},
    style::{Color, Style},
    text::Line,
    widgets::{Cell, Row, Table},
};

use super::{
    app::App,
    columns::{self, Column, PROGRESS_WIDTH_WITH_BAR, Shown, Sort},
    view::{View, WorkerRow},
};

/// From here up, all columns fit with more than a blank between them.
const WIDTH_AMPLE: u16 = 150;

/// The app learns how many rows fit.
pub(super) fn draw(frame: &mut Frame, area: Rect, app: &mut App) {
    app.fit(usize::from(area.height.saturating_sub(1)));
    let Some(view) = &app.view else { return };
    let shown = shown(view, app.sort, area.width);
    let head = shown.iter().map(|shown| head_cell(shown, app.sort));
    let head = Row::new(head).style(Style::new().reversed());
    let rows = app.rows().skip(app.offset).take(app.page).map(|row| table_row(row, &shown));
    let widths = shown.iter().map(|shown| Constraint::Length(shown.width as u16));
    frame
        .render_widget(Table::new(rows, widths).header(head).column_spacing(gap(area.width)), area);
}

fn shown(view: &View, sort: Sort, width: u16) -> Vec<Shown> {
    columns::fitting(view, sort.column, width.into(), gap(width).into())
}

fn gap(width: u16) -> u16 {
    if width >= WIDTH_AMPLE { 2 } else { 1 }
}

/// Whether a head has a star in place of the word.
pub(super) fn has_star(view: &View, sort: Sort, width: u16) -> bool {
    shown(view, sort, width).iter().any(|shown| shown.head.ends_with('*'))
}

/// Which of the rows are shown: `14-26 of 1000`.
pub(super) fn place(app: &App) -> String {
    let count = app.rows().count();
    if count <= app.page {
        return String::new();
    }
    let last = (app.offset + app.page).min(count);
    format!("{}-{last} of {count}", app.offset + 1)
}

fn head_cell(shown: &Shown, sort: Sort) -> Cell<'static> {
    let mark = match sort {
        Sort { column, .. } if column != shown.column => "",
        sort if sort.is_descending() => "▼",
        _ => "▲",
    };
    Cell::new(Line::from(format!("{}{mark}", shown.head)).alignment(alignment(shown.column)))
}

fn table_row(row: &WorkerRow, shown: &[Shown]) -> Row<'static> {
    let cells = shown.iter().map(|shown| {
        let line = Line::from(text(row, shown)).alignment(alignment(shown.column));
        Cell::new(line).style(style(row, shown.column))
    });
    let is_idle = row.state == WorkerState::Idle;
    Row::new(cells).style(if is_idle { Style::new().dim() } else { Style::new() })
}

fn alignment(column: Column) -> Alignment {
    match column.side() {
        Side::Left => Alignment::Left,
        Side::Right => Alignment::Right,
    }
}

fn text(row: &WorkerRow, shown: &Shown) -> String {
    let text = shown.column.cell(row);
    match (shown.column, row.percent) {
        (Column::Progress, Some(percent)) if shown.width == PROGRESS_WIDTH_WITH_BAR => {
            format!("{} {text:>4}", bar(percent))
        }
        _ => text,
    }
}

/// Ten places, each a tenth.
fn bar(percent: f64) -> String {
    let full = (percent / 10.0) as usize;
    format!("{:░<10}", "█".repeat(full.min(10)))
}

fn style(row: &WorkerRow, column: Column) -> Style {
    let color = match (column, row) {
        (Column::State, WorkerRow { state: WorkerState::Busy, .. }) => Color::Green,
        (Column::State, WorkerRow { state: WorkerState::Starting, .. }) => Color::Yellow,
        (Column::Failed, WorkerRow { failed: 1.., .. }) => Color::Red,
        (Column::Restarts, WorkerRow { restarts: 1.., .. }) => Color::Yellow,
        _ => return Style::new(),
    };
    Style::new().fg(color)
}
