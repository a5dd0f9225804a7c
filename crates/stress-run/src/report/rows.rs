//! The table of each mode as people hand it in: the columns of its CSV file, with notes where a number surprises,
//! and behind each row what it is judged by.

use figures::{
    Numbers,
    spread::Spread,
    table::{Field, Footnotes, Group, Line, Table, heats},
};
use maud::{Markup, html};

use super::{
    facts::{Facts, RowFacts},
    footnotes,
    table::{Kind, Part},
};
use crate::{
    language::Language,
    plan::{Encoding, in_mib},
    results::CELLS,
};

/// The column that holds words beside numbers: the operation.
const WORDS: [usize; 1] = [1];

/// One table below its title, folded unless it is the first.
pub(super) fn part(facts: &Facts<'_>, part: Part, is_first: bool) -> Markup {
    let language = facts.language;
    let mut notes = Footnotes::new(part.name());
    let details = language.details();
    let (groups, details) = match part.kind {
        Kind::Transfers(encoding) => (judged(facts, part, encoding, &mut notes), details.as_str()),
        // Nothing is predicted of these rows, and no ceiling is known.
        Kind::Lists => (as_in_files(facts, part), ""),
    };
    let table = Table { heads: part.heads(language), words: &WORDS, groups, details };
    html! {
        details.part id=(format!("mode-{}", part.name())) open[is_first] {
            summary { (part.title(language)) }
            (table.render())
            (notes.render())
        }
    }
}

fn as_in_files(facts: &Facts<'_>, part: Part) -> Vec<Group> {
    let line = |fields: Vec<String>| Line {
        anchor: None,
        fields: fields.into_iter().map(|field| Field::plain(html! { (field) })).collect(),
        more: html! {},
    };
    let rows = part.rows(facts.run).into_iter();
    let rows = rows.map(|row| line(part.fields(&row, facts.language))).collect();
    vec![Group { title: String::new(), rows }]
}

/// A group for each operation and volume.
fn judged(facts: &Facts<'_>, part: Part, encoding: Encoding, notes: &mut Footnotes) -> Vec<Group> {
    let rows: Vec<&RowFacts<'_>> = facts.rows_of(part.mode, encoding).collect();
    let size = |row: &RowFacts<'_>| (row.row.cell.operation, row.row.cell.volume);
    let mut groups = Vec::new();
    for rows in rows.chunk_by(|a, b| size(a) == size(b)) {
        let (operation, volume) = size(rows[0]);
        let means: Vec<Option<f64>> =
            rows.iter().map(|row| row.row.representative().mean_s).collect();
        let rates: Vec<Option<f64>> =
            rows.iter().map(|row| row.row.representative().throughput_bytes_per_s).collect();
        let heats = heats(&means).into_iter().zip(heats(&rates));
        let lines = rows.iter().zip(heats).map(|(row, (mean, rate))| {
            let mut line = line(facts, part, row, notes);
            (line.fields[MEAN].heat, line.fields[THROUGHPUT].heat) = (mean, rate);
            line
        });
        let title = format!("{operation}, {}", volume.as_assigned());
        groups.push(Group { title, rows: lines.collect() });
    }
    groups
}

/// Among the nine columns.
const MEAN: usize = 5;
const THROUGHPUT: usize = 6;

fn line(facts: &Facts<'_>, part: Part, row: &RowFacts<'_>, notes: &mut Footnotes) -> Line {
    let language = facts.language;
    let remarks = footnotes::of(facts, row);
    let fields = part.fields(&row.row, language).into_iter().enumerate().map(|(column, field)| {
        let of_column = remarks.iter().filter(|(at, _)| *at == column);
        let marks: Vec<Markup> = of_column.map(|(_, text)| notes.mark(text)).collect();
        let (counts, bursts) = field.split_once(" (").unwrap_or((&field, ""));
        Field::plain(html! {
            (counts)
            @if !bursts.is_empty() { " " span { "(" (bursts) } }
            @for mark in marks { (mark) }
        })
    });
    Line { anchor: Some(row.name().anchor()), fields: fields.collect(), more: more(row, language) }
}

