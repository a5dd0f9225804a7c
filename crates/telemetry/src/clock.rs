//! The two clocks of an event: one that only goes forward, and the time of day.

use std::{sync::OnceLock, time::Instant};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// How often the two views of the monotonic clock are held against each other.
const ANCHOR_TRIES: usize = 10;

/// An [`Instant`] as nanoseconds of the system's monotonic clock, which all processes of a machine
/// share: times of a server and of its clients can be held against each other.
pub fn monotonic_ns(at: Instant) -> u64 {
    static ANCHOR: OnceLock<(Instant, u64)> = OnceLock::new();
    let (anchor, anchor_ns) = *ANCHOR.get_or_init(take_anchor);
    match at.checked_duration_since(anchor) {
        Some(later) => anchor_ns.saturating_add(later.as_nanos() as u64),
        None => anchor_ns.saturating_sub(anchor.duration_since(at).as_nanos() as u64),
    }
}

/// The time of day, in whole milliseconds.
pub(crate) fn time_of_day() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond())
        .expect("a timestamp in milliseconds is one")
}

/// The same moment on both clocks: of some tries the one that was interrupted least.
fn take_anchor() -> (Instant, u64) {
    let tries = (0..ANCHOR_TRIES).map(|_| {
        let (before_ns, at, after_ns) = (now_ns(), Instant::now(), now_ns());
        (after_ns - before_ns, (at, before_ns + (after_ns - before_ns) / 2))
    });
    tries.min_by_key(|(took_ns, _)| *took_ns).expect("there is a first try").1
}

fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn instants_are_on_the_systems_clock() {
        let (before, now, after) = (now_ns(), Instant::now(), now_ns());
        let ns = monotonic_ns(now);
        let error_max = 50_000;
        assert!(before <= ns + error_max && ns <= after + error_max, "{before} {ns} {after}");
        let later = monotonic_ns(now + Duration::from_millis(5));
        assert_eq!(later - ns, 5_000_000);
    }
}
