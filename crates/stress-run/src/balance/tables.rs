//! The tables of a run: on a terminal, in Markdown, as CSV and as a workbook.

use std::fmt::Write as _;

use cli::Grid;
use figures::{
    Numbers,
    spread::median_repetition,
    workbook::{Column, SheetContent, xlsx},
};
use runs::Sheet;

use super::{
    files::{BalanceRun, Environment},
    plan::{BURST, PLACES, SLOWER},
    rows::Row,
};
use crate::language::Language;

/// A policy under a scenario: of several repetitions the median one, by its mean time.
pub(crate) struct Shown<'a> {
    pub(crate) row: &'a Row,
    /// Of the mean times of all repetitions, the shortest and the longest.
    range_ms: Option<(f64, f64)>,
}

/// In the order in which they were measured.
pub(crate) fn shown(rows: &[Row]) -> Vec<Shown<'_>> {
    let mut of_each: Vec<((&str, &str), Vec<&Row>)> = Vec::new();
    for row in rows {
        let name = (row.scenario.as_str(), row.policy.as_str());
        match of_each.iter_mut().find(|(other, _)| *other == name) {
            Some((_, rows)) => rows.push(row),
            None => of_each.push((name, vec![row])),
        }
    }
    of_each.iter().filter_map(|(_, repetitions)| Shown::of(repetitions)).collect()
}

