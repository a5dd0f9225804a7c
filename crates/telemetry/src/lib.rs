//! What the programs say about themselves: log lines and the scoreboard of a server's workers.
#![forbid(unsafe_code)]

mod logging;
pub mod scoreboard;

pub use logging::{LogLevel, start_logging};
pub use scoreboard::{OpenConnection, Outcome, Scoreboard, Slot, SlotCounts, Totals, Verb};
