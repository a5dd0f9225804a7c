//! Moments on the one clock that all processes of a machine share.

use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds on the monotonic clock; its zero is the machine's own.
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Unix has a monotonic clock");
    now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
}

/// Translates an [`Instant`] of this process.
pub(crate) fn ns_of(instant: Instant) -> u64 {
    let (now, now_ns) = (Instant::now(), monotonic_ns());
    now_ns - now.saturating_duration_since(instant).as_nanos() as u64
        + instant.saturating_duration_since(now).as_nanos() as u64
}
