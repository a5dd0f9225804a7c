//! What a pool promises, as whoever uses it sees it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod ejection;
mod health;
mod model;
mod operator;
mod policies;
mod proportions;
mod random_runs;
mod warm_up;
