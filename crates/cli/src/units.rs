//! Amounts as people type and read them: seconds, and sizes in little room.

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

/// A time from a millisecond up, in seconds or with another unit: `10`, `10s`, `500ms`, `2min`, `1h`.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    const UNITS: [(&str, f64); 5] =
        [("ms", 0.001), ("s", 1.0), ("min", 60.0), ("m", 60.0), ("h", 3600.0)];
    let in_unit = |(unit, length): &(&str, f64)| {
        let number = text.strip_suffix(unit)?.trim_end().parse::<f64>().ok()?;
        Some((number * length).to_string())
    };
    let seconds = UNITS.iter().find_map(in_unit).unwrap_or_else(|| text.to_owned());
    seconds_not_zero(&seconds).map_err(|_| "a time is needed, such as 10s, 500ms, 2min or 1h")
}

const LETTERS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];

/// Three digits and a binary unit: `12.3 MiB`.
pub fn size(bytes: u64) -> String {
    with_unit(bytes as f64)
}

/// The same of a second: `12.3 MiB/s`.
pub fn rate(bytes_per_second: f64) -> String {
    with_unit(bytes_per_second) + "/s"
}

fn with_unit(bytes: f64) -> String {
    match scaled(bytes) {
        (number, "") => format!("{number} B"),
        (number, letter) => format!("{number} {letter}iB"),
    }
}

/// The same for the cell of a table: `12.3M`. The letters stand for powers of 1024.
pub fn short_size(bytes: f64) -> String {
    let (number, letter) = scaled(bytes);
    format!("{number}{letter}")
}

/// The same where few bytes are a number of their own: `5 bytes`.
pub fn length(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1000 => format!("{bytes} bytes"),
        _ => size(bytes),
    }
}

/// How long something took: `2.1 s`, `12 min 5 s`.
pub fn time(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds @ ..60.0 => format!("{seconds:.1} s"),
        seconds => age(seconds),
    }
}

/// `2:05`, in minutes and seconds.
pub fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn scaled(bytes: f64) -> (String, &'static str) {
    let mut number = bytes.max(0.0);
    let mut power = 0;
    // 999.5 would be printed with four digits.
    while number >= 999.5 && power + 1 < LETTERS.len() {
        number /= 1024.0;
        power += 1;
    }
    let decimals = match number {
        _ if power == 0 => 0,
        number if number < 9.995 => 2,
        number if number < 99.95 => 1,
        _ => 0,
    };
    (format!("{number:.decimals$}"), LETTERS[power])
}

/// The two largest units of a time: `3 h 12 min`.
pub fn age(seconds: f64) -> String {
    const UNITS: [(u64, &str); 4] = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    // A cast takes what is negative, too large or no number to the next number that is one.
    let mut left = seconds as u64;
    let first = UNITS.iter().position(|(len, _)| left >= *len).unwrap_or(UNITS.len() - 1);
    let mut parts = Vec::new();
    for (len, unit) in UNITS.iter().skip(first).take(2) {
        if left >= *len || parts.is_empty() {
            parts.push(format!("{} {unit}", left / len));
        }
        left %= len;
    }
    parts.join(" ")
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

    #[test]
    fn a_time_may_have_a_unit() {
        for (text, ms) in [
            ("10", 10_000),
            ("10s", 10_000),
            ("0.5 s", 500),
            ("500ms", 500),
            ("2min", 120_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "10 days", "-1s", "0s", "0.1ms", "nans", "infs", "1e99h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, long, short) in [
            (0.0, "0 B", "0"),
            (999.0, "999 B", "999"),
            (1000.0, "0.98 KiB", "0.98K"),
            (1536.0, "1.50 KiB", "1.50K"),
            (12.34 * 1048576.0, "12.3 MiB", "12.3M"),
            (250.0 * 1048576.0, "250 MiB", "250M"),
            (u64::MAX as f64, "16.0 EiB", "16.0E"),
            (-1.0, "0 B", "0"),
        ] {
            assert_eq!((with_unit(bytes).as_str(), short_size(bytes).as_str()), (long, short));
        }
    }

    #[test]
    fn few_bytes_are_counted() {
        for (bytes, text) in
            [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1048576, "1.00 MiB")]
        {
            assert_eq!(length(bytes), text);
        }
    }

    #[test]
    fn times_are_as_exact_as_they_are_short() {
        assert_eq!(time(Duration::from_millis(2130)), "2.1 s");
        assert_eq!(time(Duration::from_secs(725)), "12 min 5 s");
    }

    #[test]
    fn ages_have_two_units() {
        for (seconds, text) in [
            (0.2, "0 s"),
            (59.9, "59 s"),
            (60.0, "1 min"),
            (725.0, "12 min 5 s"),
            (11520.0, "3 h 12 min"),
            (90000.0, "1 d 1 h"),
            (-1.0, "0 s"),
            (f64::NAN, "0 s"),
        ] {
            assert_eq!(age(seconds), text);
        }
        assert!(age(f64::INFINITY).ends_with(" d 7 h"), "{}", age(f64::INFINITY));
    }
}
