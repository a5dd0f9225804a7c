//! What a run shows, in three sentences.

use figures::Numbers;

use super::{
    files::BalanceRun,
    on_paper::FULL,
    plan::{PLACES, SLOWER, ScenarioName},
    rows::{BAND, Row},
    tables::{Shown, name, shown},
};
use crate::language::Language;

/// Those for which there are rows.
pub(crate) fn of(run: &BalanceRun, language: Language) -> Vec<String> {
    let rows: Vec<&Row> = shown(&run.rows).into_iter().map(|Shown { row, .. }| row).collect();
    let findings = [
        as_simulated(&rows, language),
        beside_a_slow_server(&rows, language),
        while_things_happen(&rows, language),
    ];
    findings.into_iter().flatten().collect()
}

/// How many rows are as simulated, and of how many that is known.
pub(super) fn agreement(rows: &[&Row]) -> (usize, usize) {
    let known: Vec<bool> = rows.iter().filter_map(|row| row.is_as_simulated()).collect();
    (known.iter().filter(|is_so| **is_so).count(), known.len())
}

fn as_simulated(rows: &[&Row], language: Language) -> Option<String> {
    let compared: Vec<&&Row> = rows.iter().filter(|row| row.is_as_simulated().is_some()).collect();
    let worst = compared.iter().max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let (within, _) = agreement(rows);
    let off = compared.iter().filter(|row| row.is_as_simulated() == Some(false));
    let disturbed = off.filter(|row| row.disturbed.is_some()).count();
    let found = language.balance_as_simulated(
        within,
        compared.len(),
        language.percent(BAND),
        name(worst),
        language.signed_percent(worst.mean_off?),
        language.signed_percent(worst.p99_off?),
    );
    Some(match compared.len() - within {
        0 => found,
        others => {
            format!("{found} {}", language.balance_why_off(others, disturbed, others - disturbed))
        }
    })
}

/// Between measured and simulated, of mean or p99.
fn distance(row: &Row) -> f64 {
    let [mean, p99] = [row.mean_off, row.p99_off].map(|off| off.unwrap_or_default().abs());
    mean.max(p99)
}

/// The policies beside a slow server by their mean times, the shortest first.
pub(super) fn ranked<'a>(rows: &[&'a Row]) -> Vec<(f64, &'a Row)> {
    let slow = |row: &&&Row| row.scenario == ScenarioName::Unequal.name();
    let mut with_mean: Vec<(f64, &Row)> =
        rows.iter().filter(slow).filter_map(|row| Some((row.mean_ms?, *row))).collect();
    with_mean.sort_by(|a, b| a.0.total_cmp(&b.0));
    with_mean
}

fn beside_a_slow_server(rows: &[&Row], language: Language) -> Option<String> {
    let with_mean = ranked(rows);
    let ((best_ms, best), (worst_ms, worst)) = (*with_mean.first()?, *with_mean.last()?);
    if with_mean.len() < 2 {
        return None;
    }
    let share = |row: &Row| row.share_a.map_or_else(String::new, |share| language.percent(share));
    let found = language.balance_slow(
        SLOWER,
        &best.policy,
        language.number(best_ms),
        share(best),
        &worst.policy,
        language.number(worst_ms),
        share(worst),
    );
    let full = with_mean.iter().find(|(_, row)| row.predicted_by.as_deref() == Some(FULL));
    Some(match full {
        Some((_, row)) => format!("{found} {}", language.balance_full(&row.policy, PLACES)),
        None => found,
    })
}

fn while_things_happen(rows: &[&Row], language: Language) -> Option<String> {
    let has_incident = |row: &&&Row| row.cell().is_some_and(|it| it.scenario.incident().is_some());
    let struck: Vec<&&Row> = rows.iter().filter(has_incident).collect();
    let worst = struck.iter().max_by(|a, b| a.longest_gap_ms.total_cmp(&b.longest_gap_ms))?;
    let failed: u64 = struck.iter().map(|row| row.requests_failed + row.unsent).sum();
    let succeeded: u64 = struck.iter().map(|row| row.requests_succeeded).sum();
    let retries: u64 = struck.iter().map(|row| row.retries).sum();
    Some(language.balance_incidents(
        failed,
        failed + succeeded,
        retries,
        language.number(worst.longest_gap_ms),
        name(worst),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::rows::tests::row;

    #[test]
    fn the_row_that_is_farthest_from_its_simulation_is_named() {
        let near = row("equal", "round-robin");
        let far = Row { mean_off: Some(0.02), p99_off: Some(-0.31), ..row("burst", "peak-ewma") };
        let found = as_simulated(&[&near, &far], Language::En).unwrap();
        assert!(found.contains("1 of 2") && found.contains("burst, peak-ewma"), "{found}");
        assert!(found.contains("+2.0%") && found.contains("−31%"), "{found}");
        assert!(
            found.contains("Other programs disturbed 0 of the other 1. Where they did"),
            "{found}"
        );
        let far = Row { disturbed: Some("others took 1 s".to_owned()), ..far };
        let found = as_simulated(&[&near, &far], Language::En).unwrap();
        assert!(found.ends_with("Other programs disturbed 1 of the other 1."), "{found}");
        assert_eq!(as_simulated(&[], Language::En), None);
    }

    #[test]
    fn policies_are_ranked_beside_a_slow_server() {
        let of = |policy, mean_ms| Row { mean_ms: Some(mean_ms), ..row("unequal", policy) };
        let rows = [of("round-robin", 22.0), of("peak-ewma", 13.0), row("equal", "two-choices")];
        let found = beside_a_slow_server(&rows.each_ref(), Language::Id).unwrap();
        let (best, worst) = (found.find("peak-ewma"), found.find("round-robin"));
        assert!(
            best < worst && found.contains("13,0") && !found.contains("two-choices"),
            "{found}"
        );
        assert!(!found.contains("100"), "{found}");
        assert_eq!(beside_a_slow_server(&[&rows[0]], Language::En), None);
        let full = Row { predicted_by: Some(FULL.to_owned()), ..rows[0].clone() };
        let found = beside_a_slow_server(&[&full, &rows[1]], Language::En).unwrap();
        assert!(found.contains("round-robin sends it more than it can serve"), "{found}");
    }

    #[test]
    fn what_failed_while_things_happened_is_counted_over_those_scenarios_only() {
        let killed = Row { requests_failed: 3, retries: 5, ..row("killed", "round-robin") };
        let stopped = Row { longest_gap_ms: 812.0, ..row("stopped", "round-robin") };
        let burst = Row { requests_failed: 100, ..row("burst", "round-robin") };
        let found = while_things_happen(&[&killed, &stopped, &burst], Language::En).unwrap();
        assert!(found.contains("3 of 4003") && found.contains("5 "), "{found}");
        assert!(found.contains("812") && found.contains("stopped, round-robin"), "{found}");
    }
}
