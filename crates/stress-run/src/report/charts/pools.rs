//! The legend of most charts: which mark and colour stands for which size of pool.

use figures::chart::{line, mark};
use maud::{Markup, html};

use crate::report::facts::Facts;

/// Marks, and where the points of a pool are joined, its line.
pub(super) fn swatches(facts: &Facts<'_>, with_lines: bool) -> Vec<(Markup, String)> {
    let entry = |(series, workers): (usize, u32)| {
        let swatch = html! {
            @if with_lines { (line((0.0, 6.0), (24.0, 6.0), &format!("run s{series}"))) }
            (mark(series, (12.0, 6.0), ""))
        };
        (swatch, facts.language.pool(workers))
    };
    facts.pools().into_iter().enumerate().map(entry).collect()
}
