//! Peak memory of the server against goodput: what a model costs and what it gives.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, largest, legend, panels, shaped},
    list,
};
use maud::{Markup, html};

use super::series::{hue, mode_colours, pool_forms};
use crate::{
    language::Language,
    plan::{Operation, in_mib, mode_name},
    report::facts::{Facts, RowFacts},
};

/// One server under the heaviest load.
struct Spot<'a> {
    row: &'a RowFacts<'a>,
    peak_mib: f64,
    goodput_mib: f64,
}

pub(super) fn figure(facts: &Facts<'_>) -> Figure {
    let language = facts.language;
    let title = language.memory_title();
    let spots: Vec<Spot<'_>> = facts
        .operations()
        .into_iter()
        .flat_map(|operation| facts.heaviest_rows(operation))
        .filter_map(Spot::of)
        .collect();
    let operations = facts.operations().into_iter();
    let ends: Vec<Markup> =
        operations.filter_map(|operation| ends(&spots, operation, language)).collect();
    let Some(load) = facts.heaviest.filter(|_| !ends.is_empty()) else {
        return Figure::missing(title, &language.no_memory());
    };
    let drawing = html! {
        (legend(&[mode_colours(facts), pool_forms(facts)].concat()))
        (panels(facts.operations().len(), facts.operations().into_iter().map(|operation| panel(facts, &spots, operation))))
    };
    Figure {
        title,
        caption: language.memory_caption(load.text(language), list(ends)),
        drawing: Some(drawing),
        data: data(facts, &spots),
    }
}

impl<'a> Spot<'a> {
    fn of(row: &'a RowFacts<'a>) -> Option<Self> {
        let peak_mib = in_mib(row.peak_bytes.filter(|bytes| *bytes > 0.0)?);
        Some(Self { row, peak_mib, goodput_mib: in_mib(row.median_goodput()?) })
    }

    fn words(&self, language: Language) -> String {
        let [memory, goodput] =
            [self.peak_mib, self.goodput_mib].map(|value| language.number(value));
        language.memory_end(memory, goodput)
    }

    fn named(&self, language: Language) -> Markup {
        self.row.name().after(self.words(language), language)
    }

    fn hint(&self, language: Language) -> String {
        self.row.said(&self.words(language), language)
    }
}

/// The servers that take the least and the most memory for an operation, for the caption.
fn ends(spots: &[Spot<'_>], operation: Operation, language: Language) -> Option<Markup> {
    let spots = || spots.iter().filter(|spot| spot.row.row.cell.operation == operation);
    let by_peak = |a: &&Spot<'_>, b: &&Spot<'_>| a.peak_mib.total_cmp(&b.peak_mib);
    let (most, least) = (spots().max_by(by_peak)?, spots().min_by(by_peak)?);
    let memory = language.number(most.peak_mib / least.peak_mib);
    let goodput = language.number(most.goodput_mib / least.goodput_mib);
    let ends = (least.named(language), most.named(language));
    Some(language.memory_ends(operation.to_string(), ends.0, ends.1, memory, goodput))
}

fn panel(facts: &Facts<'_>, spots: &[Spot<'_>], operation: Operation) -> Markup {
    let of_operation = |spot: &&Spot<'_>| spot.row.row.cell.operation == operation;
    let shown: Vec<&Spot<'_>> = spots.iter().filter(of_operation).collect();
    if shown.is_empty() {
        return html! {};
    }
    let language = facts.language;
    let frame = Frame::abreast(facts.operations().len(), 40.0, 270.0);
    let peaks = || shown.iter().map(|spot| spot.peak_mib);
    let min_mb = peaks().fold(f64::INFINITY, f64::min);
    let x = Scale::logarithmic(min_mb, largest(peaks()), frame.left, frame.right);
    let rates = || shown.iter().map(|spot| spot.goodput_mib);
    let min_rate = rates().fold(f64::INFINITY, f64::min);
    let y = Scale::linear(min_rate, largest(rates()), frame.bottom, frame.top);
    let at = |spot: &Spot<'_>| (x.at(spot.peak_mib), y.at(spot.goodput_mib));
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.memory_axis()))
        @for spot in shown {
            @let form = facts.pool_index(spot.row.workers());
            (shaped(form, hue(spot.row.mode()), at(spot), &spot.hint(language)))
        }
    };
    frame.draw(&format!("{operation} (MiB/s)"), &content)
}

fn data(facts: &Facts<'_>, spots: &[Spot<'_>]) -> Data {
    let language = facts.language;
    let fields = |spot: &Spot<'_>| {
        vec![
            mode_name(spot.row.mode()),
            spot.row.row.cell.operation.to_string(),
            spot.row.workers().to_string(),
            language.number(spot.peak_mib),
            language.number(spot.goodput_mib),
        ]
    };
    let lines = spots.iter().map(fields).collect();
    Data { heads: language.memory_columns().into(), words: 2, lines }
}
