//! How much one neighbour may ask.

use std::time::Duration;

/// A token bucket, as the moment at which it will be full again (the generic cell rate algorithm): full at
/// first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TokenBucket {
    full_at: Duration,
}

impl TokenBucket {
    /// Takes a token if there is one. It holds `burst` and gets `per_second` new ones.
    pub(super) fn take(&mut self, now: Duration, per_second: u32, burst: u32) -> bool {
        let Some(each) = Duration::from_secs(1).checked_div(per_second) else { return false };
        let full_at = self.full_at.max(now).saturating_add(each);
        let has_one = full_at - now <= each.saturating_mul(burst);
        if has_one {
            self.full_at = full_at;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &mut TokenBucket, at_ms: u64, tries: u32) -> usize {
        let now = Duration::from_millis(at_ms);
        (0..tries).filter(|_| bucket.take(now, 10, 3)).count()
    }

    #[test]
    fn a_burst_is_taken_at_once_and_then_so_many_a_second() {
        let mut bucket = TokenBucket::default();
        assert_eq!(taken(&mut bucket, 5000, 9), 3);
        assert_eq!(taken(&mut bucket, 5099, 9), 0);
        assert_eq!(taken(&mut bucket, 5100, 9), 1);
        assert_eq!(taken(&mut bucket, 9000, 9), 3);
    }

    #[test]
    fn a_rate_of_nothing_gives_nothing() {
        assert!(!TokenBucket::default().take(Duration::ZERO, 0, 3));
        assert!(!TokenBucket::default().take(Duration::ZERO, 3, 0));
    }
}
