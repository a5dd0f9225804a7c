//! When each client waited and when it was served, by worker: one panel for each mode.

use figures::{
    Data, Figure, Numbers, Player,
    chart::{Frame, Scale, bar, hinted, largest, legend, panels, text},
    list,
};
use maud::{Markup, html};

use super::series::{NEUTRAL, hue};
use crate::{
    language::Language,
    plan::{Operation, mode_name},
    report::facts::{Facts, RowFacts},
    results::JobOutcome,
};

/// The room for all bars of a panel, and the most that one of them takes.
const BARS_HEIGHT: f64 = 260.0;
const BAR_PITCH: f64 = 5.2;
/// More workers than these have no room for their names.
const NAMES_MAX: usize = 12;

/// One client's bar; times are seconds after the release.
struct Bar<'a> {
    worker: &'a str,
    client: u32,
    picked_up_s: f64,
    finished_s: f64,
}

struct Panel<'a> {
    row: &'a RowFacts<'a>,
    /// By worker, then in the order in which they were picked up.
    bars: Vec<Bar<'a>>,
    /// Clients that failed, or of which the server did not tell.
    left_out: usize,
}

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.gantt_title();
    let (Some(load), Some(&operation)) = (facts.heaviest, facts.operations().first()) else {
        return Figure::missing(title, &language.nothing_measured());
    };
    let shown = of_modes(facts, operation);
    if shown.is_empty() {
        return Figure::missing(title, &language.no_timeline());
    }
    let end_s = shown.iter().flat_map(|panel| &panel.bars).map(|bar| bar.finished_s);
    let end_s = largest(end_s);
    let rows = list(shown.iter().map(|panel| panel.named(language)));
    let swatches = [
        (bar((0.0, 2.0), (24.0, 10.0), "waiting"), language.gantt_waiting()),
        (bar((0.0, 2.0), (24.0, 10.0), &format!("fill s{NEUTRAL}")), language.gantt_served()),
    ];
    let drawing = html! {
        (legend(&swatches))
        (player(end_s, language))
        (panels(shown.len(), shown.iter().map(|panel| panel.draw(facts, end_s, shown.len()))))
    };
    Figure {
        title,
        caption: language.gantt_caption(operation.to_string(), load.text(language), rows),
        drawing: Some(drawing),
        data: data(facts, &shown),
    }
}

/// To the end of the axis, which all panels have in common.
fn player(end_s: f64, language: Language) -> Markup {
    let player = Player {
        play: &language.gantt_play(),
        pause: &language.gantt_pause(),
        step: &language.gantt_step(),
        time: &language.gantt_axis(),
        state: &language.gantt_state("{waiting}", "{served}", "{done}"),
        end_s: Scale::from_zero(end_s, 0.0, 1.0).ends().1,
    };
    player.render()
}

/// Of each mode the row with the middle one of its pools.
fn of_modes<'a>(facts: &'a Facts<'a>, operation: Operation) -> Vec<Panel<'a>> {
    let rows = facts.heaviest_rows(operation);
    let of_mode = |mode| {
        let rows: Vec<&RowFacts<'_>> =
            rows.iter().copied().filter(|row| row.mode() == mode).collect();
        rows.get(rows.len().saturating_sub(1) / 2).copied()
    };
    let chosen = facts.modes().into_iter().filter_map(of_mode);
    let panels = chosen.map(|row| Panel::of(row, &facts.outcomes(row)));
    panels.filter(|panel| !panel.bars.is_empty()).collect()
}

