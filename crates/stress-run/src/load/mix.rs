//! Which requests are sent, and how often each of them.

use std::{fmt, str::FromStr};

use client::Verb;
use serde::{Serialize, Serializer};
use simulation::Chance;

/// A kind of request.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    Echo,
    Get,
    Upload,
    List,
    Ping,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Echo, Self::Get, Self::Upload, Self::List, Self::Ping];

    pub(super) fn verb(self) -> Verb {
        match self {
            Self::Echo => Verb::Echo,
            Self::Get => Verb::Get,
            Self::Upload => Verb::Upload,
            Self::List => Verb::List,
            Self::Ping => Verb::Ping,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.verb().name().to_lowercase())
    }
}

/// Kinds with their weights, each kind once and each weight from 1 up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mix(Vec<(Kind, u32)>);

impl Mix {
    pub(crate) fn only(kind: Kind) -> Self {
        Self(vec![(kind, 1)])
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.kinds().any(|one| one == kind)
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.0.iter().map(|(kind, _)| *kind)
    }

    /// One of them, as often as its weight says.
    pub(super) fn choose(&self, chance: &mut Chance) -> Kind {
        let all: usize = self.0.iter().map(|(_, weight)| *weight as usize).sum();
        let (drawn, mut sum) = (chance.below(all), 0);
        let is_drawn = |(_, weight): &&(Kind, u32)| {
            sum += *weight as usize;
            drawn < sum
        };
        self.0.iter().find(is_drawn).expect("what is drawn is below the sum of the weights").0
    }
}

const WEIGHT_MAX: u32 = 1_000_000;

impl FromStr for Mix {
    type Err = String;

    /// Reads `get=8,upload=1`; a weight of 1 may be left out.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = Vec::new();
        for part in text.split(',') {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            if name.trim().is_empty() {
                return Err(format!("{part:?} is no request, as in get=8,upload=1"));
            }
            let is_meant = |kind: &Kind| kind.to_string().eq_ignore_ascii_case(name.trim());
            let kind = Kind::ALL.into_iter().find(is_meant);
            let kind = kind.ok_or_else(|| {
                format!("there is no request {name:?}; there are echo, get, upload, list and ping")
            })?;
            let Ok(weight @ 1..=WEIGHT_MAX) = weight.trim().parse() else {
                return Err(format!("{weight:?} is no weight from 1 to {WEIGHT_MAX}"));
            };
            if parts.iter().any(|(other, _)| *other == kind) {
                return Err(format!("{kind} is there twice"));
            }
            parts.push((kind, weight));
        }
        Ok(Self(parts))
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [(kind, _)] = self.0[..] {
            return write!(f, "{kind}");
        }
        let parts: Vec<String> =
            self.0.iter().map(|(kind, weight)| format!("{kind}={weight}")).collect();
        f.write_str(&parts.join(","))
    }
}

impl Serialize for Mix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_as_it_is_written() {
        let mix: Mix = "get=8,upload=1,list=1".parse().unwrap();
        assert_eq!(mix.0, [(Kind::Get, 8), (Kind::Upload, 1), (Kind::List, 1)]);
        assert_eq!(mix.to_string(), "get=8,upload=1,list=1");
        let mix: Mix = "PING, echo = 2".parse().unwrap();
        assert_eq!(mix.0, [(Kind::Ping, 1), (Kind::Echo, 2)]);
        assert_eq!(Mix::only(Kind::List).to_string(), "list");
    }

    #[test]
    fn what_is_no_mix_is_told_why() {
        for (text, why) in [
            ("get=1,", "\"\" is no request"),
            ("delete=1", "there is no request \"delete\""),
            ("get=0", "\"0\" is no weight"),
            ("get=", "\"\" is no weight"),
            ("get=1.5", "\"1.5\" is no weight"),
            ("get=1000001", "\"1000001\" is no weight"),
            ("get=1,GET=2", "get is there twice"),
        ] {
            let refusal = text.parse::<Mix>().unwrap_err();
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }

    /// Of 10,000 the number of uploads has the standard deviation 30.
    #[test]
    fn kinds_are_chosen_as_often_as_their_weights_say() {
        let mix: Mix = "get=8,upload=1,list=1".parse().unwrap();
        let chosen: Vec<Kind> =
            (0..10_000).map(|number| mix.choose(&mut Chance::new(1, number))).collect();
        let count = |kind| chosen.iter().filter(|one| **one == kind).count();
        assert!(count(Kind::Get).abs_diff(8_000) < 160, "{}", count(Kind::Get));
        assert!(count(Kind::Upload).abs_diff(1_000) < 120, "{}", count(Kind::Upload));
        assert_eq!(count(Kind::Get) + count(Kind::Upload) + count(Kind::List), 10_000);
    }
}
