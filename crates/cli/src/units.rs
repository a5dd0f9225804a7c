//! Amounts as people type them.

use std::time::Duration;

/// Longest time that an option takes: what is added to a moment must be one that clocks can hold.
const SECONDS_MAX: f64 = 365.0 * 24.0 * 3600.0;

/// A number of seconds, zero included, up to a year.
pub fn seconds(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=SECONDS_MAX).contains(&seconds) => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("a number of seconds is needed, such as 10 or 0.5, up to a year"),
    }
}

/// The same where zero would leave no time at all: from a millisecond up.
pub fn seconds_not_zero(text: &str) -> Result<Duration, &'static str> {
    match seconds(text) {
        Ok(duration) if duration < Duration::from_millis(1) => {
            Err("a number of seconds from 0.001 up is needed")
        }
        parsed => parsed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_numbers_that_clocks_can_hold() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for text in ["", "x", "-1", "nan", "inf", "1e99"] {
            assert!(seconds(text).is_err() && seconds_not_zero(text).is_err(), "{text}");
        }
        assert!(seconds_not_zero("0").is_err() && seconds_not_zero("1e-9").is_err());
        assert_eq!(seconds_not_zero("0.001"), Ok(Duration::from_millis(1)));
    }
}
