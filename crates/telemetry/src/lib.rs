//! What the programs say about themselves: the scoreboard of a server's workers, and its events.
//!
//! The [scoreboard](scoreboard::Scoreboard) is counted in shared memory and read without locks. The
//! [journal](journal::Journal) is told what happens, event by event; who reads it is not known here.
#![forbid(unsafe_code)]

mod accounting;
pub mod activity;
mod clock;
mod death;
pub mod event;
pub mod histogram;
pub mod journal;
mod logging;
mod mode;
pub mod scoreboard;

pub use accounting::{Arrival, OpenConnection};
pub use activity::Activity;
pub use clock::monotonic_ns;
pub use death::Death;
pub use event::{Event, EventKind, EventSource, Level};
pub use journal::{Journal, JournalReader, Losses};
pub use logging::{LogLevel, start_logging};
pub use mode::Mode;
pub use scoreboard::{LABELS_MAX, Labels, Scoreboard, Slot, SlotCounts, Totals};
