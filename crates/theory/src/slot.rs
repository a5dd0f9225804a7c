//! How long a message holds its place in the sender's window, and what the window lets through.

use crate::{attempts::Attempts, integral::integral, moments::Moments};

/// S: until every subscriber has acknowledged the message or was given up. In milliseconds.
///
/// A mean is the integral of P(S > t), up to E, when the sender gives up. Subscribers are
/// independent, and the last of M counts: P(S > t) = 1 - (1 - P(A > t))^M.
pub(crate) fn held(attempts: &Attempts, subscribers: u32) -> Moments {
    let latest = attempts.given_up_at;
    let earliest = latest.min(2.0 * attempts.travel.min);
    let breaks = attempts.breaks(&attempts.travel.round_trip_breaks(), earliest, latest);
    let is_held = |time: f64| at_any(attempts.unacknowledged(time).min(1.0), subscribers);
    let beyond = integral(is_held, &breaks);
    let square = integral(|time| 2.0 * (time - earliest) * is_held(time), &breaks);
    attempts.moments(earliest + beyond, square - beyond * beyond)
}

/// That at least one of so many independent subscribers has what one has with this chance:
/// 1 - (1-p)^M, without rounding a small p away.
fn at_any(chance: f64, subscribers: u32) -> f64 {
    -(f64::from(subscribers) * (-chance).ln_1p()).exp_m1()
}

/// Messages a second that each subscriber gets from a window that is always full: W P(delivered) /
/// E\[S\] (the theorem of renewals and rewards; Ross, Stochastic Processes, 3.6: a slot earns a
/// delivery with each message that it holds).
///
/// Its moments are of W ΣD / ΣS, which has no slow beginning and no end. A ratio of means with the
/// true ratio g / W varies as the mean of (D - g S / W) / E\[S\] does (the delta method).
/// Undelivered messages are held until E, so Cov(D, S) = -P(undelivered) (E - E\[S\]); it is the
/// same for the share D of M subscribers.
///
/// `None` where nothing takes any time, and in bursts: a full window sends when others come
/// through, not at any time.
pub(crate) fn goodput(
    attempts: &Attempts,
    held: Moments,
    delivered: f64,
    window: u32,
    subscribers: u32,
) -> Option<Moments> {
    const MS_A_SECOND: f64 = 1000.0;
    if held.mean <= 0.0 || attempts.are_in_bursts() {
        return None;
    }
    let scale = f64::from(window) * MS_A_SECOND / held.mean;
    let per_slot = delivered / held.mean;
    let covariance = -(1.0 - delivered) * (attempts.given_up_at - held.mean);
    let variance = delivered * (1.0 - delivered) / f64::from(subscribers)
        - 2.0 * per_slot * covariance
        + per_slot * per_slot * held.variance?;
    Some(attempts.moments(scale * delivered, scale * scale * variance))
}
