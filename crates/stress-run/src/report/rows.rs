//! The whole table of each mode, with all that each row is judged by.

use figures::{Numbers, spread::Spread};
use maud::{Markup, html};

use super::{
    facts::{Facts, RowFacts},
    table::{Kind, Part, short_counts},
};
use crate::{
    language::Language,
    plan::{Mode, in_mib},
};

/// The columns that hold words: the operation, and what is remarkable.
const WORDS: [usize; 2] = [1, 19];

pub(super) fn table(facts: &Facts<'_>, part: Part) -> Markup {
    let language = facts.language;
    html! {
        h3 id=(format!("mode-{}", part.name())) { (part.title(language)) }
        div.scroll tabindex="0" {
            table.rows {
                @match part.kind {
                    Kind::Transfers => (judged(facts, part.mode)),
                    Kind::Lists => (as_in_files(facts, part)),
                }
            }
        }
    }
}

fn judged(facts: &Facts<'_>, mode: Option<Mode>) -> Markup {
    let language = facts.language;
    html! {
        thead { tr {
            @for (column, head) in language.row_columns().iter().enumerate() {
                th scope="col" class=[class(column)] { (head) }
            }
        } }
        tbody { @for row in facts.rows_of(mode) { (line(row, language)) } }
    }
}

/// Nothing is predicted of these rows, and no ceiling is known.
fn as_in_files(facts: &Facts<'_>, part: Part) -> Markup {
    let language = facts.language;
    html! {
        thead { tr { @for head in part.heads(language) { th scope="col" { (head) } } } }
        tbody {
            @for row in part.rows(facts.run) {
                tr { @for field in part.fields(&row, language) { td { (field) } } }
            }
        }
    }
}

fn class(column: usize) -> Option<&'static str> {
    WORDS.contains(&column).then_some("words")
}

fn line(row: &RowFacts<'_>, language: Language) -> Markup {
    let is_limited = row.is_limited_by_client() == Some(true);
    html! {
        tr id=(row.name().anchor()) class=[is_limited.then_some("limited")] {
            @for (column, field) in fields(row, language).iter().enumerate() {
                td class=[class(column)] { (field) }
            }
            td.words title=[disturbance(row, language)] { (flags(row, language)) }
        }
    }
}

/// All but what is remarkable. What was not measured is empty, never 0.
fn fields(row: &RowFacts<'_>, language: Language) -> [String; 19] {
    let (cell, line) = (&row.row.cell, row.row.representative());
    let number =
        |value: Option<f64>| value.map_or_else(String::new, |value| language.number(value));
    let mib = |bytes: Option<f64>| number(bytes.map(in_mib));
    let percent = |share: Option<f64>| number(share.map(|share| share * 100.0));
    let [clients, workers] = short_counts(line);
    let predicted_s = row.prediction.map(|prediction| prediction.mean_s);
    let limited = match row.is_limited_by_client() {
        Some(true) => language.yes(),
        Some(false) => language.no(),
        None => String::new(),
    };
    [
        row.row.number.to_string(),
        cell.operation.to_string(),
        language.tick(in_mib(cell.volume.bytes as f64)),
        cell.clients.to_string(),
        cell.server.workers_shown(),
        number(line.mean_s),
        row.mean_s.map_or_else(String::new, |spread| range(&spread, language)),
        mib(line.throughput_bytes_per_s),
        mib(line.goodput_bytes_per_s),
        number(line.makespan_s),
        number(line.queue_mean_s),
        number(predicted_s),
        row.residual().map_or_else(String::new, |residual| language.signed(residual * 100.0)),
        mib(row.ceiling.map(|ceiling| ceiling.median)),
        percent(row.ceiling_share()),
        limited,
        mib(line.server_peak_pss_bytes.map(|bytes| bytes as f64)),
        clients,
        workers,
    ]
}

/// Of the repetitions; where there are enough of them, the interval that holds the true median.
fn range(spread: &Spread, language: Language) -> String {
    if spread.count < 2 {
        return String::new();
    }
    let (low, high) = spread.confidence.unwrap_or((spread.min, spread.max));
    format!("{}–{}", language.number(low), language.number(high))
}

fn flags(row: &RowFacts<'_>, language: Language) -> String {
    let lines = &row.row.repetitions;
    let mut flags = Vec::new();
    let disturbed = lines.iter().filter(|line| line.disturbed.is_some()).count();
    if disturbed > 0 {
        flags.push(language.flag_disturbed(disturbed, lines.len()));
    }
    let attempts: u32 = lines.iter().map(|line| line.attempt).sum();
    if attempts as usize > lines.len() {
        flags.push(language.flag_attempts(attempts));
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

/// What the other load was.
fn disturbance(row: &RowFacts<'_>, language: Language) -> Option<String> {
    let lines = row.row.repetitions.iter();
    let reasons = lines.filter_map(|line| line.disturbed.as_deref());
    let reasons: Vec<String> = reasons.map(|why| language.retold(why)).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
