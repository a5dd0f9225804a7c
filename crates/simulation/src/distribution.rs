//! How long something takes, where it does not always take equally long.

use std::{fmt, str::FromStr, time::Duration};

use crate::chance::Chance;

/// Durations that are drawn one at a time. As text: `1ms`, `uniform:1ms..3ms`, `exp:1ms` (the mean); units
/// are ns, us, ms and s. A sample comes from measurements, not from text.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    Constant(Duration),
    /// From `min` to `max`, both included; where `max` is the smaller one, `min` alone.
    Uniform {
        min: Duration,
        max: Duration,
    },
    Exponential {
        mean: Duration,
    },
    /// One of these, each as likely as the others (the empirical distribution). Zero where there are none.
    Sample(Vec<Duration>),
}

impl Distribution {
    /// Takes one value of `chance`, or none where nothing is left to chance.
    pub fn draw(&self, chance: &mut Chance) -> Duration {
        match self {
            Self::Constant(duration) => *duration,
            Self::Uniform { min, max } => {
                let width = max.saturating_sub(*min);
                min.saturating_add(from_nanos(nanos(width) * chance.unit()))
            }
            Self::Exponential { mean } => from_nanos(chance.exponential() * nanos(*mean)),
            Self::Sample(values) => {
                values.get(chance.below(values.len())).copied().unwrap_or_default()
            }
        }
    }

    pub fn mean(&self) -> Duration {
        match self {
            Self::Constant(duration) => *duration,
            Self::Uniform { min, max } => *min + max.saturating_sub(*min) / 2,
            Self::Exponential { mean } => *mean,
            Self::Sample(values) => from_nanos(mean(values, nanos)),
        }
    }

    /// Of seconds, so in square seconds.
    pub fn variance(&self) -> f64 {
        match self {
            Self::Constant(_) => 0.0,
            Self::Uniform { min, max } => max.saturating_sub(*min).as_secs_f64().powi(2) / 12.0,
            Self::Exponential { mean } => mean.as_secs_f64().powi(2),
            Self::Sample(values) => {
                let middle = mean(values, |value| value.as_secs_f64());
                mean(values, |value| (value.as_secs_f64() - middle).powi(2))
            }
        }
    }
}

/// Zero of no values.
fn mean(values: &[Duration], of: impl Fn(Duration) -> f64) -> f64 {
    values.iter().map(|value| of(*value)).sum::<f64>() / values.len().max(1) as f64
}

fn nanos(duration: Duration) -> f64 {
    duration.as_nanos() as f64
}

/// The nearest whole number of them. What is negative is zero, and the longest is 584 years.
pub(crate) fn from_nanos(nanos: f64) -> Duration {
    Duration::from_nanos(nanos.round() as u64)
}

/// Why a text is no distribution.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseDistributionError {
    #[error("{0:?} is no duration: a number and ns, us, ms or s is needed, such as 1.5ms")]
    Duration(String),
    #[error("a duration such as 1ms, or exp:1ms or uniform:1ms..3ms is needed")]
    Form,
    #[error("a uniform distribution goes from the shorter duration to the longer one")]
    Order,
}

impl FromStr for Distribution {
    type Err = ParseDistributionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None => Ok(Self::Constant(duration(text)?)),
            Some(("exp", mean)) => Ok(Self::Exponential { mean: duration(mean)? }),
            Some(("uniform", ends)) => {
                let (min, max) = ends.split_once("..").ok_or(ParseDistributionError::Form)?;
                let (min, max) = (duration(min)?, duration(max)?);
                if min > max {
                    return Err(ParseDistributionError::Order);
                }
                Ok(Self::Uniform { min, max })
            }
            Some(_) => Err(ParseDistributionError::Form),
        }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(duration) => write!(f, "{duration:?}"),
            Self::Uniform { min, max } => write!(f, "uniform:{min:?}..{max:?}"),
            Self::Exponential { mean } => write!(f, "exp:{mean:?}"),
            Self::Sample(values) => write!(f, "a sample of {}", values.len()),
        }
    }
}

