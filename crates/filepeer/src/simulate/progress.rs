//! How far a run is: a bar on a terminal, otherwise a line for each case.

use std::{
    io::{self, IsTerminal},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::plan::Plan;
use crate::language::Language;

const BAR: &str = "{bar:40} {pos}/{len} {msg} {elapsed}";

pub(super) struct Progress {
    /// Of the seeds of all cases; none where nobody looks.
    bar: Option<ProgressBar>,
    cases: usize,
    cases_done: AtomicUsize,
    language: Language,
}

impl Progress {
    pub(super) fn begin(plan: &Plan, language: Language) -> Self {
        let all = plan.cases.len() as u64 * plan.seeds.count();
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template(BAR).expect("the template is well formed");
            ProgressBar::new(all).with_style(style)
        });
        Self { bar, cases: plan.cases.len(), cases_done: AtomicUsize::new(0), language }
    }

    /// A case was simulated with one seed.
    pub(super) fn seed_done(&self, case: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(case.to_owned());
            bar.inc(1);
        }
    }

    pub(super) fn case_done(&self, case: &str) {
        let number = self.cases_done.fetch_add(1, Relaxed) + 1;
        if self.bar.is_none() {
            cli::errln!("{}", self.language.case_done(number, self.cases, case));
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
