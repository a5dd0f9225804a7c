//! What all connections of a balancer share.

use std::{sync::Arc, time::Duration};

use serving::{Phase, Server, timeouts::TimeLimits};
use tokio::sync::watch;

use crate::{pool::SharedPool, security::Security};

/// What is forwarded: requests one by one, or the bytes of whole connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Level {
    Request,
    Connection,
}

/// Which backends can answer a request for a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Layout {
    /// Any: they serve one directory, or directories that are alike.
    Shared,
    /// The one that the file's name decides.
    ByName,
}

/// How long others may take, and how much they may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until a backend has taken a connection.
    pub(crate) connect_timeout: Duration,
    /// Between requests, or without a byte in either direction.
    pub(crate) idle_timeout: Duration,
    /// For the head of a request.
    pub(crate) head_timeout: Duration,
    /// Bytes a second that a transfer must move, averaged over the idle timeout.
    pub(crate) min_rate: u64,
    /// Requests that one connection may make.
    pub(crate) requests_max: u64,
}

impl Limits {
    /// How long one who is waited for may take.
    pub(crate) fn time(&self) -> TimeLimits {
        let Self { idle_timeout, head_timeout, min_rate, .. } = *self;
        TimeLimits { idle_timeout, head_timeout, min_rate }
    }
}

/// What all connections of a balancer share.
pub(crate) struct Balancer {
    pub(crate) server: Arc<Server>,
    pub(crate) pool: SharedPool,
    pub(crate) level: Level,
    pub(crate) layout: Layout,
    pub(crate) limits: Limits,
    /// Each connection to a backend is one client's, and begins with who that is.
    pub(crate) sends_proxy: bool,
    pub(crate) security: Arc<Security>,
    /// Changes when the balancer is told to stop, and when the grace period is over.
    pub(crate) phase: watch::Receiver<Phase>,
}

impl Balancer {
    /// Returns when connections are to be cut.
    pub(crate) async fn grace_period_over(&self) {
        let mut phase = self.phase.clone();
        // Nobody is left to say so when all is over.
        let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
    }
}