/// A number and a unit, as `Duration` itself writes them.
fn duration(text: &str) -> Result<Duration, ParseDistributionError> {
    // Such a service time is a mistake, and what is added to it stays far from the end of time.
    const SECONDS_MAX: f64 = 365.0 * 24.0 * 3600.0;
    const UNITS: [(&str, f64); 5] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let error = || ParseDistributionError::Duration(text.to_owned());
    let in_unit = |&(unit, length): &(&str, f64)| {
        let number = text.strip_suffix(unit)?.parse::<f64>().ok()?;
        Some(number * length)
    };
    let seconds = UNITS.iter().find_map(in_unit).ok_or_else(error)?;
    if (0.0..=SECONDS_MAX).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const US: Duration = Duration::from_micros(1);

    #[test]
    fn texts_are_distributions() {
        for (text, distribution) in [
            ("1ms", Distribution::Constant(MS)),
            ("0s", Distribution::Constant(Duration::ZERO)),
            ("250us", Distribution::Constant(250 * US)),
            ("250µs", Distribution::Constant(250 * US)),
            ("0.25ms", Distribution::Constant(250 * US)),
            ("exp:1.5s", Distribution::Exponential { mean: 1500 * MS }),
            ("exp:80ns", Distribution::Exponential { mean: US * 8 / 100 }),
            ("uniform:1ms..3ms", Distribution::Uniform { min: MS, max: 3 * MS }),
            ("uniform:1ms..1ms", Distribution::Uniform { min: MS, max: MS }),
        ] {
            assert_eq!(text.parse(), Ok(distribution), "{text}");
        }
    }

    #[test]
    fn other_texts_are_errors() {
        use ParseDistributionError::{Form, Order};
        for text in [
            "",
            "1",
            "ms",
            "-1ms",
            "1min",
            "nans",
            "infs",
            "1e99s",
            "exp:",
            "exp:x",
            "uniform:..1s",
        ] {
            let result = text.parse::<Distribution>();
            assert!(
                matches!(result, Err(ParseDistributionError::Duration(_))),
                "{text}: {result:?}"
            );
        }
        for (text, error) in [
            ("normal:1ms", Form),
            ("uniform:1ms", Form),
            ("uniform:3ms..1ms", Order),
            (":1ms", Form),
        ] {
            assert_eq!(text.parse::<Distribution>(), Err(error), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["1ms", "exp:1.5s", "uniform:1ms..3ms", "250µs"] {
            assert_eq!(text.parse::<Distribution>().unwrap().to_string(), text);
        }
        assert_eq!(Distribution::Sample(vec![MS; 3]).to_string(), "a sample of 3");
    }

    #[test]
    fn means_and_variances_are_those_of_the_textbook() {
        let sample = Distribution::Sample([1, 2, 3, 6].map(|ms| ms * MS).to_vec());
        // Of 1, 2, 3 and 6 the mean is 3 and the variance (4 + 1 + 0 + 9) / 4.
        for (distribution, mean, variance) in [
            (Distribution::Constant(2 * MS), 2 * MS, 0.0),
            (Distribution::Uniform { min: MS, max: 3 * MS }, 2 * MS, 4e-6 / 12.0),
            (Distribution::Exponential { mean: 3 * MS }, 3 * MS, 9e-6),
            (sample, 3 * MS, 3.5e-6),
            (Distribution::Sample(Vec::new()), Duration::ZERO, 0.0),
        ] {
            assert_eq!(distribution.mean(), mean, "{distribution}");
            assert!((distribution.variance() - variance).abs() < 1e-18, "{distribution}");
        }
    }

    #[test]
    fn nothing_that_can_be_said_makes_drawing_fail() {
        let chance = &mut Chance::new(1, 0);
        let backwards = Distribution::Uniform { min: 2 * MS, max: MS };
        assert_eq!((backwards.draw(chance), backwards.mean()), (2 * MS, 2 * MS));
        assert_eq!(Distribution::Sample(Vec::new()).draw(chance), Duration::ZERO);
        let endless = Distribution::Uniform { min: Duration::MAX, max: Duration::MAX };
        assert_eq!(endless.draw(chance), Duration::MAX);
        Distribution::Exponential { mean: Duration::MAX }.draw(chance);
    }
}
