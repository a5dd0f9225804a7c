//! The modes of one run against each other, each with the pool that suits it best.

use std::collections::BTreeMap;

use super::{
    contender::{Contender, Row},
    obstacles::{Obstacle, Side},
    past_run::Repetition,
    verdicts::{Comparison, Measure, Pair, Verdict},
};
use crate::{
    language::Marks,
    plan::{Cell, Mode, Operation, Volume, mode_name},
    significance::repetitions_needed,
};

/// What the modes of a run say under one load.
pub(crate) struct LoadJudged<'a> {
    pub(crate) load: Load,
    /// The server with the most goodput.
    pub(crate) fastest: &'a Row,
    /// The other modes against it.
    pub(crate) others: Vec<&'a Pair>,
}

/// What all loads say together.
pub(crate) struct Answer<'a> {
    pub(crate) loads: usize,
    /// In so many a mode differs from the fastest, and chance could be all of it.
    pub(crate) unsure: usize,
    /// Where each mode is slower than the fastest, the worst first.
    pub(crate) slower: BTreeMap<String, Vec<&'a Pair>>,
    /// Where nothing could be tested: fewest repetitions with which it can be, and the most pools that
    /// a mode has.
    pub(crate) needed: Option<(usize, usize)>,
}

impl Comparison {
    /// Each mode against each other one, under each load.
    pub(crate) fn between_modes(cells: &BTreeMap<Cell, Vec<Repetition>>, marks: &Marks) -> Self {
        let invalid = (marks.invalid > 0).then_some(Obstacle::Invalid(Side::Run));
        let partial = marks.partial.then_some(Obstacle::Partial(Side::Run));
        let obstacles: Vec<Obstacle> = invalid.into_iter().chain(partial).collect();
        let pairs = by_load(cells).into_values().flat_map(|load| pairs(load, obstacles.first()));
        Self::judged(Measure::Goodput, obstacles.clone(), pairs.collect())
    }

    /// Of a comparison between modes: the loads under which something could be compared.
    pub(crate) fn loads(&self) -> Vec<LoadJudged<'_>> {
        let mut loads = BTreeMap::<Load, Vec<&Pair>>::new();
        for pair in &self.pairs {
            loads.entry(load(&pair.cell)).or_default().push(pair);
        }
        loads.into_iter().filter_map(|(load, pairs)| LoadJudged::of(load, &pairs)).collect()
    }
}

/// The servers of each mode under one load.
type Servers<'a> = BTreeMap<Option<Mode>, Vec<(Cell, &'a [Repetition])>>;
/// With how many clients.
pub(crate) type Load = (Operation, Volume, u32);

fn load(cell: &Cell) -> Load {
    (cell.operation, cell.volume, cell.clients)
}

fn by_load(cells: &BTreeMap<Cell, Vec<Repetition>>) -> BTreeMap<Load, Servers<'_>> {
    let mut loads = BTreeMap::<Load, Servers<'_>>::new();
    for (cell, repetitions) in cells {
        let of_mode = loads.entry(load(cell)).or_default().entry(cell.server.mode).or_default();
        of_mode.push((*cell, repetitions));
    }
    loads
}

fn pairs(servers: Servers<'_>, of_all: Option<&Obstacle>) -> Vec<Pair> {
    let contender = |(mode, servers): (_, Vec<(Cell, &[Repetition])>)| {
        let cell = servers[0].0;
        let servers = servers.into_iter().map(|(cell, repetitions)| (cell.server, repetitions));
        (cell, Contender::of(Side::Mode(mode), servers.collect(), Measure::Goodput))
    };
    let contenders: Vec<(Cell, Contender)> = servers.into_iter().map(contender).collect();
    let against_others = |(cell, b): &(Cell, Contender)| {
        let others = contenders.iter().filter(|(a, _)| a.server.mode != cell.server.mode);
        others.map(|(_, a)| Pair::of(cell, a, b, of_all)).collect::<Vec<Pair>>()
    };
    contenders.iter().flat_map(against_others).collect()
}

impl<'a> LoadJudged<'a> {
    pub(crate) fn operation(&self) -> Operation {
        self.load.0
    }

    /// Of those that can be compared.
    pub(crate) fn slowest(&self) -> Option<&'a Pair> {
        self.others.iter().rev().copied().find(|pair| !pair.is(Verdict::NotComparable))
    }

    fn of(load: Load, pairs: &[&'a Pair]) -> Option<Self> {
        let compared = pairs.iter().filter(|pair| !pair.is(Verdict::NotComparable));
        let fastest = compared.map(|pair| &pair.a).min_by(|one, other| one.by_seconds(other))?;
        let against_it = |pair: &&Pair| pair.a.server == fastest.server;
        let mut others: Vec<&Pair> = pairs.iter().copied().filter(against_it).collect();
        others.sort_by(|one, other| one.b.by_seconds(&other.b));
        Some(Self { load, fastest, others })
    }
}

impl<'a> Answer<'a> {
    pub(crate) fn of(comparison: &'a Comparison) -> Self {
        let loads = comparison.loads();
        let is_unsure =
            |load: &&LoadJudged<'_>| load.others.iter().any(|pair| pair.is(Verdict::Inconclusive));
        let mut slower = BTreeMap::<String, Vec<&Pair>>::new();
        for load in &loads {
            slower.entry(mode_name(load.fastest.server.mode)).or_default();
            for pair in load.others.iter().filter(|pair| !pair.is(Verdict::NotComparable)) {
                let of_mode = slower.entry(mode_name(pair.b.server.mode)).or_default();
                of_mode.extend(pair.is(Verdict::Slower).then_some(*pair));
            }
        }
        for pairs in slower.values_mut() {
            pairs.sort_by(|one, other| one.by_speed(other));
        }
        let is_tested = comparison.pairs.iter().any(|pair| pair.p_value.is_some());
        let pools = comparison.pairs.iter().map(|pair| pair.b.chosen_from).max().unwrap_or(1);
        Self {
            loads: loads.len(),
            unsure: loads.iter().filter(is_unsure).count(),
            slower,
            needed: (!is_tested).then(|| (repetitions_needed(pools), pools)),
        }
    }
}

#[cfg(test)]
mod tests;
