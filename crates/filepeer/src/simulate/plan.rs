//! What is to be simulated: each method on graphs of each size, with nodes that stay and with nodes that come and go.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use anyhow::ensure;
use searching::{Config, Strategy};
use serde::{Deserialize, Serialize};

/// How a search goes about it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    Flood,
    Rings,
    Walkers,
    Bloom,
}

impl Method {
    pub(crate) const ALL: [Self; 4] = [Self::Flood, Self::Rings, Self::Walkers, Self::Bloom];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Rings => "rings",
            Self::Walkers => "walkers",
            Self::Bloom => "bloom",
        }
    }

    pub(crate) fn strategy(self, walkers: u8) -> Strategy {
        match self {
            Self::Flood => Strategy::Flood,
            Self::Rings => Strategy::Rings,
            Self::Walkers => Strategy::Walkers(walkers),
            Self::Bloom => Strategy::Bloom,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// From the first to the last, both included. As text: `1..20`, or one number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Seeds {
    first: u64,
    last: u64,
}

/// More would take more memory and time than anyone has.
const SEEDS_MAX: u64 = 1000;

impl Seeds {
    pub(crate) fn all(self) -> RangeInclusive<u64> {
        self.first..=self.last
    }

    pub(crate) fn count(self) -> u64 {
        self.last - self.first + 1
    }

    fn new(first: u64, last: u64) -> Option<Self> {
        let is_usable = first <= last && last - first < SEEDS_MAX;
        is_usable.then_some(Self { first, last })
    }
}

impl FromStr for Seeds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let [first, last] = [first, last].map(|number| number.trim().parse().ok());
        let seeds = first.zip(last).and_then(|(first, last)| Self::new(first, last));
        seeds.ok_or(
            "a number is needed, or a first and a last one, such as 1..20: at most 1000 of them",
        )
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}..{}", self.first, self.last),
        }
    }
}

/// What was to be done, as `environment.json` has it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Plan {
    /// Neighbours of each node.
    pub(crate) degree: usize,
    /// With each seed.
    pub(crate) searches: usize,
    /// Nodes that have a file, besides the one that asks.
    pub(crate) holders: usize,
    /// Of floods.
    pub(crate) ttl: u16,
    /// Of the method of that name.
    pub(crate) walkers: u8,
    pub(crate) seeds: Seeds,
    /// Time for a hop, as it is written on the command line.
    pub(crate) latency: String,
    /// How long nodes that come and go are there, in the mean.
    pub(crate) online_s: f64,
    pub(crate) cases: Vec<Case>,
}

/// A method on graphs of one size.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Case {
    /// Its files are called so.
    pub(crate) name: String,
    pub(crate) nodes: usize,
    pub(crate) method: Method,
    /// Of the time each node is away; with 0 all stay.
    pub(crate) away_percent: u8,
}

impl Case {
    pub(crate) fn new(method: Method, nodes: usize, away_percent: u8) -> Self {
        let away = match away_percent {
            0 => String::new(),
            percent => format!("-away{percent}"),
        };
        Self { name: format!("{method}-{nodes}{away}"), nodes, method, away_percent }
    }

    pub(crate) fn is_away(&self) -> f64 {
        f64::from(self.away_percent) / 100.0
    }
}

impl Plan {
    /// Refuses what no run can have: the command line may ask for it, and the file may have been changed by hand.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self { degree, seeds, cases, .. } = self;
        ensure!(Seeds::new(seeds.first, seeds.last).is_some(), "no seeds are from {seeds}");
        ensure!(*degree <= Config::NEIGHBOURS_LIMIT, "a node has at most 64 neighbours");
        for Case { name, nodes, away_percent, .. } in cases {
            ensure!(
                degree < nodes && degree * nodes % 2 == 0,
                "{nodes} nodes cannot have {degree} neighbours each: it takes more nodes than neighbours, and \
                 an even number of ends (nodes times neighbours)"
            );
            ensure!(*away_percent < 100, "nodes that are away all the time find nothing");
            // It becomes the name of a file.
            let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            ensure!(!name.is_empty() && name.chars().all(is_plain), "no case is called {name:?}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_one_or_from_one_to_another() {
        let seeds = |text: &str| text.parse::<Seeds>();
        assert_eq!(seeds("1..20").unwrap().count(), 20);
        assert_eq!(seeds("7").unwrap().all(), 7..=7);
        assert_eq!(
            [seeds("1..20").unwrap(), seeds("7").unwrap()].map(|it| it.to_string()),
            ["1..20", "7"]
        );
        for wrong in ["", "..", "2..1", "1..", "a", "1..2000", "-1..2"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_case_is_named_after_what_it_is() {
        assert_eq!(Case::new(Method::Flood, 100, 0).name, "flood-100");
        assert_eq!(Case::new(Method::Bloom, 1000, 20).name, "bloom-1000-away20");
    }
}
