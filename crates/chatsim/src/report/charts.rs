//! The figures of a report.

mod distances;
mod distributions;
mod heat;

use figures::Figure;

use crate::{language::Language, results::saved::SavedRun};

/// The most telling one first: where cases are a grid, the grid.
pub(super) fn all(run: &SavedRun, language: Language) -> Vec<Figure> {
    let others = [distributions::figure(run, language), distances::figure(run, language)];
    heat::figure(run, language).into_iter().chain(others).collect()
}

/// Beside the style of every page of figures.
pub(super) const STYLE: &str = "\
.heat { fill: var(--s0); stroke: var(--paper); }
.heat.level0 { fill-opacity: .06; } .heat.level1 { fill-opacity: .14; } .heat.level2 { fill-opacity: .22; }
.heat.level3 { fill-opacity: .3; } .heat.level4 { fill-opacity: .38; } .heat.level5 { fill-opacity: .46; }
.value text { fill: var(--ink); }
.limit { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 3; }
";
