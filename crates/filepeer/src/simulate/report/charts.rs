//! The figures of a report.

mod churn;
mod growth;
mod methods;
mod spread;

use figures::Figure;

use crate::{language::Language, simulate::saved::SavedRun};

/// Beside the style of every page of figures.
pub(super) const STYLE: &str = "\
.thin { fill: none; stroke: var(--series); stroke-width: .8; stroke-opacity: .75; }
";

pub(super) fn all(run: &SavedRun, language: Language) -> Vec<Figure> {
    let mut figures = vec![growth::figure(run, language), spread::figure(run, language)];
    figures.extend(churn::figure(run, language));
    figures
}
