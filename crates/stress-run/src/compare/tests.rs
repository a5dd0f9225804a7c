//! The laws of the verdicts, on runs that are made up.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::{
    Compared, gates,
    obstacles::{Obstacle, Side},
    output, screen,
    verdicts::{Comparison, Machines, Tally, Verdict},
};
use crate::{
    language::Language,
    plan::{Attempt, Cell, Configuration, Encoding, MIB, Mode, Operation, Volume},
    results::{self, CellLine, Environment, Run},
};

/// The cell with so many clients; by the number of clients cells are told apart here.
fn cell(mode: Mode, clients: u32) -> Cell {
    let server = Configuration { mode: Some(mode), workers: 5 };
    let (operation, volume) = (Operation::Download, Volume { bytes: 10 * MIB });
    Cell { encoding: Encoding::Base64, operation, volume, clients, server }
}

/// A run of one row for each slice of times.
fn run(rows: &[&[f64]]) -> Run {
    let row = |(clients, times): (u32, &&[f64])| {
        let mode = if clients % 2 == 1 { Mode::Thread } else { Mode::Process };
        let line = move |(repetition, mean_s): (u32, &f64)| CellLine {
            mean_s: Some(*mean_s),
            goodput_bytes_per_s: Some(1e9 / mean_s),
            ..CellLine::unmeasured(Attempt { cell: cell(mode, clients), repetition, number: 1 })
        };
        (1..).zip(*times).map(line).collect::<Vec<CellLine>>()
    };
    Run {
        dir: "made/up".into(),
        environment: Environment::made_up(),
        attempts: (1..).zip(rows).flat_map(row).collect(),
        ceilings: Vec::new(),
    }
}

fn of_runs(a: &Run, b: &Run) -> Comparison {
    Comparison::of_runs(a, b, Machines::MustAgree)
}

fn compare(a: &[&[f64]], b: &[&[f64]]) -> Comparison {
    of_runs(&run(a), &run(b))
}

fn verdicts(comparison: &Comparison) -> Vec<Verdict> {
    let mut pairs: Vec<_> = comparison.pairs.iter().collect();
    pairs.sort_by_key(|pair| pair.cell.clients);
    pairs.iter().map(|pair| pair.verdict).collect()
}

fn inverted(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Faster => Verdict::Slower,
        Verdict::Slower => Verdict::Faster,
        Verdict::Same | Verdict::Inconclusive | Verdict::NotComparable => verdict,
    }
}

/// Rows of `repetitions` noisy times around `seconds`, each row on another scale.
fn noisy(random: &mut StdRng, rows: usize, repetitions: usize, seconds: f64) -> Vec<Vec<f64>> {
    let mut time = |scale: usize| scale as f64 * seconds * random.random_range(0.97..1.03);
    (1..=rows).map(|scale| (0..repetitions).map(|_| time(scale)).collect()).collect()
}

fn slices(rows: &[Vec<f64>]) -> Vec<&[f64]> {
    rows.iter().map(Vec::as_slice).collect()
}

const STEADY: [f64; 6] = [1.0, 1.01, 0.99, 1.02, 0.98, 1.005];

#[test]
fn a_slowdown_of_a_fifth_shows_with_six_repetitions_in_every_row() {
    let mut random = StdRng::seed_from_u64(1);
    let (a, b) = (noisy(&mut random, 54, 6, 1.0), noisy(&mut random, 54, 6, 1.2));
    let slower = compare(&slices(&a), &slices(&b));
    assert_eq!(verdicts(&slower), [Verdict::Slower; 54]);
    assert_eq!(verdicts(&compare(&slices(&b), &slices(&a))), [Verdict::Faster; 54]);
    let geomean = Tally::of(slower.pairs.iter()).speed_ratio.unwrap();
    assert!((geomean - 1.0 / 1.2).abs() < 0.01, "{geomean}");
}

#[test]
fn a_run_is_the_same_as_itself() {
    let mut random = StdRng::seed_from_u64(2);
    for repetitions in [1, 3, 4, 6, 7] {
        let rows = noisy(&mut random, 54, repetitions, 1.0);
        let comparison = compare(&slices(&rows), &slices(&rows));
        assert_eq!(verdicts(&comparison), [Verdict::Same; 54]);
        assert_eq!(Tally::of(comparison.pairs.iter()).speed_ratio, Some(1.0));
    }
}

#[test]
fn two_runs_of_the_same_speed_are_neither_faster_nor_slower() {
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let (a, b) = (noisy(&mut random, 54, 6, 1.0), noisy(&mut random, 54, 6, 1.0));
        assert_eq!(verdicts(&compare(&slices(&a), &slices(&b))), [Verdict::Same; 54], "{seed}");
    }
}

#[test]
fn noise_alone_seldom_looks_like_a_difference() {
    let mut random = StdRng::seed_from_u64(3);
    let mut rows = || -> Vec<Vec<f64>> {
        let mut row = |_| (0..6).map(|_| random.random_range(0.5..1.5)).collect();
        (0..54).map(&mut row).collect()
    };
    let misled = (0..200).filter(|_| {
        let (a, b) = (rows(), rows());
        let found = verdicts(&compare(&slices(&a), &slices(&b)));
        found.contains(&Verdict::Faster) || found.contains(&Verdict::Slower)
    });
    // Where nothing differs the correction promises 5% of comparisons; uncorrected it would be 90%.
    let misled = misled.count();
    assert!(misled <= 18, "{misled} of 200");
}

