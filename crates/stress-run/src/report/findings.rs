//! What the run found, in sentences. Each is computed from the rows it names, so it cannot say what the
//! table does not.

use std::cmp::Ordering;

use figures::{Numbers, list, spread::Spread};
use maud::{Markup, html};

use super::{
    charts,
    facts::{Facts, Load, RowFacts},
};
use crate::{
    language::Language,
    plan::{Cell, Mode, Operation, in_mib, mode_name},
};

/// Up to this ratio times count as the same: repetitions of one row differ as much.
const SAME: f64 = 1.05;

/// As many as a reader takes in before the figures.
const FINDINGS_MAX: usize = 3;

/// The most important first.
pub(super) fn of(facts: &Facts<'_>) -> Vec<Markup> {
    let language = facts.language;
    let candidates = [
        failures(facts),
        charts::base64_costs(facts),
        best(facts),
        turns(facts),
        modes(facts),
        charts::fit(facts).map(|fit| fit.sentence(language)),
        listed(facts).map(|sentence| html! { (sentence) }),
    ];
    let mut findings: Vec<Markup> = candidates.into_iter().flatten().collect();
    findings.truncate(FINDINGS_MAX);
    if findings.is_empty() {
        findings.push(html! { (language.nothing_measured()) });
    }
    findings
}

/// The server that answered LIST soonest, to the most clients. `None` where no list was measured in which
/// every client succeeded.
fn listed(facts: &Facts<'_>) -> Option<String> {
    let language = facts.language;
    let rows = facts.modes().into_iter().flat_map(|mode| facts.run.lists(mode));
    let listed = rows.filter_map(|row| {
        let line = row.median()?;
        Some((row.cell, line.names?, line.mean_s?))
    });
    let soonest = |a: &(Cell, u64, f64), b: &(Cell, u64, f64)| {
        b.0.clients.cmp(&a.0.clients).then(a.2.total_cmp(&b.2))
    };
    let (cell, files, mean_s) = listed.min_by(soonest)?;
    let server = language.server_named(cell.server);
    Some(language.lists_soonest(cell.clients, server, language.number(mean_s), files))
}

fn failures(facts: &Facts<'_>) -> Option<Markup> {
    let failed = |row: &RowFacts<'_>| -> u64 {
        row.row.repetitions.iter().map(|line| line.clients_failed).sum()
    };
    // The row with the most of them, and its causes.
    let worst = facts.all_rows().max_by_key(|row| failed(row)).filter(|row| failed(row) > 0)?;
    let causes = &worst.row.representative().failure_causes;
    let lines = facts.all_rows().flat_map(|row| &row.row.repetitions);
    let clients: u64 = lines.map(|line| line.clients_succeeded + line.clients_failed).sum();
    let all: u64 = facts.all_rows().map(failed).sum();
    let rows = facts.all_rows().filter(|row| failed(row) > 0).count();
    let language = facts.language;
    Some(language.failures(all, clients, rows, worst.name().link(language), causes))
}

/// The most goodput of each operation under the heaviest load.
fn best(facts: &Facts<'_>) -> Option<Markup> {
    let language = facts.language;
    let best = |operation: Operation| {
        let (row, goodput) = fastest_of(facts, operation)?;
        let rate = language.rate(goodput.median);
        let (mode, workers) = (mode_name(row.mode()), language.workers(row.workers()));
        let source = source(row, &goodput, language);
        Some(language.best_server(operation.to_string(), rate, mode, workers, source))
    };
    let servers: Vec<Markup> = facts.operations().into_iter().filter_map(best).collect();
    let load = facts.heaviest?.text(language);
    (!servers.is_empty()).then(|| language.best(load, list(servers)))
}

fn fastest_of<'a>(
    facts: &'a Facts<'a>,
    operation: Operation,
) -> Option<(&'a RowFacts<'a>, Spread)> {
    let known =
        facts.heaviest_rows(operation).into_iter().filter_map(|row| Some((row, row.goodput?)));
    known.max_by(|a, b| a.1.median.total_cmp(&b.1.median))
}

/// The row with the most goodput under the heaviest load, of all operations.
pub(super) fn fastest<'a>(facts: &'a Facts<'a>) -> Option<(&'a RowFacts<'a>, f64)> {
    let of_operations = facts.operations().into_iter();
    let fastest = of_operations.filter_map(|operation| fastest_of(facts, operation));
    let fastest = fastest.map(|(row, goodput)| (row, goodput.median));
    fastest.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// `range 650–710; thread, row 26`: the repetitions of the row, and the row.