impl<'a> Panel<'a> {
    fn of(row: &'a RowFacts<'a>, outcomes: &[&'a JobOutcome]) -> Self {
        let first_burst = outcomes.iter().copied().filter(|outcome| outcome.burst == 1);
        let outcomes: Vec<&JobOutcome> = first_burst.collect();
        let mut bars: Vec<Bar<'a>> =
            outcomes.iter().filter_map(|outcome| Bar::of(outcome)).collect();
        bars.sort_by(|a, b| {
            let of_worker = worker_key(a.worker).cmp(&worker_key(b.worker));
            of_worker.then(a.picked_up_s.total_cmp(&b.picked_up_s))
        });
        let left_out = outcomes.len() - bars.len();
        Self { row, bars, left_out }
    }

    /// The workers with how many bars each has.
    fn workers(&self) -> Vec<(&'a str, usize)> {
        let of_one = self.bars.chunk_by(|a, b| a.worker == b.worker);
        of_one.map(|bars| (bars[0].worker, bars.len())).collect()
    }

    /// What its clients waited of their time.
    fn waited(&self) -> f64 {
        let waiting_s: f64 = self.bars.iter().map(|bar| bar.picked_up_s).sum();
        let total_s: f64 = self.bars.iter().map(|bar| bar.finished_s).sum();
        if total_s > 0.0 { waiting_s / total_s } else { 0.0 }
    }

    /// Its row, for the caption.
    fn named(&self, language: Language) -> Markup {
        let row = self.row.name().link(language);
        match self.left_out {
            0 => row,
            clients => language.gantt_left_out(row, clients),
        }
    }

    fn draw(&self, facts: &Facts<'_>, end_s: f64, abreast: usize) -> Markup {
        let language = facts.language;
        let pitch = BAR_PITCH.min(BARS_HEIGHT / self.bars.len() as f64);
        let height = pitch * self.bars.len() as f64 + 46.0;
        let workers = self.workers();
        let has_names = workers.len() <= NAMES_MAX;
        // Room for `50` before the bars.
        let frame = Frame::abreast(abreast, if has_names { 22.0 } else { 8.0 }, height);
        let scale = Scale::from_zero(end_s, frame.left, frame.right);
        let colours = ["fill", "pale"].map(|class| format!("{class} s{}", hue(self.row.mode())));
        let of_worker = |bar: &Bar<'_>| workers.iter().position(|(name, _)| *name == bar.worker);
        let content = html! {
            (frame.x_axis(&scale, |tick| language.tick(tick), &language.gantt_axis()))
            @for (index, bar) in self.bars.iter().enumerate() {
                // Neighbours differ in shade.
                @let colour = &colours[of_worker(bar).unwrap_or(0) % 2];
                @let top = frame.top + index as f64 * pitch;
                (hinted(&bar.hint(language), &bar.draw(&scale, top, pitch, colour)))
            }
            @if has_names { (names(&workers, &frame, pitch)) }
        };
        let title = language.gantt_panel(self.row.server(), language.percent(self.waited()));
        frame.draw(&title, &content)
    }
}

impl<'a> Bar<'a> {
    /// `None` of a transfer that failed, and of one of which the server does not tell.
    fn of(outcome: &'a JobOutcome) -> Option<Self> {
        let (finished_s, service) = (outcome.seconds()?, outcome.service.as_ref()?);
        let picked_up_ns = service.picked_up_ns.saturating_sub(outcome.released_ns);
        let picked_up_s = (picked_up_ns as f64 / 1e9).min(finished_s);
        Some(Self {
            worker: &service.server_worker,
            client: outcome.client,
            picked_up_s,
            finished_s,
        })
    }

    fn hint(&self, language: Language) -> String {
        let waited = language.duration(self.picked_up_s);
        language.gantt_bar(self.client, self.worker, waited, language.duration(self.finished_s))
    }

    fn draw(&self, scale: &Scale, top: f64, pitch: f64, colour: &str) -> Markup {
        let bottom = top + pitch * 0.82;
        let at = |seconds: f64| scale.at(seconds);
        html! {
            (bar((at(0.0), top), (at(self.picked_up_s), bottom), "waiting"))
            (bar((at(self.picked_up_s), top), (at(self.finished_s), bottom), colour))
        }
    }
}

/// The number of each beside the middle of its bars.
fn names(workers: &[(&str, usize)], frame: &Frame, pitch: f64) -> Markup {
    let mut top = frame.top;
    let name = |(worker, bars): &(&str, usize)| {
        let height = *bars as f64 * pitch;
        let middle = top + height / 2.0;
        top += height;
        let number = worker.rsplit_once('-').map_or(*worker, |(_, number)| number);
        text((frame.left - 5.0, middle + 3.5), "end", number)
    };
    html! { @for name in workers.iter().map(name) { (name) } }
}

/// `thread-10` comes after `thread-9`.
fn worker_key(worker: &str) -> (&str, u32) {
    match worker.rsplit_once('-') {
        Some((name, number)) => (name, number.parse().unwrap_or(u32::MAX)),
        None => (worker, 0),
    }
}

fn data(facts: &Facts<'_>, panels: &[Panel<'_>]) -> Data {
    let language = facts.language;
    let mut lines = Vec::new();
    for panel in panels {
        for bar in &panel.bars {
            lines.push(vec![
                mode_name(panel.row.mode()),
                bar.worker.to_owned(),
                bar.client.to_string(),
                language.number(bar.picked_up_s),
                language.number(bar.finished_s),
            ]);
        }
    }
    Data { heads: language.gantt_columns().into(), words: 2, lines }
}
