//! What is found when nodes come and go, in the largest graph.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Point, Scale, largest, mark, panels, path},
};
use maud::{Markup, html};

use super::methods::{legend_of, methods, series};
use crate::{
    language::Language,
    simulate::{numbers::Line, plan::Method, saved::SavedRun},
};

/// None of a run in which all nodes stay, or nodes are away for one part of the time alone.
pub(super) fn figure(run: &SavedRun, language: Language) -> Option<Figure> {
    let methods = methods(run);
    let lines: Vec<&Line> =
        methods.iter().flat_map(|method| run.of_largest(*method)).map(|it| &it.line).collect();
    let first = lines.first()?.away_percent;
    lines.iter().any(|line| line.away_percent != first).then(|| Figure {
        title: language.churn_title(),
        caption: html! { (language.churn_caption(run.nodes_max())) },
        drawing: Some(html! {
            (legend_of(&methods, language))
            (panels(1, [panel(&lines, language)]))
        }),
        data: data(&lines, language),
    })
}

fn panel(lines: &[&Line], language: Language) -> Markup {
    let frame = Frame::abreast(1, 46.0, 230.0);
    let away = |line: &Line| f64::from(line.away_percent) / 100.0;
    let x = Scale::from_zero(largest(lines.iter().map(|it| away(it))), frame.left, frame.right);
    let y = Scale::from_zero(1.0, frame.bottom, frame.top);
    let at = |line: &Line, found: Option<f64>| Some((x.at(away(line)), y.at(found?)));
    let points = |method: Method, of: fn(&Line) -> Option<f64>| -> Vec<Point> {
        let of_method = lines.iter().filter(|line| line.method == method);
        of_method.filter_map(|line| at(line, of(line))).collect()
    };
    let percent = |share: f64| language.percent(share);
    let hint = |line: &Line| {
        let (method, found) = (language.method(line.method), language.some_percent(line.found));
        format!("{method}, {} {}: {found}", percent(away(line)), language.churn_away())
    };
    let content = html! {
        (frame.y_axis(&y, percent))
        (frame.x_axis(&x, percent, &language.churn_away()))
        @for method in Method::ALL {
            (path(&points(method, |it| it.found_there), &format!("thin s{}", series(method))))
            (path(&points(method, |it| it.found), &format!("run s{}", series(method))))
        }
        @for line in lines {
            @if let Some(at) = at(line, line.found) { (mark(series(line.method), at, &hint(line))) }
        }
    };
    frame.draw(&language.churn_found(), &content)
}

fn data(lines: &[&Line], language: Language) -> Data {
    let line = |line: &&Line| {
        vec![
            language.method(line.method),
            language.percent(f64::from(line.away_percent) / 100.0),
            language.some_percent(line.found),
            language.some_percent(line.found_there),
        ]
    };
    Data {
        heads: language.churn_columns().into(),
        words: 1,
        lines: lines.iter().map(line).collect(),
    }
}
