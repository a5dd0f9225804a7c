//! The picture on a terminal of any size.
//!
//! From the top: the server, its totals, throughput as sparklines, notices if there are any, the
//! workers, the keys. A low terminal gets fewer totals, a narrow one fewer columns.

use std::time::Instant;

use cli::{text, units};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style, Stylize},
    symbols,
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph, Sparkline},
};

use super::{
    app::App,
    help,
    history::History,
    totals,
    view::{Rates, View},
    workers,
};
use crate::{backends, counts};

/// From here up there is room for the requests of each verb.
const HEIGHT_MIDDLE: u16 = 20;
/// From here up there is room for tall sparklines.
const HEIGHT_TALL: u16 = 40;
const TALL_SPARKLINE: u16 = 4;
/// Notices beyond this would hide the workers.
const NOTICE_LINES_MAX: usize = 4;

/// Draws all of it. The app learns how many rows fit.
pub(super) fn draw(frame: &mut Frame, app: &mut App, now: Instant) {
    let area = frame.area();
    let mut notices = notices(app, now, area.width.into());
    notices.truncate(NOTICE_LINES_MAX);
    let [title, totals, notices_area, table, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(if app.view.is_some() { totals_height(area.height) } else { 0 }),
        Constraint::Length(notices.len() as u16),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(title_line(app, now, title.width), title);
    frame.render_widget(Paragraph::new(notices), notices_area);
    if let Some(view) = &app.view {
        draw_totals(frame, totals, app, view);
    }
    match app.view.as_ref().map(|view| &view.stats.backend) {
        // A balancer's work is theirs.
        Some(backends) if !backends.is_empty() => {
            let rows = backends::table(backends, table.width.into());
            frame.render_widget(Paragraph::new(rows), table);
        }
        _ => workers::draw(frame, table, app),
    }
    frame.render_widget(keys_line(app, keys.width), keys);
    if app.shows_help {
        draw_help(frame, area);
    }
}

fn title_line(app: &App, now: Instant, width: u16) -> Line<'static> {
    let (word, color) = match app {
        App { is_paused: true, .. } => ("paused", Color::Yellow),
        app if app.is_in_touch() && app.waits_since(now).is_some() => ("waiting", Color::Yellow),
        app if app.is_in_touch() => ("live", Color::Green),
        App { view: None, .. } => ("connecting", Color::Yellow),
        _ => ("no answer", Color::Red),
    };
    let mode = app.view.as_ref().map(|view| format!("  {}", counts::mode(&view.stats)));
    let text = format!(" {}{}", app.server, mode.unwrap_or_default());
    let word = format!(" {word} ");
    let room = usize::from(width).saturating_sub(text::width(&word));
    let blanks = room.saturating_sub(text::width(&text));
    Line::from(vec![
        Span::raw(text + &" ".repeat(blanks)).bold().reversed(),
        Span::raw(word).style(Style::new().fg(color).bold().reversed()),
    ])
}

fn notices(app: &App, now: Instant, width: usize) -> Vec<Line<'static>> {
    let color = if app.is_in_touch() { Color::Yellow } else { Color::Red };
    let mut notices = app.notices(now);
    if notices.is_empty() && app.view.is_none() {
        notices.push("waiting for the server's first answer".to_owned());
    }
    let lines = notices.iter().flat_map(|notice| text::lines(notice, width.saturating_sub(1)));
    lines.map(|line| Line::from(format!(" {line}")).fg(color)).collect()
}

/// As many of the keys as fit, the most needed first.
fn keys_line(app: &App, width: u16) -> Line<'static> {
    let idle = if app.hides_idle { "i show idle" } else { "i hide idle" };
    let pause = if app.is_paused { "p go on" } else { "p pause" };
    let place = workers::place(app);
    let mut line = " q end".to_owned();
    for key in ["? help", pause, "< > sort", "r reverse", idle, "arrows PgUp PgDn scroll"] {
        if line.len() + 2 + key.len() + 2 + place.len() < usize::from(width) {
            line.push_str(&format!("  {key}"));
        }
    }
    let blanks = usize::from(width).saturating_sub(line.len() + place.len() + 1);
    Line::from(format!("{line}{}{place}", " ".repeat(blanks))).dim()
}

fn totals_height(height: u16) -> u16 {
    match height {
        HEIGHT_TALL.. => 2 + 4 + 4 + 2 * TALL_SPARKLINE,
        HEIGHT_MIDDLE.. => 2 + 4 + 2,
        _ => 2 + 1 + 2,
    }
}

