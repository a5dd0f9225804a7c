//! The totals above the workers, in words: for the screen and for plain text.

use cli::{
    table::{Side, aligned},
    units,
};

use super::view::View;
use crate::counts::{self, UNKNOWN};

/// So that columns of counts rarely move while they grow.
const COUNT_WIDTH: usize = 6;

/// Verbs that few servers are asked for; whoever has not been has no column for them.
const RARE: [&str; 3] = ["echo", "fetch", "store"];

/// Requests by verb: a line for the names, for those that succeeded, those that failed and the rate.
pub(super) fn requests(view: &View) -> String {
    let requests = view.stats.requests;
    let columns = requests.into_entries().chain([("all".to_owned(), requests.all())]);
    let mut rows = ["requests", "ok", "failed", "per second"].map(|head| vec![head.to_owned()]);
    let mut rates = view.rates.iter().flat_map(|it| it.by_verb.into_iter().chain([it.requests]));
    for (name, outcomes) in columns {
        let rate = rates.next().map_or_else(|| UNKNOWN.to_owned(), |rate| format!("{rate:.1}"));
        if RARE.contains(&name.as_str()) && counts::finished(outcomes) == 0 {
            continue;
        }
        let cells = [name, outcomes.ok.to_string(), outcomes.failed.to_string(), rate];
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.push(format!("{cell:>COUNT_WIDTH$}"));
        }
    }
    let mut sides = vec![Side::Right; rows[0].len()];
    sides[0] = Side::Left;
    aligned(&sides, &rows)
}

/// The same in one line.
pub(super) fn requests_in_short(view: &View) -> String {
    let all = view.stats.requests.all();
    let rate =
        view.rates.map_or_else(|| UNKNOWN.to_owned(), |rates| format!("{:.1}", rates.requests));
    format!("{rate} per second, {} ok, {} failed", all.ok, all.failed)
}

/// A rate of content, and how much there was in all.
pub(super) fn flow(rate: Option<f64>, total: u64) -> [String; 2] {
    let rate = rate.map_or_else(|| UNKNOWN.to_owned(), units::rate);
    [rate, units::size(total)]
}
