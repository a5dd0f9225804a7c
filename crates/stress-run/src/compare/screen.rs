//! The comparison for people, in tables that fit into 80 columns.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use cli::{
    table::framed,
    text::{COLUMNS, wrapped},
};
use figures::Numbers;

use super::{
    Compared,
    contender::{Candidate, Measure},
    modes::{LoadJudged, Modes},
    obstacles::Obstacle,
    sentences::ratio,
    verdicts::{Comparison, Pair, Table, Tally, Verdict},
};
use crate::{
    language::Language,
    plan::{Cell, Encoding, in_mib, mode_name, table_name},
    results::{Environment, Run},
};

/// The tables, what they say together and what the words mean. Where nothing can be compared, why.
pub(crate) fn on_screen(runs: &[Run], compared: &Compared, language: Language) -> String {
    let comparison = compared.rows();
    let mut screen = String::new();
    if let Compared::Encodings(_) = compared {
        let _ = writeln!(screen, "A: {}, B: {}", Encoding::Base64.name(), Encoding::Raw.name());
    }
    for (letter, run) in ["A: ", "B: "].into_iter().zip(runs) {
        let letter = if runs.len() > 1 { letter } else { "" };
        let _ = writeln!(screen, "{letter}{}", run_line(run, language));
        for mark in run.marks().lines(language) {
            let _ = writeln!(screen, "   {mark}");
        }
    }
    if !comparison.allowed.is_empty() {
        let _ = writeln!(screen, "{}", language.machines_differ());
        for difference in &comparison.allowed {
            let _ = writeln!(screen, "  {}", difference.sentence(language));
        }
    }
    let all = Tally::of(comparison.pairs.iter());
    if all.compared() > 0 {
        screen += &match compared {
            Compared::Runs(comparison) | Compared::Encodings(comparison) => {
                of_runs(comparison, language)
            }
            Compared::Modes(modes) => of_modes(modes, language),
        };
    }
    screen + &not_compared(comparison, &all, language)
}

fn run_line(run: &Run, language: Language) -> String {
    let Environment { started, program, plan, .. } = &run.environment;
    let commit = program.git_commit.get(..10).unwrap_or(&program.git_commit);
    let repetitions = language.repetitions(plan.repetitions);
    format!("{} ({started}, commit {commit}, {repetitions})", run.dir.display())
}

/// The tables of pairs, and one of what they say.
fn of_runs(comparison: &Comparison, language: Language) -> String {
    let mut screen = String::new();
    let by_table = comparison.by_table();
    for (table, tally) in &by_table {
        if tally.compared() > 0 {
            let title = language.table_named(table.0, table.1);
            let _ = write!(screen, "\n{title}\n{}", rows_of(comparison, *table, language));
        }
    }
    let line = |(mode, tally): (String, &Tally)| {
        let Tally { pairs, faster, slower, same, inconclusive, not_comparable, .. } = *tally;
        let [pairs, faster, slower, same, inconclusive, not_comparable] =
            [pairs, faster, slower, same, inconclusive, not_comparable].map(|it| it.to_string());
        let speed = number(tally.speed_ratio, language);
        [mode, pairs, faster, slower, same, inconclusive, not_comparable, speed]
    };
    let all = Tally::of(comparison.pairs.iter());
    let of_tables = by_table.iter().map(|(table, tally)| (table_name(table.0, table.1), tally));
    let lines = of_tables.chain([(language.all(), &all)]).map(line).collect::<Vec<_>>();
    let tallies = framed(&language.tally_columns(), &[1, 2, 3, 4, 5, 6, 7], &lines, COLUMNS);
    let _ = writeln!(screen, "\n{tallies}\n{}", wrapped(&language.comparison_notes()));
    screen
}

fn rows_of(comparison: &Comparison, table: Table, language: Language) -> String {
    let is_shown = |pair: &&Pair| pair.table() == table && pair.verdict != Verdict::NotComparable;
    let row = |pair: &Pair| {
        let Pair { cell, a, b, .. } = pair;
        [
            cell.operation.to_string(),
            language.tick(in_mib(cell.volume.bytes as f64)),
            cell.clients.to_string(),
            cell.server.workers_shown(),
            number(a.mean_s, language),
            number(b.mean_s, language),
            number(pair.speed_ratio, language),
            number(pair.p_corrected, language),
            pair.verdict.word(language),
        ]
    };
    let rows = comparison.pairs.iter().filter(is_shown).map(row).collect::<Vec<_>>();
    framed(&language.comparison_columns(), &[1, 2, 3, 4, 5, 6, 7], &rows, COLUMNS)
}