#[test]
fn exchanging_the_runs_inverts_every_sign_and_changes_nothing_else() {
    for seed in 0..200 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut rows = |spread: f64| -> Vec<Vec<f64>> {
            let mut row = |_| {
                let (count, factor) = (random.random_range(1..9), random.random_range(0.5..2.0));
                (0..count).map(|_| factor * random.random_range(1.0..spread)).collect()
            };
            (0..12).map(&mut row).collect()
        };
        let (a, b) = (rows(1.1), rows(1.3));
        let there = compare(&slices(&a), &slices(&b));
        let back = compare(&slices(&b), &slices(&a));
        for (there, back) in there.pairs.iter().zip(&back.pairs) {
            assert_eq!(there.cell, back.cell);
            assert_eq!(inverted(there.verdict), back.verdict, "seed {seed}: {there:?} {back:?}");
            assert_eq!((there.p_value, there.p_corrected), (back.p_value, back.p_corrected));
            assert_reciprocal(there.speed_ratio.unwrap(), back.speed_ratio.unwrap());
            assert_eq!(there.speed_range.is_some(), back.speed_range.is_some());
            if let (Some((low, high)), Some((back_low, back_high))) =
                (there.speed_range, back.speed_range)
            {
                let is_inverse = |one: f64, other: f64| (one * other - 1.0).abs() < 1e-12;
                assert!(is_inverse(low, back_high) && is_inverse(high, back_low), "{there:?}");
            }
        }
        let geomean = |of: &Comparison| Tally::of(of.pairs.iter()).speed_ratio.unwrap();
        assert_reciprocal(geomean(&there), geomean(&back));
    }
}

/// The smaller is the larger one's reciprocal to the last digit. The other way round need not be:
/// a reciprocal is rounded.
fn assert_reciprocal(one: f64, other: f64) {
    assert_eq!(1.0 / one.max(other), one.min(other));
}

#[test]
fn fewer_than_four_repetitions_are_the_same_or_inconclusive() {
    let comparison = compare(
        &[&[1.0, 1.0, 1.0], &[1.0], &STEADY, &[1.0; 4]],
        &[&[2.0, 2.0, 2.0], &[1.04], &[2.0, 2.0, 2.0], &[2.0; 4]],
    );
    let expected = [Verdict::Inconclusive, Verdict::Same, Verdict::Inconclusive, Verdict::Slower];
    assert_eq!(verdicts(&comparison), expected);
    assert_eq!(Tally::of(comparison.pairs.iter()).tested, 1);
}

#[test]
fn a_difference_that_chance_could_make_is_inconclusive() {
    let comparison = compare(&[&[1.0, 2.0, 3.0, 4.0, 5.0]], &[&[1.5, 2.5, 3.5, 4.5, 5.5]]);
    assert_eq!(verdicts(&comparison), [Verdict::Inconclusive]);
}

#[test]
fn a_small_difference_is_the_same_however_certain() {
    let faster = STEADY.map(|seconds| 0.955 * seconds);
    let comparison = compare(&[&[1.0; 6]], &[&[1.05; 6]]);
    assert_eq!(verdicts(&comparison), [Verdict::Same]);
    assert!(comparison.pairs[0].p_value.unwrap() < 0.01);
    assert_eq!(verdicts(&compare(&[&STEADY], &[&faster])), [Verdict::Same]);
}

#[test]
fn a_row_with_failures_or_in_one_run_only_is_not_comparable() {
    let (mut a, b) = (run(&[&STEADY, &STEADY]), run(&[&STEADY, &STEADY, &STEADY]));
    a.attempts[STEADY.len() + 3].clients_failed = 7;
    let comparison = of_runs(&a, &b);
    let expected = [Verdict::Same, Verdict::NotComparable, Verdict::NotComparable];
    assert_eq!(verdicts(&comparison), expected);
    let obstacles: Vec<_> =
        comparison.pairs.iter().filter_map(|pair| pair.obstacle.clone()).collect();
    let (failed, missing) = (Obstacle::ClientsFailed(Side::A, 7), Obstacle::NotMeasured(Side::A));
    assert!(obstacles.contains(&failed) && obstacles.contains(&missing), "{obstacles:?}");
}

#[test]
fn no_row_of_an_invalid_or_partial_run_is_comparable() {
    let mut invalid = run(&[&STEADY, &STEADY]);
    invalid.attempts[0].invalid = Some("wrong bytes".to_owned());
    let mut partial = run(&[&STEADY, &STEADY]);
    partial.environment.plan.repetitions = 13;
    for (a, obstacle) in
        [(invalid, Obstacle::Invalid(Side::A)), (partial, Obstacle::Partial(Side::A))]
    {
        let comparison = of_runs(&a, &run(&[&STEADY, &STEADY]));
        assert_eq!(verdicts(&comparison), [Verdict::NotComparable; 2]);
        assert_eq!(comparison.obstacles, [obstacle]);
        assert_eq!(Tally::of(comparison.pairs.iter()).speed_ratio, None);
    }
}

