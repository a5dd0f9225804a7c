//! The figures: what each draws, what its caption finds, and the numbers behind it.

mod base64_cost;
mod dots;
mod gantt;
mod goodput;
mod memory;
mod prediction;
mod series;
mod time_parts;

use figures::Figure;

pub(super) use self::{
    base64_cost::finding as base64_costs,
    prediction::{BAND, fit},
};
use super::facts::Facts;

/// The most telling one first. One repetition is nothing to base a prediction on.
pub(super) fn all(facts: &Facts<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    if facts.run.environment.plan.encodings.len() > 1 {
        figures.push(base64_cost::figure(facts));
    }
    figures.extend([
        gantt::figure(facts),
        goodput::figure(facts),
        time_parts::figure(facts),
        dots::figure(facts),
        memory::figure(facts),
    ]);
    if facts.is_repeated() {
        figures.push(prediction::figure(facts));
    }
    figures
}
