//! What each pair of rows says about run B against run A.
//!
//! The mean time per client decides; goodput is shown beside it. Of each row the medians over the
//! repetitions are set in relation. All of it is symmetric: with A and B exchanged `faster` becomes
//! `slower`, every ratio becomes its reciprocal, and nothing else changes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    obstacles::{Obstacle, Side, obstacles},
    past_run::{PastRun, Repetition},
};
use crate::{
    plan::{Cell, Mode},
    significance::{
        FALSE_DISCOVERY_RATE, REPETITIONS_MAX, REPETITIONS_MIN, corrected, mann_whitney,
    },
    spread::median_repetition,
};

/// The larger median over the smaller one, up to which two rows are the same.
pub(crate) const SAME_UP_TO: f64 = 1.05;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Beyond 5%, and more than chance.
    Faster,
    /// Beyond 5%, and more than chance.
    Slower,
    /// Within 5%.
    Same,
    /// Beyond 5%, and chance could be all of it.
    Inconclusive,
    NotComparable,
}

pub(crate) struct Comparison {
    pub(crate) a: PastRun,
    pub(crate) b: PastRun,
    /// What keeps every row from being compared.
    pub(crate) obstacles: Vec<Obstacle>,
    /// By mode, then as in the 54-row table.
    pub(crate) pairs: Vec<Pair>,
}

/// One row in both runs.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) cell: Cell,
    pub(crate) a: Row,
    pub(crate) b: Row,
    /// How fast B is as a multiple of A, for pairs that can be compared.
    pub(crate) speed_ratio: Option<f64>,
    /// For pairs with enough repetitions.
    pub(crate) p_value: Option<f64>,
    pub(crate) p_corrected: Option<f64>,
    pub(crate) verdict: Verdict,
    /// Why the pair cannot be compared.
    pub(crate) obstacle: Option<Obstacle>,
}

/// One row of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) repetitions: usize,
    /// Of the median repetition.
    pub(crate) mean_s: Option<f64>,
    pub(crate) goodput: Option<f64>,
}

/// What a set of pairs says together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) pairs: usize,
    /// Pairs with enough repetitions to be faster or slower.
    pub(crate) tested: usize,
    pub(crate) faster: usize,
    pub(crate) slower: usize,
    pub(crate) same: usize,
    pub(crate) inconclusive: usize,
    pub(crate) not_comparable: usize,
    /// The geometric mean of the speed ratios; `None` where nothing could be compared.
    pub(crate) speed_ratio: Option<f64>,
}

impl Comparison {
    pub(crate) fn of(a: PastRun, b: PastRun) -> Self {
        let obstacles = obstacles(&a, &b);
        let cells: BTreeSet<&Cell> = a.cells.keys().chain(b.cells.keys()).collect();
        let mut pairs: Vec<Pair> =
            cells.into_iter().map(|&cell| pair(cell, &a, &b, obstacles.first())).collect();
        pairs.sort_by_key(|pair| (pair.cell.server.mode, pair.cell));
        judge(&mut pairs);
        Self { a, b, obstacles, pairs }
    }

    pub(crate) fn by_mode(&self) -> BTreeMap<Option<Mode>, Tally> {
        let modes: BTreeSet<_> = self.pairs.iter().map(|pair| pair.cell.server.mode).collect();
        let of = |mode| self.pairs.iter().filter(move |pair| pair.cell.server.mode == mode);
        modes.into_iter().map(|mode| (mode, Tally::of(of(mode)))).collect()
    }
}

fn pair(cell: Cell, a: &PastRun, b: &PastRun, of_runs: Option<&Obstacle>) -> Pair {
    let repetitions = |run: &PastRun| run.cells.get(&cell).cloned().unwrap_or_default();
    let (of_a, of_b) = (repetitions(a), repetitions(b));
    let of_row = || row_obstacle(Side::A, &of_a).or_else(|| row_obstacle(Side::B, &of_b));
    let mut pair = Pair {
        cell,
        a: Row::of(&of_a),
        b: Row::of(&of_b),
        speed_ratio: None,
        p_value: None,
        p_corrected: None,
        verdict: Verdict::NotComparable,
        obstacle: of_runs.cloned().or_else(of_row),
    };
    let Some((a_s, b_s)) = pair.compared_medians() else { return pair };
    pair.speed_ratio = Some(speed_ratio(a_s, b_s));
    if pair.a.repetitions.min(pair.b.repetitions) >= REPETITIONS_MIN {
        pair.p_value = Some(mann_whitney(&times(&of_a), &times(&of_b)));
    }
    pair
}

