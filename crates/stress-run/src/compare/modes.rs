//! The modes of one run against each other, each with the pool that suits it best.

use std::collections::BTreeMap;

use figures::significance::repetitions_needed;

use super::{
    contender::{Candidate, Contender, Measure},
    obstacles::{Obstacle, Side, obstacles_within},
    verdicts::{Comparison, Pair, Verdict},
};
use crate::{
    plan::{Attempt, Cell, Encoding, Mode, Operation, Volume, mode_name},
    results::{CellLine, Cells, Marks, counted},
};

/// Stand for all volumes and all numbers of clients; larger than any, so that they come last.
const ALL_LOADS: (Volume, u32) = (Volume { bytes: u64::MAX }, u32::MAX);

/// The modes against each other: under each load, and under all loads of an operation together, which
/// shows what is too small to show under one.
pub(crate) struct Modes {
    pub(crate) by_load: Comparison,
    /// With the geometric mean over the loads; nothing of an operation that was measured under one.
    pub(crate) over_all: Comparison,
}

/// What the modes of a run say under one load.
pub(crate) struct LoadJudged<'a> {
    pub(crate) load: Cell,
    /// The server with the most goodput.
    pub(crate) fastest: &'a Candidate,
    /// The other modes against it.
    pub(crate) others: Vec<&'a Pair>,
}

/// What the single loads say together.
pub(crate) struct Answer<'a> {
    pub(crate) loads: usize,
    /// In so many a mode differs from the fastest, and chance could be all of it.
    pub(crate) unsure: usize,
    /// Of all pairs, corrected for how many they are; 1 where nothing was tested.
    pub(crate) least_p: f64,
    /// Modes that are slower than the fastest under some loads, the worst of these first.
    pub(crate) slower: BTreeMap<String, Vec<&'a Pair>>,
    /// Where nothing could be tested: fewest repetitions with which a single difference can show.
    pub(crate) needed: Option<usize>,
}

impl Modes {
    pub(crate) fn of(cells: &Cells<'_>, marks: &Marks) -> Self {
        let obstacles = obstacles_within(marks);
        let compared = |cells: &Cells<'_>| {
            let loads = by_load(cells).into_values();
            let pairs = loads.flat_map(|load| pairs(load, obstacles.first())).collect();
            Comparison::judged(Measure::Goodput, obstacles.clone(), pairs)
        };
        Self { by_load: compared(cells), over_all: compared(&counted(&over_all_loads(cells))) }
    }

    /// Those under which something could be compared, of each operation all of them together at the end.
    pub(crate) fn loads(&self) -> Vec<LoadJudged<'_>> {
        let mut loads = self.by_load.loads();
        loads.extend(self.over_all.loads());
        loads.sort_by_key(|load| load.load);
        loads
    }

    /// Each mode against each other, both ways round.
    pub(crate) fn pairs_under(&self, load: &LoadJudged<'_>) -> Vec<&Pair> {
        let pairs = self.by_load.pairs.iter().chain(&self.over_all.pairs);
        pairs.filter(|pair| pair.cell.load() == load.load).collect()
    }

    /// By how many a p-value is multiplied at most, where it is the only small one of all operations.
    fn tests(&self) -> usize {
        let of_operations = self.of_operations();
        let pairs: usize = of_operations.iter().map(|load| load.others.len()).map(pairs_of).sum();
        let pools = self.by_load.pairs.iter().map(|pair| pair.b.chosen_from).max();
        pairs.max(1) * pools.unwrap_or(1)
    }

    /// Of each operation, in each encoding, all loads together, or the only one.
    pub(crate) fn of_operations(&self) -> Vec<LoadJudged<'_>> {
        let by_operation = self.loads().into_iter().map(|load| (load.operation(), load));
        by_operation.collect::<BTreeMap<_, LoadJudged<'_>>>().into_values().collect()
    }
}

impl Comparison {
    fn loads(&self) -> Vec<LoadJudged<'_>> {
        let mut loads = BTreeMap::<Cell, Vec<&Pair>>::new();
        for pair in &self.pairs {
            loads.entry(pair.cell.load()).or_default().push(pair);
        }
        loads.into_iter().filter_map(|(load, pairs)| LoadJudged::of(load, &pairs)).collect()
    }
}

/// The fastest mode and so many others, two by two.
fn pairs_of(others: usize) -> usize {
    others * (others + 1) / 2
}

