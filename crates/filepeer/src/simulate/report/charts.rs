//! The figures of a report.

mod churn;
mod growth;
mod methods;
mod spread;

use figures::Figure;

use crate::{language::Language, simulate::saved::SavedRun};

pub(super) fn all(run: &SavedRun, language: Language) -> Vec<Figure> {
    let mut figures = vec![growth::figure(run, language), spread::figure(run, language)];
    figures.extend(churn::figure(run, language));
    figures
}
