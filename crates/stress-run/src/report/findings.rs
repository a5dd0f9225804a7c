//! What the run found, as values that the language puts into sentences. Each is computed from the
//! rows it names, so a sentence cannot say what the table does not.

use std::cmp::Ordering;

use super::{
    facts::{Facts, Load, RowFacts, RowName},
    figures::{self, Fit},
};
use crate::{
    plan::{Configuration, Mode, Operation},
    spread::Spread,
};

/// Up to this ratio times count as the same: repetitions of one row differ as much.
const SAME: f64 = 1.05;

/// As many as a reader takes in before the figures.
const FINDINGS_MAX: usize = 3;

pub(crate) enum Finding {
    Failures(Failures),
    Best {
        load: Load,
        of: Vec<Best>,
    },
    Turns(Turns),
    Modes {
        answer: Vec<String>,
        limited: Option<Limited>,
    },
    Limited(Limited),
    Prediction(Fit),
    Lists(Listed),
    /// No row has a time.
    Nothing,
}

/// The server that answered LIST soonest, to the most clients.
pub(crate) struct Listed {
    pub(crate) server: Configuration,
    pub(crate) clients: u32,
    pub(crate) files: u64,
    pub(crate) mean_s: f64,
}

pub(crate) struct Failures {
    pub(crate) failed: u64,
    pub(crate) clients: u64,
    pub(crate) rows: usize,
    /// The row with the most of them, and its causes.
    pub(crate) worst: RowName,
    pub(crate) causes: String,
}

/// The most goodput of an operation under the heaviest load.
pub(crate) struct Best {
    pub(crate) operation: Operation,
    pub(crate) server: Server,
}

/// A row of the heaviest load, by its server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) row: RowName,
    pub(crate) workers: u32,
    pub(crate) goodput: Spread,
}

/// The smallest pool beside the largest, with the same clients: where they take turns a client waits
/// less in the mean, and all of them together need as long.
pub(crate) struct Turns {
    pub(crate) operation: Operation,
    pub(crate) load: Load,
    pub(crate) few: Turn,
    pub(crate) many: Turn,
}

pub(crate) struct Turn {
    pub(crate) server: Server,
    pub(crate) mean_s: f64,
    pub(crate) makespan_s: f64,
}

/// Rows that say what the clients can do.
#[derive(Clone, Copy)]
pub(crate) struct Limited {
    pub(crate) rows: usize,
    /// Of so many whose ceiling is known.
    pub(crate) of: usize,
}

/// The most important first.
pub(super) fn of(facts: &Facts<'_>) -> Vec<Finding> {
    let candidates = [
        failures(facts).map(Finding::Failures),
        best(facts),
        turns(facts).map(Finding::Turns),
        modes(facts),
        figures::fit(facts).map(Finding::Prediction),
        listed(facts).map(Finding::Lists),
    ];
    let mut findings: Vec<Finding> = candidates.into_iter().flatten().collect();
    findings.truncate(FINDINGS_MAX);
    if findings.is_empty() {
        findings.push(Finding::Nothing);
    }
    findings
}

/// `None` where no list was measured in which every client succeeded.
fn listed(facts: &Facts<'_>) -> Option<Listed> {
    let rows = facts.modes().into_iter().flat_map(|mode| facts.run.lists(mode));
    let listed = rows.filter_map(|row| {
        let (server, clients, line) = (row.cell.server, row.cell.clients, row.median()?);
        Some(Listed { server, clients, files: line.names?, mean_s: line.mean_s? })
    });
    listed.min_by(|a, b| b.clients.cmp(&a.clients).then(a.mean_s.total_cmp(&b.mean_s)))
}

/// `None` where no ceiling was measured.
pub(super) fn client_limited(facts: &Facts<'_>) -> Option<Limited> {
    let known: Vec<bool> = facts.rows.iter().filter_map(RowFacts::is_limited_by_client).collect();
    let rows = known.iter().filter(|is_limited| **is_limited).count();
    (!known.is_empty()).then_some(Limited { rows, of: known.len() })
}

