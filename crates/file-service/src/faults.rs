//! Faults that a test asks for with `--inject`: a server that is slower, larger or less truthful than
//! it has to be, for whoever must notice that.
//!
//! A server without them pays with one look at an `Option` for each request. One with them says so in
//! its log and in STATS, so that nobody takes its numbers for a server's.

use std::{
    collections::TryReserveError,
    fmt::{self, Display, Formatter},
    hint::black_box,
    str::FromStr,
    time::Duration,
};

use bytesize::ByteSize;

/// One fault, as the command line names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    as_given: String,
    effect: Effect,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Effect {
    ServiceTime(Duration),
    FlipByte,
    TouchMemory(ByteSize),
}

/// Why a text is not a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseFaultError {
    #[error("the faults are service-time=MS, flip-byte and touch-memory=SIZE")]
    Unknown,
    #[error("milliseconds are needed, such as service-time=150, up to a year")]
    ServiceTime,
    #[error("a size is needed, such as touch-memory=200MiB")]
    TouchMemory,
}

/// What is added to a moment must be one that clocks can hold.
const SERVICE_TIME_MS_MAX: u64 = 365 * 24 * 3600 * 1000;

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let effect = match name {
            "service-time" => Effect::ServiceTime(parse_service_time(value)?),
            "flip-byte" if text == name => Effect::FlipByte,
            "touch-memory" => {
                Effect::TouchMemory(value.parse().map_err(|_| ParseFaultError::TouchMemory)?)
            }
            _ => return Err(ParseFaultError::Unknown),
        };
        Ok(Self { as_given: text.to_owned(), effect })
    }
}

fn parse_service_time(value: &str) -> Result<Duration, ParseFaultError> {
    match value.parse() {
        Ok(ms) if ms <= SERVICE_TIME_MS_MAX => Ok(Duration::from_millis(ms)),
        _ => Err(ParseFaultError::ServiceTime),
    }
}

/// All faults of a server that has any.
#[derive(Debug)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// `None` without a fault.
    pub fn of(faults: &[Fault]) -> Option<Self> {
        (!faults.is_empty()).then(|| Self(faults.to_owned()))
    }

    /// From the head of a GET, an UPLOAD, an ECHO, a FETCH or a STORE to its reply at least: the longest that was given. Of it a
    /// worker is busy with what is left when the reply is known.
    pub fn service_time(&self) -> Option<Duration> {
        let times = self.0.iter().filter_map(|fault| match fault.effect {
            Effect::ServiceTime(time) => Some(time),
            Effect::FlipByte | Effect::TouchMemory(_) => None,
        });
        times.max()
    }

    /// The bits that are wrong in the first byte of what a GET or FETCH sends.
    pub fn flipped_bits(&self) -> u8 {
        u8::from(self.0.iter().any(|fault| fault.effect == Effect::FlipByte))
    }

    /// Allocates what was asked for and writes to every page of it, for the life of the process.
    /// Processes that are forked later share it.
    pub fn touch_memory(&self) -> Result<(), TryReserveError> {
        for fault in &self.0 {
            if let Effect::TouchMemory(size) = fault.effect {
                let len = usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
                let mut memory = Vec::new();
                memory.try_reserve_exact(len)?;
                memory.resize(len, 1_u8);
                // Memory that nobody looks at need not be there for the compiler.
                black_box(memory.leak());
            }
        }
        Ok(())
    }
}

/// The faults as they were given, with commas between them.
impl Display for Faults {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let given: Vec<_> = self.0.iter().map(|fault| fault.as_given.as_str()).collect();
        f.write_str(&given.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(texts: &[&str]) -> Option<Faults> {
        let faults: Vec<_> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Faults::of(&faults)
    }

    #[test]
    fn faults_have_their_effects_and_are_listed_as_given() {
        let all = faults(&["flip-byte", "touch-memory=1MiB", "service-time=150"]).unwrap();
        assert_eq!(all.service_time(), Some(Duration::from_millis(150)));
        assert_eq!(all.flipped_bits().count_ones(), 1);
        assert_eq!(all.touch_memory(), Ok(()));
        assert_eq!(all.to_string(), "flip-byte,touch-memory=1MiB,service-time=150");
    }

    #[test]
    fn a_fault_has_no_effect_but_its_own() {
        assert!(faults(&[]).is_none());
        assert_eq!(faults(&["flip-byte"]).unwrap().service_time(), None);
        assert_eq!(faults(&["service-time=1"]).unwrap().flipped_bits(), 0);
    }

    #[test]
    fn the_longest_service_time_holds_for_the_others_too() {
        let times = faults(&["service-time=20", "service-time=150", "service-time=0"]).unwrap();
        assert_eq!(times.service_time(), Some(Duration::from_millis(150)));
    }

    #[test]
    fn what_is_no_fault_is_told_what_would_be_one() {
        use ParseFaultError::{ServiceTime, TouchMemory, Unknown};
        for (text, error) in [
            ("", Unknown),
            ("lightning", Unknown),
            ("flip-byte=1", Unknown),
            ("flip-byte=", Unknown),
            ("Flip-Byte", Unknown),
            ("service-time", ServiceTime),
            ("service-time=", ServiceTime),
            ("service-time=-1", ServiceTime),
            ("service-time=1.5", ServiceTime),
            ("service-time=31536000001", ServiceTime),
            ("touch-memory", TouchMemory),
            ("touch-memory=much", TouchMemory),
        ] {
            assert_eq!(text.parse::<Fault>(), Err(error), "{text}");
        }
        assert!("service-time=31536000000".parse::<Fault>().is_ok());
    }

    #[test]
    fn more_memory_than_there_can_be_is_an_error() {
        let all = faults(&["touch-memory=15EiB"]).unwrap();
        assert!(all.touch_memory().is_err());
    }
}
