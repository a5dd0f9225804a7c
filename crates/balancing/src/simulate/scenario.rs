//! What is simulated.

use std::{num::NonZeroUsize, time::Duration};

use simulation::{Arrivals, Distribution};

use crate::{backend::BackendSpec, pool::Settings};

#[derive(Clone, Debug)]
pub struct Scenario {
    pub settings: Settings,
    pub backends: Vec<SimulatedBackend>,
    pub arrivals: Arrivals,
    /// How long each request is under way besides, there and back. Its worker serves others meanwhile; for the
    /// policy it is in flight, and answered at the end of it.
    pub transit: Duration,
    /// How many arrive in all.
    pub requests: u64,
    /// How many of them, the first ones, are in no result: they come while the queues, empty at the
    /// beginning, are not yet as long as they will be.
    pub unmeasured: u64,
    pub queue: QueueLimits,
    /// Without them, only requests that fail tell of a backend that is gone.
    pub checks: Option<Checks>,
    /// In any order. Those at one moment happen in the order in which they stand here.
    pub incidents: Vec<Incident>,
    /// With the same seed everything is the same again; only the policy changes what depends on it.
    pub seed: u64,
}

/// A server with one queue, first come first served, in front of its workers.
#[derive(Clone, Debug)]
pub struct SimulatedBackend {
    pub spec: BackendSpec,
    pub workers: NonZeroUsize,
    pub service: Distribution,
}

/// How many may wait in the balancer, and how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueueLimits {
    pub len_max: usize,
    pub wait_max: Duration,
}

/// Each backend is asked every `interval`, from one interval after the beginning. One that runs answers at
/// once, one that is dead refuses at once, and one that is stopped has failed after `timeout`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checks {
    pub interval: Duration,
    pub timeout: Duration,
}

/// Something that happens to a backend from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub at: Duration,
    /// Its place in [`Scenario::backends`]. Where there is none, nothing happens.
    pub backend: usize,
    pub kind: IncidentKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum IncidentKind {
    /// Its process ends: what it has is lost at once, and it refuses connections.
    Killed,
    /// A killed one is there again, with nothing to do.
    Started,
    /// It stands still (SIGSTOP) and goes on accepting: what it has is lost once a check has found out.
    Stopped,
    /// A stopped one goes on. Answers that were due come now.
    Continued,
    /// An operator drains it, and enables it again.
    Drained,
    Enabled,
    /// What it begins from now on takes so long.
    Service(Distribution),
}
