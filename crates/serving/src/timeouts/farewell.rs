//! How long a connection is read on that has its last reply.
//!
//! A client may send all it has before it reads anything, and closing with unread bytes resets the
//! connection, which destroys the reply on its way. So what still comes is read and forgotten: as long
//! as it comes, since an upload may take its time, and within bounds, since nobody asked for it.

use std::{
    mem,
    time::{Duration, Instant},
};

/// How long a peer that has its last reply may be silent: some connect first and then prepare what they
/// send.
pub const LINGER: Duration = Duration::from_secs(2);

/// Most bytes that are read and forgotten: the text of 1.5 GiB.
const LEN_MAX: u64 = 2 << 30;

/// How long the peer may be silent, and how long it may take in all at which rate.
#[derive(Clone, Copy, Debug)]
pub struct Farewell {
    pub silence_max: Duration,
    /// Counts where it is the longer of the two.
    pub time_max: Duration,
    pub bytes_per_second_min: u64,
}

/// A farewell that has begun.
#[derive(Debug)]
pub struct Leaving {
    farewell: Farewell,
    began: Instant,
    last_heard: Instant,
    has_heard: bool,
    len: u64,
}

impl Leaving {
    pub fn new(farewell: Farewell, now: Instant) -> Self {
        Self { farewell, began: now, last_heard: now, has_heard: false, len: 0 }
    }

    /// So many bytes were read, and forgotten.
    pub fn heard(&mut self, len: usize) {
        self.has_heard |= len > 0;
        self.len += len as u64;
    }

    /// From now on silence alone may take time: others wait for the end.
    pub fn hurry(&mut self) {
        self.farewell.time_max = Duration::ZERO;
    }

    /// How much longer the peer is waited for; `None`: it has had its time.
    pub fn left(&mut self, now: Instant) -> Option<Duration> {
        let Farewell { silence_max, time_max, bytes_per_second_min } = self.farewell;
        if mem::take(&mut self.has_heard) {
            self.last_heard = now;
        }
        let time = now.duration_since(self.began);
        let judged = time.saturating_sub(silence_max).as_secs_f64();
        if self.len > LEN_MAX || (self.len as f64) < bytes_per_second_min as f64 * judged {
            return None;
        }
        let silence_left = silence_max.checked_sub(now.duration_since(self.last_heard))?;
        let time_left = time_max.max(silence_max).checked_sub(time)?;
        Some(silence_left.min(time_left)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const FAREWELL: Farewell = Farewell {
        silence_max: SECOND,
        time_max: Duration::from_secs(10),
        bytes_per_second_min: 100,
    };

    /// For how many tenths of a second one is waited for that sends so much in each.
    fn tenths(len: usize) -> u32 {
        let start = Instant::now();
        let mut leaving = Leaving::new(FAREWELL, start);
        let waits = |tenth: &u32| {
            let is_waited_for = leaving.left(start + SECOND * *tenth / 10).is_some();
            leaving.heard(len);
            is_waited_for
        };
        (0..1000).take_while(waits).count() as u32
    }

    #[test]
    fn whoever_sends_nothing_is_waited_for_as_long_as_silence_may_be() {
        assert_eq!(tenths(0), 10);
    }

    #[test]
    fn whoever_sends_on_is_waited_for_until_the_time_is_over() {
        assert_eq!(tenths(100), 100);
        assert_eq!(tenths(10), 100);
    }

    #[test]
    fn whoever_drips_is_not_waited_for_as_long() {
        assert!((10..15).contains(&tenths(1)));
    }

    #[test]
    fn there_is_an_end_to_what_is_read() {
        let now = Instant::now();
        let mut leaving = Leaving::new(FAREWELL, now);
        leaving.heard(LEN_MAX as usize);
        assert!(leaving.left(now).is_some());
        leaving.heard(1);
        assert!(leaving.left(now).is_none());
    }

    #[test]
    fn without_more_time_in_all_silence_alone_counts() {
        let now = Instant::now();
        let short = Farewell { time_max: Duration::ZERO, ..FAREWELL };
        assert_eq!(Leaving::new(short, now).left(now), Some(SECOND));
        assert!(Leaving::new(short, now).left(now + SECOND).is_none());
        let mut hurried = Leaving::new(FAREWELL, now);
        hurried.heard(10_000);
        assert!(hurried.left(now + 2 * SECOND).is_some());
        hurried.hurry();
        hurried.heard(10_000);
        assert!(hurried.left(now + 2 * SECOND).is_none());
    }
}
