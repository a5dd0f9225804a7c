//! Two runs of the experiment, row by row: is B faster than A?
//!
//! It is about mean times, and verdicts are those on runs of the other experiment: up to 5% they are the same, and
//! beyond that the test of Mann and Whitney says over the repetitions whether chance could be all of it.

use std::{path::Path, process::ExitCode};

use anyhow::{bail, ensure};
use cli::Grid;
use figures::{
    Numbers,
    significance::{ERROR_RATE, REPETITIONS_MAX, mann_whitney, ratio_range},
    spread::median_repetition,
};
use runs::{EXIT_GATE, Sheet};
use serde::Serialize;

use super::{files::BalanceRun, plan::BalancePlan, rows::Row};
use crate::{
    args::ResultArgs,
    compare::{Comparable, Evidence, Machines, Obstacle, Verdict, judge, obstacles_between},
    language::Language,
};

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Screen,
    Csv,
    Json,
}

impl Format {
    /// Says what is beside the pairs: programs read the standard output as a whole.
    fn say(self, line: &str) {
        if self == Self::Screen { cli::outln!("{line}") } else { cli::errln!("{line}") }
    }
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
    machines: Machines,
    format: Format,
    options: &ResultArgs,
) -> anyhow::Result<ExitCode> {
    let (a, b) = (BalanceRun::open(a)?, BalanceRun::open(b)?);
    let allowed = check_comparable(&a, &b, machines)?;
    let pairs = pairs(&a.rows, &b.rows);
    ensure!(!pairs.is_empty(), "neither run has a row");
    let sheet = Sheet::of(&pairs)?;
    let results = options.gates.iter().map(|gate| gate.check(&sheet, &["scenario", "policy"]));
    let results = results.collect::<anyhow::Result<Vec<_>>>()?;
    if !allowed.is_empty() {
        format.say(&options.lang.machines_differ());
    }
    for difference in &allowed {
        format.say(&format!("  {}", difference.sentence(options.lang)));
    }
    match format {
        Format::Screen => cli::output::print(grid(&pairs, options.lang).on_screen().as_bytes()),
        Format::Csv => cli::output::print(&csv(&pairs)?),
        Format::Json => cli::outln!("{}", serde_json::to_string_pretty(&pairs)?),
    }
    results
        .iter()
        .flat_map(|result| result.lines(options.lang.catalogue()))
        .for_each(|line| format.say(&line));
    let is_met = results.iter().all(|result| result.broken.is_empty());
    Ok(if is_met { ExitCode::SUCCESS } else { EXIT_GATE.into() })
}

/// Refuses runs whose rows say nothing about one another. What is different between the machines, where they may
/// differ.
fn check_comparable(
    a: &BalanceRun,
    b: &BalanceRun,
    machines: Machines,
) -> anyhow::Result<Vec<Obstacle>> {
    const CHOICES_OF_ROWS: [&str; 4] = ["policies", "scenarios", "repetitions", "seed"];
    let found = obstacles_between(&comparable(a), &comparable(b), &CHOICES_OF_ROWS);
    let (allowed, obstacles) = machines.divide(found);
    if obstacles.is_empty() {
        return Ok(allowed);
    }
    let sentences = obstacles.iter().map(|obstacle| obstacle.sentence(Language::En));
    let why = sentences.collect::<Vec<String>>().join("; ");
    if obstacles.iter().all(|obstacle| matches!(obstacle, Obstacle::OtherMachine(_))) {
        bail!("{why}; --across-machines compares them all the same");
    }
    bail!("{why}")
}

fn comparable(run: &BalanceRun) -> Comparable<'_, BalancePlan> {
    Comparable {
        machine: &run.environment.machine,
        program: &run.environment.program,
        plan: &run.environment.plan,
        is_invalid: run.rows.iter().any(|row| row.invalid.is_some()),
        is_partial: !run.missing().is_empty(),
    }
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
    let time = |row: &&Row| row.mean_ms.filter(|mean_ms| !row.has_failed() && *mean_ms > 0.0);
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
    use balancing::PolicyName;

    use super::*;
    use crate::balance::{files::tests::made_up, plan::ScenarioName, rows::tests::row};

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

    /// Of these scenarios under round-robin, and nothing is missing.
    fn whole(scenarios: &[ScenarioName]) -> BalanceRun {
        let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name()).collect();
        let mut run = made_up(&names);
        run.environment.plan.scenarios = scenarios.to_vec();
        run.environment.plan.policies = vec![PolicyName::RoundRobin];
        run
    }

    type Change = fn(&mut BalanceRun);

    /// Why an equal run that was changed is refused.
    fn refusal(machines: Machines, change: impl FnOnce(&mut BalanceRun)) -> Option<String> {
        let equal = [ScenarioName::Equal];
        let (a, mut b) = (whole(&equal), whole(&equal));
        change(&mut b);
        check_comparable(&a, &b, machines).err().map(|err| err.to_string())
    }

    #[test]
    fn runs_that_say_nothing_about_one_another_are_refused_in_words() {
        let strictly = |change: Change| refusal(Machines::MustAgree, change);
        let other_machine: Change = |b| b.environment.machine.cores = 64;
        assert_eq!(
            strictly(other_machine).unwrap(),
            "another machine: cores is 2 in A and 64 in B; --across-machines compares them all the same"
        );
        assert_eq!(refusal(Machines::MayDiffer, other_machine), None);
        let changes: [(Change, &str); 5] = [
            (|b| b.environment.plan.workers = 5, "other settings: workers is 2 in A and 5 in B"),
            (
                |b| b.environment.plan.requests = 9,
                "other settings: requests is 3600 in A and 9 in B",
            ),
            (|b| b.environment.program.build = "odd".to_owned(), "other settings: build is "),
            (|b| b.rows[0].invalid = Some("the counts differ".to_owned()), "B is INVALID"),
            (|b| b.rows.clear(), "B is PARTIAL"),
        ];
        for (change, why) in changes {
            let refusal = strictly(change).unwrap();
            assert!(refusal.starts_with(why) && !refusal.contains("--across"), "{refusal}");
        }
    }

    #[test]
    fn runs_of_other_rows_and_arrivals_are_compared_as_far_as_they_go() {
        assert_eq!(refusal(Machines::MustAgree, |b| b.environment.plan.seed = 9), None);
        let other = whole(&[ScenarioName::Equal, ScenarioName::Burst]);
        assert_eq!(refusal(Machines::MustAgree, |b| *b = other), None);
    }
}