impl<'a> Shown<'a> {
    fn of(repetitions: &[&'a Row]) -> Option<Self> {
        // Where nothing succeeded there is no median, and any of them says that.
        let median = median_repetition(repetitions.iter().copied(), |row| row.mean_ms);
        let means = || repetitions.iter().filter_map(|row| row.mean_ms);
        let range_ms = (means().count() > 1)
            .then(|| (means().fold(f64::INFINITY, f64::min), means().fold(0.0, f64::max)));
        Some(Self { row: median.or(repetitions.first().copied())?, range_ms })
    }
}

pub(crate) fn on_screen(run: &BalanceRun, language: Language) -> String {
    let rows = shown(&run.rows);
    let [measured, worlds] = [measured(&rows, language), worlds(&rows, language)];
    format!(
        "{}\n{}\n{}\n{}",
        language.balance_measured(),
        measured.on_screen(),
        language.balance_worlds(),
        worlds.on_screen()
    )
}

/// `origin` says with what, and where, it was measured.
pub(crate) fn markdown(run: &BalanceRun, origin: &str, language: Language) -> String {
    let rows = shown(&run.rows);
    let mut text = String::new();
    for mark in marks(run, language) {
        let _ = writeln!(text, "> **{mark}**\n");
    }
    let _ = writeln!(text, "{}\n", what(run, language));
    let tables = [
        (language.balance_measured(), measured(&rows, language)),
        (language.balance_worlds(), worlds(&rows, language)),
    ];
    for (title, grid) in tables {
        let _ = writeln!(text, "## {title}\n\n{}", grid.markdown());
    }
    let names = [language.balance_scenarios(SLOWER, BURST), language.balance_policies()].join(" ");
    let _ = writeln!(text, "{names}\n\n{}\n\n{origin}", language.balance_notes());
    text
}

/// With what it was measured, in a few sentences.
pub(crate) fn what(run: &BalanceRun, language: Language) -> String {
    let Environment { plan, overhead, .. } = &run.environment;
    let of = language.balance_of(
        plan.servers,
        plan.workers,
        plan.service_ms,
        language.percent(plan.utilisation),
        plan.requests,
        language.repetitions(plan.repetitions),
    );
    let [worker, transit] = [overhead.worker_ms, overhead.transit_ms].map(|ms| language.number(ms));
    format!("{of} {}", language.balance_besides(PLACES, worker, transit))
}

/// What limits the use of the run.
pub(crate) fn marks(run: &BalanceRun, language: Language) -> Vec<String> {
    let invalid = run.rows.iter().filter(|row| row.invalid.is_some());
    let invalid = invalid
        .map(|row| language.balance_invalid(name(row), row.invalid.as_deref().unwrap_or_default()));
    let disturbed = run.rows.iter().filter(|row| row.disturbed.is_some()).count();
    let is_partial = !run.missing().is_empty();
    [
        run.environment.is_quick.then(|| language.balance_quick()),
        is_partial.then(|| language.mark_partial()),
        (disturbed > 0).then(|| language.balance_disturbed(disturbed, run.rows.len())),
    ]
    .into_iter()
    .flatten()
    .chain(invalid)
    .collect()
}

/// `killed, round-robin`
pub(crate) fn name(row: &Row) -> String {
    format!("{}, {}", row.scenario, row.policy)
}

pub(crate) fn measured(rows: &[Shown<'_>], language: Language) -> Grid {
    let fields = |Shown { row, .. }: &Shown<'_>| {
        let number = |number: Option<f64>| shown_number(number, language);
        vec![
            row.scenario.clone(),
            row.policy.clone(),
            format!("{} / {}", row.requests_succeeded, row.requests_failed + row.unsent),
            row.retries.to_string(),
            number(row.mean_ms),
            number(row.p50_ms),
            number(row.p99_ms),
            number(row.max_ms),
            language.number(row.longest_gap_ms),
        ]
    };
    Grid {
        heads: language.balance_measured_columns().into(),
        numbers: (2..9).collect(),
        rows: rows.iter().map(fields).collect(),
    }
}

pub(crate) fn worlds(rows: &[Shown<'_>], language: Language) -> Grid {
    let fields = |Shown { row, .. }: &Shown<'_>| {
        let number = |number: Option<f64>| shown_number(number, language);
        let share = |share: Option<f64>| share.map_or_else(String::new, |it| language.percent(it));
        vec![
            row.scenario.clone(),
            row.policy.clone(),
            on_paper(row, language),
            number(row.simulated_mean_ms),
            number(row.mean_ms),
            number(row.simulated_p99_ms),
            number(row.p99_ms),
            share(row.predicted_share_a),
            share(row.simulated_share_a),
            share(row.share_a),
        ]
    };
    Grid {
        heads: language.balance_worlds_columns().into(),
        numbers: (2..10).collect(),
        rows: rows.iter().map(fields).collect(),
    }
}

/// The mean, or what it is not less and not more than.
fn on_paper(row: &Row, language: Language) -> String {
    let number = |number: f64| language.number(number);
    match (row.predicted_least_ms, row.predicted_most_ms) {
        (Some(least), Some(most)) if number(least) == number(most) => number(least),
        (Some(least), Some(most)) => format!("{}–{}", number(least), number(most)),
        (Some(least), None) => format!("≥ {}", number(least)),
        (None, _) => String::new(),
    }
}

/// What was not measured is empty.
fn shown_number(number: Option<f64>, language: Language) -> String {
    number.map_or_else(String::new, |number| language.number(number))
}

/// All numbers that stand in the two tables, unrounded and under the names of `rows.csv`.
pub(crate) fn csv(rows: &[Row]) -> anyhow::Result<Vec<u8>> {
    let mut text = csv::Writer::from_writer(Vec::new());
    for Shown { row, range_ms } in shown(rows) {
        let (mean_min_ms, mean_max_ms) = range_ms.unzip();
        text.serialize(TableLine {
            scenario: &row.scenario,
            policy: &row.policy,
            requests_succeeded: row.requests_succeeded,
            requests_failed: row.requests_failed + row.unsent,
            retries: row.retries,
            predicted_least_ms: row.predicted_least_ms,
            predicted_most_ms: row.predicted_most_ms,
            simulated_mean_ms: row.simulated_mean_ms,
            mean_ms: row.mean_ms,
            mean_min_ms,
            mean_max_ms,
            p50_ms: row.p50_ms,
            simulated_p99_ms: row.simulated_p99_ms,
            p99_ms: row.p99_ms,
            max_ms: row.max_ms,
            longest_gap_ms: row.longest_gap_ms,
            predicted_share_a: row.predicted_share_a,
            simulated_share_a: row.simulated_share_a,
            share_a: row.share_a,
        })?;
    }
    Ok(text.into_inner()?)
}

#[derive(serde::Serialize)]
struct TableLine<'a> {
    scenario: &'a str,
    policy: &'a str,
    requests_succeeded: u64,
    requests_failed: u64,
    retries: u64,
    predicted_least_ms: Option<f64>,
    predicted_most_ms: Option<f64>,
    simulated_mean_ms: Option<f64>,
    mean_ms: Option<f64>,
    mean_min_ms: Option<f64>,
    mean_max_ms: Option<f64>,
    p50_ms: Option<f64>,
    simulated_p99_ms: Option<f64>,
    p99_ms: Option<f64>,
    max_ms: Option<f64>,
    longest_gap_ms: f64,
    predicted_share_a: Option<f64>,
    simulated_share_a: Option<f64>,
    share_a: Option<f64>,
}

