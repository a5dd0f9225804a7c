//! How many standard errors each number is away from the one that theory expects: most within two, none at four.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, SERIES, Scale, abreast, bar, legend, line, mark, panels, text},
};
use maud::{Markup, html};

use crate::{
    language::Language,
    results::{
        numbers::{Distance, ERRORS_MAX, Measure},
        records::World,
        saved::SavedRun,
    },
};

/// Of a normal distribution 95% are within so many standard errors.
const BAND: f64 = 1.96;

/// What is farther away than this is drawn at the edge.
const EDGE: f64 = 6.0;

/// Room for the measures, which are rows.
const ROW: f64 = 16.0;

struct Point {
    case: usize,
    name: String,
    measure: Measure,
    z: f64,
}

pub(super) fn figure(run: &SavedRun, language: Language) -> Figure {
    let title = language.distances_title();
    let worlds: Vec<(World, Vec<Point>)> = World::ALL
        .into_iter()
        .map(|world| (world, points(run, world)))
        .filter(|(_, points)| !points.is_empty())
        .collect();
    if worlds.is_empty() {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let band = (bar((0.0, 2.0), (24.0, 10.0), "band"), language.distances_band());
    let limit = (line((12.0, 0.0), (12.0, 12.0), "limit"), language.distances_limit());
    let mut entries = vec![band, limit];
    let series = |case: usize| if run.results.len() > SERIES { 0 } else { case };
    let swatch = |case| mark(series(case), (12.0, 6.0), "");
    // Of more cases than there are marks all have the same.
    if run.results.len() > SERIES {
        entries.push((swatch(0), language.distances_mark(run.results.len())));
    } else {
        let names = run.results.iter().map(|result| result.case.name.clone());
        entries.extend((0..).zip(names).map(|(case, name)| (swatch(case), name)));
    }
    let columns = abreast(worlds.len());
    let drawing = html! {
        (legend(&entries))
        (panels(columns, worlds.iter().map(|(world, points)| {
            panel((&language.world(*world), points), series, columns, language)
        })))
    };
    let within = worlds.iter().flat_map(|(_, points)| points);
    let within = within.filter(|point| point.z.abs() <= BAND).count();
    let all: usize = worlds.iter().map(|(_, points)| points.len()).sum();
    let tested = run.lines().iter().filter(|line| line.agrees.is_some()).count();
    Figure {
        title,
        caption: html! { (language.distances_caption(within, all, tested)) },
        drawing: Some(drawing),
        data: data(&worlds, language),
    }
}

fn points(run: &SavedRun, world: World) -> Vec<Point> {
    let mut points = Vec::new();
    for (case, result) in run.results.iter().enumerate() {
        for number in result.numbers(world) {
            if let Some(Distance::Errors(z)) = number.distance {
                let name = result.case.name.clone();
                points.push(Point { case, name, measure: number.measure, z });
            }
        }
    }
    points
}

fn panel(
    (title, points): (&str, &[Point]),
    series: impl Fn(usize) -> usize,
    columns: usize,
    language: Language,
) -> Markup {
    let mut measures: Vec<Measure> = Vec::new();
    for point in points {
        if !measures.contains(&point.measure) {
            measures.push(point.measure);
        }
    }
    let frame = Frame::abreast(columns, 146.0, 60.0 + ROW * measures.len() as f64);
    let frame = Frame { right: frame.right - 8.0, ..frame };
    let x = Scale::linear(-EDGE, EDGE, frame.left, frame.right);
    let row = |measure: Measure| {
        let index = measures.iter().position(|other| *other == measure).unwrap_or_default();
        frame.top + ROW * (index as f64 + 1.0)
    };
    let content = html! {
        (bar((x.at(-BAND), frame.top), (x.at(BAND), frame.bottom), "band"))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.distances_axis()))
        @for limit in [-ERRORS_MAX, ERRORS_MAX] {
            (line((x.at(limit), frame.top), (x.at(limit), frame.bottom), "limit"))
        }
        @for &measure in &measures {
            (text((frame.left - 5.0, row(measure) + 3.5), "end", &language.measure(measure)))
        }
        @for point in points {
            @let at = (x.at(point.z.clamp(-EDGE, EDGE)), row(point.measure));
            (mark(series(point.case), at, &format!("{}: {}", point.name, language.decimal(point.z, 2))))
        }
    };
    frame.draw(title, &content)
}

fn data(worlds: &[(World, Vec<Point>)], language: Language) -> Data {
    let lines = worlds.iter().flat_map(|(world, points)| {
        points.iter().map(move |point| {
            vec![
                point.name.clone(),
                language.measure(point.measure),
                language.world(*world),
                language.decimal(point.z, 2),
            ]
        })
    });
    Data { heads: language.distances_columns().into(), words: 3, lines: lines.collect() }
}
