//! Messages on a bad network, and what certainty of their delivery costs: one sender, its subscribers and
//! the link between them. No socket, thread, clock or file is known here. Time is a
//! [`Duration`](std::time::Duration) since any fixed moment and is handed in. Chance is a hash of a seed and
//! of what is decided, so both methods meet the same fates, and a timeout that changes changes no fate.
//!
//! A [`Delivery`] is asked to send, and is handed each [`Event`] that it has asked for at its moment. It tells
//! [`Fact`]s while they happen, and a [`Record`] of each message at each subscriber when nothing more can
//! happen to the message. Who drives it gives it an [`Outbox`]: [`simulate`] does so in virtual time, a
//! program with timers in real time. A driver that has packets carried by somebody else asks a [`Link`] for
//! their fates, and counts its own records with [`Totals`].
#![forbid(unsafe_code)]

mod accounting;
mod config;
mod delivery;
mod fact;
mod link;
mod nanos;
mod outbox;
mod packet;
mod record;
pub mod simulate;
mod totals;

pub use accounting::{Accounting, Traffic};
pub use config::{Backoff, Burst, Config, Method, Ordering, Percent, Rejection, limits};
pub use delivery::Delivery;
pub use fact::{Cause, Fact};
pub use link::{Fate, Link};
pub use outbox::{Event, Outbox};
pub use packet::{Direction, MessageId, Packet};
pub use record::Record;
pub use totals::Totals;
