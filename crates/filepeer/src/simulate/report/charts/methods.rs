//! What tells the methods apart in all figures.

use figures::chart::{legend, mark};
use maud::Markup;

use crate::{
    language::Language,
    simulate::{plan::Method, saved::SavedRun},
};

/// The methods of which there are records.
pub(super) fn methods(run: &SavedRun) -> Vec<Method> {
    let is_there = |method: &Method| {
        run.results.iter().any(|it| it.case.method == *method && !it.records.is_empty())
    };
    Method::ALL.into_iter().filter(is_there).collect()
}

/// Each method has its mark and its colour in all figures.
pub(super) fn series(method: Method) -> usize {
    method as usize
}

pub(super) fn legend_of(methods: &[Method], language: Language) -> Markup {
    let entry =
        |method: &Method| (mark(series(*method), (12.0, 6.0), ""), language.method(*method));
    legend(&methods.iter().map(entry).collect::<Vec<_>>())
}
