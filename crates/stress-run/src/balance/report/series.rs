//! What the figures of a run have in common: policies as series, and the moments at which something happens.

use balancing::PolicyName;
use figures::chart::{Frame, Scale, line, mark};
use maud::{Markup, html};

use crate::balance::{
    files::BalanceRun,
    plan::ScenarioName,
    rows::Row,
    tables::{Shown, shown},
};

/// The same for a policy in every figure, whichever others there are.
pub(super) fn of_policy(name: &str) -> usize {
    PolicyName::ALL.iter().position(|policy| policy.name() == name).unwrap_or_default()
}

/// Those that were measured, with marks and, where points are joined, lines.
pub(super) fn swatches(run: &BalanceRun, with_lines: bool) -> Vec<(Markup, String)> {
    let swatch = |policy: &PolicyName| {
        let series = of_policy(policy.name());
        let swatch = html! {
            @if with_lines { (line((0.0, 6.0), (24.0, 6.0), &format!("run s{series}"))) }
            (mark(series, (12.0, 6.0), ""))
        };
        (swatch, policy.to_string())
    };
    run.environment.plan.policies.iter().map(swatch).collect()
}

/// The rows that are shown of a scenario.
pub(super) fn rows_of(run: &BalanceRun, scenario: ScenarioName) -> Vec<&Row> {
    let rows = shown(&run.rows).into_iter().map(|Shown { row, .. }| row);
    rows.filter(|row| row.scenario == scenario.name()).collect()
}

/// How long a row took, in seconds.
pub(super) fn duration_s(run: &BalanceRun, scenario: ScenarioName) -> f64 {
    run.environment.plan.duration(scenario).as_secs_f64()
}

/// When it happens to a server, and when it is undone, in seconds.
pub(super) fn incident_moments(run: &BalanceRun, scenario: ScenarioName) -> Vec<f64> {
    let third = duration_s(run, scenario) / 3.0;
    scenario.incident().map_or_else(Vec::new, |_| vec![third, 2.0 * third])
}

pub(super) fn incident_lines(
    run: &BalanceRun,
    scenario: ScenarioName,
    frame: &Frame,
    x: &Scale,
) -> Markup {
    html! {
        @for moment in incident_moments(run, scenario) {
            (line((x.at(moment), frame.top), (x.at(moment), frame.bottom), "mean"))
        }
    }
}
