//! What a run shows, in a few sentences.

use figures::{Numbers, chart::largest};

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
        beside_a_slow_server(&rows, language),
        among_equals(run, &rows, language),
        while_things_happen(&rows, language),
        as_simulated(&rows, language),
        to_one_side(run, &rows, language),
        below_paper(&rows, language),
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
    let off: Vec<&&Row> =
        compared.iter().filter(|row| row.is_as_simulated() == Some(false)).copied().collect();
    let found = language.balance_as_simulated(
        within,
        compared.len(),
        language.percent(BAND),
        name(worst),
        language.signed_percent(worst.mean_off?),
        language.signed_percent(worst.p99_off?),
    );
    if off.is_empty() {
        return Some(found);
    }
    let disturbed = off.iter().filter(|row| row.disturbed.is_some()).count();
    let names: Vec<String> = off.iter().map(|row| name(row)).collect();
    Some(format!("{found} {}", language.balance_why_off(off.len(), names.join("; "), disturbed)))
}

/// Between measured and simulated, of mean or p99.
fn distance(row: &Row) -> f64 {
    let [mean, p99] = [row.mean_off, row.p99_off].map(|off| off.unwrap_or_default().abs());
    mean.max(p99)
}

/// Chance puts means on both sides of the simulated ones. Where all are on one, the simulation is told something
/// that is not so.
fn to_one_side(run: &BalanceRun, rows: &[&Row], language: Language) -> Option<String> {
    let mut offs: Vec<f64> = rows.iter().filter_map(|row| row.mean_off).collect();
    offs.sort_by(f64::total_cmp);
    let below = offs.iter().filter(|off| **off < 0.0).count();
    let [least, middle, most] =
        [*offs.first()?, offs[offs.len() / 2], *offs.last()?].map(|it| language.signed_percent(it));
    let found = language.balance_side(below, offs.len(), least, most, middle);
    let shortest = || rows.iter().flat_map(|row| run.quantiles_of(row).take(1));
    let first = |times: Vec<f64>| times.into_iter().reduce(f64::min);
    let measured = first(shortest().filter_map(|line| line.measured_ms).collect())?;
    let simulated = first(shortest().filter_map(|line| line.simulated_ms).collect())?;
    let is_told_too_much = below == offs.len() && measured < simulated;
    Some(match is_told_too_much {
        true => {
            let [measured, simulated] = [measured, simulated].map(|ms| language.decimal(ms, 2));
            format!("{found} {}", language.balance_overhead_long(measured, simulated))
        }
        false => found,
    })
}

/// Paper says what no policy can beat, with the same overhead as the simulation.
fn below_paper(rows: &[&Row], language: Language) -> Option<String> {
    let least = rows.iter().filter_map(|row| Some((row.mean_ms?, row.predicted_least_ms?)));
    let is_below: Vec<bool> = least.map(|(measured, least)| measured < least).collect();
    let below = is_below.iter().filter(|is_so| **is_so).count();
    (below > 0).then(|| language.balance_below_paper(below, is_below.len()))
}

/// The policies under a scenario by their mean times, the shortest first.
pub(super) fn ranked<'a>(rows: &[&'a Row], scenario: ScenarioName) -> Vec<(f64, &'a Row)> {
    let of_scenario = |row: &&&Row| row.scenario == scenario.name();
    let mut with_mean: Vec<(f64, &Row)> =
        rows.iter().filter(of_scenario).filter_map(|row| Some((row.mean_ms?, *row))).collect();
    with_mean.sort_by(|a, b| a.0.total_cmp(&b.0));
    with_mean
}

/// `peak-ewma 10.6 ms, least-connections 11.5 ms`
pub(super) fn in_order(ranked: &[(f64, &Row)], language: Language) -> String {
    let mean = |(ms, row): &(f64, &Row)| format!("{} {} ms", row.policy, language.number(*ms));
    ranked.iter().map(mean).collect::<Vec<_>>().join(", ")
}

fn beside_a_slow_server(rows: &[&Row], language: Language) -> Option<String> {
    let with_mean = ranked(rows, ScenarioName::Unequal);
    let [(_, best), .., (_, worst)] = with_mean[..] else { return None };
    let share = |row: &Row| row.share_a.map_or_else(String::new, |share| language.percent(share));
    let found = language.balance_slow(
        SLOWER,
        in_order(&with_mean, language),
        &best.policy,
        share(best),
        &worst.policy,
        share(worst),
    );
    let full = with_mean.iter().find(|(_, row)| row.predicted_by.as_deref() == Some(FULL));
    Some(match full {
        Some((_, row)) => format!("{found} {}", language.balance_full(&row.policy, PLACES)),
        None => found,
    })
}

fn among_equals(run: &BalanceRun, rows: &[&Row], language: Language) -> Option<String> {
    let with_mean = ranked(rows, ScenarioName::Equal);
    let found =
        (with_mean.len() > 1).then(|| language.balance_equal(in_order(&with_mean, language)))?;
    Some(match run.environment.plan.repetitions {
        1 => format!("{found} {}", language.balance_once()),
        _ => found,
    })
}

/// Of the rows in which something happens to a server the one with the longest response.
pub(super) fn longest<'a>(rows: &[&'a Row]) -> Option<(f64, &'a Row)> {
    let longest = struck(rows).filter_map(|row| Some((row.max_ms?, row)));
    longest.max_by(|a, b| a.0.total_cmp(&b.0))
}

