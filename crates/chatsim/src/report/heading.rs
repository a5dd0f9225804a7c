//! What a run is called, what was done in it, and what limits its use.

use runs::moment;

use super::conditions;
use crate::{
    language::Language,
    results::saved::{Environment, SavedRun},
};

pub(crate) fn title(run: &SavedRun, language: Language) -> String {
    let Environment { started, plan, .. } = &run.environment;
    match plan.experiment {
        Some(experiment) => language.title_experiment(
            experiment.number(),
            language.experiment(experiment),
            moment(started),
        ),
        None => language.title_sweep(moment(started)),
    }
}

/// What was done, and under which conditions, in a few sentences.
pub(crate) fn what(run: &SavedRun, language: Language) -> String {
    let plan = &run.environment.plan;
    let what = language.what(plan.cases.len(), plan.messages, plan.seed);
    format!("{what} {}", conditions::sentences(&plan.cases, language))
}

/// What limits the use of the run.
pub(crate) fn marks(run: &SavedRun, language: Language) -> Vec<String> {
    let missing = run.missing();
    match missing.is_empty() {
        true => Vec::new(),
        false => vec![language.mark_partial(missing.join(", "))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::saved::tests::made_up;

    #[test]
    fn a_run_that_was_stopped_says_what_is_missing() {
        let mut run = made_up();
        assert!(marks(&run, Language::En).is_empty());
        run.results[1].worlds.clear();
        let marks = marks(&run, Language::En);
        assert!(marks.len() == 1 && marks[0].contains("pubsub"), "{marks:?}");
    }
}
