//! What each pair says about B against A.
//!
//! Of each side the median repetition of its server is set in relation. All of it is symmetric: with A
//! and B exchanged `faster` becomes `slower`, every ratio becomes its reciprocal, and nothing else
//! changes.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use figures::significance::{FALSE_DISCOVERY_RATE, corrected};

use super::{
    contender::{Candidate, Contender, Measure},
    obstacles::{Obstacle, Side, obstacles, obstacles_within},
};
use crate::{
    plan::{Cell, Encoding, Mode},
    results::{Cells, Run},
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

impl Verdict {
    /// Where programs read it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::Inconclusive => "inconclusive",
            Self::NotComparable => "not_comparable",
        }
    }
}

/// What decides about a pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    /// The median times of A and B, where they can be compared.
    pub(crate) medians: Option<(f64, f64)>,
    /// How fast B is as a multiple of A, by all repetitions; where there are enough of them.
    pub(crate) speed_range: Option<(f64, f64)>,
    /// Where there are enough repetitions.
    pub(crate) p_value: Option<f64>,
}

/// Two runs: whether they may be of two machines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Machines {
    MustAgree,
    MayDiffer,
}

impl Machines {
    /// What is no obstacle since it was asked for, and what is one.
    pub(crate) fn divide(self, obstacles: Vec<Obstacle>) -> (Vec<Obstacle>, Vec<Obstacle>) {
        obstacles.into_iter().partition(|obstacle| {
            self == Self::MayDiffer && matches!(obstacle, Obstacle::OtherMachine(_))
        })
    }
}

pub(crate) struct Comparison {
    pub(crate) measure: Measure,
    /// What keeps every pair from being compared.
    pub(crate) obstacles: Vec<Obstacle>,
    /// Differences between the machines that were asked to be no obstacle.
    pub(crate) allowed: Vec<Obstacle>,
    /// By mode and encoding, then as in the 54-row table.
    pub(crate) pairs: Vec<Pair>,
}

/// A mode and an encoding.
pub(crate) type Table = (Option<Mode>, Encoding);

/// The same load on both sides.
#[derive(Debug)]
pub(crate) struct Pair {
    /// With the server of B.
    pub(crate) cell: Cell,
    pub(crate) a: Candidate,
    pub(crate) b: Candidate,
    /// How fast B is as a multiple of A, for pairs that can be compared.
    pub(crate) speed_ratio: Option<f64>,
    /// Holds the true ratio with 95% confidence, taken by itself; for pairs with enough repetitions.
    pub(crate) speed_range: Option<(f64, f64)>,
    /// For pairs with enough repetitions.
    pub(crate) p_value: Option<f64>,
    pub(crate) p_corrected: Option<f64>,
    pub(crate) verdict: Verdict,
    /// Why the pair cannot be compared.
    pub(crate) obstacle: Option<Obstacle>,
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
    pub(crate) fn of_runs(a: &Run, b: &Run, machines: Machines) -> Self {
        let (allowed, obstacles) = machines.divide(obstacles(a, b));
        let (a, b) = (a.cells(), b.cells());
        let all: BTreeSet<&Cell> = a.keys().chain(b.keys()).collect();
        let pair = |cell: &Cell| {
            let (a, b) = (row_of(Side::A, &a, cell), row_of(Side::B, &b, cell));
            Pair::of(cell, &a, &b, obstacles.first())
        };
        let pairs = all.into_iter().map(pair).collect();
        Self { allowed, ..Self::judged(Measure::MeanTime, obstacles.clone(), pairs) }
    }

    /// The rows of one run without base64 (B) against the same ones with it (A).
    pub(crate) fn of_encodings(run: &Run) -> Self {
        let (cells, obstacles) = (run.cells(), obstacles_within(&run.marks()));
        let pair = |raw: &Cell| {
            let base64 = Cell { encoding: Encoding::Base64, ..*raw };
            let side = |cell: &Cell| row_of(Side::Encoding(cell.encoding), &cells, cell);
            Pair::of(raw, &side(&base64), &side(raw), obstacles.first())
        };
        let raw = cells.keys().filter(|cell| cell.encoding == Encoding::Raw);
        Self::judged(Measure::MeanTime, obstacles.clone(), raw.map(pair).collect())
    }

