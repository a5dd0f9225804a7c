//! Which server answered how much, over the time of a row: a panel for each policy and scenario.

use figures::{
    Data, Figure, Numbers,
    chart::{Frame, Scale, abreast, bar, hinted, legend, panels},
};
use maud::{Markup, html};

use super::series::{duration_s, incident_lines, rows_of};
use crate::{
    balance::{
        files::{BalanceRun, ServerLine},
        plan::ScenarioName,
        rows::Row,
        tables::name,
    },
    language::Language,
};

/// Long enough that chance does not hide what happens.
const PARTS: usize = 20;

/// In which all servers are alike all the time there is nothing to see.
const SCENARIOS: [ScenarioName; 4] =
    [ScenarioName::Unequal, ScenarioName::Killed, ScenarioName::Stopped, ScenarioName::Drained];

/// Of all that was answered in a part of the time, what each server has.
struct Part {
    from_s: f64,
    to_s: f64,
    shares: Vec<f64>,
}

impl Part {
    fn shares(&self, language: Language) -> String {
        let shares = self.shares.iter().map(|share| language.percent(*share));
        shares.collect::<Vec<_>>().join(" ")
    }

    fn hint(&self, language: Language) -> String {
        let [from, to] = [self.from_s, self.to_s].map(|seconds| language.number(seconds));
        format!("{from}–{to} s: {}", self.shares(language))
    }
}

pub(super) fn figure(run: &BalanceRun, language: Language) -> Figure {
    let title = language.balance_shares_title();
    let shown: Vec<(ScenarioName, &Row, Vec<Part>)> = SCENARIOS
        .into_iter()
        .flat_map(|scenario| rows_of(run, scenario).into_iter().map(move |row| (scenario, row)))
        .map(|(scenario, row)| (scenario, row, parts(run, row)))
        .filter(|(_, _, parts)| !parts.is_empty())
        .collect();
    if shown.is_empty() {
        return Figure::missing(title, &language.nothing_to_draw());
    }
    let names = run.environment.plan.server_names();
    let swatch = |(series, name): (usize, &String)| {
        (bar((4.0, 1.0), (20.0, 11.0), &format!("fill s{series}")), name.clone())
    };
    let columns = abreast(shown.len());
    let drawing = html! {
        (legend(&names.iter().enumerate().map(swatch).collect::<Vec<_>>()))
        (panels(columns, shown.iter().map(|(scenario, row, parts)| {
            panel(run, (*scenario, row, parts), columns, language)
        })))
    };
    Figure {
        title,
        caption: html! { (language.balance_shares_caption()) },
        drawing: Some(drawing),
        data: data(&shown, language),
    }
}

/// From what the balancer had counted by each moment.
fn parts(run: &BalanceRun, row: &Row) -> Vec<Part> {
    let lines: Vec<&ServerLine> = run.servers_of(row).collect();
    let servers = run.environment.plan.servers as usize;
    let mut moments: Vec<(f64, Vec<u64>)> = vec![(0.0, vec![0; servers])];
    for sample in lines.chunk_by(|a, b| a.at_s == b.at_s).filter(|it| it.len() == servers) {
        moments.push((sample[0].at_s, sample.iter().map(|line| line.answered).collect()));
    }
    let every = (moments.len() - 1).div_ceil(PARTS).max(1);
    let ends: Vec<&(f64, Vec<u64>)> = moments.iter().step_by(every).collect();
    let part = |ends: &[&(f64, Vec<u64>)]| {
        let [(from_s, before), (to_s, after)] = *ends else { return None };
        let answered: Vec<u64> =
            after.iter().zip(before).map(|(after, before)| after.saturating_sub(*before)).collect();
        let all: u64 = answered.iter().sum();
        let shares = answered.iter().map(|count| *count as f64 / all as f64).collect();
        (all > 0).then_some(Part { from_s: *from_s, to_s: *to_s, shares })
    };
    ends.windows(2).filter_map(part).collect()
}

fn panel(
    run: &BalanceRun,
    (scenario, row, parts): (ScenarioName, &Row, &[Part]),
    columns: usize,
    language: Language,
) -> Markup {
    let frame = Frame::abreast(columns, 40.0, 190.0);
    let y = Scale::from_zero(1.0, frame.bottom, frame.top);
    let end_s = parts.last().map_or(0.0, |part| part.to_s).max(duration_s(run, scenario));
    let x = Scale::from_zero(end_s, frame.left, frame.right);
    let content = html! {
        @for part in parts { (hinted(&part.hint(language), &stack(part, &x, &y))) }
        (frame.y_axis(&y, |tick| language.percent(tick)))
        (frame.x_axis(&x, |tick| language.tick(tick), &language.balance_seconds()))
        (incident_lines(run, scenario, &frame, &x))
    };
    frame.draw(&name(row), &content)
}

/// The first server at the bottom.
fn stack(part: &Part, x: &Scale, y: &Scale) -> Markup {
    let mut below = 0.0;
    html! {
        @for (series, share) in part.shares.iter().enumerate() {
            @let (from, to) = (below, below + share);
            (bar((x.at(part.from_s), y.at(to)), (x.at(part.to_s), y.at(from)), &format!("fill s{series}")))
            @let () = below = to;
        }
    }
}

fn data(panels: &[(ScenarioName, &Row, Vec<Part>)], language: Language) -> Data {
    let mut lines = Vec::new();
    for (_, row, parts) in panels {
        for part in parts {
            lines.push(vec![
                row.scenario.clone(),
                row.policy.clone(),
                language.number(part.from_s),
                language.number(part.to_s),
                part.shares(language),
            ]);
        }
    }
    Data { heads: language.balance_shares_columns().into(), words: 2, lines }
}