/// A table for each operation, and what all of them say about each mode.
fn of_modes(modes: &Modes, language: Language) -> String {
    let mut screen = String::new();
    for loads in modes.loads().chunk_by(|a, b| a.operation() == b.operation()) {
        let rows: Vec<_> = loads.iter().flat_map(|load| load.fields(language)).collect();
        let numbers = [0, 1, 3, 4, 5, 6, 7];
        let table = framed(&language.mode_columns(), &numbers, &rows, COLUMNS);
        let operation = language.operation_named(&loads[0].load);
        let _ = write!(screen, "\n{operation}\n{table}");
    }
    let _ = writeln!(screen);
    for sentence in modes.together(language).into_iter().chain(modes.load_by_load(language)) {
        let _ = writeln!(screen, "{}", wrapped(&sentence));
    }
    let _ = writeln!(screen, "\n{}", wrapped(&language.mode_notes()));
    screen
}

/// Why pairs cannot be compared, each reason once.
fn not_compared(comparison: &Comparison, all: &Tally, language: Language) -> String {
    let mut screen = String::new();
    if all.not_comparable == 0 {
        return screen;
    }
    let head = match all.compared() {
        0 => language.nothing_compared(),
        _ => language.not_compared(),
    };
    let _ = writeln!(screen, "\n{head}");
    for obstacle in &comparison.obstacles {
        let _ = writeln!(screen, "  {}", obstacle.sentence(language));
    }
    if comparison.obstacles.is_empty() {
        for (reason, count) in reasons(comparison, language) {
            let line = match comparison.measure {
                Measure::MeanTime => language.rows_because(count, reason),
                Measure::Goodput => language.loads_because(count, reason),
            };
            let _ = writeln!(screen, "  {line}");
        }
    }
    let is_machine = |obstacle| matches!(obstacle, &Obstacle::OtherMachine(_));
    if !comparison.obstacles.is_empty() && comparison.obstacles.iter().all(is_machine) {
        let _ = writeln!(screen, "{}", language.across_machines());
    }
    screen
}

/// With the number of rows, or between modes of loads, that each keeps from being compared.
fn reasons(comparison: &Comparison, language: Language) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::<String, BTreeSet<Cell>>::new();
    for pair in &comparison.pairs {
        let Some(obstacle) = &pair.obstacle else { continue };
        let cell = match comparison.measure {
            Measure::MeanTime => pair.cell,
            // Each mode meets several others under a load.
            Measure::Goodput => pair.cell.load(),
        };
        reasons.entry(obstacle.sentence(language)).or_default().insert(cell);
    }
    reasons.into_iter().map(|(reason, cells)| (reason, cells.len())).collect()
}

impl LoadJudged<'_> {
    /// A line for each mode, the fastest first.
    pub(crate) fn fields(&self, language: Language) -> Vec<[String; 9]> {
        let all = || language.all();
        let (volume, clients) = self.size().map_or_else(
            || (all(), all()),
            |(volume, clients)| (language.tick(in_mib(volume.bytes as f64)), clients.to_string()),
        );
        let line = |row: &Candidate, judged: [String; 4]| {
            let [speed, range, p, verdict] = judged;
            [
                volume.clone(),
                clients.clone(),
                mode_name(row.server.mode),
                row.server.workers_shown(),
                number(row.goodput.map(in_mib), language),
                speed,
                range,
                p,
                verdict,
            ]
        };
        let fastest = [ratio(1.0, language), String::new(), String::new(), language.fastest()];
        let other = |pair: &&Pair| {
            let (speed, range) = pair.speed(language);
            let p = number(pair.p_corrected, language);
            line(&pair.b, [speed, range, p, pair.verdict.word(language)])
        };
        let others = self.others.iter().map(other);
        std::iter::once(line(self.fastest, fastest)).chain(others).collect()
    }
}

fn number(value: Option<f64>, language: Language) -> String {
    value.map_or_else(String::new, |value| language.number(value))
}
