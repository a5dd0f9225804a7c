//! How fast content may leave, all uploads together.

use std::{
    num::NonZeroU64,
    str::FromStr,
    sync::Mutex,
    time::{Duration, Instant},
};

use bytesize::ByteSize;

/// What may be made up for when the sender was late: timers and a loaded machine are not exact.
const CREDIT: Duration = Duration::from_millis(50);

/// Bytes per second, as in `20MB` or `20MB/s`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UploadLimit(NonZeroU64);

impl FromStr for UploadLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rate: Result<ByteSize, _> = text.strip_suffix("/s").unwrap_or(text).parse();
        let rate = rate.map_err(|_| "a rate is a number and a unit, such as 20MB or 500KiB")?;
        let rate =
            NonZeroU64::new(rate.as_u64()).ok_or("nothing could ever be sent at 0 bytes/s")?;
        Ok(Self(rate))
    }
}

/// A token bucket that all uploads take from. By default nothing is too fast.
#[derive(Debug, Default)]
pub(crate) struct Bandwidth {
    limit: Option<UploadLimit>,
    /// When all that was taken so far has been paid for.
    paid_at: Mutex<Option<Instant>>,
}

impl Bandwidth {
    pub(crate) fn new(limit: Option<UploadLimit>) -> Self {
        Self { limit, paid_at: Mutex::default() }
    }

    /// Takes `len` bytes; they may be sent from the returned moment on, or at once. A timer that is due
    /// already takes up to a millisecond too, which is long for a buffer.
    pub(crate) fn take(&self, len: usize, now: Instant) -> Option<Instant> {
        let UploadLimit(rate) = self.limit?;
        let cost = Duration::from_secs_f64(len as f64 / rate.get() as f64);
        let mut paid_at = self.paid_at.lock().expect("no holder of this lock panics");
        let earliest = now.checked_sub(CREDIT).unwrap_or(now);
        let start = paid_at.map_or(now, |paid_at| paid_at.max(earliest));
        *paid_at = Some(start + cost);
        (start > now).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_size_per_second() {
        for text in ["20MB", "20MB/s", "20 MB/s"] {
            assert_eq!(
                text.parse(),
                Ok(UploadLimit(NonZeroU64::new(20_000_000).unwrap())),
                "{text}"
            );
        }
        for text in ["", "0", "0B/s", "fast", "-1MB"] {
            assert!(text.parse::<UploadLimit>().is_err(), "{text}");
        }
        let why = "20XB".parse::<UploadLimit>().unwrap_err();
        assert!(why.contains("such as 20MB"), "{why}");
    }

    #[test]
    fn uploads_share_the_rate() {
        let bandwidth = Bandwidth::new(Some("1MB/s".parse().unwrap()));
        let now = Instant::now();
        let last = (0..101).filter_map(|_| bandwidth.take(10_000, now)).last();
        assert_eq!(last, Some(now + Duration::from_secs(1)));
    }

    #[test]
    fn who_was_late_makes_up_for_little() {
        let bandwidth = Bandwidth::new(Some("1MB/s".parse().unwrap()));
        let now = Instant::now();
        bandwidth.take(10_000, now);
        let later = now + Duration::from_secs(60);
        let sent_at_once = (0..).take_while(|_| bandwidth.take(10_000, later).is_none()).count();
        assert_eq!(sent_at_once, 6);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let bandwidth = Bandwidth::new(None);
        let now = Instant::now();
        assert!((0..1000).all(|_| bandwidth.take(usize::MAX, now).is_none()));
    }
}