fn is_met(comparison: &Comparison, gate: &str) -> bool {
    let results = gates::check(&[], comparison, &[results::gate(gate).unwrap()]).unwrap();
    results.iter().all(|result| result.broken.is_empty())
}

#[test]
fn gates_count_over_the_rows_they_select() {
    let slow = STEADY.map(|seconds| 1.25 * seconds);
    // Odd rows are of thread mode, even ones of process mode.
    let comparison = compare(&[&STEADY, &STEADY], &[&STEADY, &slow]);
    for (gate, met) in [
        ("slower==0", false),
        ("mode=thread:slower==0", true),
        ("mode=process:slower==1", true),
        ("geomean>=0.88", true),
        ("geomean>=0.9", false),
        ("mode=thread:geomean==1", true),
        ("speed_ratio>=0.7", true),
        ("speed_ratio>=0.9", false),
        ("pairs==2", true),
        ("verdict=slower:p_corrected<=0.05", true),
    ] {
        assert_eq!(is_met(&comparison, gate), met, "{gate}");
    }
    for gate in ["mode=async:slower==0", "color=red:slower==0", "mean_s<1", "clients_failed==0"] {
        assert!(gates::check(&[], &comparison, &[results::gate(gate).unwrap()]).is_err(), "{gate}");
    }
}

#[test]
fn no_gate_is_met_because_nothing_was_compared() {
    let untested = compare(&[&[1.0]], &[&[1.0]]);
    assert!(!is_met(&untested, "slower==0") && is_met(&untested, "same==1"));
    let mut other = run(&[&[1.0]]);
    other.environment.machine.cores = 64;
    let incomparable = of_runs(&run(&[&[1.0]]), &other);
    for gate in ["slower==0", "inconclusive==0", "geomean<2", "speed_ratio<2", "not_comparable==0"]
    {
        assert!(!is_met(&incomparable, gate), "{gate}");
    }
}

/// The same run, in which each row was also measured without base64, so many times as fast.
fn with_raw(mut run: Run, times: f64) -> Run {
    let raw = run.attempts.iter().map(|line| CellLine {
        encoding: Some(Encoding::Raw),
        mean_s: line.mean_s.map(|mean_s| mean_s / times),
        ..line.clone()
    });
    let raw: Vec<CellLine> = raw.collect();
    run.attempts.extend(raw);
    run.environment.plan.encodings.push(Encoding::Raw);
    run
}

#[test]
fn rows_without_base64_are_compared_with_the_same_ones_with_it() {
    let both = with_raw(run(&[&STEADY, &STEADY]), 2.0);
    let comparison = Comparison::of_encodings(&both);
    assert_eq!(verdicts(&comparison), [Verdict::Faster; 2]);
    for pair in &comparison.pairs {
        assert_eq!((pair.cell.encoding, pair.speed_ratio), (Encoding::Raw, Some(2.0)));
    }
    assert!(is_met(&comparison, "encoding=raw,mode=thread:faster==1"));
    assert!(
        gates::check(&[], &comparison, &[results::gate("encoding=base64:pairs==1").unwrap()])
            .is_err()
    );
    let screen = screen::on_screen(&[both], &Compared::Encodings(comparison), Language::En);
    assert!(screen.starts_with("A: base64, B: raw\n"), "{screen}");
    let title = "\nServer mode: thread, content as it is (raw)\n";
    assert!(screen.contains(title) && screen.contains("thread-raw"), "{screen}");
    let mut failed = with_raw(run(&[&STEADY]), 2.0);
    failed.attempts[0].clients_failed = 3;
    let comparison = Comparison::of_encodings(&failed);
    let why = Obstacle::ClientsFailed(Side::Encoding(Encoding::Base64), 3);
    assert_eq!(comparison.pairs[0].obstacle, Some(why));
}

#[test]
fn a_run_with_both_encodings_is_compared_with_one_of_before_in_what_they_have_in_common() {
    let comparison = of_runs(&run(&[&STEADY]), &with_raw(run(&[&STEADY]), 2.0));
    let judged: Vec<_> =
        comparison.pairs.iter().map(|pair| (pair.cell.encoding, pair.verdict)).collect();
    let expected = [(Encoding::Base64, Verdict::Same), (Encoding::Raw, Verdict::NotComparable)];
    assert_eq!(judged, expected);
    assert!(comparison.obstacles.is_empty());
}

#[test]
fn csv_and_json_say_the_same() {
    let comparison = compare(&[&STEADY], &[&STEADY.map(|seconds| 2.0 * seconds)]);
    let csv = output::csv(&[], &comparison).unwrap();
    let json = output::json(&[], &Compared::Runs(comparison));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    for (head, field) in heads.iter().zip(&row) {
        let member = match &json["pairs"][0][head] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        assert_eq!(member, field, "{head}");
    }
    assert_eq!((&row[19], &json["all"]["slower"]), ("slower", &json!(1)));
}