fn source(row: &RowFacts<'_>, goodput: &Spread, language: Language) -> Markup {
    let end = |bytes_per_s: f64| language.number(in_mib(bytes_per_s));
    html! {
        @if goodput.count > 1 { (language.range(end(goodput.min), end(goodput.max))) "; " }
        (row.name().link(language))
    }
}

/// The smallest pool of a mode beside the largest, with the same clients: where they take turns a client
/// waits less in the mean, and all of them together need as long.
struct Turns<'a> {
    few: Turn<'a>,
    many: Turn<'a>,
}

struct Turn<'a> {
    row: &'a RowFacts<'a>,
    mean_s: f64,
    makespan_s: f64,
}

fn turns(facts: &Facts<'_>) -> Option<Markup> {
    let load = facts.heaviest?;
    let turns = |operation: Operation| {
        let rows = facts.heaviest_rows(operation);
        let environment = &facts.run.environment;
        let takes_turns = |mode: &Option<Mode>| {
            !mode.is_some_and(|mode| environment.serves_all_at_once(mode, operation))
        };
        let mut modes = facts.modes().into_iter().filter(takes_turns);
        let turns = modes.find_map(|mode| Turns::of(&rows, mode))?;
        // With a worker for each nobody takes turns.
        let take_turns = turns.few.row.workers() < load.clients;
        take_turns.then(|| turns.sentence(operation, load, facts.language))
    };
    facts.operations().into_iter().find_map(turns)
}

/// How far the modes are apart stands in their own section. Where there is nothing to compare, what limits the
/// rows is told all the same.
fn modes(facts: &Facts<'_>) -> Option<Markup> {
    let language = facts.language;
    let limited = facts.limited_by_clients();
    let mut answer = facts.modes_compared.load_by_load(language);
    if answer.is_empty() {
        answer = facts.modes_compared.together(language);
    }
    if answer.is_empty() {
        return limited.map(|limited| html! { (limited) });
    }
    Some(html! {
        a href="#modes" { (language.which_mode()) }
        @for sentence in answer.into_iter().chain(limited) { " " (sentence) }
    })
}

impl<'a> Turns<'a> {
    fn of(rows: &[&'a RowFacts<'a>], mode: Option<Mode>) -> Option<Self> {
        let of_mode = rows.iter().filter(|row| row.mode() == mode);
        let mut turns: Vec<Turn<'_>> = of_mode.filter_map(|row| Turn::of(row)).collect();
        turns.sort_by_key(|turn| turn.row.workers());
        let many = turns.pop()?;
        Some(Self { few: turns.into_iter().next()?, many })
    }

    /// Whether the smaller pool looks faster to a client, and is not for all of them together.
    fn is_misleading(&self) -> bool {
        compare(self.few.mean_s, self.many.mean_s).is_lt() && self.batch().is_ge()
    }

    /// How long the smaller pool takes for all clients together, beside the larger one.
    fn batch(&self) -> Ordering {
        compare(self.few.makespan_s, self.many.makespan_s)
    }

    fn sentence(&self, operation: Operation, load: Load, language: Language) -> Markup {
        let turns = [&self.few, &self.many];
        let [few, many] = turns.map(|turn| language.workers(turn.row.workers()));
        let [few_mean, many_mean] = turns.map(|turn| language.duration(turn.mean_s));
        let [few_all, many_all] = turns.map(|turn| language.duration(turn.makespan_s));
        let mean = match self.is_misleading() {
            true => language.turns_misleading(few, many, few_mean, many_mean),
            false => language.turns_plain(few, many, few_mean, many_mean),
        };
        let batch = match self.batch() {
            Ordering::Less => language.batch_shorter(few_all, many_all),
            Ordering::Equal => language.batch_same(few_all, many_all),
            Ordering::Greater => language.batch_longer(few_all, many_all),
        };
        let mode = mode_name(self.few.row.mode());
        let rows = list(turns.map(|turn| turn.row.name().link(language)));
        language.turns(mode, operation.to_string(), load.text(language), mean, batch, rows)
    }
}

impl<'a> Turn<'a> {
    fn of(row: &'a RowFacts<'a>) -> Option<Self> {
        row.goodput?;
        Some(Self { row, mean_s: row.mean_s?.median, makespan_s: row.makespan_s?.median })
    }
}

fn compare(left_s: f64, right_s: f64) -> Ordering {
    match left_s / right_s {
        ratio if ratio > SAME => Ordering::Greater,
        ratio if ratio < 1.0 / SAME => Ordering::Less,
        _ => Ordering::Equal,
    }
}
