//! What a search costs by the number of nodes: messages, hops and time of each method, where all nodes stay.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Point, Scale, largest, mark, path},
};
use maud::{Markup, html};

use super::methods::{legend_of, methods, series};
use crate::{
    language::Language,
    simulate::{
        numbers::Line,
        plan::Method,
        saved::{CaseResult, SavedRun},
    },
};

/// What a panel shows.
type Of = fn(&Line) -> Option<f64>;

pub(super) fn figure(run: &SavedRun, language: Language) -> Figure {
    let title = language.growth_title();
    let methods = methods(run);
    let lines: Vec<&Line> =
        methods.iter().flat_map(|method| run.steady(*method)).map(|it| &it.line).collect();
    if lines.is_empty() {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let panels: [(String, Of, Of); 3] = [
        (language.growth_messages(), |it| it.messages_mean, exactly_predicted),
        (language.growth_hops(), |it| it.hops_mean, |_| None),
        (language.growth_milliseconds(), |it| it.time_mean_ms, |_| None),
    ];
    let drawing = html! {
        (legend_of(&methods, language))
        div.panels {
            @for (title, of, predicted) in panels {
                (panel(&title, &lines, (of, predicted), language))
            }
        }
    };
    Figure {
        title,
        caption: html! { (language.growth_caption()) },
        drawing: Some(drawing),
        data: data(run, &methods, language),
    }
}

fn exactly_predicted(line: &Line) -> Option<f64> {
    line.predicted_least.filter(|_| line.predicted_least == line.predicted_most)
}

fn panel(title: &str, lines: &[&Line], (of, predicted): (Of, Of), language: Language) -> Markup {
    let whole = Frame::panel(46.0, 230.0);
    // The last label is as long as the largest graph's number.
    let frame = Frame { right: whole.right - 8.0, ..whole };
    let x = scale(lines.iter().map(|line| line.nodes as f64), frame.left, frame.right);
    let y = scale(lines.iter().filter_map(|line| of(line)), frame.bottom, frame.top);
    let at = |line: &Line, of: Of| Some((x.at(line.nodes as f64), y.at(of(line)?)));
    let points = |method: Method, of: Of| -> Vec<Point> {
        let of_method = lines.iter().filter(|line| line.method == method);
        of_method.filter_map(|line| at(line, of)).collect()
    };
    let hint = |line: &Line| {
        let nodes = language.tick(line.nodes as f64);
        let (method, value) = (language.method(line.method), language.some(of(line)));
        format!("{method}, {nodes} {}: {value}", language.growth_nodes())
    };
    let content = html! {
        (frame.y_axis(&y, |tick| language.tick(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.growth_nodes()))
        @for method in Method::ALL {
            (path(&points(method, predicted), "diagonal"))
            (path(&points(method, of), &format!("run s{}", series(method))))
        }
        @for line in lines {
            @if let Some(at) = at(line, of) { (mark(series(line.method), at, &hint(line))) }
        }
    };
    frame.draw(title, &content)
}

fn scale(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Scale {
    let most = largest(values.clone());
    Scale::logarithmic(values.fold(most, f64::min), most, from, to)
}

fn data(run: &SavedRun, methods: &[Method], language: Language) -> Data {
    let line = |result: &CaseResult| {
        let line = &result.line;
        vec![
            language.method(line.method),
            line.nodes.to_string(),
            language.some(line.messages_mean),
            language.some(exactly_predicted(line)),
            language.some(line.hops_mean),
            language.some(line.time_mean_ms),
        ]
    };
    let lines = methods.iter().flat_map(|method| run.steady(*method)).map(line).collect();
    Data { heads: language.growth_columns().into(), words: 1, lines }
}
