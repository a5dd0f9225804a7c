//! What a run is called, what was done in it, and what limits its use.

use runs::moment;
use searching::Config;

use crate::{language::Language, simulate::saved::SavedRun};

pub(super) fn title(run: &SavedRun, language: Language) -> String {
    language.title(moment(&run.environment.started))
}

/// What was done, in a few sentences.
pub(super) fn what(run: &SavedRun, language: Language) -> String {
    let plan = run.plan();
    let what =
        language.what(plan.searches, plan.seeds.count(), plan.degree, plan.holders, plan.ttl);
    // As scenarios have it, whatever walks of a real node may do.
    format!("{what} {}", language.walks_end(Config::default().walk_ttl_max))
}

/// What limits the use of the run.
pub(super) fn marks(run: &SavedRun, language: Language) -> Vec<String> {
    let missing = run.missing();
    match missing.is_empty() {
        true => Vec::new(),
        false => vec![language.mark_partial(missing.join(", "))],
    }
}
