//! Two runs of the experiment, row by row: is B faster than A?
//!
//! It is about mean times, and verdicts are those on runs of the other experiment: up to 5% they are the same, and
//! beyond that the test of Mann and Whitney says over the repetitions whether chance could be all of it.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, ensure};
use figures::{
    Numbers,
    significance::{ERROR_RATE, REPETITIONS_MAX, mann_whitney, ratio_range},
    spread::median_repetition,
};
use serde::Serialize;

use super::{
    files::{BalanceRun, Environment},
    rows::Row,
};
use crate::{
    args::ResultArgs,
    compare::{Evidence, Verdict, judge},
    language::Language,
    report::Grid,
    results::{EXIT_GATE, Sheet},
};

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Screen,
    Csv,
    Json,
}

/// A policy under a scenario, in both runs. Times are of the median repetition.
#[derive(Debug, Serialize)]
struct Pair {
    scenario: String,
    policy: String,
    a_repetitions: usize,
    b_repetitions: usize,
    a_mean_ms: Option<f64>,
    b_mean_ms: Option<f64>,
    /// How fast B is as a multiple of A, where both can be compared.
    speed_ratio: Option<f64>,
    /// Between these two it is with 95% confidence, taken by itself; for pairs with enough repetitions.
    speed_low: Option<f64>,
    speed_high: Option<f64>,
    a_p99_ms: Option<f64>,
    b_p99_ms: Option<f64>,
    /// For pairs with enough repetitions.
    p_value: Option<f64>,
    p_corrected: Option<f64>,
    #[serde(serialize_with = "named")]
    verdict: Verdict,
}

fn named<S: serde::Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict.name())
}

/// Prints what is different in the second run, and what became of the gates.
pub(crate) fn compare(
    [a, b]: [&Path; 2],
    across_machines: bool,
    format: Format,
    options: &ResultArgs,
) -> anyhow::Result<ExitCode> {
    let (a, b) = (BalanceRun::open(a)?, BalanceRun::open(b)?);
    check_comparable(&a.environment, &b.environment, across_machines)?;
    let pairs = pairs(&a.rows, &b.rows);
    ensure!(!pairs.is_empty(), "neither run has a row");
    let sheet = Sheet::of(&pairs)?;
    let results = options.gates.iter().map(|gate| gate.check(&sheet, &["scenario", "policy"]));
    let results = results.collect::<anyhow::Result<Vec<_>>>()?;
    match format {
        Format::Screen => cli::output::print(grid(&pairs, options.lang).on_screen().as_bytes()),
        Format::Csv => cli::output::print(&csv(&pairs)?),
        Format::Json => cli::outln!("{}", serde_json::to_string_pretty(&pairs)?),
    }
    for line in results.iter().flat_map(|result| result.lines(options.lang)) {
        // Programs read the standard output as a whole.
        if format == Format::Screen { cli::outln!("{line}") } else { cli::errln!("{line}") }
    }
    let is_met = results.iter().all(|result| result.broken.is_empty());
    Ok(if is_met { ExitCode::SUCCESS } else { EXIT_GATE.into() })
}

/// Rows of other servers or under another load say nothing about one another.
fn check_comparable(a: &Environment, b: &Environment, across_machines: bool) -> anyhow::Result<()> {
    const SETTINGS: [&str; 6] =
        ["servers", "workers", "service_ms", "utilisation", "requests", "clients"];
    let (plan_a, plan_b) = (serde_json::to_value(&a.plan)?, serde_json::to_value(&b.plan)?);
    for name in SETTINGS {
        let (in_a, in_b) = (&plan_a[name], &plan_b[name]);
        ensure!(in_a == in_b, "the runs differ in {name}: {in_a} and {in_b}");
    }
    let same = a.machine.check_same(&b.machine);
    if across_machines { Ok(()) } else { same.context("the runs are of two machines") }
}