fn struck<'a>(rows: &[&'a Row]) -> impl Iterator<Item = &'a Row> {
    let is_struck = |row: &&Row| row.cell().is_some_and(|it| it.scenario.incident().is_some());
    rows.iter().copied().filter(is_struck)
}

fn while_things_happen(rows: &[&Row], language: Language) -> Option<String> {
    let (longest_ms, worst) = longest(rows)?;
    let failed: u64 = struck(rows).map(|row| row.requests_failed + row.unsent).sum();
    let succeeded: u64 = struck(rows).map(|row| row.requests_succeeded).sum();
    let retries: u64 = struck(rows).map(|row| row.retries).sum();
    let found = language.balance_incidents(
        failed,
        failed + succeeded,
        retries,
        language.number(longest_ms),
        name(worst),
    );
    Some(match pause(rows, language) {
        Some(pause) => format!("{found} {pause}"),
        None => found,
    })
}

/// A time without an answer says something of a server only beside that of rows to whose servers nothing happens.
fn pause(rows: &[&Row], language: Language) -> Option<String> {
    /// Of moments that are the same.
    const APART_S: f64 = 0.05;
    let alike = rows.iter().filter(|row| row.scenario == ScenarioName::Equal.name());
    let undisturbed = alike.map(|row| row.longest_gap_ms).reduce(f64::max)?;
    let gap = largest(struck(rows).map(|row| row.longest_gap_ms));
    let [gap, undisturbed] = [gap, undisturbed].map(|ms| language.number(ms));
    let found = language.balance_pause(gap, undisturbed);
    let moments = || struck(rows).map(|row| row.longest_gap_from_s);
    let first = moments().fold(f64::INFINITY, f64::min);
    let is_common = moments().count() > 1 && largest(moments()) - first < APART_S;
    Some(match is_common {
        true => format!("{found} {}", language.balance_pause_common()),
        false => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{files::tests::made_up, rows::tests::row};

    #[test]
    fn the_row_that_is_farthest_from_its_simulation_is_named() {
        let near = row("equal", "round-robin");
        let far = Row { mean_off: Some(0.02), p99_off: Some(-0.31), ..row("burst", "peak-ewma") };
        let found = as_simulated(&[&near, &far], Language::En).unwrap();
        assert!(found.contains("1 of 2") && found.contains("burst, peak-ewma"), "{found}");
        assert!(found.contains("+2.0%") && found.contains("−31%"), "{found}");
        let outside = "The one row outside (burst, peak-ewma) was";
        assert!(found.ends_with(&format!("{outside} not disturbed by other programs.")), "{found}");
        let far = Row { disturbed: Some("others took 1 s".to_owned()), ..far };
        let found = as_simulated(&[&near, &far], Language::En).unwrap();
        assert!(found.ends_with(&format!("{outside} disturbed by other programs.")), "{found}");
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
        let stopped = Row { max_ms: Some(812.0), ..row("stopped", "round-robin") };
        let burst = Row { requests_failed: 100, ..row("burst", "round-robin") };
        let found = while_things_happen(&[&killed, &stopped, &burst], Language::En).unwrap();
        assert!(found.contains("3 of 4003") && found.contains("5 "), "{found}");
        assert!(found.contains("812") && found.contains("stopped, round-robin"), "{found}");
    }

    #[test]
    fn a_time_without_answers_is_told_beside_that_of_servers_to_which_nothing_happens() {
        let equal = Row { longest_gap_ms: 35.1, ..row("equal", "round-robin") };
        let killed = Row { longest_gap_ms: 47.8, ..row("killed", "round-robin") };
        let stopped = row("stopped", "round-robin");
        let found = pause(&[&equal, &killed, &stopped], Language::En).unwrap();
        assert!(found.contains("47.8 ms") && found.contains("35.1 ms"), "{found}");
        assert!(found.ends_with(&Language::En.balance_pause_common()), "{found}");
        let later = Row { longest_gap_from_s: 9.0, ..stopped };
        let found = pause(&[&equal, &killed, &later], Language::En).unwrap();
        assert!(!found.contains(&Language::En.balance_pause_common()), "{found}");
        assert_eq!(pause(&[&killed], Language::En), None);
    }

    #[test]
    fn means_that_are_all_shorter_than_simulated_are_told_with_their_sign_and_why() {
        let mut run = made_up(&["equal", "killed"]);
        let told = |run: &BalanceRun| {
            let rows: Vec<&Row> = run.rows.iter().collect();
            to_one_side(run, &rows, Language::En).unwrap()
        };
        let found = told(&run);
        assert!(found.contains("0 of 2 rows") && !found.contains("overhead"), "{found}");
        run.rows.iter_mut().for_each(|row| row.mean_off = Some(-0.07));
        run.quantiles.iter_mut().for_each(|line| line.simulated_ms = Some(11.0));
        let found = told(&run);
        assert!(found.contains("2 of 2 rows") && found.contains("−7.0%"), "{found}");
        assert!(found.contains("10.00 ms") && found.contains("11.00 ms"), "{found}");
    }

    #[test]
    fn means_below_the_least_on_paper_are_counted() {
        let below = Row { mean_ms: Some(11.0), ..row("equal", "round-robin") };
        let unknown = Row { predicted_least_ms: None, ..below.clone() };
        let rows = [below, row("equal", "two-choices"), unknown];
        let found = below_paper(&rows.each_ref(), Language::En).unwrap();
        assert!(found.contains("1 of 2"), "{found}");
        assert_eq!(below_paper(&[&rows[1]], Language::En), None);
    }
}
