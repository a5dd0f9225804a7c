//! The answer to STATS.

use std::time::Instant;

use file_service::FileService;
use monitor::stats::{self, Facts};
use protocol::Stats;
use serving::Server;
use telemetry::Mode;

/// What the server has counted so far.
pub(crate) fn collect(server: &Server, service: &FileService, now: Instant) -> Stats {
    let facts = Facts {
        mode: server.mode,
        workers: server.workers() as u32,
        injected: service.faults.as_ref().map(ToString::to_string),
        directory_gone: !service.store.is_there(),
        files_left_out: service.store.usage().left_out(),
        waiting: server.queued() + stats::backlog_len(server.address),
        // A thread of its own for each connection leaves places that were never filled.
        hides_unused: server.mode == Mode::Legacy,
    };
    stats::collect(&server.scoreboard, facts, stats::usage, now)
}
