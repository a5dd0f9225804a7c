//! The six figures: what each draws, what its caption finds, and the numbers behind it.

mod dots;
mod gantt;
mod goodput;
mod memory;
mod pools;
mod prediction;
mod time_parts;

use figures::Figure;

pub(super) use self::prediction::{BAND, fit};
use super::facts::Facts;

pub(super) fn all(facts: &Facts<'_>) -> [Figure; 6] {
    [
        gantt::figure(facts),
        goodput::figure(facts),
        time_parts::figure(facts),
        dots::figure(facts),
        memory::figure(facts),
        prediction::figure(facts),
    ]
}