/// Of each operation and server, all loads of a repetition as one.
fn over_all_loads(cells: &Cells<'_>) -> Vec<CellLine> {
    let mut servers = BTreeMap::<Cell, Vec<&[&CellLine]>>::new();
    for (cell, repetitions) in cells {
        let (volume, clients) = ALL_LOADS;
        servers.entry(Cell { volume, clients, ..*cell }).or_default().push(repetitions);
    }
    servers.retain(|_, loads| loads.len() > 1);
    let as_one = |(cell, loads): (Cell, Vec<&[&CellLine]>)| {
        let count = loads.iter().map(|repetitions| repetitions.len()).min().unwrap_or(0);
        let as_one =
            |index| as_one(cell, index, loads.iter().map(|repetitions| repetitions[index]));
        (0..count).map(as_one).collect::<Vec<CellLine>>()
    };
    servers.into_iter().flat_map(as_one).collect()
}

/// Several loads as one: the geometric means, in which each load weighs the same.
fn as_one<'a>(
    cell: Cell,
    index: usize,
    loads: impl Iterator<Item = &'a CellLine> + Clone,
) -> CellLine {
    let mean = |value: fn(&CellLine) -> Option<f64>| {
        let logs: Option<Vec<f64>> = loads.clone().map(|line| Some(value(line)?.ln())).collect();
        logs.map(|logs| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
    };
    CellLine {
        mean_s: mean(|line| line.mean_s),
        goodput_bytes_per_s: mean(|line| line.goodput_bytes_per_s),
        clients_failed: loads.clone().map(|line| line.clients_failed).sum(),
        ..CellLine::unmeasured(Attempt { cell, repetition: index as u32 + 1, number: 1 })
    }
}

/// The servers of each mode under one load.
type Servers<'a> = BTreeMap<Option<Mode>, Vec<(Cell, &'a [&'a CellLine])>>;
/// The volume and the clients; `None` for all of them together.
pub(super) fn size(cell: &Cell) -> Option<(Volume, u32)> {
    Some((cell.volume, cell.clients)).filter(|size| *size != ALL_LOADS)
}

fn by_load<'a>(cells: &'a Cells<'_>) -> BTreeMap<Cell, Servers<'a>> {
    let mut loads = BTreeMap::<Cell, Servers<'_>>::new();
    // A list moves no files, so it has no goodput.
    for (cell, repetitions) in cells.iter().filter(|(cell, _)| cell.operation.moves_files()) {
        let of_mode = loads.entry(cell.load()).or_default().entry(cell.server.mode).or_default();
        of_mode.push((*cell, repetitions));
    }
    loads
}

fn pairs(servers: Servers<'_>, of_all: Option<&Obstacle>) -> Vec<Pair> {
    let contender = |(mode, servers): (_, Vec<(Cell, &[&CellLine])>)| {
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
    pub(crate) fn operation(&self) -> (Encoding, Operation) {
        (self.load.encoding, self.load.operation)
    }

    pub(crate) fn size(&self) -> Option<(Volume, u32)> {
        size(&self.load)
    }

    fn of(load: Cell, pairs: &[&'a Pair]) -> Option<Self> {
        let compared = pairs.iter().filter(|pair| !pair.is(Verdict::NotComparable));
        let fastest = compared.map(|pair| &pair.a).min_by(|one, other| one.by_seconds(other))?;
        let against_it = |pair: &&Pair| pair.a.server == fastest.server;
        let mut others: Vec<&Pair> = pairs.iter().copied().filter(against_it).collect();
        others.sort_by(|one, other| one.b.by_seconds(&other.b));
        Some(Self { load, fastest, others })
    }
}

impl<'a> Answer<'a> {
    pub(crate) fn of(modes: &'a Modes) -> Self {
        let loads = modes.by_load.loads();
        let is_unsure =
            |load: &&LoadJudged<'_>| load.others.iter().any(|pair| pair.is(Verdict::Inconclusive));
        let mut slower = BTreeMap::<String, Vec<&Pair>>::new();
        for pair in loads.iter().flat_map(|load| &load.others) {
            if pair.is(Verdict::Slower) {
                slower.entry(mode_name(pair.b.server.mode)).or_default().push(pair);
            }
        }
        for pairs in slower.values_mut() {
            pairs.sort_by(|one, other| one.by_speed(other));
        }
        let is_tested =
            loads.is_empty() || modes.by_load.pairs.iter().any(|pair| pair.p_value.is_some());
        Self {
            loads: loads.len(),
            unsure: loads.iter().filter(is_unsure).count(),
            least_p: modes
                .by_load
                .pairs
                .iter()
                .filter_map(|pair| pair.p_corrected)
                .fold(1.0, f64::min),
            slower,
            needed: (!is_tested).then(|| repetitions_needed(modes.tests())),
        }
    }
}

#[cfg(test)]
mod tests;