    pub(super) fn judged(measure: Measure, obstacles: Vec<Obstacle>, mut pairs: Vec<Pair>) -> Self {
        pairs.sort_by_key(|pair| (pair.cell.server.mode, pair.cell));
        let evidence: Vec<Evidence> = pairs.iter().map(Pair::evidence).collect();
        for (pair, (p_corrected, verdict)) in pairs.iter_mut().zip(judge(&evidence)) {
            (pair.p_corrected, pair.verdict) = (p_corrected, verdict);
        }
        Self { measure, obstacles, allowed: Vec::new(), pairs }
    }

    /// By what the rows of one table have in common.
    pub(crate) fn by_table(&self) -> BTreeMap<Table, Tally> {
        let tables: BTreeSet<Table> = self.pairs.iter().map(Pair::table).collect();
        let of = |table| self.pairs.iter().filter(move |pair| pair.table() == table);
        tables.into_iter().map(|table| (table, Tally::of(of(table)))).collect()
    }
}

/// A row of a run, which has one server.
fn row_of(side: Side, cells: &Cells<'_>, cell: &Cell) -> Contender {
    let repetitions = cells.get(cell).map_or(&[][..], Vec::as_slice);
    Contender::of(side, vec![(cell.server, repetitions)], Measure::MeanTime)
}

/// The p-value of each pair, corrected over all that are tested, and its verdict.
pub(crate) fn judge(pairs: &[Evidence]) -> Vec<(Option<f64>, Verdict)> {
    let p_values: Vec<f64> = pairs.iter().filter_map(|pair| pair.p_value).collect();
    let mut corrected = corrected(&p_values).into_iter();
    let judge = |pair: &Evidence| {
        let p_corrected = pair.p_value.and_then(|_| corrected.next());
        (p_corrected, pair.verdict(p_corrected))
    };
    pairs.iter().map(judge).collect()
}

impl Evidence {
    fn verdict(&self, p_corrected: Option<f64>) -> Verdict {
        let Some((a_s, b_s)) = self.medians else { return Verdict::NotComparable };
        if a_s.max(b_s) / a_s.min(b_s) <= SAME_UP_TO {
            return Verdict::Same;
        }
        let is_discovery = p_corrected.is_some_and(|p| p <= FALSE_DISCOVERY_RATE);
        match self.speed_range.filter(|_| is_discovery) {
            // All repetitions together must not say the contrary of the two median ones.
            Some((low, _)) if low > 1.0 && b_s < a_s => Verdict::Faster,
            Some((_, high)) if high < 1.0 && b_s > a_s => Verdict::Slower,
            Some(_) | None => Verdict::Inconclusive,
        }
    }
}

impl Pair {
    /// Without a verdict, which depends on all the others.
    pub(super) fn of(cell: &Cell, a: &Contender, b: &Contender, of_all: Option<&Obstacle>) -> Self {
        let of_pair = || a.obstacle.clone().or_else(|| b.obstacle.clone());
        let mut pair = Self {
            cell: Cell { server: b.best().server, ..*cell },
            a: a.best().clone(),
            b: b.best().clone(),
            speed_ratio: None,
            speed_range: None,
            p_value: None,
            p_corrected: None,
            verdict: Verdict::NotComparable,
            obstacle: of_all.cloned().or_else(of_pair),
        };
        if let Some((a_s, b_s)) = pair.compared_medians() {
            pair.speed_ratio = Some(speed_ratio(a_s, b_s));
            pair.speed_range = a.speed_range(b);
            pair.p_value = pair.speed_range.map(|_| a.p_value(b));
        }
        pair
    }

    fn evidence(&self) -> Evidence {
        let Self { speed_range, p_value, .. } = *self;
        Evidence { medians: self.compared_medians(), speed_range, p_value }
    }

    /// That of B.
    pub(super) fn table(&self) -> Table {
        (self.cell.server.mode, self.cell.encoding)
    }

    pub(super) fn is(&self, verdict: Verdict) -> bool {
        self.verdict == verdict
    }

    /// Where B is slowest first.
    pub(super) fn by_speed(&self, other: &Self) -> Ordering {
        let speed = |pair: &Self| pair.speed_ratio.unwrap_or(f64::INFINITY);
        speed(self).total_cmp(&speed(other))
    }

    /// The times of A and B that the verdict is on, where there may be one.
    fn compared_medians(&self) -> Option<(f64, f64)> {
        self.a.seconds.zip(self.b.seconds).filter(|_| self.obstacle.is_none())
    }
}

/// Written so that exchanging the times gives the exact reciprocal of the larger ratio.
fn speed_ratio(a_s: f64, b_s: f64) -> f64 {
    if a_s >= b_s { a_s / b_s } else { 1.0 / (b_s / a_s) }
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
