//! What base64 costs: each row with it beside the same row without it, in time, processor time and goodput. A
//! line of panels for each operation, in each of them a line for each load and a mark for each server.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, largest, legend, line, panels, shaped, text},
};
use maud::{Markup, html};

use super::series::{hue, mode_colours, pool_forms};
use crate::{
    language::Language,
    plan::{Mode, Operation, in_mib, mode_name},
    report::facts::{Facts, Load, RowFacts},
};

/// Room for the marks of one load, and how far those of two modes are kept apart in it.
const PITCH: f64 = 26.0;
const APART: f64 = 6.0;

/// In the order of the panels and of the words of [`Language::cost_measures`].
const MEASURES: [Measure; 3] = [Measure::Time, Measure::Cpu, Measure::Goodput];

#[derive(Clone, Copy)]
enum Measure {
    /// Mean seconds of a client.
    Time,
    /// Seconds of server and clients for 10⁹ bytes.
    Cpu,
    Goodput,
}

/// A row with base64 and without it.
struct Pair<'a> {
    base64: &'a RowFacts<'a>,
    raw: &'a RowFacts<'a>,
}

impl Measure {
    /// Of a row with a value, which is above zero.
    fn of(self, row: &RowFacts<'_>) -> Option<f64> {
        let value = match self {
            Self::Time => row.mean_s.map(|spread| spread.median),
            Self::Cpu => row.cpu_s_per_gb,
            Self::Goodput => row.median_goodput(),
        };
        value.filter(|value| *value > 0.0)
    }

    fn shown(self, value: f64, language: Language) -> String {
        match self {
            Self::Time => language.duration(value),
            Self::Cpu => language.cost_cpu_value(language.number(value)),
            Self::Goodput => language.rate(value),
        }
    }

    /// The mean of many, as a sentence goes on.
    fn mean_said(self, ratio: f64, language: Language) -> String {
        let ratio = language.decimal(ratio, 2);
        match self {
            Self::Time => language.cost_time(ratio),
            Self::Cpu => language.cost_cpu(ratio),
            Self::Goodput => language.cost_goodput(ratio),
        }
    }
}

impl<'a> Pair<'a> {
    fn all(facts: &'a Facts<'a>) -> Vec<Self> {
        let pairs = facts.encoding_pairs().into_iter();
        pairs.map(|(base64, raw)| Self { base64, raw }).collect()
    }

    /// How many times as dear it is with base64.
    fn ratio(&self, measure: Measure) -> Option<f64> {
        let (base64, raw) = (measure.of(self.base64)?, measure.of(self.raw)?);
        Some(match measure {
            Measure::Time | Measure::Cpu => base64 / raw,
            Measure::Goodput => raw / base64,
        })
    }

    fn operation(&self) -> Operation {
        self.base64.row.cell.operation
    }

    fn hint(&self, measure: Measure, ratio: f64, language: Language) -> String {
        let [base64, raw] = [self.base64, self.raw]
            .map(|row| measure.of(row).map_or_else(String::new, |it| measure.shown(it, language)));
        let pair = language.cost_pair(base64, raw, language.decimal(ratio, 2));
        self.base64.said(&pair, language)
    }
}

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let (title, pairs) = (language.cost_title(), Pair::all(facts));
    let Some(costs) = costs(facts, &pairs) else {
        return Figure::missing(title, &language.no_cost());
    };
    let mean = (line((12.0, 0.0), (12.0, 12.0), "mean"), language.cost_mean());
    let swatches = [mode_colours(facts), pool_forms(facts), vec![mean]].concat();
    let of_operation = |operation: Operation| {
        let pairs: Vec<&Pair<'_>> =
            pairs.iter().filter(|pair| pair.operation() == operation).collect();
        MEASURES.map(|measure| panel(facts, &pairs, operation, measure))
    };
    let drawing = html! {
        (legend(&swatches))
        (panels(MEASURES.len(), facts.operations().into_iter().flat_map(of_operation)))
    };
    let caption = html! { (language.cost_caption(costs)) };
    Figure { title, caption, drawing: Some(drawing), data: data(facts, &pairs) }
}

/// The same in a sentence; `None` where no row was measured in both encodings.
pub(in crate::report) fn finding(facts: &Facts<'_>) -> Option<Markup> {
    let costs = costs(facts, &Pair::all(facts))?;
    Some(html! { (facts.language.cost_found(costs)) })
}

/// What it costs each operation.
fn costs(facts: &Facts<'_>, pairs: &[Pair<'_>]) -> Option<String> {
    let language = facts.language;
    let of_operation = |operation: Operation| {
        let means = MEASURES.iter().filter_map(|measure| {
            let of_operation = pairs.iter().filter(|pair| pair.operation() == operation);
            let mean = geometric_mean(of_operation.filter_map(|pair| pair.ratio(*measure)))?;
            Some(measure.mean_said(mean, language))
        });
        let means: Vec<String> = means.collect();
        (!means.is_empty()).then(|| language.cost_of(operation, means.join(", ")))
    };
    let costs: Vec<String> = facts.operations().into_iter().filter_map(of_operation).collect();
    (!costs.is_empty()).then(|| costs.join("; "))
}

