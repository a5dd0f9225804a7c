//! The figures: what each draws, what its caption finds, and the numbers behind it.

mod dots;
mod gantt;
mod goodput;
mod memory;
mod prediction;
mod series;
mod time_parts;

use figures::Figure;

pub(super) use self::prediction::{BAND, fit};
use super::facts::Facts;

/// The most telling one first. One repetition is nothing to base a prediction on.
pub(super) fn all(facts: &Facts<'_>) -> Vec<Figure> {
    let mut figures = vec![
        gantt::figure(facts),
        goodput::figure(facts),
        time_parts::figure(facts),
        dots::figure(facts),
        memory::figure(facts),
    ];
    if facts.is_repeated() {
        figures.push(prediction::figure(facts));
    }
    figures
}