/// What keeps one row of one run from being compared.
fn row_obstacle(side: Side, repetitions: &[Repetition]) -> Option<Obstacle> {
    let failed = repetitions.iter().map(|repetition| repetition.clients_failed).sum();
    if repetitions.is_empty() {
        Some(Obstacle::NotMeasured(side))
    } else if failed > 0 {
        Some(Obstacle::ClientsFailed(side, failed))
    } else if repetitions.iter().any(|repetition| repetition.mean_s.is_none()) {
        Some(Obstacle::NotMeasured(side))
    } else if repetitions.len() > REPETITIONS_MAX {
        Some(Obstacle::TooManyRepetitions(side))
    } else {
        None
    }
}

fn times(repetitions: &[Repetition]) -> Vec<f64> {
    repetitions.iter().filter_map(|repetition| repetition.mean_s).collect()
}

/// Written so that exchanging the times gives the exact reciprocal of the larger ratio.
fn speed_ratio(a_s: f64, b_s: f64) -> f64 {
    if a_s >= b_s { a_s / b_s } else { 1.0 / (b_s / a_s) }
}

/// Corrects the p-values over all tested pairs, and gives every pair its verdict.
fn judge(pairs: &mut [Pair]) {
    let p_values: Vec<f64> = pairs.iter().filter_map(|pair| pair.p_value).collect();
    let mut corrected = corrected(&p_values).into_iter();
    for pair in pairs {
        pair.p_corrected = pair.p_value.and_then(|_| corrected.next());
        pair.verdict = verdict(pair);
    }
}

fn verdict(pair: &Pair) -> Verdict {
    let Some((a_s, b_s)) = pair.compared_medians() else { return Verdict::NotComparable };
    if a_s.max(b_s) / a_s.min(b_s) <= SAME_UP_TO {
        return Verdict::Same;
    }
    match pair.p_corrected {
        Some(p) if p <= FALSE_DISCOVERY_RATE && b_s < a_s => Verdict::Faster,
        Some(p) if p <= FALSE_DISCOVERY_RATE => Verdict::Slower,
        Some(_) | None => Verdict::Inconclusive,
    }
}

impl Pair {
    /// The times of A and B that the verdict is on, where there may be one.
    fn compared_medians(&self) -> Option<(f64, f64)> {
        self.a.mean_s.zip(self.b.mean_s).filter(|_| self.obstacle.is_none())
    }
}

impl Row {
    fn of(repetitions: &[Repetition]) -> Self {
        let median = median_repetition(repetitions, |one| one.mean_s);
        Self {
            repetitions: repetitions.len(),
            mean_s: median.and_then(|one| one.mean_s),
            goodput: median.and_then(|one| one.goodput),
        }
    }
}

impl Tally {
    pub(crate) fn of<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Self {
        let mut tally = Self::default();
        let mut logs = Vec::new();
        for pair in pairs {
            tally.pairs += 1;
            tally.tested += usize::from(pair.p_value.is_some());
            *tally.count_mut(pair.verdict) += 1;
            logs.extend(pair.compared_medians().map(symmetric_ln));
        }
        let mean = || logs.iter().sum::<f64>() / logs.len() as f64;
        tally.speed_ratio = (!logs.is_empty()).then(|| symmetric_exp(mean()));
        tally
    }

    fn count_mut(&mut self, verdict: Verdict) -> &mut usize {
        match verdict {
            Verdict::Faster => &mut self.faster,
            Verdict::Slower => &mut self.slower,
            Verdict::Same => &mut self.same,
            Verdict::Inconclusive => &mut self.inconclusive,
            Verdict::NotComparable => &mut self.not_comparable,
        }
    }

    pub(crate) fn compared(&self) -> usize {
        self.pairs - self.not_comparable
    }
}

/// The logarithm of the speed ratio; exchanging the times changes its sign and no digit.
fn symmetric_ln((a_s, b_s): (f64, f64)) -> f64 {
    if a_s >= b_s { (a_s / b_s).ln() } else { -(b_s / a_s).ln() }
}

fn symmetric_exp(log: f64) -> f64 {
    if log >= 0.0 { log.exp() } else { 1.0 / (-log).exp() }
}