/// What a row is judged by, and where it comes from. What was not measured is left out, never 0.
fn more(row: &RowFacts<'_>, language: Language) -> Markup {
    let values = language.row_terms().into_iter().zip(judged_by(row, language));
    html! {
        dl {
            @for (name, value) in values.filter(|(_, value)| !value.is_empty()) {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

fn judged_by(row: &RowFacts<'_>, language: Language) -> [String; 12] {
    let line = row.row.representative();
    let seconds = |value: Option<f64>| shown(value, |value| language.duration(value));
    let rate = |value: Option<f64>| shown(value, |value| language.rate(value));
    let predicted = row.prediction.map(|prediction| prediction.mean_s).zip(row.residual());
    let size = |bytes: f64| format!("{} MiB", language.number(in_mib(bytes)));
    [
        shown(row.mean_s, |spread| range(&spread, language)),
        repetitions(row, language),
        rate(line.goodput_bytes_per_s),
        seconds(line.makespan_s),
        seconds(line.queue_mean_s),
        shown(predicted, |(mean_s, off)| {
            format!("{} ({})", language.duration(mean_s), language.signed_percent(off))
        }),
        rate(row.ceiling.map(|ceiling| ceiling.median)),
        shown(row.ceiling_share(), |share| language.percent(share)),
        shown(line.server_peak_pss_bytes, |bytes| size(bytes as f64)),
        flags(row, language),
        disturbance(row, language),
        raw(row, language),
    ]
}

fn shown<T>(value: Option<T>, text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(String::new, text)
}

/// How its lines are found in the raw files.
fn raw(row: &RowFacts<'_>, language: Language) -> String {
    let line = row.row.representative();
    let mode = shown(line.mode, |mode| format!("mode={mode} "));
    let columns = format!(
        "{mode}operation={} encoding={} volume_bytes={} clients={} server_workers={} repetition={} \
         attempt={}",
        line.operation,
        row.row.cell.encoding.name(),
        line.volume_bytes,
        line.clients,
        line.server_workers,
        line.repetition,
        line.attempt
    );
    language.raw_row(CELLS, columns)
}

/// Of the repetitions; where there are enough of them, the interval that holds the true median.
fn range(spread: &Spread, language: Language) -> String {
    if spread.count < 2 {
        return String::new();
    }
    let (low, high) = spread.confidence.unwrap_or((spread.min, spread.max));
    language.seconds(format!("{}–{}", language.number(low), language.number(high)))
}

/// The mean times, in order; of a single one nothing.
fn repetitions(row: &RowFacts<'_>, language: Language) -> String {
    let means: Vec<f64> = row.row.repetitions.iter().filter_map(|line| line.mean_s).collect();
    if means.len() < 2 {
        return String::new();
    }
    let means: Vec<String> = means.into_iter().map(|mean_s| language.number(mean_s)).collect();
    language.seconds(means.join(" · "))
}

fn flags(row: &RowFacts<'_>, language: Language) -> String {
    let lines = &row.row.repetitions;
    let mut flags = Vec::new();
    let attempts: u32 = lines.iter().map(|line| line.attempt).sum();
    if attempts as usize > lines.len() {
        flags.push(language.flag_attempts(attempts, lines.len()));
    }
    flags.extend(
        lines
            .iter()
            .filter_map(|line| line.invalid.as_deref())
            .map(|why| language.flag_invalid(language.retold(why))),
    );
    let failure = lines.iter().find_map(|line| line.server_failure.clone());
    flags.extend(failure.map(|why| language.flag_server(why)));
    let causes = &row.row.representative().failure_causes;
    flags.extend((!causes.is_empty()).then(|| causes.clone()));
    flags.join("; ")
}

/// In how many repetitions the machine had other load, and what it was.
fn disturbance(row: &RowFacts<'_>, language: Language) -> String {
    let lines = &row.row.repetitions;
    let reasons = lines.iter().filter_map(|line| line.disturbed.as_deref());
    let reasons: Vec<String> = reasons.map(|why| language.retold(why)).collect();
    if reasons.is_empty() {
        return String::new();
    }
    language.flag_disturbed(reasons.len(), lines.len(), reasons.join("; "))
}
