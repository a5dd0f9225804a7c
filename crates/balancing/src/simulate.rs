//! A balancer in virtual time: the same [`Pool`](crate::Pool), [`Queue`](crate::Queue) and
//! [`RetryBudget`](crate::RetryBudget) that decide on real sockets, with backends that are queues, arrivals
//! that are numbers, and no network between them. A [`Scenario`] says what is there and what happens to
//! it; [`run`] says what became of it; [`predict`] says what should have, where that is known on paper.
//!
//! What it leaves out: that the balancer, the network and a connect take a different time for each request,
//! which here is the same for all ([`Scenario::transit`]); and what a request is, so each can be sent again
//! until its answer comes (as at level `request`, where uploads are the exception). A backend sends the first
//! and the last byte of an answer at once.
//!
//! It costs memory for what is in flight, not for what has been, and about a microsecond a request where
//! the policy looks at few backends. It ends when every request has succeeded or failed.

mod occupancy;
mod prediction;
mod results;
mod scenario;
mod server;
mod world;

pub use prediction::{Prediction, predict};
pub use results::{BackendResults, Failures, Results};
pub use scenario::{Checks, Incident, IncidentKind, QueueLimits, Scenario, SimulatedBackend};
pub use world::{ARRIVALS, PICKS, run, run_with_policy};
