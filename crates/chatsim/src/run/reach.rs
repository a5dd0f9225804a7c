//! Which cases are worth waiting for in real time: messages that a simulation sends within a blink may be years apart.

use std::time::Duration;

use crate::{experiments::Case, language::Language, results::records::World};

/// A case that takes longer is left out.
const LONGEST: Duration = Duration::from_secs(600);

/// The cases whose messages are all sent soon enough, where `takes` is how long that is. Says which are not.
pub(super) fn within_reach(
    cases: &[Case],
    world: World,
    takes: impl Fn(&Case) -> Duration,
    language: Language,
) -> Vec<&Case> {
    let (near, far): (Vec<_>, Vec<_>) = cases.iter().partition(|case| takes(case) <= LONGEST);
    for case in far {
        let minutes = takes(case).as_secs() / 60;
        cli::errln!("{}", language.left_out(&case.name, language.world(world), minutes));
    }
    near
}