fn draw_totals(frame: &mut Frame, area: Rect, app: &App, view: &View) {
    let labelled = |name: &str, text: String| {
        Line::from(vec![Span::raw(format!("{name:<12} ")).dim(), Span::raw(text)])
    };
    let mut lines = vec![
        labelled("connections", counts::connections(&view.stats.connections)),
        labelled("workers", workers_in_short(app, view, area.width)),
    ];
    if area.height == totals_height(0) {
        lines.push(labelled("requests", totals::requests_in_short(view)));
    } else {
        let requests = totals::requests(view);
        lines.extend(requests.lines().map(request_line));
    }
    let is_tall = area.height == totals_height(HEIGHT_TALL);
    if is_tall {
        lines.insert(2, Line::default());
        lines.push(Line::default());
    }
    let flow_height = if is_tall { TALL_SPARKLINE } else { 1 };
    let gap = u16::from(is_tall);
    let [text, inward, _, outward, _] = Layout::vertical([
        Constraint::Length(lines.len() as u16),
        Constraint::Length(flow_height),
        Constraint::Length(gap),
        Constraint::Length(flow_height),
        Constraint::Length(gap),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(lines), text);
    draw_flow(frame, inward, app, &Flow::inward(view));
    draw_flow(frame, outward, app, &Flow::outward(view));
}

fn workers_in_short(app: &App, view: &View, width: u16) -> String {
    let text = counts::workers(&view.stats.worker, view.cpu_percent);
    let has_star = workers::has_star(view, app.sort, width);
    if has_star { format!("{text}; * of process") } else { text }
}

/// The head of a line is dim, and so are all heads of columns.
fn request_line(line: &str) -> Line<'static> {
    let is_head = line.starts_with("requests");
    let failed = line.starts_with("failed") && line.contains(|c| matches!(c, '1'..='9'));
    let (head, counts) = line.split_at(line.find("  ").unwrap_or(line.len()));
    let counts = Span::raw(counts.to_owned());
    let counts = match () {
        () if is_head => counts.dim(),
        () if failed => counts.fg(Color::Red),
        () => counts,
    };
    Line::from(vec![Span::raw(head.to_owned()).dim(), counts])
}

/// Content in one direction.
struct Flow {
    name: &'static str,
    rate: Option<f64>,
    total: u64,
    of: fn(&Rates) -> f64,
    color: Color,
}

impl Flow {
    fn inward(view: &View) -> Self {
        let of = |rates: &Rates| rates.bytes_in;
        let (rate, total) = (view.rates.as_ref().map(of), view.stats.bytes_in);
        Self { name: "in", rate, total, of, color: Color::Cyan }
    }

    fn outward(view: &View) -> Self {
        let of = |rates: &Rates| rates.bytes_out;
        let (rate, total) = (view.rates.as_ref().map(of), view.stats.bytes_out);
        Self { name: "out", rate, total, of, color: Color::Green }
    }
}

/// In front of a sparkline: what flows, how fast, how much there was in all.
const FLOW_LABEL: u16 = 30;

fn draw_flow(frame: &mut Frame, area: Rect, app: &App, flow: &Flow) {
    let [label, sparkline] =
        Layout::horizontal([Constraint::Length(FLOW_LABEL), Constraint::Fill(1)]).areas(area);
    let bars = app.history.bars(sparkline.width.into(), app.interval, flow.of);
    let peak = bars.iter().flatten().copied().max().unwrap_or_default();
    let [rate, total] = totals::flow(flow.rate, flow.total);
    let mut lines = vec![Line::from(vec![
        Span::raw(format!("{:<4}", flow.name)).dim(),
        Span::raw(format!("{rate:>12}")).bold(),
        Span::raw(format!("{total:>12}")),
    ])];
    if area.height > 1 {
        let span = History::span(sparkline.width.into(), app.interval).as_secs_f64();
        lines.push(Line::from(format!("    {:>12}", units::rate(peak as f64))));
        lines.push(Line::from(format!("    is the peak of {}", units::age(span))).dim());
    }
    frame.render_widget(Paragraph::new(lines), label);
    let line = Sparkline::default()
        .data(bars)
        .max(peak.max(1))
        .bar_set(symbols::bar::NINE_LEVELS)
        .style(Style::new().fg(flow.color));
    frame.render_widget(line, sparkline);
}

fn draw_help(frame: &mut Frame, area: Rect) {
    let width = help::TEXT.lines().map(text::width).max().unwrap_or_default() as u16 + 3;
    let height = help::TEXT.lines().count() as u16 + 2;
    let window = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, window);
    frame
        .render_widget(Paragraph::new(help::TEXT).block(Block::bordered().title(" Help ")), window);
}

#[cfg(test)]
mod tests;
