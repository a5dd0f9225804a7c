//! One side of a pair: the servers that it may choose from, and the best of them.
//!
//! The best is chosen by the same repetitions that are tested afterwards, which flatters it: of equal
//! servers one always looks best. So a side is faster only where its best server is faster than each
//! server of the other side, and its p-value is multiplied by the number of servers that the best was
//! chosen from. The first part needs no correction: that all of several differences are there is as sure
//! as the least sure of them (an intersection-union test; Berger, Technometrics 24, 1982). The second
//! part is Bonferroni's inequality. Testing the best two alone is wrong more often than it promises
//! where one side has more servers than the other. Choosing, for each repetition, by the other ones is
//! no way out: it makes the repetitions depend on one another, and is wrong even more often.
//!
//! Where each side has one server, as in two runs, all this is the plain test.

use std::cmp::Ordering;

use figures::{
    significance::{ERROR_RATE, REPETITIONS_MAX, mann_whitney, ratio_range},
    spread::median_repetition,
};

use super::obstacles::{Obstacle, Side};
use crate::{plan::Configuration, results::CellLine};

/// What decides which side is faster.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Measure {
    /// The mean time of a client, which the 54-row table has.
    MeanTime,
    /// The bytes of all clients together. Between servers that serve their clients in turn and others
    /// that serve all at once the mean time would decide for the turns, however fast each is.
    Goodput,
}

impl Measure {
    /// Seconds that all of it took, up to a factor that is the same for both sides.
    fn seconds(self, repetition: &CellLine) -> Option<f64> {
        match self {
            Self::MeanTime => repetition.mean_s,
            Self::Goodput => repetition.goodput_bytes_per_s.map(f64::recip),
        }
    }
}

pub(crate) struct Contender {
    /// Those that can be compared, or where there is none of these one that cannot. The best comes first.
    candidates: Vec<Candidate>,
    /// Why no server can be compared.
    pub(super) obstacle: Option<Obstacle>,
}

/// One server under one load.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) server: Configuration,
    pub(crate) repetitions: usize,
    /// From so many servers of its side.
    pub(crate) chosen_from: usize,
    /// Of the repetition with the median of what decides.
    pub(crate) mean_s: Option<f64>,
    pub(crate) goodput: Option<f64>,
    /// What decides, of that repetition and of each.
    pub(super) seconds: Option<f64>,
    times: Vec<f64>,
}

impl Contender {
    /// Of at least one server, which need not have been measured.
    pub(super) fn of(
        side: Side,
        servers: Vec<(Configuration, &[&CellLine])>,
        measure: Measure,
    ) -> Self {
        let judged = servers.into_iter().map(|(server, repetitions)| {
            (Candidate::of(server, repetitions, measure), obstacle(side, repetitions, measure))
        });
        let (whole, others): (Vec<_>, Vec<_>) = judged.partition(|(_, why)| why.is_none());
        let others = if whole.is_empty() { others } else { Vec::new() };
        let obstacle = others.first().and_then(|(_, why)| why.clone());
        let mut candidates: Vec<Candidate> = whole
            .into_iter()
            .chain(others.into_iter().take(1))
            .map(|(candidate, _)| candidate)
            .collect();
        candidates.sort_by(Candidate::by_seconds);
        candidates[0].chosen_from = candidates.len();
        Self { candidates, obstacle }
    }

    pub(super) fn best(&self) -> &Candidate {
        self.candidates.first().expect("a side has a server")
    }

    /// How likely chance alone would make one of the two sides look as much faster.
    pub(super) fn p_value(&self, other: &Self) -> f64 {
        match self.best().by_seconds(other.best()) {
            Ordering::Less => self.p_value_over(other),
            Ordering::Greater => other.p_value_over(self),
            Ordering::Equal => self.p_value_over(other).max(other.p_value_over(self)),
        }
    }

    fn p_value_over(&self, other: &Self) -> f64 {
        let beside = |one: &Candidate| mann_whitney(&self.best().times, &one.times);
        let against = other.candidates.iter().map(beside);
        (self.candidates.len() as f64 * against.fold(0.0, f64::max)).min(1.0)
    }

    /// How fast the other side is as a multiple of this one: the ratios that the test does not refuse.
    /// `None` where it can refuse none, however far apart the sides are.
    pub(super) fn speed_range(&self, other: &Self) -> Option<(f64, f64)> {
        Some((1.0 / other.slower_at_most(self)?, self.slower_at_most(other)?))
    }

    /// How many times as long as the other side this one takes at most.
    fn slower_at_most(&self, other: &Self) -> Option<f64> {
        let error_rate = ERROR_RATE / self.candidates.len() as f64;
        let beside = |one: &Candidate| ratio_range(&self.best().times, &one.times, error_rate);
        let ranges: Vec<(f64, f64)> = other.candidates.iter().map(beside).collect::<Option<_>>()?;
        ranges.into_iter().map(|(_, high)| high).max_by(f64::total_cmp)
    }
}

impl Candidate {
    fn of(server: Configuration, repetitions: &[&CellLine], measure: Measure) -> Self {
        let seconds = |one: &&CellLine| measure.seconds(one);
        let median = median_repetition(repetitions.iter().copied(), seconds);
        Self {
            server,
            repetitions: repetitions.len(),
            chosen_from: 1,
            mean_s: median.and_then(|one| one.mean_s),
            goodput: median.and_then(|one| one.goodput_bytes_per_s),
            seconds: median.and_then(|one| measure.seconds(one)),
            times: repetitions.iter().filter_map(seconds).collect(),
        }
    }

    /// The fastest first.
    pub(super) fn by_seconds(&self, other: &Self) -> Ordering {
        let seconds = |one: &Self| one.seconds.unwrap_or(f64::INFINITY);
        seconds(self).total_cmp(&seconds(other))
    }
}

/// What keeps one server of one side from being compared.
fn obstacle(side: Side, repetitions: &[&CellLine], measure: Measure) -> Option<Obstacle> {
    let failed = repetitions.iter().map(|repetition| repetition.clients_failed).sum();
    let is_measured = |repetition: &&CellLine| measure.seconds(repetition).is_some();
    if failed > 0 {
        Some(Obstacle::ClientsFailed(side, failed))
    } else if repetitions.is_empty() || !repetitions.iter().all(is_measured) {
        Some(Obstacle::NotMeasured(side))
    } else if repetitions.len() > REPETITIONS_MAX {
        Some(Obstacle::TooManyRepetitions(side))
    } else {
        None
    }
}
