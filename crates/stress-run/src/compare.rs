//! `stress-run compare A B`: is run B faster or slower than run A, row by row? And `compare RUN --between
//! modes` or `encodings`: which of one run is?
//!
//! [`obstacles`] says what may not be compared, [`contender`] holds two sides against each other, [`verdicts`]
//! decides about all pairs, and [`screen`] and [`output`] show it. Only reads, and starts nothing.

mod command;
mod contender;
mod gates;
mod modes;
mod obstacles;
mod output;
mod screen;
mod sentences;
#[cfg(test)]
mod tests;
mod verdicts;

use self::verdicts::Comparison;
pub(crate) use self::{
    command::{CompareArgs, NOTES, run},
    modes::{Answer, LoadJudged, Modes},
    obstacles::{Comparable, Obstacle, obstacles_between},
    verdicts::{Evidence, Machines, Pair, SAME_UP_TO, Verdict, judge},
};

/// What was asked for.
enum Compared {
    Runs(Comparison),
    /// Of one run: without base64 against with it.
    Encodings(Comparison),
    Modes(Modes),
}

impl Compared {
    /// Row by row, or load by load.
    fn rows(&self) -> &Comparison {
        match self {
            Self::Runs(comparison) | Self::Encodings(comparison) => comparison,
            Self::Modes(modes) => &modes.by_load,
        }
    }
}
