//! Which backend gets a request, and which gets none for now: all that a balancer decides, and nothing that
//! it does. No socket, thread, clock or file is known here; the time is a [`Duration`](std::time::Duration)
//! since any fixed moment, which never goes back. So the same code decides on real sockets and in virtual
//! time.
//!
//! Whoever waits while all backends are full is in a [`Queue`], how much may be sent again is in a
//! [`RetryBudget`], and the place that a name has for good is found by [`rendezvous()`]. Nothing here locks.
#![forbid(unsafe_code)]

mod queue;
mod rendezvous;
mod retry_budget;

pub use queue::{Queue, Ticket};
pub use rendezvous::rendezvous;
pub use retry_budget::RetryBudget;
