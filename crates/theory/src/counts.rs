//! How many packets a message costs.
//!
//! A number of attempts that something happens to has the mean that is the sum of the chances, and
//! its square has the one that is the sum over all pairs of attempts of the chance that it happens
//! to both.

use crate::{attempts::Attempts, moments::Moments};

/// Of one message at one subscriber.
pub(crate) struct Counts {
    /// How often it is sent.
    pub(crate) attempts: Moments,
    /// How many of these arrive.
    pub(crate) copies: Moments,
    /// Copies beyond the first.
    pub(crate) duplicates: Moments,
    /// Attempts, and an ACK of each copy.
    pub(crate) packets: Moments,
}

/// Means: of N attempts and C copies, of their squares, of their product.
#[derive(Default)]
struct Means {
    attempts: f64,
    copies: f64,
    attempts_squared: f64,
    copies_squared: f64,
    attempts_times_copies: f64,
}

impl Counts {
    /// Where [`Attempts::acks_are_known`]. `delivered` is the chance that a copy arrives at all.
    pub(crate) fn of(attempts: &Attempts, delivered: f64) -> Self {
        let means = Means::of(attempts);
        let moments = |mean: f64, square: f64| attempts.moments(mean, square - mean * mean);
        // There are C - 1 duplicates where C > 0. With D for "delivered", C D = C, so the mean of
        // (C - D)² is that of C² - 2C + D.
        let duplicates_squared = means.copies_squared - 2.0 * means.copies + delivered;
        let packets_squared =
            means.attempts_squared + 2.0 * means.attempts_times_copies + means.copies_squared;
        Self {
            attempts: moments(means.attempts, means.attempts_squared),
            copies: moments(means.copies, means.copies_squared),
            duplicates: moments((means.copies - delivered).max(0.0), duplicates_squared),
            packets: moments(means.attempts + means.copies, packets_squared),
        }
    }
}

impl Means {
    /// With `u_k` for the chance that attempt k is made, and so those before it, `c_k` that its
    /// copy arrives as well, and with a j < k that the copy of attempt j arrives, too:
    ///
    /// - E\[N\] = Σ `u_k`, and E\[N²\] = Σ (2k+1) `u_k`, since (k+1)² - k² = 2k+1;
    /// - E\[C\] = Σ `c_k`, and E\[C²\] = Σ (`c_k` + 2 Σ `c_jk`);
    /// - E\[N C\] = Σ ((k+1) `c_k` + Σ `u_jk`): copy k with the attempts up to k, and attempt k
    ///   with the copies before it.
    fn of(attempts: &Attempts) -> Self {
        let mut means = Self::default();
        for k in 0..attempts.sent_at.len() {
            let due = attempts.due(k, None);
            means.attempts += due.made;
            means.copies += due.arrives;
            means.attempts_squared += (2 * k + 1) as f64 * due.made;
            means.copies_squared += due.arrives;
            means.attempts_times_copies += (k + 1) as f64 * due.arrives;
            for j in 0..k {
                let both = attempts.due(k, Some(j));
                means.copies_squared += 2.0 * both.arrives;
                means.attempts_times_copies += both.made;
            }
        }
        means
    }
}
