//! What the programs say about themselves: the scoreboard of a server's workers, and its events.
//!
//! The [scoreboard](scoreboard::Scoreboard) is counted in shared memory and read without locks. The
//! [journal](journal::Journal) is told what happens, event by event; who reads it is not known here.
#![forbid(unsafe_code)]

pub mod activity;
mod clock;
mod connection;
mod death;
pub mod event;
pub mod histogram;
pub mod journal;
mod logging;
mod mode;
pub mod scoreboard;

pub use activity::Activity;
pub use clock::monotonic_ns;
pub use connection::{Arrival, OpenConnection};
pub use death::Death;
pub use event::{Event, EventKind, EventSource, Level};
pub use journal::{Journal, JournalReader, Losses};
pub use logging::{LogLevel, start_logging};
pub use mode::Mode;
pub use scoreboard::{LABELS_MAX, Labels, Outcome, Scoreboard, Slot, SlotCounts, Totals};
