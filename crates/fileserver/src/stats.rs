//! The answer to STATS.

use std::{sync::atomic::Ordering::Relaxed, time::Instant};

use monitor::stats::{self, Facts};
use protocol::Stats;

use crate::{args::Mode, resources, service::Service};

/// What the server has counted so far.
pub(crate) fn collect(service: &Service, now: Instant) -> Stats {
    let backlog_len = resources::backlog_len(service.endpoint.address);
    let injected = service.faults.as_ref().map(ToString::to_string);
    let facts = Facts {
        mode: service.mode.name(),
        workers: service.workers,
        injected,
        directory_gone: !service.directory.is_there(),
        files_left_out: service.directory.usage().left_out(),
        waiting: service.queued.load(Relaxed) + backlog_len,
        // A thread of its own for each connection leaves places that were never filled.
        hides_unused: service.mode == Mode::Legacy,
    };
    stats::collect(&service.scoreboard, facts, resources::usage, now)
}