fn failures(facts: &Facts<'_>) -> Option<Failures> {
    let failed = |row: &RowFacts<'_>| -> u64 {
        row.row.repetitions.iter().map(|line| line.clients_failed).sum()
    };
    let worst = facts.rows.iter().max_by_key(|row| failed(row)).filter(|row| failed(row) > 0)?;
    let lines = facts.rows.iter().flat_map(|row| &row.row.repetitions);
    Some(Failures {
        failed: facts.rows.iter().map(failed).sum(),
        clients: lines.map(|line| line.clients_succeeded + line.clients_failed).sum(),
        rows: facts.rows.iter().filter(|row| failed(row) > 0).count(),
        worst: worst.name(),
        causes: worst.row.representative().failure_causes.clone(),
    })
}

fn best(facts: &Facts<'_>) -> Option<Finding> {
    let best = |operation: Operation| {
        let servers = facts.heaviest_rows(operation).into_iter().filter_map(Server::of);
        servers.max_by(Server::by_goodput).map(|server| Best { operation, server })
    };
    let of: Vec<Best> = facts.operations().into_iter().filter_map(best).collect();
    let load = facts.heaviest?;
    (!of.is_empty()).then_some(Finding::Best { load, of })
}

fn turns(facts: &Facts<'_>) -> Option<Turns> {
    let load = facts.heaviest?;
    let of_mode = |rows: &[&RowFacts<'_>], mode| {
        let of_mode = rows.iter().filter(|row| row.mode() == mode);
        let mut turns: Vec<Turn> = of_mode.filter_map(|row| Turn::of(row)).collect();
        turns.sort_by_key(|turn| turn.server.workers);
        let many = turns.pop()?;
        let few = turns.into_iter().next()?;
        Some((few, many))
    };
    let turns = |operation: Operation| {
        let rows = facts.heaviest_rows(operation);
        // In async mode every connection is served at once, however few the workers.
        let mut modes = facts.modes().into_iter().filter(|mode| *mode != Some(Mode::Async));
        let (few, many) = modes.find_map(|mode| of_mode(&rows, mode))?;
        // With a worker for each nobody takes turns.
        if few.server.workers >= load.clients {
            return None;
        }
        Some(Turns { operation, load, few, many })
    };
    facts.operations().into_iter().find_map(turns)
}

/// Where there is nothing to compare, what limits the rows is told all the same.
fn modes(facts: &Facts<'_>) -> Option<Finding> {
    let limited = client_limited(facts);
    let answer = facts.language.modes_together(&facts.modes_compared);
    match answer.is_empty() {
        true => limited.map(Finding::Limited),
        false => Some(Finding::Modes { answer, limited }),
    }
}

impl Server {
    fn of(row: &RowFacts<'_>) -> Option<Self> {
        Some(Self { row: row.name(), workers: row.workers(), goodput: row.goodput? })
    }

    fn by_goodput(a: &Self, b: &Self) -> Ordering {
        a.goodput.median.total_cmp(&b.goodput.median)
    }
}

impl Turn {
    fn of(row: &RowFacts<'_>) -> Option<Self> {
        let (mean_s, makespan_s) = (row.mean_s?.median, row.makespan_s?.median);
        Some(Self { server: Server::of(row)?, mean_s, makespan_s })
    }
}

impl Turns {
    /// Whether the smaller pool looks faster to a client, and is not for all of them together.
    pub(crate) fn is_misleading(&self) -> bool {
        compare(self.few.mean_s, self.many.mean_s).is_lt() && self.batch().is_ge()
    }

    /// How long the smaller pool takes for all clients together, beside the larger one.
    pub(crate) fn batch(&self) -> Ordering {
        compare(self.few.makespan_s, self.many.makespan_s)
    }
}

fn compare(left_s: f64, right_s: f64) -> Ordering {
    match left_s / right_s {
        ratio if ratio > SAME => Ordering::Greater,
        ratio if ratio < 1.0 / SAME => Ordering::Less,
        _ => Ordering::Equal,
    }
}