/// In the order of the first run, and then what only the second one has.
fn pairs(a: &[Row], b: &[Row]) -> Vec<Pair> {
    let mut names: Vec<(&str, &str)> = Vec::new();
    for row in a.iter().chain(b) {
        let name = (row.scenario.as_str(), row.policy.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut pairs: Vec<Pair> = names
        .into_iter()
        .map(|name| Pair::of(name, &repetitions(a, name), &repetitions(b, name)))
        .collect();
    let evidence: Vec<Evidence> = pairs.iter().map(Pair::evidence).collect();
    for (pair, (p_corrected, verdict)) in pairs.iter_mut().zip(judge(&evidence)) {
        (pair.p_corrected, pair.verdict) = (p_corrected, verdict);
    }
    pairs
}

fn repetitions<'a>(rows: &'a [Row], (scenario, policy): (&str, &str)) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.scenario == scenario && row.policy == policy).collect()
}

impl Pair {
    /// Without a verdict, which depends on all the others.
    fn of((scenario, policy): (&str, &str), a: &[&Row], b: &[&Row]) -> Self {
        let times = times(a).zip(times(b));
        let (median_a, median_b) = (median(a), median(b));
        let both = median_a.and_then(|a| a.mean_ms).zip(median_b.and_then(|b| b.mean_ms));
        let compared = both.filter(|_| times.is_some());
        let tested =
            times.and_then(|(a, b)| Some((ratio_range(&a, &b, ERROR_RATE)?, mann_whitney(&a, &b))));
        Self {
            scenario: scenario.to_owned(),
            policy: policy.to_owned(),
            a_repetitions: a.len(),
            b_repetitions: b.len(),
            a_mean_ms: median_a.and_then(|row| row.mean_ms),
            b_mean_ms: median_b.and_then(|row| row.mean_ms),
            speed_ratio: compared.map(|(a, b)| a / b),
            speed_low: tested.map(|((low, _), _)| low),
            speed_high: tested.map(|((_, high), _)| high),
            a_p99_ms: median_a.and_then(|row| row.p99_ms),
            b_p99_ms: median_b.and_then(|row| row.p99_ms),
            p_value: tested.map(|(_, p_value)| p_value),
            p_corrected: None,
            verdict: Verdict::NotComparable,
        }
    }

    fn evidence(&self) -> Evidence {
        Evidence {
            medians: self.a_mean_ms.zip(self.b_mean_ms).filter(|_| self.speed_ratio.is_some()),
            speed_range: self.speed_low.zip(self.speed_high),
            p_value: self.p_value,
        }
    }
}

fn median<'a>(repetitions: &[&'a Row]) -> Option<&'a Row> {
    median_repetition(repetitions.iter().copied(), |row| row.mean_ms)
}

/// The mean times of all repetitions; `None` where one of them failed, or there are none or too many.
fn times(repetitions: &[&Row]) -> Option<Vec<f64>> {
    let is_number = (1..=REPETITIONS_MAX).contains(&repetitions.len());
    let is_sound = |row: &Row| !row.has_failed() && row.invalid.is_none();
    let time = |row: &&Row| row.mean_ms.filter(|mean_ms| is_sound(row) && *mean_ms > 0.0);
    is_number.then(|| repetitions.iter().map(time).collect())?
}

fn grid(pairs: &[Pair], language: Language) -> Grid {
    let number = |number: Option<f64>| number.map_or_else(String::new, |it| language.number(it));
    let fields = |pair: &Pair| {
        vec![
            pair.scenario.clone(),
            pair.policy.clone(),
            number(pair.a_mean_ms),
            number(pair.b_mean_ms),
            number(pair.a_p99_ms),
            number(pair.b_p99_ms),
            number(pair.speed_ratio),
            number(pair.p_corrected),
            pair.verdict.word(language),
        ]
    };
    Grid {
        heads: language.balance_compared_columns().into(),
        numbers: (2..8).collect(),
        rows: pairs.iter().map(fields).collect(),
    }
}

