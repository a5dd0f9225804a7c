//! Which colour, form and legend modes and pools have: a hue for each mode, the same in every figure and every run,
//! and a form for each size of pool.

use figures::chart::{line, mark, shaped};
use maud::{Markup, html};

use crate::{
    plan::{Mode, mode_name},
    report::facts::Facts,
};

/// Of no mode: a server that does not tell, and what is said of all of them.
pub(super) const NEUTRAL: usize = 5;

pub(super) const fn hue(mode: Option<Mode>) -> usize {
    match mode {
        Some(Mode::Thread) => 0,
        Some(Mode::Process) => 1,
        Some(Mode::Async) => 2,
        Some(Mode::Event) => 3,
        Some(Mode::Legacy) => 4,
        None => NEUTRAL,
    }
}

/// The modes as lines with their marks.
pub(super) fn mode_lines(facts: &Facts<'_>) -> Vec<(Markup, String)> {
    of_modes(facts, |hue| {
        html! { (line((0.0, 6.0), (24.0, 6.0), &format!("run s{hue}"))) (mark(hue, (12.0, 6.0), "")) }
    })
}

/// The modes as their colours alone.
pub(super) fn mode_colours(facts: &Facts<'_>) -> Vec<(Markup, String)> {
    of_modes(facts, |hue| figures::chart::bar((4.0, 1.0), (20.0, 11.0), &format!("fill s{hue}")))
}

fn of_modes(facts: &Facts<'_>, swatch: impl Fn(usize) -> Markup) -> Vec<(Markup, String)> {
    let entry = |mode: Option<Mode>| (swatch(hue(mode)), mode_name(mode));
    facts.modes().into_iter().map(entry).collect()
}

/// The sizes of pools as forms.
pub(super) fn pool_forms(facts: &Facts<'_>) -> Vec<(Markup, String)> {
    let entry = |(form, workers): (usize, u32)| {
        (shaped(form, NEUTRAL, (12.0, 6.0), ""), facts.language.pool(workers))
    };
    facts.pools().into_iter().enumerate().map(entry).collect()
}
