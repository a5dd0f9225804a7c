//! Where the mean time of a client went: waiting for a worker, for a processor, computing, blocked.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, bar, hinted, largest, legend, panels, text},
};
use maud::{Markup, html};

use super::series::{NEUTRAL, hue};
use crate::{
    language::Language,
    plan::{Operation, mode_name},
    report::facts::{Facts, Load, RowFacts, RowName},
};

const PITCH: f64 = 17.0;
const BAR: f64 = 12.0;
/// The style's names for the parts, in the order in which they are stacked.
const CLASSES: [&str; 4] = ["waiting", "pale", "fill", "outlined"];

/// One bar: seconds in the queue, the run queue, computing, blocked, of the representative
/// repetition. What an upload sends ahead while it is in the queue is in both the queue and computing.
struct Parts<'a> {
    row: &'a RowFacts<'a>,
    seconds: [f64; 4],
}

/// The rows with the largest and the smallest share of waiting for a worker, for the caption.
struct QueueShares {
    most: (RowName, f64),
    least: (RowName, f64),
    /// The most that computing has of any row's time.
    cpu_max: f64,
    /// The most that waiting for a processor has.
    run_queue_max: f64,
}

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.time_title();
    let bars: Vec<Parts<'_>> = facts
        .operations()
        .into_iter()
        .flat_map(|operation| facts.heaviest_rows(operation))
        .filter_map(Parts::of)
        .collect();
    let (Some(load), Some(shares)) = (facts.heaviest, shares(&bars)) else {
        return Figure::missing(title, &language.no_time_parts());
    };
    let swatch = |class: &&str| bar((0.0, 2.0), (24.0, 10.0), &format!("{class} s{NEUTRAL}"));
    let names = language.time_parts().map(str::to_owned);
    let swatches: Vec<(Markup, String)> = CLASSES.iter().map(swatch).zip(names).collect();
    let drawing = html! {
        (legend(&swatches))
        (panels(facts.operations().len(), facts.operations().into_iter().map(|operation| panel(facts, &bars, operation))))
    };
    Figure {
        title,
        caption: shares.caption(load, language),
        drawing: Some(drawing),
        data: data(facts, &bars),
    }
}

impl<'a> Parts<'a> {
    fn of(row: &'a RowFacts<'a>) -> Option<Self> {
        let line = row.row.representative();
        let seconds = [
            line.queue_mean_s?,
            line.client_run_queue_mean_s?,
            line.client_cpu_mean_s?,
            line.client_blocked_mean_s?,
        ];
        Some(Self { row, seconds })
    }

    fn total_s(&self) -> f64 {
        self.seconds.iter().sum()
    }

    /// A line for each part.
    fn hint(&self, language: Language) -> String {
        let names = language.time_parts().into_iter().zip(self.seconds);
        let lines =
            names.map(|(name, seconds)| format!("\n{name}: {}", language.duration(seconds)));
        self.row.name().text(language) + &lines.collect::<String>()
    }

    fn share(&self, part: usize) -> f64 {
        if self.total_s() > 0.0 { self.seconds[part] / self.total_s() } else { 0.0 }
    }
}

fn shares(bars: &[Parts<'_>]) -> Option<QueueShares> {
    let mut by_queue: Vec<(RowName, f64)> =
        bars.iter().map(|parts| (parts.row.name(), parts.share(0))).collect();
    by_queue.sort_by(|a, b| a.1.total_cmp(&b.1));
    Some(QueueShares {
        most: by_queue.last()?.clone(),
        least: by_queue.first()?.clone(),
        cpu_max: largest(bars.iter().map(|parts| parts.share(2))),
        run_queue_max: largest(bars.iter().map(|parts| parts.share(1))),
    })
}

impl QueueShares {
    fn caption(&self, load: Load, language: Language) -> Markup {
        let end = |(row, share): &(RowName, f64)| row.after(language.percent(*share), language);
        let [cpu, run_queue] = [self.cpu_max, self.run_queue_max].map(|it| language.percent(it));
        let load = load.text(language);
        language.time_caption(load, end(&self.least), end(&self.most), cpu, run_queue)
    }
}

fn panel(facts: &Facts<'_>, bars: &[Parts<'_>], operation: Operation) -> Markup {
    let of_operation = |parts: &&Parts<'_>| parts.row.row.cell.operation == operation;
    let bars: Vec<&Parts<'_>> = bars.iter().filter(of_operation).collect();
    if bars.is_empty() {
        return html! {};
    }
    let language = facts.language;
    let frame = Frame::abreast(facts.operations().len(), 66.0, bars.len() as f64 * PITCH + 46.0);
    let max = largest(bars.iter().map(|parts| parts.total_s()));
    let scale = Scale::from_zero(max, frame.left, frame.right);
    let content = html! {
        (frame.x_axis(&scale, |tick| language.tick(tick), &language.time_axis()))
        @for (index, parts) in bars.iter().enumerate() {
            (stack(parts, &scale, frame.top + index as f64 * PITCH, language))
        }
    };
    frame.draw(&operation.to_string(), &content)
}

fn stack(parts: &Parts<'_>, scale: &Scale, top: f64, language: Language) -> Markup {
    let (mut start_s, hue) = (0.0, hue(parts.row.mode()));
    let pieces = parts.seconds.iter().zip(CLASSES).map(|(seconds, class)| {
        let from = (scale.at(start_s), top + 2.0);
        start_s += seconds;
        bar(from, (scale.at(start_s), top + 2.0 + BAR), &format!("{class} s{hue}"))
    });
    let stack = html! { @for piece in pieces { (piece) } };
    html! {
        (text((scale.at(0.0) - 5.0, top + BAR), "end", &parts.row.server()))
        (hinted(&parts.hint(language), &stack))
    }
}

fn data(facts: &Facts<'_>, bars: &[Parts<'_>]) -> Data {
    let language = facts.language;
    let fields = |parts: &Parts<'_>| {
        let mut fields = vec![
            mode_name(parts.row.mode()),
            parts.row.row.cell.operation.to_string(),
            parts.row.workers().to_string(),
        ];
        fields.extend(parts.seconds.map(|seconds| language.number(seconds)));
        fields.push(language.number(parts.total_s()));
        fields
    };
    let lines = bars.iter().map(fields).collect();
    Data { heads: language.time_columns().into(), words: 2, lines }
}
