//! Virtual time: events in order, seeded chance, how long things take and when they arrive, and how sure
//! a mean is. Time is a [`Duration`](std::time::Duration) since the beginning, and it is whatever the next
//! event says, so an hour takes as long as its events do.
//!
//! A simulation is a loop over an [`Agenda`] and holds everything else itself. With the same seed it is the
//! same again: nothing here asks the time, an address or the order of a hash table. (Another platform may
//! round the last digit of a logarithm otherwise.)
//! What is simulated is not known here, and a closed form in [`queueing`] shares nothing with a simulation
//! of the same queue, so that each can find the other's faults.
//!
//! ```ignore
//! // One server, a request every 10 ms in the mean, each served in exactly 5 ms.
//! let arrivals = Arrivals::Poisson { per_second: 100.0 }.moments(Chance::new(seed, 0));
//! let mut free_at = Duration::ZERO;
//! let mut latencies = Latencies::default();
//! for arrived in arrivals.take(100_000) {
//!     free_at = free_at.max(arrived) + Duration::from_millis(5);
//!     latencies.record(free_at - arrived);
//! }
//! ```
#![forbid(unsafe_code)]

mod agenda;
mod arrivals;
mod batch_means;
mod chance;
mod distribution;
mod latencies;
pub mod queueing;

pub use agenda::Agenda;
pub use arrivals::{Arrivals, Moments};
pub use chance::Chance;
pub use distribution::{Distribution, ParseDistributionError};
pub use latencies::Latencies;