fn geometric_mean(ratios: impl Iterator<Item = f64>) -> Option<f64> {
    let logs: Vec<f64> = ratios.map(f64::ln).collect();
    (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
}

fn panel(facts: &Facts<'_>, pairs: &[&Pair<'_>], operation: Operation, measure: Measure) -> Markup {
    let language = facts.language;
    let ratios = || pairs.iter().filter_map(|pair| pair.ratio(measure));
    let loads = loads(pairs);
    let frame = Frame::abreast(MEASURES.len(), 76.0, loads.len() as f64 * PITCH + 46.0);
    // Where nothing is dearer is always to be seen.
    let scale = Scale::logarithmic(
        ratios().fold(1.0, f64::min),
        largest(ratios()).max(1.0),
        frame.left,
        frame.right,
    );
    let content = html! {
        (frame.x_axis(&scale, |tick| language.tick(tick), &language.cost_axis()))
        (line((scale.at(1.0), frame.top), (scale.at(1.0), frame.bottom), "diagonal"))
        @for (index, load) in loads.iter().enumerate() {
            @let middle = frame.top + (index as f64 + 0.5) * PITCH;
            @let of_load: Vec<&Pair<'_>> =
                pairs.iter().copied().filter(|pair| pair.base64.load() == *load).collect();
            (text((frame.left - 8.0, middle + 3.5), "end", &named(*load, language)))
            (marks(facts, &of_load, measure, &scale, middle))
        }
    };
    let [time, cpu, goodput] = language.cost_measures();
    let words = match measure {
        Measure::Time => time,
        Measure::Cpu => cpu,
        Measure::Goodput => goodput,
    };
    frame.draw(&format!("{operation}: {words}"), &content)
}

/// By volume, then by clients.
fn loads(pairs: &[&Pair<'_>]) -> Vec<Load> {
    let mut loads: Vec<Load> = pairs.iter().map(|pair| pair.base64.load()).collect();
    loads.sort_by_key(|load| (load.volume, load.clients));
    loads.dedup();
    loads
}

/// `10 MiB × 5`.
fn named(load: Load, language: Language) -> String {
    format!("{} × {}", language.volume(load.volume), load.clients)
}

/// Those of one load, and their mean.
fn marks(
    facts: &Facts<'_>,
    pairs: &[&Pair<'_>],
    measure: Measure,
    scale: &Scale,
    middle: f64,
) -> Markup {
    let language = facts.language;
    let mean = geometric_mean(pairs.iter().filter_map(|pair| pair.ratio(measure)));
    html! {
        // Below the marks, so that a mouse finds these.
        @if let Some(mean) = mean {
            @let half = PITCH * 0.38;
            (line((scale.at(mean), middle - half), (scale.at(mean), middle + half), "mean"))
        }
        @for pair in pairs {
            @if let Some(ratio) = pair.ratio(measure) {
                @let row = pair.base64;
                @let at = (scale.at(ratio), middle + aside(facts, row.mode()));
                @let hint = pair.hint(measure, ratio, language);
                (shaped(facts.pool_index(row.workers()), hue(row.mode()), at, &hint))
            }
        }
    }
}

/// How far from the middle of its load the marks of a mode are.
fn aside(facts: &Facts<'_>, mode: Option<Mode>) -> f64 {
    let modes = facts.modes();
    let index = modes.iter().position(|other| *other == mode).unwrap_or(0) as f64;
    let last = modes.len().saturating_sub(1) as f64;
    (index - last / 2.0) * APART.min(PITCH / (last + 1.0))
}

fn data(facts: &Facts<'_>, pairs: &[Pair<'_>]) -> Data {
    let language = facts.language;
    let number = |value: Option<f64>| value.map_or_else(String::new, |it| language.number(it));
    let fields = |pair: &Pair<'_>| {
        let cell = pair.base64.row.cell;
        let mut fields = vec![
            mode_name(cell.server.mode),
            cell.operation.to_string(),
            language.volume(cell.volume),
            cell.clients.to_string(),
            cell.server.workers_shown(),
        ];
        for measure in MEASURES {
            let [base64, raw] = [pair.base64, pair.raw].map(|row| match measure {
                Measure::Goodput => measure.of(row).map(in_mib),
                Measure::Time | Measure::Cpu => measure.of(row),
            });
            fields.extend([number(base64), number(raw), number(pair.ratio(measure))]);
        }
        fields
    };
    Data {
        heads: language.cost_columns().into(),
        words: 2,
        lines: pairs.iter().map(fields).collect(),
    }
}
