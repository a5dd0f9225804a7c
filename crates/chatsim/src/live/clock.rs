//! The time of a world: a wall clock that can stand, and run at a tenth up to ten times its pace.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How many times as fast as the wall clock the world's may run.
pub(crate) const SPEEDS: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// Reads one of them.
pub(crate) fn parse_speed(text: &str) -> Result<f64, &'static str> {
    let speed = text.parse().ok().filter(|speed| SPEEDS.contains(speed));
    speed.ok_or("a number from 0.1 to 10 is needed")
}

/// Time since the beginning of the world. It never goes back, whatever is done to it.
#[derive(Debug)]
pub(crate) struct Clock {
    pace: Mutex<Pace>,
}

/// How the world's time follows from the wall's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The world's time at `since`.
    base: Duration,
    since: Instant,
    pub(crate) speed: f64,
    pub(crate) paused: bool,
}

impl Pace {
    fn at(&self, wall: Instant) -> Duration {
        if self.paused {
            return self.base;
        }
        self.base + wall.saturating_duration_since(self.since).mul_f64(self.speed)
    }
}

impl Clock {
    /// A clock that begins at zero, now. `speed` is one of [`SPEEDS`].
    pub(crate) fn start(speed: f64) -> Self {
        let pace = Pace { base: Duration::ZERO, since: Instant::now(), speed, paused: false };
        Self { pace: Mutex::new(pace) }
    }

    pub(crate) fn now(&self) -> Duration {
        let pace = self.lock();
        pace.at(Instant::now())
    }

    pub(crate) fn pace(&self) -> Pace {
        *self.lock()
    }

    /// How long to wait for a moment by the wall clock; `None` while the clock stands, unless the moment
    /// has come. Who waits has to ask again when the clock was changed.
    pub(crate) fn wait_for(&self, moment: Duration) -> Option<Duration> {
        let pace = self.lock();
        let left = moment.saturating_sub(pace.at(Instant::now()));
        if left.is_zero() {
            return Some(Duration::ZERO);
        }
        // Rounded up: who wakes a nanosecond early would wait again for nothing.
        (!pace.paused).then(|| left.div_f64(pace.speed) + Duration::from_nanos(1))
    }

    pub(crate) fn set_paused(&self, paused: bool) {
        self.change(|pace| pace.paused = paused);
    }

    /// `speed` is one of [`SPEEDS`].
    pub(crate) fn set_speed(&self, speed: f64) {
        debug_assert!(SPEEDS.contains(&speed));
        self.change(|pace| pace.speed = speed);
    }

    /// Moves a clock that stands forward to `moment`; one that runs is left alone.
    pub(crate) fn step_to(&self, moment: Duration) {
        self.change(|pace| {
            if pace.paused {
                pace.base = pace.base.max(moment);
            }
        });
    }

    /// Begins again at zero, at the same pace.
    pub(crate) fn restart(&self) {
        self.change(|pace| pace.base = Duration::ZERO);
    }

    fn change(&self, change: impl FnOnce(&mut Pace)) {
        let mut pace = self.lock();
        let wall = Instant::now();
        pace.base = pace.at(wall);
        pace.since = wall;
        change(&mut pace);
    }

    fn lock(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_clock_that_stands_moves_by_steps_alone_and_never_back() {
        let clock = Clock::start(1.0);
        clock.set_paused(true);
        let stopped = clock.now();
        assert_eq!(clock.now(), stopped);
        assert_eq!(clock.wait_for(stopped + MS), None);
        clock.step_to(stopped + MS);
        assert_eq!(clock.now(), stopped + MS);
        assert_eq!(clock.wait_for(stopped + MS), Some(Duration::ZERO));
        clock.step_to(stopped);
        assert_eq!(clock.now(), stopped + MS);
        clock.restart();
        assert_eq!(clock.now(), Duration::ZERO);
    }

    #[test]
    fn a_step_of_a_clock_that_runs_is_none() {
        let clock = Clock::start(1.0);
        clock.step_to(Duration::from_secs(1000));
        assert!(clock.now() < Duration::from_secs(1000));
    }

    #[test]
    fn what_is_waited_for_takes_its_time_divided_by_the_speed() {
        let clock = Clock::start(10.0);
        let wait = clock.wait_for(Duration::from_secs(3600)).unwrap();
        assert!(
            wait <= Duration::from_secs(360) + MS && wait > Duration::from_secs(330),
            "{wait:?}"
        );
        clock.set_speed(0.1);
        let wait = clock.wait_for(clock.now() + Duration::from_secs(1)).unwrap();
        assert!(wait <= Duration::from_secs(10) + MS && wait > Duration::from_secs(5), "{wait:?}");
    }

    #[test]
    fn a_speed_is_a_number_that_is_one() {
        assert_eq!(["0.1", "10", "2.5"].map(parse_speed), [Ok(0.1), Ok(10.0), Ok(2.5)]);
        for text in ["", "x", "0", "0.09", "10.01", "-1", "nan", "inf"] {
            assert!(parse_speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_change_of_pace_moves_no_moment() {
        let clock = Clock::start(10.0);
        for speed in [0.1, 10.0, 1.0] {
            let before = clock.now();
            clock.set_speed(speed);
            clock.set_paused(true);
            let after = clock.now();
            assert!(after >= before && after < before + Duration::from_secs(100));
            clock.set_paused(false);
        }
    }
}
