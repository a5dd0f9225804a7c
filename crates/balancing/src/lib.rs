//! Which backend gets a request, and which gets none for now: all that a balancer decides, and nothing that
//! it does. No socket, thread, clock or file is known here; the time is a [`Duration`](std::time::Duration)
//! since any fixed moment, which never goes back, and chance comes in as
//! [`Chance`](simulation::Chance). So the same code decides on real sockets and in virtual time.
//!
//! A [`Pool`] holds the backends and has a [`Policy`] choose among those that may be chosen. It is told
//! what became of each request and of each check, and answers what changed. Beside it stand whoever waits
//! while all are full ([`Queue`]), how much may be sent again ([`RetryBudget`]), and the place that a name
//! has for good ([`rendezvous()`]). Nothing here locks: whoever shares a pool puts it behind one lock.
//! [`simulate`] puts it among backends and clients of virtual time.
#![forbid(unsafe_code)]

mod backend;
pub mod policy;
mod pool;
mod queue;
mod rendezvous;
mod retry_budget;
pub mod simulate;

pub use backend::{Backend, BackendId, BackendSpec, EjectionRule, State};
pub use policy::{Candidates, Policy, PolicyName};
pub use pool::{Change, DuplicateName, NoBackend, Outcome, Pool, Settings};
pub use queue::{Queue, Ticket};
pub use rendezvous::rendezvous;
pub use retry_budget::RetryBudget;