/// A sheet with the table, and one with every repetition.
pub(crate) fn workbook(run: &BalanceRun, language: Language) -> anyhow::Result<Vec<u8>> {
    let sheet = |name: &str, text: Sheet| {
        let column = |head: &str| {
            let width = if head == "policy" { 18.0 } else { 12.0 };
            Column { head: head.to_owned(), width, numbers: Some("0.###") }
        };
        SheetContent {
            name: name.to_owned(),
            marks: marks(run, language),
            columns: text.columns.iter().map(column).collect(),
            rows: text.rows.iter().map(|row| row.iter().map(str::to_owned).collect()).collect(),
            notes: language.balance_notes(),
        }
    };
    let table = sheet("table", Sheet::read(&csv(&run.rows)?)?);
    let rows = sheet("repetitions", Sheet::of(&run.rows)?);
    let day = run.environment.started.get(..10).unwrap_or_default();
    Ok(xlsx(day, &[table, rows])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::rows::tests::row;

    #[test]
    fn of_several_repetitions_the_median_one_is_shown_with_the_range_of_all() {
        let repetition = |repetition, mean_ms| Row {
            repetition,
            mean_ms: Some(mean_ms),
            ..row("equal", "round-robin")
        };
        let mut rows = vec![repetition(1, 12.0), row("burst", "round-robin")];
        rows.extend([repetition(2, 10.0), repetition(3, 11.0)]);
        let shown = shown(&rows);
        assert_eq!(shown.len(), 2);
        assert_eq!((shown[0].row.repetition, shown[0].range_ms), (3, Some((10.0, 12.0))));
        assert_eq!((shown[1].row.scenario.as_str(), shown[1].range_ms), ("burst", None));
        let text = String::from_utf8(csv(&rows).unwrap()).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().nth(1).unwrap().contains(",11.0,10.0,12.0,"), "{text}");
    }

    #[test]
    fn a_mean_that_is_between_two_on_paper_is_shown_as_that() {
        let shown = |least, most| {
            let row = Row {
                predicted_least_ms: Some(least),
                predicted_most_ms: most,
                ..row("equal", "two-choices")
            };
            on_paper(&row, Language::Id)
        };
        assert_eq!(shown(6.25, Some(6.25)), "6,25");
        assert_eq!(shown(6.25, Some(9.0)), "6,25–9,00");
        assert_eq!(shown(6.25, None), "≥ 6,25");
    }

    #[test]
    fn what_is_not_known_stays_empty() {
        let none = Row {
            predicted_least_ms: None,
            predicted_most_ms: None,
            predicted_share_a: None,
            ..row("killed", "peak-ewma")
        };
        let rows = [none];
        let worlds = worlds(&shown(&rows), Language::En);
        assert_eq!((worlds.rows[0][2].as_str(), worlds.rows[0][7].as_str()), ("", ""));
        assert_eq!(worlds.rows[0].len(), worlds.heads.len());
        let measured = measured(&shown(&rows), Language::Id);
        assert_eq!(measured.rows[0].len(), measured.heads.len());
        assert_eq!(measured.rows[0][4], "12,5");
    }
}
