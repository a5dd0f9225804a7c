//! The answer to STATS: the counts of the balancer itself, and one row for each backend.

mod families;

use std::time::Instant;

use balancing::State;
use monitor::stats::{self, Facts};
use protocol::{Stats, stats::Backend};
use serving::Server;

pub(crate) use self::families::families;
use crate::pool::{SharedPool, Standing};

/// What was counted so far.
pub(crate) fn collect(server: &Server, pool: &SharedPool, now: Instant) -> Stats {
    let facts = Facts {
        mode: server.mode,
        workers: server.workers() as u32,
        injected: None,
        directory_gone: false,
        files_left_out: 0,
        waiting: pool.waiting() as u64 + stats::backlog_len(server.address),
        hides_unused: false,
    };
    let own = stats::collect(&server.scoreboard, facts, stats::usage, now);
    Stats { backend: rows(pool), ..own }
}

/// A row for each backend.
pub(crate) fn rows(pool: &SharedPool) -> Vec<Backend> {
    pool.standings().iter().map(row).collect()
}

fn row(standing: &Standing) -> Backend {
    let Standing { backend, state, in_flight, in_flight_max, weight } = standing;
    Backend {
        name: backend.name().to_owned(),
        address: backend.config.address.to_string(),
        state: state_name(*state).to_owned(),
        reason: match state {
            State::Down | State::Ejected => backend.trouble(),
            State::Up | State::Draining | State::Warming => None,
        },
        weight: weight.get(),
        in_flight: *in_flight as u64,
        // Any number is none to tell.
        in_flight_max: Some(*in_flight_max as u64).filter(|_| *in_flight_max < usize::MAX),
        connections: backend.counts.connections.outcomes(),
        requests: backend.counts.requests.outcomes(),
        bytes_in: backend.counts.bytes_in(),
        bytes_out: backend.counts.bytes_out(),
        retries: backend.counts.retries(),
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Up => "up",
        State::Down => "down",
        State::Ejected => "ejected",
        State::Draining => "draining",
        State::Warming => "warming",
    }
}