fn csv(pairs: &[Pair]) -> anyhow::Result<Vec<u8>> {
    let mut text = csv::Writer::from_writer(Vec::new());
    pairs.iter().try_for_each(|pair| text.serialize(pair))?;
    Ok(text.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{files::tests::made_up, rows::tests::row};

    fn measured(means_ms: &[f64]) -> Vec<Row> {
        let row = |mean_ms: &f64| Row { mean_ms: Some(*mean_ms), ..row("equal", "two-choices") };
        means_ms.iter().map(row).collect()
    }

    fn verdict(a: &[Row], b: &[Row]) -> Verdict {
        let compared = pairs(a, b);
        assert_eq!(compared.len(), 1);
        compared[0].verdict
    }

    #[test]
    fn a_difference_takes_four_repetitions_and_more_than_5_percent() {
        let slow = measured(&[20.0, 20.1, 20.2, 20.3]);
        let fast = measured(&[10.0, 10.1, 10.2, 10.3]);
        assert_eq!(verdict(&slow, &fast), Verdict::Faster);
        assert_eq!(verdict(&fast, &slow), Verdict::Slower);
        assert_eq!(verdict(&fast[..3], &slow[..3]), Verdict::Inconclusive);
        let little_slower = measured(&[10.4, 10.4, 10.5, 10.5]);
        assert_eq!(verdict(&fast, &little_slower), Verdict::Same);
    }

    /// Of 56 draws of 3 out of 8 two are as far apart, which is p = 0.036.
    #[test]
    fn three_repetitions_are_not_tested_against_five() {
        let (slow, fast) = (measured(&[20.0; 3]), measured(&[10.0; 5]));
        assert_eq!(verdict(&slow, &fast), Verdict::Inconclusive);
        assert_eq!(pairs(&slow, &fast)[0].p_value, None);
        assert_eq!(verdict(&measured(&[20.0; 4]), &fast), Verdict::Faster);
    }

    #[test]
    fn a_pair_that_is_not_tested_makes_no_other_less_sure() {
        let under = |scenario: &str, mut rows: Vec<Row>| {
            rows.iter_mut().for_each(|row| scenario.clone_into(&mut row.scenario));
            rows
        };
        let both = |times: f64| {
            let few = under("burst", measured(&[10.0 * times; 3]));
            [measured(&[10.0 * times; 4]), few].concat()
        };
        let compared = pairs(&both(1.0), &both(2.0));
        assert_eq!(compared[0].p_corrected, compared[0].p_value);
        let verdicts: Vec<Verdict> = compared.iter().map(|pair| pair.verdict).collect();
        assert_eq!(verdicts, [Verdict::Slower, Verdict::Inconclusive]);
    }

    #[test]
    fn what_failed_or_is_missing_is_not_compared() {
        let fine = measured(&[10.0, 10.1]);
        let mut failed = fine.clone();
        failed[1].requests_failed = 1;
        assert_eq!(verdict(&fine, &failed), Verdict::NotComparable);
        let compared = pairs(&fine, &[row("burst", "two-choices")]);
        let verdicts: Vec<Verdict> = compared.iter().map(|pair| pair.verdict).collect();
        assert_eq!(verdicts, [Verdict::NotComparable; 2]);
        assert_eq!((compared[1].a_repetitions, compared[1].b_repetitions), (0, 1));
        let text = String::from_utf8(csv(&compared).unwrap()).unwrap();
        assert!(text.contains("not_comparable"), "{text}");
        let shown = grid(&compared, Language::Id);
        assert_eq!(shown.rows[0].len(), shown.heads.len());
    }

    #[test]
    fn runs_of_other_servers_or_machines_are_refused() {
        let a = made_up(&["equal"]).environment;
        let mut b = a.clone();
        assert!(check_comparable(&a, &b, false).is_ok());
        b.plan.repetitions = 4;
        b.plan.seed = 9;
        assert!(check_comparable(&a, &b, false).is_ok());
        b.machine.cores = 64;
        assert!(check_comparable(&a, &b, false).is_err() && check_comparable(&a, &b, true).is_ok());
        b.plan.workers = 5;
        let refusal = check_comparable(&a, &b, true).unwrap_err().to_string();
        assert_eq!(refusal, "the runs differ in workers: 2 and 5");
    }
}
