//! Waiting for what another process or thread does.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long a test waits for what should happen at once. Long, because a loaded machine is slow and
/// only a failing test ever waits so long.
pub const PATIENCE: Duration = Duration::from_secs(30);

const POLL_PAUSE: Duration = Duration::from_millis(5);

/// Returns once `condition` holds; panics when it does not within `timeout`.
#[track_caller]
pub fn eventually(timeout: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + timeout;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {timeout:?}: {what}");
        thread::sleep(POLL_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_asked_until_it_holds() {
        let mut asked = 0;
        eventually(PATIENCE, "the third answer", || {
            asked += 1;
            asked == 3
        });
        assert_eq!(asked, 3);
    }

    #[test]
    #[should_panic(expected = "not within 1ms: pigs fly")]
    fn a_wait_ends() {
        eventually(Duration::from_millis(1), "pigs fly", || false);
    }
}
