//! Where a number of the table surprises, and why it is right.

use figures::Numbers;

use super::facts::{CLIENT_LIMIT_SHARE, Facts, RowFacts};
use crate::compare::SAME_UP_TO;

/// Among the nine columns.
const NUMBER: usize = 0;
const MEAN: usize = 5;
const THROUGHPUT: usize = 6;
const CLIENT_COUNTS: usize = 7;
const WORKER_COUNTS: usize = 8;

/// What a row needs: the column, and the note.
pub(super) fn of(facts: &Facts<'_>, row: &RowFacts<'_>) -> Vec<(usize, String)> {
    let (language, line) = (facts.language, row.row.representative());
    let clients = u64::from(row.row.cell.clients);
    let served = line.server_workers_succeeded.zip(line.server_workers_failed);
    let served = served.map(|(succeeded, failed)| succeeded + failed);
    let has_idle = |served| served < clients.min(u64::from(row.workers()));
    let notes = [
        (NUMBER, line.disturbed.is_some(), language.note_disturbed()),
        (MEAN, looks_faster(facts, row), language.note_mean()),
        (
            THROUGHPUT,
            row.is_limited_by_client() == Some(true),
            language.note_limited(language.percent(CLIENT_LIMIT_SHARE)),
        ),
        (CLIENT_COUNTS, line.clients_failed > 0, language.note_failed()),
        (WORKER_COUNTS, served.is_some_and(|served| served > clients), language.note_bursts()),
        (WORKER_COUNTS, served.is_some_and(has_idle), language.note_idle()),
    ];
    let needed = notes.into_iter().filter(|(_, is_needed, _)| *is_needed);
    needed.map(|(column, _, note)| (column, note)).collect()
}

/// Its mean is smaller than with the largest pool, though all clients together take as long or longer.
fn looks_faster(facts: &Facts<'_>, row: &RowFacts<'_>) -> bool {
    let alike = |other: &&RowFacts<'_>| other.row.cell.load() == row.row.cell.load();
    let of_table = facts.rows_of(row.mode(), row.encoding());
    let largest = of_table.filter(alike).max_by_key(|other| other.workers());
    let times = |row: &RowFacts<'_>| Some((row.mean_s?.median, row.makespan_s?.median));
    let (Some((mean_s, last_s)), Some((other_mean_s, other_last_s))) =
        (times(row), largest.and_then(times))
    else {
        return false;
    };
    row.workers() < row.row.cell.clients
        && mean_s * SAME_UP_TO < other_mean_s
        && last_s * SAME_UP_TO >= other_last_s
}
